#![no_main]

use amf_core::Version;
use amf_fuzz::differential;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    differential::check(Version::Amf0, input);
    differential::check(Version::Amf3, input);
});
