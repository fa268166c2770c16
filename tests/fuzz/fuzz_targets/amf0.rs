#![no_main]

use amf_core::Version;

libfuzzer_sys::fuzz_target!(|input: &[u8]| amf_fuzz::check(Version::Amf0, input));
