//! Work of encoding, which is proportional to the output and to the contents of the value, for any value.
//!
//! Work is counted in steps: a value, a probe of a table, or eight bytes that are compared, hashed or copied.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use amf_core::work::counted;
use amf_core::{DynamicMembers, Encoder, Object, ToAmf, Traits, Value, Version, from_slice, to_vec};

fn encode(version: Version, value: &impl ToAmf) -> (Vec<u8>, u64) {
    let (bytes, steps) = counted(|| to_vec(version, value));
    (bytes.unwrap(), steps)
}

/// Encodes a number of up to 29 bits in its shortest form (AMF3 §1.3.1).
fn u29(number: usize) -> Vec<u8> {
    let seven = |shift: usize| (number >> shift) as u8 & 0x7F | 0x80;
    match number {
        0..0x80 => vec![number as u8],
        0x80..0x4000 => vec![seven(7), number as u8 & 0x7F],
        0x4000..0x20_0000 => vec![seven(14), seven(7), number as u8 & 0x7F],
        _ => vec![seven(22), seven(15), seven(8), number as u8],
    }
}

/// Encodes an AMF3 array of texts, followed by references to them in turn.
fn texts_and_references(texts: &[String], references: usize) -> Vec<u8> {
    let mut bytes = [&[0x09][..], &u29((texts.len() + references) << 1 | 1), &[0x01]].concat();
    for text in texts {
        bytes.push(0x06);
        bytes.extend(u29(text.len() << 1 | 1));
        bytes.extend(text.as_bytes());
    }
    for reference in 0..references {
        bytes.push(0x06);
        bytes.extend(u29((reference % texts.len()) << 1));
    }
    bytes
}

/// Returns texts of one length that begin and end alike and differ in the middle.
fn alike(count: usize, length: usize) -> Vec<String> {
    let middle = length - 128;
    let middle = |index: usize| format!("{index:08}{}", "x".repeat(middle - 8));
    (0..count).map(|index| format!("{}{}{}", "<".repeat(64), middle(index), ">".repeat(64))).collect()
}

/// Regression: 190 kB were written as 246 MB, because sixteen such texts filled all probed entries.
#[test]
fn texts_that_look_alike_are_found_again() {
    let texts = alike(500, 200);
    let bytes = texts_and_references(&texts, 30_000);
    assert!(bytes.len() < 190_000);
    let value: Value = from_slice(Version::Amf3, &bytes).unwrap();
    let (written, steps) = encode(Version::Amf3, &value);
    assert_eq!(written, bytes, "each is written once");
    assert!(steps < 8 * written.len() as u64, "{steps} for {}", written.len());

    // The same with owned text, which cannot be found by address.
    let bytes = texts_and_references(&texts, 8_000);
    let owned: Vec<String> = from_slice(Version::Amf3, &bytes).unwrap();
    let (written, steps) = encode(Version::Amf3, &owned);
    assert_eq!(written, bytes);
    let held: usize = owned.iter().map(String::len).sum();
    assert!(steps < held as u64, "{steps} for {held}");
}

/// Regression: sixteen comparisons of a whole text at each occurrence.
#[test]
fn a_long_text_is_read_once_however_often_it_is_mentioned() {
    let texts = alike(17, 100_000);
    let bytes = texts_and_references(&texts, 200_000);
    let value: Value = from_slice(Version::Amf3, &bytes).unwrap();
    let (written, steps) = encode(Version::Amf3, &value);
    assert_eq!(written, bytes);
    assert!(steps < 2 * written.len() as u64, "{steps} for {}", written.len());
}

#[test]
fn long_names_are_read_once_however_often_they_are_mentioned() {
    let name: Arc<str> = "n".repeat(100_000).into();
    let object = || Value::from(DynamicMembers::from_iter([(Arc::clone(&name), 1)]));
    let value: Value = (0..10_000).map(|_| object()).collect();
    let (written, steps) = encode(Version::Amf3, &value);
    assert!(written.len() < 200_000);
    assert!(steps < 2 * written.len() as u64, "{steps} for {}", written.len());
}

/// Equal texts behind different pointers are one text on the wire.
#[test]
fn equal_shared_texts_are_written_once() {
    let text = || Value::String("t".repeat(1_000).into());
    let value = Value::from(vec![text(), text(), text()]);
    let (written, _) = encode(Version::Amf3, &value);
    assert_eq!(written.len(), 3 + 3 + 1_000 + 2 + 2);
    assert_eq!(written[written.len() - 4..], [0x06, 0x00, 0x06, 0x00]);
}

/// Many short texts that the cheap hash places in one bucket.
#[test]
fn every_one_of_many_texts_is_found_again() {
    let texts: Vec<String> = (0..60_000).map(|index| format!("text {index}")).collect();
    let bytes = texts_and_references(&texts, 60_000);
    let (written, steps) = encode(Version::Amf3, &from_slice::<Value>(Version::Amf3, &bytes).unwrap());
    assert_eq!(written, bytes);
    assert!(steps < 8 * written.len() as u64, "{steps} for {}", written.len());
}

/// Regression: an alias of a megabyte was hashed for each object of two bytes; 1.2 MB took 2.1 s.
#[test]
fn a_long_alias_is_read_once_however_many_objects_have_it() {
    let alias = "a".repeat(1_000_000);
    let first = [&[0x0A, 0x03][..], &u29(alias.len() << 1 | 1), alias.as_bytes()].concat();
    let objects = 100_000;
    let bytes = [&[0x09][..], &u29((1 + objects) << 1 | 1), &[0x01], &first, &[0x0A, 0x01].repeat(objects)];
    let bytes = bytes.concat();
    let (value, steps) = counted(|| from_slice::<Value>(Version::Amf3, &bytes).unwrap());
    assert!(steps < 8 * bytes.len() as u64, "{steps} for {}", bytes.len());
    let (written, steps) = encode(Version::Amf3, &value);
    assert_eq!(written, bytes);
    assert!(steps < 2 * written.len() as u64, "{steps} for {}", written.len());
}

/// Equal records behind different pointers: each is read once.
#[test]
fn equal_traits_behind_different_pointers_are_read_once_each() {
    let names: Vec<Arc<str>> = (0..1_000).map(|index| format!("member{index}").into()).collect();
    let object = || {
        let traits = Arc::new(Traits::new("wide", names.iter().cloned(), false));
        let object = Value::from(Object::with_traits(traits, Vec::new(), DynamicMembers::new()));
        // Many objects of each record.
        Value::from(vec![object.clone(), object])
    };
    let value: Value = (0..100).map(|_| object()).collect();
    let held = 100 * 1_000 * 10;
    let (_, steps) = encode(Version::Amf3, &value);
    assert!(steps < held, "{steps}");
}

/// An encoder that wrote a large message does not pay for it at each later small one.
#[test]
fn small_messages_after_a_large_one_cost_what_small_messages_cost() {
    let mut encoder = Encoder::new(Version::Amf3);
    let many: Vec<String> = (0..100_000).map(|index| format!("text {index}")).collect();
    many.to_amf(&mut encoder).unwrap();
    encoder.clear();
    let ((), steps) = counted(|| {
        for _ in 0..1_000 {
            encoder.clear();
            "hi".to_amf(&mut encoder).unwrap();
        }
    });
    assert!(steps < 100 * 1_000, "{steps}");
}
