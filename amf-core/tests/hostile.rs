//! Hostile input: it results in an error with an address, and never in a panic, a hang, or memory beyond the budget.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::HashMap;
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

/// Encodes nested strict arrays, the innermost of which is empty.
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

/// Threads have a stack of 2 MiB by default; a quarter of it must suffice.
fn run_on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn deep_nesting_does_not_overflow_a_small_stack() {
    run_on_a_small_stack(|| {
        for (version, bytes) in [
            (Version::Amf0, nested_amf0(100_000)),
            (Version::Amf3, nested_amf3(100_000)),
            (Version::Amf0, [0x03, 0, 1, b'a'].repeat(100_000)),
            (Version::Amf0, [0x08, 0, 0, 0, 1, 0, 1, b'a'].repeat(100_000)),
            (Version::Amf0, [0x10, 0, 1, b'P', 0, 1, b'a'].repeat(100_000)),
            (Version::Amf0, [0x0A, 0, 0, 0, 1, 0x11].repeat(100_000)),
            (Version::Amf0, [0x11].repeat(100_000)),
            (Version::Amf3, [0x0A, 0x0B, 0x01, 0x03, b'a'].repeat(100_000)),
            (Version::Amf3, [0x0A, 0x13, 0x01, 0x03, b'a'].repeat(100_000)),
            (Version::Amf3, [&[0x0A, 0x13, 0x01, 0x03, b'a'][..], &[0x0A, 0x01].repeat(100_000)].concat()),
            (Version::Amf3, [0x09, 0x01, 0x03, b'a'].repeat(100_000)),
            (Version::Amf3, [0x11, 0x03, 0x00].repeat(100_000)),
            (Version::Amf3, [0x11, 0x03, 0x00, 0x01].repeat(100_000)),
            (Version::Amf3, [0x10, 0x03, 0x00, 0x01].repeat(100_000)),
            (Version::Amf3, nested_in(b"flex.messaging.io.ArrayCollection", 100_000)),
            (Version::Amf3, nested_in(b"flex.messaging.io.ObjectProxy", 100_000)),
        ] {
            assert!(decode(version, &bytes, Limits::default()).is_err());
            assert!(skip(version, &bytes, Limits::default()).is_err());
            assert!(amf_core::from_slice::<Vec<Vec<u8>>>(version, &bytes).is_err());
            assert!(amf_core::from_slice::<Tree>(version, &bytes).is_err());
            assert!(amf_core::from_slice::<SharedTree>(version, &bytes).is_err());
            assert!(amf_core::from_slice::<Graph>(version, &bytes).is_err());
        }
    });
}

/// Encodes externalizable objects, each of which is the body of the enclosing one.
fn nested_in(alias: &[u8], levels: usize) -> Vec<u8> {
    let mut bytes = vec![0x0A, 0x07, (alias.len() << 1 | 1) as u8];
    bytes.extend(alias);
    bytes.extend([0x0A, 0x01].repeat(levels));
    bytes
}

#[test]
fn the_deepest_allowed_value_fits_a_small_stack() {
    run_on_a_small_stack(|| {
        let collections = [nested_in(b"flex.messaging.io.ArrayCollection", 63), vec![0x01]].concat();
        let members = [[0x0A, 0x0B, 0x01, 0x03, b'a'].repeat(64), vec![0x01], [0x01].repeat(64)].concat();
        for (version, bytes) in [
            (Version::Amf0, nested_amf0(64)),
            (Version::Amf3, nested_amf3(64)),
            (Version::Amf3, collections),
            (Version::Amf3, members),
            (Version::Amf3, [&[0x10, 0x03, 0x00, 0x01].repeat(64)[..], &[0x01]].concat()),
            (Version::Amf3, [&[0x11, 0x03, 0x00, 0x01].repeat(64)[..], &[0x01]].concat()),
            (Version::Amf3, [[0x11, 0x03, 0x00].repeat(64), [0x01].repeat(65)].concat()),
        ] {
            let value = decode(version, &bytes, Limits::default()).unwrap();
            assert_eq!(value, value.clone());
            assert_eq!(value, decode(version, &bytes, Limits::default()).unwrap());
            assert!(format!("{value:#?}").len() > 64);
            let written = amf_core::to_vec(version, &value).unwrap();
            assert_eq!(decode(version, &written, Limits::default()).unwrap(), value);
        }
        assert!(amf_core::from_slice::<Tree>(Version::Amf3, &nested_amf3(64)).is_ok());
        assert!(amf_core::from_slice::<SharedTree>(Version::Amf3, &nested_amf3(64)).is_ok());
    });
}

/// Encodes lists, each of which contains a reference to the previous one. The depth on the wire is 2.
fn reference_chain(version: Version, links: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    match version {
        Version::Amf0 => {
            bytes.extend([0x0A, 0, 0]);
            bytes.extend((links + 1).to_be_bytes());
            bytes.extend([0x0A, 0, 0, 0, 0]);
            for link in 1..=links {
                bytes.extend([0x0A, 0, 0, 0, 1, 0x07]);
                bytes.extend(link.to_be_bytes());
            }
        }
        Version::Amf3 => {
            // Numbers of three bytes (AMF3 §1.3.1).
            let u29 =
                |number: u32| [(number >> 14) as u8 | 0x80, (number >> 7) as u8 | 0x80, number as u8 & 0x7F];
            bytes.push(0x09);
            bytes.extend(u29((u32::from(links) + 1) << 1 | 1));
            bytes.extend([0x01, 0x09, 0x01, 0x01]);
            for link in 1..=links {
                bytes.extend([0x09, 0x03, 0x01, 0x09]);
                bytes.extend(u29(u32::from(link) << 1));
            }
        }
    }
    bytes
}

/// A value that contains a chain is as deep as the chain is long, and dropping it recurses that deep.
#[test]
fn the_length_of_a_reference_chain_counts_as_depth() {
    run_on_a_small_stack(|| {
        for version in [Version::Amf0, Version::Amf3] {
            // The list and the first link of the chain are two levels.
            assert!(decode(version, &reference_chain(version, 62), Limits::default()).is_ok());
            for links in [63, 60_000] {
                let bytes = reference_chain(version, links);
                let errors = [
                    decode(version, &bytes, Limits::default()).unwrap_err(),
                    amf_core::from_slice::<SharedTree>(version, &bytes).unwrap_err(),
                    amf_core::from_slice::<Tree>(version, &bytes).unwrap_err(),
                ];
                for error in errors {
                    let is_depth = matches!(error.kind(), DecodeErrorKind::Limit { limit: "depth", .. });
                    assert!(is_depth, "{links} links: {error}");
                }
                assert!(skip(version, &bytes, Limits::default()).is_ok());
            }
        }
    });
}

#[test]
fn memory_is_bounded_by_the_input() {
    // A list of references to one string of 64 KiB, read as separate strings: 80 KiB become 1 GiB.
    let mut bytes = vec![0x09, 0x81, 0x80, 0x01, 0x01, 0x06, 0x88, 0x80, 0x01];
    bytes.resize(bytes.len() + 65_536, b'x');
    bytes.extend([0x06, 0x00].repeat(8_191));
    let error = amf_core::from_slice::<Vec<String>>(Version::Amf3, &bytes).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit: "memory", .. }), "{error}");
    // Shared strings have no cost: as `Arc<str>`, borrowed, and as `Value`.
    assert_eq!(amf_core::from_slice::<Vec<Arc<str>>>(Version::Amf3, &bytes).unwrap().len(), 8_192);
    assert_eq!(amf_core::from_slice::<Vec<&str>>(Version::Amf3, &bytes).unwrap().len(), 8_192);
    let value: Value = amf_core::from_slice(Version::Amf3, &bytes).unwrap();
    let Some([Value::String(first), .., Value::String(last)]) = value.as_list() else { panic!() };
    assert!(Arc::ptr_eq(first, last));
}

#[test]
fn declared_sizes_do_not_allocate() {
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
fn references_to_unknown_objects_are_errors() {
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

/// Encodes levels that refer to the previous level twice. Read by value, each level doubles the size.
fn doubling_references(version: Version, levels: u8) -> Vec<u8> {
    let mut bytes = match version {
        Version::Amf0 => vec![0x0A, 0, 0, 0, levels + 1, 0x0A, 0, 0, 0, 0],
        Version::Amf3 => vec![0x09, (levels + 1) << 1 | 1, 0x01, 0x09, 0x01, 0x01],
    };
    for before in 1..=levels {
        match version {
            Version::Amf0 => bytes.extend([0x0A, 0, 0, 0, 2, 0x07, 0, before, 0x07, 0, before]),
            Version::Amf3 => bytes.extend([0x09, 0x05, 0x01, 0x09, before << 1, 0x09, before << 1]),
        }
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

/// Objects of objects, by name.
#[derive(Debug)]
struct Graph(#[expect(dead_code, reason = "grown, not looked at")] HashMap<String, Graph>);

impl<'de> FromAmf<'de> for Graph {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        HashMap::from_amf(decoder).map(Graph)
    }
}

#[test]
fn doubling_references_exhaust_the_budget() {
    for version in [Version::Amf0, Version::Amf3] {
        let bytes = doubling_references(version, 40);
        let errors = [
            amf_core::from_slice::<Tree>(version, &bytes).map(drop).unwrap_err(),
            amf_core::from_slice::<Graph>(version, &bytes).map(drop).unwrap_err(),
        ];
        for error in errors {
            let is_limit =
                matches!(error.kind(), DecodeErrorKind::Limit { limit: "replayed_nodes" | "memory", .. });
            assert!(is_limit, "{error}");
        }
        assert!(skip(version, &bytes, Limits::default()).is_ok());
        // With shared pointers, the number of objects is that on the wire.
        let tree: SharedTree = amf_core::from_slice(version, &bytes).unwrap();
        assert_eq!(tree.0.len(), 41);
        assert!(Arc::ptr_eq(&tree.0[40].0[0], &tree.0[40].0[1]));
        assert!(Arc::ptr_eq(&tree.0[40].0[0], &tree.0[39]));
        // The same holds for a dynamic value, also when it is compared, printed and written.
        let value: Value = amf_core::from_slice(version, &bytes).unwrap();
        assert_eq!(amf_core::to_vec(version, &value).unwrap(), bytes);
        let other: Value = amf_core::from_slice(version, &bytes).unwrap();
        assert!(value == other);
        assert!(format!("{value:?}").len() < 4_000);
    }
}

/// `{a: …}` in which every member is a list of two references to the previous object.
#[test]
fn doubling_members_exhaust_the_budget() {
    let mut bytes = vec![0x0A, 0x0B, 0x01, 0x03, b'0', 0x0A, 0x01, 0x01];
    for before in 1..=40_u8 {
        bytes.extend([0x03, b'0' + before, 0x0A, 0x01]);
        bytes.extend([0x03, b'a', 0x0A, before << 1, 0x03, b'b', 0x0A, before << 1, 0x01]);
    }
    bytes.push(0x01);
    let error = amf_core::from_slice::<Graph>(Version::Amf3, &bytes).unwrap_err();
    assert!(
        matches!(error.kind(), DecodeErrorKind::Limit { limit: "replayed_nodes" | "memory", .. }),
        "{error}"
    );
    let value = decode(Version::Amf3, &bytes, Limits::default()).unwrap();
    let written = amf_core::to_vec(Version::Amf3, &value).unwrap();
    assert_eq!(decode(Version::Amf3, &written, Limits::default()).unwrap(), value);
}

#[test]
fn containers_that_contain_themselves_are_decoded_as_ancestors() {
    for (version, bytes) in [
        (Version::Amf0, &[0x0A, 0, 0, 0, 2, 0x07, 0, 0, 0x07, 0, 0][..]),
        (Version::Amf0, &[0x03, 0, 1, b'a', 0x07, 0, 0, 0, 0, 0x09]),
        (Version::Amf0, &[0x08, 0, 0, 0, 0, 0, 1, b'0', 0x07, 0, 0, 0, 0, 0x09]),
        (Version::Amf3, &[0x09, 0x05, 0x01, 0x09, 0x00, 0x09, 0x00]),
        (Version::Amf3, &[0x09, 0x01, 0x03, b'a', 0x09, 0x00, 0x01]),
        (Version::Amf3, &[0x0A, 0x13, 0x01, 0x03, b'a', 0x0A, 0x00]),
        (Version::Amf3, &[0x10, 0x05, 0x00, 0x01, 0x10, 0x00, 0x10, 0x00]),
        // As value, as key, as both, and through another dictionary.
        (Version::Amf3, &[0x11, 0x03, 0x00, 0x04, 0x07, 0x11, 0x00]),
        (Version::Amf3, &[0x11, 0x03, 0x00, 0x11, 0x00, 0x04, 0x07]),
        (Version::Amf3, &[0x11, 0x05, 0x00, 0x11, 0x00, 0x11, 0x00, 0x11, 0x00, 0x11, 0x00]),
        (Version::Amf3, &[0x11, 0x03, 0x00, 0x11, 0x03, 0x00, 0x11, 0x00, 0x11, 0x02, 0x11, 0x02]),
    ] {
        let limits = Limits::default();
        let value = decode(version, bytes, limits).unwrap();
        assert_eq!(value, decode(version, bytes, limits).unwrap(), "{bytes:02X?}");
        assert!(format!("{value:?}").contains("ancestor"), "{value:?}");
        assert_eq!(amf_core::to_vec(version, &value).unwrap(), bytes);
        assert!(skip(version, bytes, limits).is_ok());
        assert!(amf_core::from_slice::<Tree>(version, bytes).is_err());
        assert!(amf_core::from_slice::<Graph>(version, bytes).is_err());
        assert!(amf_core::from_slice::<SharedTree>(version, bytes).is_err());
    }
}

#[test]
fn many_references_to_one_string_share_its_memory() {
    const TIMES: u32 = 100_000;
    // As values that refer to a string of 1 KiB: 100 MB if each had its own copy.
    let mut bytes = vec![
        0x09,
        (TIMES >> 13) as u8 | 0x80,
        (TIMES >> 6) as u8 | 0x80,
        (TIMES << 1) as u8 & 0x7F | 1,
        0x01,
    ];
    bytes.extend([0x06, 0x90, 0x01]);
    bytes.resize(bytes.len() + 1_024, b'x');
    bytes.extend([0x06, 0x00].repeat(TIMES as usize - 1));
    let value = decode(Version::Amf3, &bytes, Limits::default()).unwrap();
    assert_eq!(value.as_list().unwrap().len(), TIMES as usize);
    assert_eq!(amf_core::from_slice::<Vec<&str>>(Version::Amf3, &bytes).unwrap().len(), TIMES as usize);
    let error = amf_core::from_slice::<Vec<String>>(Version::Amf3, &bytes).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit: "memory", .. }), "{error}");
    // As a name: `{a: null, a: null, …}`.
    let mut bytes = vec![0x0A, 0x0B, 0x01, 0x03, b'a', 0x01];
    bytes.extend([0x00, 0x01].repeat(TIMES as usize - 1));
    bytes.push(0x01);
    assert!(skip(Version::Amf3, &bytes, Limits::default()).is_ok());
    assert_eq!(amf_core::from_slice::<HashMap<String, Option<u8>>>(Version::Amf3, &bytes).unwrap().len(), 1);
    assert_eq!(
        decode(Version::Amf3, &bytes, Limits::default()).unwrap().as_object().unwrap().members().count(),
        1
    );
}

/// `BlazeDS` writes characters beyond the BMP this way. Such text cannot be borrowed, so each reference to it is
/// copied and charged. A few thousand references to a long text exceed the limit.
#[test]
fn references_to_cesu8_count_as_copies() {
    let list = |references: usize| {
        let mut bytes = vec![0x09, 0xCE, 0x11, 0x01, 0x06, 0x8E, 0x09];
        bytes[1..3].copy_from_slice(&[(references >> 6) as u8 | 0x80, (references << 1) as u8 & 0x7F | 1]);
        bytes.extend(b"\xED\xA0\xBD\xED\xB8\x80".repeat(150));
        bytes.extend([0x06, 0x00].repeat(references - 1));
        bytes
    };
    let items = amf_core::from_slice::<Vec<Arc<str>>>(Version::Amf3, &list(500)).unwrap();
    assert_eq!(items.len(), 500);
    // A dynamic value has one copy for all references.
    assert!(decode(Version::Amf3, &list(5_000), Limits::default()).is_ok());
    let error = amf_core::from_slice::<Vec<Arc<str>>>(Version::Amf3, &list(5_000)).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit: "memory", .. }), "{error}");
}

#[test]
fn truncated_packets_are_errors() {
    let classes = Arc::new(Classes::new());
    let mut bytes = vec![0, 0, 0, 2];
    bytes.extend([0, 1, b'h', 0, 0, 0, 0, 0, 0x05].repeat(2));
    bytes.extend([0, 2]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0x05].repeat(2));
    assert_eq!(Packet::decode(&bytes, &classes, Limits::default()).unwrap().messages.len(), 2);
    for cut in 0..bytes.len() {
        if let Ok(packet) = Packet::decode(&bytes[..cut], &classes, Limits::default()) {
            assert!(packet.broken.is_some(), "cut at {cut}");
        }
    }
}

mod random {
    use super::*;
    use proptest::prelude::*;

    /// Generates bytes that resemble AMF more often than random ones.
    fn plausible_bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![3 => 0u8..0x12, 2 => prop::sample::select(vec![0x01, 0x03, 0x0B, 0x13, 0x09, b'a']), 1 => any::<u8>()];
        prop::collection::vec(byte, 0..200)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn every_decoded_value_survives_a_round_trip(bytes in plausible_bytes(), amf3: bool) {
            let version = if amf3 { Version::Amf3 } else { Version::Amf0 };
            let mut decoder = Decoder::new(version, &bytes);
            match Value::from_amf(&mut decoder) {
                Ok(value) => {
                    let end = decoder.offset();
                    prop_assert!(skip(version, &bytes[..end], Limits::default()).is_ok());
                    if let Ok(again) = amf_core::to_vec(version, &value) {
                        let reread: Value = amf_core::from_slice(version, &again).unwrap();
                        // What was switched to AMF3 is written as AMF0 where that has the type: 1 comes back as 1.0.
                        prop_assert!(decoder.has_switched_to_amf3() || reread == value, "{:?} is not {:?}", reread, value);
                        prop_assert_eq!(amf_core::to_vec(version, &reread).unwrap(), again);
                    }
                }
                Err(error) => prop_assert!(error.offset() <= bytes.len(), "{}", error),
            }
        }

        #[test]
        fn typed_reading_never_panics(bytes in plausible_bytes(), amf3: bool) {
            let version = if amf3 { Version::Amf3 } else { Version::Amf0 };
            let _ = amf_core::from_slice::<Vec<Arc<SharedTree>>>(version, &bytes);
            let _ = amf_core::from_slice::<std::collections::HashMap<String, Option<Vec<u8>>>>(version, &bytes);
            let _ = amf_core::from_slice::<(Option<f64>, &str, i32)>(version, &bytes);
            let _ = Packet::decode(&bytes, &Arc::default(), Limits::default());
        }
    }
}
