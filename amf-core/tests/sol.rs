//! Local shared objects: their format byte by byte, and malformed files.
//!
//! The bytes are derived by hand from the table in the documentation of the module. The foreign vectors contain whole
//! files of Flash Player.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use amf_core::sol::SolFile;
use amf_core::{AmfObject, Classes, DecodeErrorKind, Limits, Object, Value, Version, WeakValue};

/// Encodes a file named `s`, with the given version byte and members.
fn file(version: u8, members: &[u8]) -> Vec<u8> {
    let length = 10 + 3 + 3 + 1 + members.len();
    [
        &[0x00, 0xBF][..],
        &(length as u32).to_be_bytes(),
        b"TCSO\0\x04\0\0\0\0",
        b"\0\x01s",
        &[0, 0, 0, version],
        members,
    ]
    .concat()
}

#[track_caller]
fn assert_round_trip(bytes: &[u8]) -> SolFile {
    let sol = SolFile::from_slice(bytes).unwrap();
    assert_eq!(sol.to_vec().unwrap(), bytes);
    sol
}

#[test]
fn amf0_members_survive_a_round_trip() {
    let sol = assert_round_trip(&file(0, b"\0\x01a\x02\0\x02hi\0\0\x01b\x01\x01\0"));
    assert_eq!((sol.name.as_str(), sol.version), ("s", Version::Amf0));
    assert_eq!(*sol.data, Object::new().with("a", "hi").with("b", true));
}

#[test]
fn amf3_names_use_the_string_table() {
    // a: "b", b: "a": the name of the second is string 1, its value string 0.
    let sol = assert_round_trip(&file(3, b"\x03a\x06\x03b\0\x02\x06\x00\0"));
    assert_eq!(sol.version, Version::Amf3);
    assert_eq!(*sol.data, Object::new().with("a", "b").with("b", "a"));
}

#[test]
fn objects_are_numbered_across_the_file() {
    // AMF0: data is 0, so the object in `a` is 1.
    let sol = assert_round_trip(&file(0, b"\0\x01a\x03\0\0\x09\0\0\x01b\x07\0\x01\0"));
    let (Some(Value::Object(a)), Some(Value::Object(b))) = (sol.data.get("a"), sol.data.get("b")) else {
        panic!("{sol:?}")
    };
    assert!(Arc::ptr_eq(a, b));
    // AMF3: the object in `a` is 0.
    let sol = assert_round_trip(&file(3, b"\x03a\x0A\x0B\x01\x01\0\x03b\x0A\x00\0"));
    let (Some(Value::Object(a)), Some(Value::Object(b))) = (sol.data.get("a"), sol.data.get("b")) else {
        panic!("{sol:?}")
    };
    assert!(Arc::ptr_eq(a, b));
}

#[test]
fn data_can_refer_to_itself() {
    let sol = assert_round_trip(&file(0, b"\0\x04self\x07\0\0\0"));
    let Some(Value::Ancestor(WeakValue::Object(data))) = sol.data.get("self") else { panic!("{sol:?}") };
    assert!(Arc::ptr_eq(&data.upgrade().unwrap(), &sol.data));
    assert_eq!(format!("{:?}", sol.data), "{self: <ancestor Object>}");
    assert_eq!(sol.to_data::<Value>().unwrap(), Value::Object(Arc::clone(&sol.data)));
}

#[test]
fn a_file_without_members_survives_a_round_trip() {
    for version in [0, 3] {
        let sol = assert_round_trip(&file(version, b""));
        assert_eq!(sol, SolFile::new("s", sol.version));
    }
}

#[test]
fn an_empty_member_name_is_valid() {
    assert_eq!(assert_round_trip(&file(0, b"\0\0\x05\0")).data.get(""), Some(&Value::Null));
    assert_eq!(assert_round_trip(&file(3, b"\x01\x01\0")).data.get(""), Some(&Value::Null));
}

#[test]
fn bytes_after_the_declared_length_are_kept() {
    let mut bytes = file(3, b"\x03a\x03\0");
    bytes.extend(b"\0\xFF\0\0\0\x04\0\x02/x");
    let sol = assert_round_trip(&bytes);
    assert_eq!(sol.rest, b"\0\xFF\0\0\0\x04\0\x02/x");
    assert_eq!(*sol.data, Object::new().with("a", true));
}

#[derive(AmfObject, Debug, PartialEq)]
#[amf(alias = "game.Hero")]
struct Hero {
    name: String,
    hit_points: u32,
}

#[derive(AmfObject, Debug, PartialEq)]
struct Save {
    hero: Hero,
    friends: Vec<Hero>,
}

#[test]
fn typed_data_survives_a_round_trip() {
    let ann = || Hero { name: "Ann".to_owned(), hit_points: 7 };
    for version in [Version::Amf0, Version::Amf3] {
        let save = Save { hero: ann(), friends: vec![ann()] };
        let bytes = SolFile::from_data("slot", version, &save).unwrap().to_vec().unwrap();
        let sol = SolFile::from_slice(&bytes).unwrap();
        assert_eq!(sol.to_data::<Save>().unwrap(), save);
        assert_eq!(sol.get::<Hero>("hero").unwrap(), Some(ann()));
        assert_eq!(sol.get::<Hero>("nobody").unwrap(), None);
        let error = sol.get::<String>("hero").unwrap_err();
        assert_eq!(
            error.to_string().split(" (").next().unwrap(),
            "hero: expected String, got an object of class game.Hero"
        );
    }
    let error = SolFile::from_data("slot", Version::Amf0, &7).unwrap_err();
    assert_eq!(error.to_string(), "the data of a shared object is an object, not Number");
}

#[track_caller]
fn assert_error(bytes: &[u8], words: &str) {
    assert_eq!(SolFile::from_slice(bytes).unwrap_err().to_string(), words);
}

#[test]
fn malformed_files_are_errors_with_an_offset() {
    let good = file(0, b"\0\x01a\x01\x01\0");
    assert_error(b"", "the input ends here; at least 2 more bytes are needed (at byte 0)");
    assert_error(b"FWS\x09", "a shared object begins with 00 BF (at byte 0)");
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        *bytes.get_mut(at).unwrap() = byte;
        bytes
    };
    assert_error(&with(6, b'X'), "a shared object has the signature TCSO 00 04 00 00 00 00 here (at byte 6)");
    assert_error(&with(19, 1), "a shared object has 00 00 00 behind its name (at byte 19)");
    assert_error(&with(22, 1), "the version of a shared object is 0 or 3 (at byte 22)");
    assert_error(&with(28, 1), "a member of a shared object ends with 00 (at byte 28)");
    // A declared length beyond the end, and one that ends within a member.
    assert_error(&with(5, 24), "the input ends here; at least 1 more bytes are needed (at byte 6)");
    assert_error(&with(5, 22), "the input ends here; at least 1 more bytes are needed (at byte 28)");
    assert_error(
        &file(3, b"\x03a\x0A\x04\0"),
        "a: object reference 2 is out of range; 0 were sent before (at byte 27)",
    );
}

#[test]
fn every_truncated_file_is_an_error() {
    let bytes = file(3, b"\x03a\x0A\x0B\x01\x05xy\x06\x00\x01\0");
    for cut in 0..bytes.len() {
        let error = SolFile::from_slice(bytes.get(..cut).unwrap()).unwrap_err();
        assert!(error.offset() <= cut, "{error}");
    }
}

#[test]
fn limits_are_in_force() {
    let deep = |levels: usize| file(3, &[b"\x03a".to_vec(), [0x09, 0x03, 0x01].repeat(levels)].concat());
    let error = SolFile::from_slice(&deep(100)).unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::Limit { limit: "depth", max: 64 });
    let limits = Limits::new().with_string_len(1);
    let read = |members| SolFile::from_slice_with(&file(0, members), &Arc::new(Classes::new()), limits);
    read(b"\0\x01a\x02\0\x01h\0").unwrap();
    let error = read(b"\0\x01a\x02\0\x02hi\0").unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::Limit { limit: "string_len", max: 1 });
}

#[test]
fn a_name_that_is_too_long_cannot_be_written() {
    assert_eq!(
        SolFile::new("x".repeat(65_536), Version::Amf3).to_vec().unwrap_err().to_string(),
        "the name of a shared object of 65536 is longer than 65535"
    );
    let mut sol = SolFile::new("s", Version::Amf0);
    sol.insert("x".repeat(65_536), 1);
    sol.to_vec().unwrap_err();
}
