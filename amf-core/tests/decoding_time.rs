//! Small inputs that cause much work. Time and output are bounded in proportion to the input.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use amf_core::{AmfObject, Classes, DecodeErrorKind, Decoder, EncodeErrorKind, FromAmf, Value, Version};

/// Sufficient for a hundred times the necessary work.
const TIME_LIMIT: Duration = Duration::from_secs(3);

const LONG_TEXT_LEN: usize = 1_000_000;

#[derive(AmfObject, Debug)]
#[amf(alias = "Outer")]
struct Outer {
    inner: Option<Inner>,
}

#[derive(AmfObject, Debug)]
#[amf(alias = "Inner")]
struct Inner {
    inner: Option<u8>,
}

fn read<T: for<'de> FromAmf<'de>>(bytes: &[u8]) -> T {
    let mut classes = Classes::new();
    T::classes(&mut classes);
    T::from_amf(&mut Decoder::new(Version::Amf3, bytes).with_classes(classes.into())).unwrap()
}

/// Encodes a number of up to 29 bits in four bytes (AMF3 §1.3.1), which may be more than necessary.
fn u29(number: usize) -> [u8; 4] {
    let seven = |shift: usize| (number >> shift) as u8 | 0x80;
    [seven(22), seven(15), seven(8), number as u8]
}

fn long_text() -> Vec<u8> {
    [&u29(LONG_TEXT_LEN << 1 | 1)[..], &vec![b'x'; LONG_TEXT_LEN]].concat()
}

fn list(first: &[u8], again: &[u8], times: usize) -> Vec<u8> {
    [&[0x09][..], &u29((1 + times) << 1 | 1), &[0x01], first, &again.repeat(times)].concat()
}

/// Each member takes two bytes, a name by reference and null. Each would hash a name of a megabyte.
#[test]
fn references_to_a_long_name_take_linear_time() {
    let members = [0x00, 0x01].repeat(20_000);
    let bytes = [&[0x0A, 0x0B, 0x01][..], &long_text(), &[0x01], &members, &[0x01]].concat();
    let start = Instant::now();
    let _ = Value::from_amf(&mut Decoder::new(Version::Amf3, &bytes));
    assert!(start.elapsed() < TIME_LIMIT, "{:?}", start.elapsed());
}

/// Two objects with the same traits record take five bytes and are read as two classes in turn. The alias is looked
/// up each time.
#[test]
fn a_long_alias_read_as_two_classes_takes_linear_time() {
    let objects = [0x0A, 0x01, 0x0A, 0x01, 0x01];
    let first = [&[0x0A, 0x13][..], &long_text(), &[0x0B], b"inner", &objects[2..]].concat();
    let bytes = list(&first, &objects, 10_000);
    let start = Instant::now();
    assert_eq!(read::<Vec<Outer>>(&bytes).len(), 10_001);
    assert!(start.elapsed() < TIME_LIMIT, "{:?}", start.elapsed());
}

/// An object with one undeclared member takes three bytes. The name of the member is not UTF-8, so it is copied each
/// time.
#[test]
fn an_undeclared_long_name_in_cesu8_exhausts_the_replay_budget() {
    let pairs = 170_000;
    let name = [&u29(12 * pairs + 1)[..], &b"\xED\xA0\xBD\xED\xB8\x80".repeat(pairs)].concat();
    let first = [&[0x0A, 0x13, 0x01][..], &name, &[0x01]].concat();
    let bytes = list(&first, &[0x0A, 0x01, 0x01], 130_000);
    let start = Instant::now();
    let read = amf_core::from_slice::<Vec<Inner>>(Version::Amf3, &bytes);
    assert!(matches!(read.unwrap_err().kind(), DecodeErrorKind::Limit { limit: "replayed_bytes", .. }));
    assert!(start.elapsed() < TIME_LIMIT, "{:?}", start.elapsed());
}

/// AMF0 has no references to strings, so two bytes of AMF3 become a megabyte.
#[test]
fn repeated_strings_written_as_amf0_are_bounded() {
    let first = [&[0x06][..], &long_text()].concat();
    let value: Value = read(&list(&first, &[0x06, 0x00], 1_000));
    let error = amf_core::to_vec(Version::Amf0, &value).unwrap_err();
    assert!(matches!(error.kind(), EncodeErrorKind::OutputTooLarge { limit: "output_bytes", .. }), "{error}");
}
