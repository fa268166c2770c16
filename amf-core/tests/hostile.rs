//! Input that means harm: an error with an address, never a panic, a hang, or more memory than the budget.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;

use amf_core::packet::Packet;
use amf_core::{Classes, DecodeError, DecodeErrorKind, Decoder, FromAmf, Limits, Value, Version};

fn decode(version: Version, bytes: &[u8], limits: Limits) -> Result<Value, DecodeError> {
    let mut decoder = Decoder::new(version, bytes).with_limits(limits);
    let value = Value::from_amf(&mut decoder)?;
    decoder.finish()?;
    Ok(value)
}

fn skip(version: Version, bytes: &[u8], limits: Limits) -> Result<(), DecodeError> {
    let mut decoder = Decoder::new(version, bytes).with_limits(limits);
    decoder.skip()?;
    decoder.finish()
}

/// Both ways of reading pass at the limit and fail one beyond it, with the limit's name.
#[track_caller]
fn limit(name: &str, max: usize, version: Version, make: impl Fn(usize) -> Vec<u8>) {
    for read in [|v, b: &[u8], l| decode(v, b, l).map(drop), skip] {
        read(version, &make(max), Limits::default()).unwrap();
        let error = read(version, &make(max + 1), Limits::default()).unwrap_err();
        let DecodeErrorKind::Limit { limit, max: said } = error.kind() else { panic!("{error}") };
        assert_eq!((*limit, *said), (name, max));
    }
}

/// So many strict arrays around one another, the innermost empty.
fn nested_amf0(levels: usize) -> Vec<u8> {
    let mut bytes = [0x0A, 0, 0, 0, 1].repeat(levels);
    *bytes.last_mut().unwrap() = 0;
    bytes
}

fn nested_amf3(levels: usize) -> Vec<u8> {
    let mut bytes = [0x09, 0x03, 0x01].repeat(levels);
    let innermost = bytes.len() - 2;
    bytes[innermost] = 0x01;
    bytes
}

#[test]
fn depth_at_its_default() {
    limit("depth", 64, Version::Amf0, nested_amf0);
    limit("depth", 64, Version::Amf3, nested_amf3);
    // objects and references to what encloses count as well: {a: {a: … }}
    limit("depth", 64, Version::Amf3, |levels| {
        let mut bytes = [0x0A, 0x0B, 0x01, 0x03, b'a'].to_vec();
        bytes.extend([0x0A, 0x01, 0x00].repeat(levels - 2));
        bytes.extend([0x0A, 0x01]);
        bytes.extend([0x01].repeat(levels));
        bytes
    });
}

#[test]
fn a_hundred_thousand_levels_on_a_small_stack() {
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let run = || {
        let deep = Limits { depth: 64, ..Limits::default() };
        for (version, bytes) in [
            (Version::Amf0, nested_amf0(100_000)),
            (Version::Amf3, nested_amf3(100_000)),
            (Version::Amf0, [0x03, 0, 1, b'a'].repeat(100_000)),
            (Version::Amf0, [0x08, 0, 0, 0, 1, 0, 1, b'a'].repeat(100_000)),
            (Version::Amf0, [0x10, 0, 1, b'P', 0, 1, b'a'].repeat(100_000)),
            (Version::Amf0, [0x0A, 0, 0, 0, 1, 0x11].repeat(100_000)),
            (Version::Amf3, [0x0A, 0x0B, 0x01, 0x03, b'a'].repeat(100_000)),
            (Version::Amf3, [0x11, 0x03, 0x00].repeat(100_000)),
            (Version::Amf3, [0x10, 0x03, 0x00, 0x01].repeat(100_000)),
        ] {
            assert!(decode(version, &bytes, deep).is_err());
            assert!(skip(version, &bytes, deep).is_err());
            assert!(amf_core::from_slice::<Vec<Vec<u8>>>(version, &bytes).is_err());
        }
        // The deepest that is allowed is read, compared, printed, written and dropped on this stack too.
        let value = decode(Version::Amf3, &nested_amf3(64), deep).unwrap();
        assert_eq!(value, value.clone());
        assert!(format!("{value:?}").starts_with("[[["));
        assert_eq!(amf_core::to_vec(Version::Amf3, &value).unwrap(), nested_amf3(64));
    };
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn nodes_at_their_default() {
    let array = |nodes: usize| {
        let mut bytes = vec![0x0A];
        bytes.extend((nodes as u32 - 1).to_be_bytes());
        bytes.extend([0x01, 0x01].repeat(nodes - 1));
        bytes
    };
    limit("nodes", 262_144, Version::Amf0, array);
}

#[test]
fn strings_at_their_default() {
    limit("string", 1 << 20, Version::Amf0, |length| {
        let mut bytes = vec![0x0C];
        bytes.extend((length as u32).to_be_bytes());
        bytes.resize(5 + length, b'x');
        bytes
    });
}

#[test]
fn sealed_members_at_their_default() {
    limit("sealed_members", 1_024, Version::Amf3, |count| {
        let mut bytes = vec![0x0A];
        let head = (count as u32) << 4 | 3;
        bytes.extend([(head >> 7) as u8 | 0x80, head as u8 & 0x7F]);
        if head >= 0x4000 {
            bytes.truncate(1);
            bytes.extend([(head >> 14) as u8 | 0x80, (head >> 7) as u8 | 0x80, head as u8 & 0x7F]);
        }
        bytes.extend([0x03, b'P', 0x03, b'm']);
        bytes.extend([0x02].repeat(count - 1));
        bytes.extend([0x01].repeat(count));
        bytes
    });
}

#[test]
fn memory_is_bounded_by_the_input() {
    // A list of references to one string of 64 KiB, taken as strings of their own: 1 GiB from 80 KiB.
    let mut bytes = vec![0x09, 0x81, 0x80, 0x01, 0x01, 0x06, 0x88, 0x80, 0x01];
    bytes.resize(bytes.len() + 65_536, b'x');
    bytes.extend([0x06, 0x00].repeat(8_191));
    let error = amf_core::from_slice::<Vec<String>>(Version::Amf3, &bytes).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit: "memory", .. }), "{error}");
    // Shared, they cost nothing: as `Arc<str>`, borrowed, and as `Value`.
    assert_eq!(amf_core::from_slice::<Vec<Arc<str>>>(Version::Amf3, &bytes).unwrap().len(), 8_192);
    assert_eq!(amf_core::from_slice::<Vec<&str>>(Version::Amf3, &bytes).unwrap().len(), 8_192);
    let value: Value = amf_core::from_slice(Version::Amf3, &bytes).unwrap();
    let Some([Value::String(first), .., Value::String(last)]) = value.as_list() else { panic!() };
    assert!(Arc::ptr_eq(first, last));

    // What is in force is the smaller of the two.
    let limits = Limits { memory: 1_000, ..Limits::default() };
    assert_eq!(limits.memory_for(1), 1_000);
    assert_eq!(Limits::default().memory_for(100), 16 * 100 + (1 << 20));
    assert_eq!(Limits::default().memory_for(1 << 30), 64 << 20);
}

#[test]
fn declared_sizes_reserve_nothing() {
    for (version, bytes) in [
        (Version::Amf0, &[0x0A, 0xFF, 0xFF, 0xFF, 0xFF][..]),
        (Version::Amf0, &[0x0C, 0xFF, 0xFF, 0xFF, 0xFF]),
        (Version::Amf0, &[0x08, 0xFF, 0xFF, 0xFF, 0xFF]),
        (Version::Amf0, &[0x0F, 0xFF, 0xFF, 0xFF, 0xFF]),
        (Version::Amf3, &[0x09, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        (Version::Amf3, &[0x06, 0xFF, 0xFF, 0xFF, 0xFF]),
        (Version::Amf3, &[0x0A, 0xFF, 0xFF, 0xFF, 0xFB, 0x01]),
        (Version::Amf3, &[0x0C, 0xFF, 0xFF, 0xFF, 0xFF]),
        (Version::Amf3, &[0x0D, 0xFF, 0xFF, 0xFF, 0xFF, 0x00]),
        (Version::Amf3, &[0x0F, 0xFF, 0xFF, 0xFF, 0xFF, 0x00]),
        (Version::Amf3, &[0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x01]),
        (Version::Amf3, &[0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0x00]),
    ] {
        assert!(decode(version, bytes, Limits::default()).is_err(), "{bytes:02X?}");
        assert!(skip(version, bytes, Limits::default()).is_err(), "{bytes:02X?}");
        assert!(amf_core::from_slice::<Vec<[u64; 64]>>(version, bytes).is_err());
        assert!(amf_core::from_slice::<Vec<u8>>(version, bytes).is_err());
        assert!(amf_core::from_slice::<Vec<f64>>(version, bytes).is_err());
    }
}

#[test]
fn references_to_nothing() {
    for (version, bytes, message) in [
        (
            Version::Amf0,
            &[0x07, 0, 0][..],
            "object reference 0 is out of range; 0 were sent before (at byte 3)",
        ),
        (Version::Amf3, &[0x0A, 0x02], "object reference 1 is out of range; 0 were sent before (at byte 2)"),
        (Version::Amf3, &[0x06, 0x04], "string reference 2 is out of range; 0 were sent before (at byte 2)"),
        (Version::Amf3, &[0x0A, 0x05], "traits reference 1 is out of range; 0 were sent before (at byte 2)"),
        (Version::Amf3, &[0x08, 0x00], "object reference 0 is out of range; 0 were sent before (at byte 2)"),
    ] {
        assert_eq!(decode(version, bytes, Limits::default()).unwrap_err().to_string(), message);
        assert!(skip(version, bytes, Limits::default()).is_err());
    }
}

/// Each level refers to the one before it twice: what is read by value doubles with each.
fn doubling(levels: usize) -> Vec<u8> {
    let mut bytes = vec![0x09, (levels as u8 + 1) << 1 | 1, 0x01, 0x09, 0x01, 0x01];
    for level in 1..=levels {
        let before = (level as u8) << 1;
        bytes.extend([0x09, 0x05, 0x01, 0x09, before, 0x09, before]);
    }
    bytes
}

#[derive(Debug)]
struct Tree(#[expect(dead_code, reason = "grown, not looked at")] Vec<Tree>);

impl<'de> FromAmf<'de> for Tree {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Vec::from_amf(decoder).map(Tree)
    }
}

#[derive(Debug)]
struct SharedTree(Vec<Arc<SharedTree>>);

impl<'de> FromAmf<'de> for SharedTree {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Vec::from_amf(decoder).map(SharedTree)
    }
}

#[test]
fn doubling_references_end_at_their_budget() {
    let bytes = doubling(40);
    let error = amf_core::from_slice::<Tree>(Version::Amf3, &bytes).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit: "replayed" | "memory", .. }), "{error}");
    assert!(skip(Version::Amf3, &bytes, Limits::default()).is_ok());
    // Shared, they are as many as there are on the wire.
    let tree: SharedTree = amf_core::from_slice(Version::Amf3, &bytes).unwrap();
    assert_eq!(tree.0.len(), 41);
    assert!(Arc::ptr_eq(&tree.0[40].0[0], &tree.0[40].0[1]));
    assert!(Arc::ptr_eq(&tree.0[40].0[0], &tree.0[39]));
    // And as a value, which is compared and written as quickly.
    let value: Value = amf_core::from_slice(Version::Amf3, &bytes).unwrap();
    assert_eq!(amf_core::to_vec(Version::Amf3, &value).unwrap(), bytes);
    let other: Value = amf_core::from_slice(Version::Amf3, &bytes).unwrap();
    assert!(value == other);
}

#[test]
fn packets_that_lie_about_their_counts() {
    let classes = Arc::new(Classes::new());
    let packet = |headers: u16, messages: u16| {
        let mut bytes = vec![0, 0];
        bytes.extend(headers.to_be_bytes());
        bytes.extend([0, 1, b'h', 0, 0, 0, 0, 0, 0x05].repeat(usize::from(headers)));
        bytes.extend(messages.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0x05].repeat(usize::from(messages)));
        bytes
    };
    let decode =
        |bytes: &[u8]| Packet::decode(bytes, &classes, Limits::default()).map(|packet| packet.messages.len());
    assert_eq!(decode(&packet(64, 256)).unwrap(), 256);
    for (bytes, name) in [(packet(65, 1), "headers"), (packet(0, 257), "messages")] {
        let error = decode(&bytes).unwrap_err();
        assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit, .. } if *limit == name), "{error}");
    }
    for cut in 0..packet(2, 2).len() {
        if let Ok(packet) = Packet::decode(&packet(2, 2)[..cut], &classes, Limits::default()) {
            assert!(packet.broken.is_some(), "cut at {cut}");
        }
    }
}

mod random {
    use super::*;
    use proptest::prelude::*;

    /// Bytes that look like AMF more often than chance would have it.
    fn likely() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![3 => 0u8..0x12, 2 => prop::sample::select(vec![0x01, 0x03, 0x0B, 0x13, 0x09, b'a']), 1 => any::<u8>()];
        prop::collection::vec(byte, 0..200)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn whatever_is_read_can_be_written_and_read_again(bytes in likely(), amf3: bool) {
            let version = if amf3 { Version::Amf3 } else { Version::Amf0 };
            let mut decoder = Decoder::new(version, &bytes);
            match Value::from_amf(&mut decoder) {
                Ok(value) => {
                    let end = decoder.offset();
                    prop_assert!(skip(version, &bytes[..end], Limits::default()).is_ok());
                    if let Ok(again) = amf_core::to_vec(version, &value) {
                        let reread: Value = amf_core::from_slice(version, &again).unwrap();
                        // What was switched to AMF3 is written as AMF0 where that has the type: 1 comes back as 1.0.
                        prop_assert!(decoder.has_switched() || reread == value, "{:?} is not {:?}", reread, value);
                        prop_assert_eq!(amf_core::to_vec(version, &reread).unwrap(), again);
                    }
                }
                Err(error) => prop_assert!(error.offset() <= bytes.len(), "{}", error),
            }
        }

        #[test]
        fn typed_reading_never_panics(bytes in likely(), amf3: bool) {
            let version = if amf3 { Version::Amf3 } else { Version::Amf0 };
            let _ = amf_core::from_slice::<Vec<Arc<SharedTree>>>(version, &bytes);
            let _ = amf_core::from_slice::<std::collections::HashMap<String, Option<Vec<u8>>>>(version, &bytes);
            let _ = amf_core::from_slice::<(Option<f64>, &str, i32)>(version, &bytes);
            let _ = Packet::decode(&bytes, &Arc::default(), Limits::default());
        }
    }
}
