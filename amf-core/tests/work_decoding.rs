//! Work of decoding, which is proportional to the input and to the bytes that are read again, for any input.
//!
//! Work is counted in steps: a value, a probe of a table, or eight bytes that are compared, hashed or copied.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use amf_core::work::counted;
use amf_core::{
    AmfObject, Classes, DecodeErrorKind, Decoder, FromAmf, Limits, Value, Version, from_slice, to_vec,
};
use proptest::prelude::*;

/// Bound of decoding: steps for each byte of the input, in addition to one for each byte that is read again.
const STEPS_PER_BYTE: u64 = 64;

/// Reads a value, or returns an error, within the bound.
#[track_caller]
fn decode<T: for<'de> FromAmf<'de>>(version: Version, bytes: &[u8]) -> Result<T, DecodeErrorKind> {
    let mut decoder = Decoder::new(version, bytes).with_classes_of::<T>();
    let (value, steps) = counted(|| T::from_amf(&mut decoder));
    let bound = STEPS_PER_BYTE * bytes.len() as u64 + decoder.replayed_bytes() as u64;
    assert!(decoder.replayed_bytes() <= Limits::default().replayed_bytes);
    assert!(steps <= bound, "{steps} steps for {} bytes, bound {bound}", bytes.len());
    value.map_err(|error| error.kind().clone())
}

#[track_caller]
fn skip(version: Version, bytes: &[u8]) {
    let mut decoder = Decoder::new(version, bytes);
    let (_, steps) = counted(|| decoder.skip());
    let bound = STEPS_PER_BYTE * bytes.len() as u64 + decoder.replayed_bytes() as u64;
    assert!(steps <= bound, "{steps} steps for {} bytes, bound {bound}", bytes.len());
}

/// Encodes a number of up to 29 bits in four bytes (AMF3 §1.3.1), which may be more than necessary.
fn u29(number: usize) -> [u8; 4] {
    let seven = |shift: usize| (number >> shift) as u8 | 0x80;
    [seven(22), seven(15), seven(8), number as u8]
}

fn text3(text: &[u8]) -> Vec<u8> {
    [&u29(text.len() << 1 | 1)[..], text].concat()
}

fn list3(first: &[u8], again: &[u8], times: usize) -> Vec<u8> {
    [&[0x09][..], &u29((1 + times) << 1 | 1), &[0x01], first, &again.repeat(times)].concat()
}

/// Encodes half a megabyte of text that is not UTF-8 and cannot be borrowed.
fn surrogates() -> Vec<u8> {
    b"\xED\xA0\xBD\xED\xB8\x80".repeat(80_000)
}

#[derive(AmfObject, Debug)]
enum Choice {
    #[amf(alias = "A")]
    A { value: Option<u8> },
    #[amf(alias = "B")]
    B { value: Option<u8> },
}

#[test]
fn references_to_text_that_is_not_utf8_are_passed_over_without_a_copy() {
    let first = [&[0x06][..], &text3(&surrogates())].concat();
    let bytes = list3(&first, &[0x06, 0x00], 200_000);
    skip(Version::Amf3, &bytes);
    let name = [&[0x0A, 0x0B, 0x01][..], &text3(&surrogates()), &[0x01]].concat();
    let bytes = [&name[..], &[0x00, 0x01].repeat(200_000), &[0x01]].concat();
    skip(Version::Amf3, &bytes);
    // As bodies of externalizable objects, whose memory budgets are restored after each.
    let proxy = b"flex.messaging.io.ObjectProxy";
    let first = [&[0x0A, 0x07, (proxy.len() << 1 | 1) as u8][..], proxy, &first].concat();
    skip(Version::Amf3, &list3(&first, &[0x0A, 0x01, 0x06, 0x02], 100_000));
}

/// Copies count as bytes that are read again, in dry runs too.
#[test]
fn copies_of_text_that_is_not_utf8_are_bounded() {
    let first = [&[0x06][..], &text3(&surrogates())].concat();
    let error = decode::<Vec<String>>(Version::Amf3, &list3(&first, &[0x06, 0x00], 200_000)).unwrap_err();
    assert!(matches!(error, DecodeErrorKind::Limit { .. }), "{error:?}");
    // A dynamic value has one copy for all references.
    decode::<Value>(Version::Amf3, &list3(&first, &[0x06, 0x00], 200_000)).unwrap();
}

/// Regression: each look at an alias copied or checked all of it: 2 bytes for half a megabyte, 3 for 64 KiB.
#[test]
fn looking_at_an_alias_is_bounded() {
    let first = [&[0x0A, 0x13][..], &text3(&surrogates()), b"\x0Bvalue", &[0x01]].concat();
    let _ = decode::<Vec<Choice>>(Version::Amf3, &list3(&first, &[0x0A, 0x01, 0x01], 100_000));

    let alias = [&[0x10, 0xFF, 0xFF][..], &vec![b'x'; 65_535]].concat();
    let object = [&alias[..], &[0, 0, 9]].concat();
    let references = [0x07, 0x00, 0x01].repeat(100_000);
    let bytes = [&[0x0A][..], &100_001_u32.to_be_bytes(), &object, &references].concat();
    let _ = decode::<Vec<Choice>>(Version::Amf0, &bytes);
    let _ = decode::<Vec<BTreeMap<String, u8>>>(Version::Amf0, &bytes);
    decode::<Vec<Arc<BTreeMap<String, u8>>>>(Version::Amf0, &bytes).unwrap();
    decode::<Value>(Version::Amf0, &bytes).unwrap();
}

/// Type that reads a text without storing it.
#[derive(Debug)]
struct Letters;

impl<'de> FromAmf<'de> for Letters {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, amf_core::DecodeError> {
        <&str>::from_amf(decoder).map(|_| Self)
    }
}

/// An object that is referenced and read as a separate value is read again, for at most 16 MiB.
#[test]
fn replays_are_bounded_in_bytes() {
    let inner = [&[0x09][..], &u29(3), &[0x01, 0x06], &text3(&vec![b'x'; 500_000])].concat();
    let bytes = list3(&inner, &[0x09, 0x02], 1_000);
    let error = decode::<Vec<Vec<Letters>>>(Version::Amf3, &bytes).unwrap_err();
    assert!(matches!(error, DecodeErrorKind::Limit { limit: "replayed_bytes", max } if max == 16 << 20));
}

#[derive(AmfObject, Debug, Default)]
#[amf(default)]
struct Wide {
    aa: u8,
    ab: u8,
    ac: u8,
    ad: u8,
    ae: u8,
    af: u8,
    ag: u8,
    ah: u8,
    ai: u8,
    aj: u8,
    ak: u8,
    al: u8,
    am: u8,
    ba: u8,
    bb: u8,
    bc: u8,
    bd: u8,
    be: u8,
    bf: u8,
    bg: u8,
    bh: u8,
    bi: u8,
    bj: u8,
    bk: u8,
    bl: u8,
    bm: u8,
    ca: u8,
    cb: u8,
    cc: u8,
    cd: u8,
    ce: u8,
    cf: u8,
    cg: u8,
    ch: u8,
    ci: u8,
    cj: u8,
    ck: u8,
    cl: u8,
    cm: u8,
    da: u8,
    db: u8,
    dc: u8,
    dd: u8,
    de: u8,
    df: u8,
    dg: u8,
    dh: u8,
    di: u8,
    dj: u8,
    dk: u8,
    dl: u8,
    dm: u8,
}

/// An unknown name is not compared with each of the 52 members.
#[test]
fn members_that_a_wide_class_does_not_have_are_cheap() {
    let members = [0, 2, b'z', b'z', 5].repeat(100_000);
    let bytes = [&[0x03][..], &members, &[0, 0, 9]].concat();
    let mut decoder = Decoder::new(Version::Amf0, &bytes);
    let (value, steps) = counted(|| Wide::from_amf(&mut decoder));
    value.unwrap();
    assert!(steps <= 2 * bytes.len() as u64, "{steps}");
    // Members out of order are found all the same.
    let bytes = b"\x03\0\x02dm\0\x40\x1C\0\0\0\0\0\0\0\x02aa\0\x40\x08\0\0\0\0\0\0\0\0\x09";
    let wide: Wide = from_slice(Version::Amf0, bytes).unwrap();
    assert_eq!((wide.dm, wide.aa, wide.cc), (7, 3, 0));
}

/// Names of a megabyte, by reference in many objects.
#[test]
fn long_names_of_many_objects_are_bounded() {
    let first = [&[0x0A, 0x0B, 0x01][..], &text3(&vec![b'n'; 1_000_000]), &[0x01, 0x01]].concat();
    let bytes = list3(&first, &[0x0A, 0x01, 0x00, 0x01, 0x01], 100_000);
    let error = decode::<Value>(Version::Amf3, &bytes).unwrap_err();
    assert!(matches!(error, DecodeErrorKind::Limit { limit: "replayed_bytes", .. }), "{error:?}");
}

/// Comparing two graphs reads each text once, however often it is referenced.
#[test]
fn comparing_values_takes_each_pair_of_texts_once() {
    let text = [&[0x06][..], &text3(&vec![b'x'; 500_000])].concat();
    let alias = [&[0x0A, 0x03][..], &text3(&vec![b'a'; 500_000])].concat();
    for bytes in [list3(&text, &[0x06, 0x00], 200_000), list3(&alias, &[0x0A, 0x01], 100_000)] {
        let [one, other] = [(); 2].map(|()| from_slice::<Value>(Version::Amf3, &bytes).unwrap());
        let (equal, steps) = counted(|| one == other);
        assert!(equal);
        assert!(steps < bytes.len() as u64, "{steps}");
    }
}

/// Legitimate input that an earlier memory limit refused.
#[test]
fn trees_and_many_empty_objects_are_accepted() {
    // A binary tree whose nodes are {parent, children}, sealed, by traits 0.
    fn node(bytes: &mut Vec<u8>, next: &mut usize, parent: Option<usize>, levels: usize) {
        let own = *next;
        bytes.push(0x0A);
        if own == 0 {
            bytes.extend(b"\x23\x01\x0Dparent\x11children");
        } else {
            bytes.push(0x01);
        }
        *next += 2;
        match parent {
            None => bytes.push(0x01),
            Some(parent) => {
                bytes.push(0x0A);
                bytes.extend(short_u29(parent << 1));
            }
        }
        let children = if levels == 0 { 0 } else { 2 };
        bytes.extend([0x09, children << 1 | 1, 0x01]);
        for _ in 0..children {
            node(bytes, next, Some(own), levels - 1);
        }
    }
    let mut bytes = Vec::new();
    let mut next = 0;
    node(&mut bytes, &mut next, None, 13);
    assert_eq!(next, 2 * 16_383);
    assert!(bytes.len() < 150_000, "{}", bytes.len());
    let tree = decode::<Value>(Version::Amf3, &bytes).unwrap();
    assert_eq!(to_vec(Version::Amf3, &tree).unwrap(), bytes);

    let empty = list3(&[0x0A, 0x0B, 0x01, 0x01], &[0x0A, 0x01, 0x01], 199_999);
    assert_eq!(decode::<Value>(Version::Amf3, &empty).unwrap().as_list().unwrap().len(), 200_000);
    let sealed = |count| list3(&[0x0A, 0x03, 0x01], &[0x0A, 0x01], count);
    assert!(decode::<Value>(Version::Amf3, &sealed(130_000)).is_ok());
    assert!(decode::<Value>(Version::Amf3, &sealed(132_000)).is_err());
}

fn short_u29(number: usize) -> Vec<u8> {
    match number {
        0..0x80 => vec![number as u8],
        0x80..0x4000 => vec![(number >> 7) as u8 | 0x80, number as u8 & 0x7F],
        _ => vec![(number >> 14) as u8 | 0x80, (number >> 7) as u8 | 0x80, number as u8 & 0x7F],
    }
}

/// Generates bytes that are often valid, with references that often name an object.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => 0_u8..0x14,
        1 => any::<u8>(),
        1 => prop::sample::select(vec![0x0A, 0x0B, 0x09, 0x11, 0x07, 0x23, 0x13]),
    ];
    prop::collection::vec(byte, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Reading, skipping, writing in both versions, and comparing are each within their bounds.
    #[test]
    fn work_is_bounded_for_any_bytes(bytes in likely_bytes(), repeat in 1_usize..40) {
        // The parts of a value, repeated in a list.
        let bytes = [&[0x09][..], &u29(repeat << 1 | 1), &[0x01], &bytes.repeat(repeat)].concat();
        for version in [Version::Amf0, Version::Amf3] {
            let bytes = if version == Version::Amf3 { bytes.clone() } else { [&[0x11], &bytes[..]].concat() };
            skip(version, &bytes);
            let _ = decode::<Vec<Choice>>(version, &bytes);
            let _ = decode::<Vec<Wide>>(version, &bytes);
            let _ = decode::<Vec<BTreeMap<String, Vec<String>>>>(version, &bytes);
            let Ok(value) = decode::<Value>(version, &bytes) else { continue };
            for version in [Version::Amf0, Version::Amf3] {
                let (written, steps) = counted(|| to_vec(version, &value));
                let Ok(written) = written else { continue };
                let bound = 64 * (written.len() + bytes.len()) as u64;
                prop_assert!(steps <= bound, "{steps} steps for {} bytes", written.len());
            }
        }
    }
}

#[test]
fn a_table_of_classes_is_not_searched_for_long_aliases() {
    let mut classes = Classes::new();
    Choice::classes(&mut classes);
    let first = [&[0x0A, 0x03][..], &text3(&vec![b'a'; 1_000_000])].concat();
    let bytes = list3(&first, &[0x0A, 0x01], 100_000);
    let mut decoder = Decoder::new(Version::Amf3, &bytes).with_classes(classes.into());
    let (value, steps) = counted(|| Value::from_amf(&mut decoder));
    value.unwrap();
    assert!(steps < 8 * bytes.len() as u64, "{steps}");
}
