#![no_main]

use amf_fuzz::rtmp;
use amf_rtmp::proto::MessageType;

// One byte says of which of the two types the message is; the rest is its payload.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&first, payload)) = input.split_first() else { return };
    let kind = if first & 1 == 0 { MessageType::SHARED_OBJECT } else { MessageType::SHARED_OBJECT_AMF3 };
    rtmp::shared_object(kind, payload);
});
