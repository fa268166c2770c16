#![no_main]

use amf_core::packet::{Packet, PacketWriter};
use amf_core::{Limits, Version};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(packet) = Packet::decode(input, &amf_fuzz::CLASSES, Limits::default()) else { return };
    let mut writer = PacketWriter::new(packet.version);
    for header in &packet.headers {
        amf_fuzz::check(Version::Amf0, header.value);
        writer.header(&header.name, header.must_understand, header.value).expect("it was read");
    }
    for message in &packet.messages {
        amf_fuzz::check(Version::Amf0, message.body);
        // The lengths that delimit such a body are those of this input alone.
        if message.error.is_some() {
            return;
        }
        writer.message(&message.target_uri, &message.response_uri, message.body).expect("it was read");
    }
    let written = writer.finish();
    let again = Packet::decode(&written, &amf_fuzz::CLASSES, Limits::default()).expect("it was written");
    assert_eq!(again.messages.len(), packet.messages.len());
    assert!(again.broken.is_none());
});
