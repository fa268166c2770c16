//! Packets whose last body is not passed over.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use amf_core::Limits;
use amf_core::packet::Packet;

/// Version 0, no header, one message: target "a.b", response "/1", this length.
fn packet(length: u32, body: &[u8]) -> Vec<u8> {
    [&b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1"[..], &length.to_be_bytes(), body].concat()
}

fn decode_lazily(bytes: &[u8]) -> Packet<'_> {
    Packet::decode_lazily(bytes, &Arc::default(), Limits::default()).unwrap()
}

fn decode(bytes: &[u8]) -> Packet<'_> {
    Packet::decode(bytes, &Arc::default(), Limits::default()).unwrap()
}

#[test]
fn well_formed_bodies_do_not_depend_on_the_declared_length() {
    for (body, uses_amf3) in [
        // 02 string of 2 bytes; 05 null; 0A array of one
        (&b"\x02\0\x02hi"[..], false),
        (b"\x05", false),
        (b"\x0A\0\0\0\x01\x02\0\x02hi", false),
        // 11 switches to AMF3: 04 integer, 09 array
        (b"\x11\x04\x07", true),
        (b"\x11\x09\x03\x01\x04\x07", true),
        (b"\x0A\0\0\0\x01\x11\x04\x07", true),
        // behind another argument, and within an object (03)
        (b"\x0A\0\0\0\x02\x05\x11\x04\x07", true),
        (b"\x03\0\x01a\x11\x04\x07\0\0\x09", true),
        // 0x11 as a character, and in a number (00)
        (b"\x02\0\x01\x11", false),
        (b"\0\x40\x11\0\0\0\0\0\0", false),
    ] {
        for length in [body.len() as u32, u32::MAX, 0, 1, 1_000] {
            let bytes = packet(length, body);
            let (opened, decoded) = (decode_lazily(&bytes), decode(&bytes));
            let [opened, decoded] = [opened, decoded].map(|packet| {
                let message = packet.messages.first().unwrap();
                (message.body.to_vec(), message.offset, message.uses_amf3)
            });
            assert_eq!(opened, decoded, "{body:?} of length {length}");
            assert_eq!((&opened.0[..], opened.2), (body, uses_amf3), "{body:?} of length {length}");
        }
    }
}

#[test]
fn a_lazily_decoded_body_is_the_rest_of_the_input() {
    let garbage = b"\x05\x05";
    for length in [2, u32::MAX] {
        let bytes = packet(length, garbage);
        assert_eq!(decode_lazily(&bytes).messages.first().unwrap().body, garbage);
        assert!(Packet::decode(&bytes, &Arc::default(), Limits::default()).is_err());
    }
    // Who says one byte is not believed, so the second one is found.
    let bytes = packet(1, garbage);
    assert!(Packet::decode_lazily(&bytes, &Arc::default(), Limits::default()).is_err());
}

#[test]
fn only_the_last_body_may_be_malformed() {
    // The first message, of a length that is not known, is no AMF0 value (77); the second one is null.
    let first = packet(u32::MAX, b"\x77");
    let bytes = [&b"\0\0\0\0\0\x02"[..], &first[6..], &packet(1, b"\x05")[6..]].concat();
    let opened = decode_lazily(&bytes);
    assert!(opened.messages.is_empty());
    assert_eq!(opened.broken.unwrap().target_uri.as_deref(), Some("a.b"));
}
