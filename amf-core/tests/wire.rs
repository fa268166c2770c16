//! Bytes of both versions against values. Every fixture is derived by hand from the specification, which a comment
//! explains, and is written to the same bytes again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use amf_core::{
    Array, Date, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, Traits, Value,
    Vector, Version,
};
use std::sync::Arc;

#[track_caller]
fn assert_round_trip(version: Version, bytes: &[u8], value: impl Into<Value>) {
    let value = value.into();
    let decoded: Value = amf_core::from_slice(version, bytes).unwrap();
    assert_eq!(decoded, value, "{bytes:02X?}");
    assert_eq!(amf_core::to_vec(version, &decoded).unwrap(), bytes, "{value:?} written");
    for cut in 0..bytes.len() {
        let error = amf_core::from_slice::<Value>(version, &bytes[..cut]).unwrap_err();
        assert!(error.offset() <= cut, "cut at {cut}: {error}");
    }
}

fn members<const N: usize>(members: [(&str, Value); N]) -> DynamicMembers {
    members.into_iter().collect()
}

mod amf0 {
    use super::*;
    const VERSION: Version = Version::Amf0;

    #[test]
    fn scalars() {
        // §2.2: 00, then the double 3.5 = 1.75 × 2^1.
        assert_round_trip(VERSION, &[0x00, 0x40, 0x0C, 0, 0, 0, 0, 0, 0], 3.5);
        // §2.3: 01, then 0 or not.
        assert_round_trip(VERSION, &[0x01, 0x01], true);
        assert_round_trip(VERSION, &[0x01, 0x00], false);
        // §2.4: 02, 16 bits of length in bytes, UTF-8 (é takes two).
        assert_round_trip(VERSION, &[0x02, 0, 3, b'h', 0xC3, 0xA9], "hé");
        assert_round_trip(VERSION, &[0x02, 0, 0], "");
        // §2.7, §2.8, §2.15: a marker and nothing else.
        assert_round_trip(VERSION, &[0x05], Value::Null);
        assert_round_trip(VERSION, &[0x06], Value::Undefined);
        assert_round_trip(VERSION, &[0x0D], Value::Unsupported);
        // §2.13: 0B, milliseconds as a double (1000.0 = 1.953125 × 2^9), the reserved zone.
        assert_round_trip(VERSION, &[0x0B, 0x40, 0x8F, 0x40, 0, 0, 0, 0, 0, 0, 0], Date::from_millis(1000.0));
        // before 1970: −1000.0
        assert_round_trip(
            VERSION,
            &[0x0B, 0xC0, 0x8F, 0x40, 0, 0, 0, 0, 0, 0, 0],
            Date::from_millis(-1000.0),
        );
    }

    #[test]
    fn objects_and_arrays() {
        // §2.5: 03, name and value, then an empty name and 09.
        let object = [0x03, 0, 1, b'a', 0x05, 0, 0, 9];
        assert_round_trip(VERSION, &object, members([("a", Value::Null)]));
        // a member whose name is empty is not the end, unless 09 follows.
        assert_round_trip(VERSION, &[0x03, 0, 0, 0x05, 0, 0, 9], members([("", Value::Null)]));
        // §2.18: 10, the alias, then as an object.
        assert_round_trip(
            VERSION,
            &[0x10, 0, 1, b'P', 0, 1, b'a', 0x05, 0, 0, 9],
            Object::typed("P").with("a", Value::Null),
        );
        // §2.12: 0A, 32 bits of count, the elements.
        assert_round_trip(VERSION, &[0x0A, 0, 0, 0, 2, 0x05, 0x01, 1], vec![Value::Null, Value::Bool(true)]);
        // §2.10: 08, 32 bits of length, then as an object.
        let ecma = EcmaArray::new(members([("0", Value::Null)])).with_length(1);
        assert_round_trip(VERSION, &[0x08, 0, 0, 0, 1, 0, 1, b'0', 0x05, 0, 0, 9], ecma);
        // the count is a hint: here it is 0, although there is a member.
        let hint = EcmaArray::new(members([("k", Value::Null)])).with_length(0);
        assert_round_trip(VERSION, &[0x08, 0, 0, 0, 0, 0, 1, b'k', 0x05, 0, 0, 9], hint);
    }

    #[test]
    fn long_text() {
        // §2.14: 0C, 32 bits of length: for more than 65,535 bytes.
        let mut bytes = vec![0x0C, 0, 1, 0, 0];
        bytes.resize(5 + 65_536, b'x');
        let decoded: Value = amf_core::from_slice(VERSION, &bytes).unwrap();
        assert_eq!(decoded.as_str().unwrap().len(), 65_536);
        assert_eq!(amf_core::to_vec(VERSION, &decoded).unwrap(), bytes);
        // §2.17: 0F, as a long string.
        assert_round_trip(
            VERSION,
            &[0x0F, 0, 0, 0, 4, b'<', b'a', b'/', b'>'],
            Value::XmlDocument("<a/>".into()),
        );
    }

    #[test]
    fn references_count_objects_in_order_of_their_start() {
        // §2.9: [{}, XML, ref 1, ref 2]: the array is 0, the object 1, the document 2.
        let bytes = [
            0x0A, 0, 0, 0, 4, // the array
            0x03, 0, 0, 9, // 1
            0x0F, 0, 0, 0, 1, b'x', // 2
            0x07, 0, 1, 0x07, 0, 2,
        ];
        let object = Value::from(DynamicMembers::new());
        let xml = Value::XmlDocument("x".into());
        assert_round_trip(VERSION, &bytes, vec![object.clone(), xml.clone(), object, xml]);
    }

    #[test]
    fn types_of_amf3_alone_switch_the_version() {
        // §3.1: 11, then AMF3: a ByteArray of 1 byte.
        assert_round_trip(VERSION, &[0x11, 0x0C, 0x03, 0xFF], Value::ByteArray(Arc::from([0xFF])));
        // the tables of AMF3 persist: the second use is object reference 0 of AMF3, behind another switch.
        let bytes: Arc<[u8]> = Arc::from([0xFF]);
        let twice = vec![Value::ByteArray(bytes.clone()), Value::ByteArray(bytes)];
        assert_round_trip(VERSION, &[0x0A, 0, 0, 0, 2, 0x11, 0x0C, 0x03, 0xFF, 0x11, 0x0C, 0x00], twice);
    }

    #[test]
    fn reserved_and_unknown_markers_are_errors() {
        for marker in [0x04, 0x09, 0x0E, 0x12, 0xFF] {
            let error = amf_core::from_slice::<Value>(VERSION, &[marker, 0, 0, 0, 0]).unwrap_err();
            assert_eq!(error.to_string(), format!("{marker:#04x} introduces no AMF0 value (at byte 0)"));
        }
    }
}

mod amf3 {
    use super::*;
    const VERSION: Version = Version::Amf3;

    #[test]
    fn scalars() {
        assert_round_trip(VERSION, &[0x00], Value::Undefined);
        assert_round_trip(VERSION, &[0x01], Value::Null);
        assert_round_trip(VERSION, &[0x02], false);
        assert_round_trip(VERSION, &[0x03], true);
        // §3.6: 04 and a U29; the largest is 2^28 − 1, the smallest −2^28.
        assert_round_trip(VERSION, &[0x04, 0x00], 0);
        assert_round_trip(VERSION, &[0x04, 0xBF, 0xFF, 0xFF, 0xFF], 0x0FFF_FFFF);
        assert_round_trip(VERSION, &[0x04, 0xC0, 0x80, 0x80, 0x00], -0x1000_0000);
        assert_round_trip(VERSION, &[0x04, 0xFF, 0xFF, 0xFF, 0xFF], -1);
        // §3.7: 05 and a double.
        assert_round_trip(VERSION, &[0x05, 0x40, 0x0C, 0, 0, 0, 0, 0, 0], 3.5);
        // §3.8: 06, length × 2 + 1, UTF-8; the empty one is 01 and has no reference.
        assert_round_trip(VERSION, &[0x06, 0x05, b'h', b'i'], "hi");
        assert_round_trip(VERSION, &[0x06, 0x01], "");
        // §3.10: 08, 01, milliseconds.
        assert_round_trip(VERSION, &[0x08, 0x01, 0x40, 0x8F, 0x40, 0, 0, 0, 0, 0], Date::from_millis(1000.0));
        // §3.9, §3.13, §3.14: length × 2 + 1, then the bytes.
        assert_round_trip(VERSION, &[0x07, 0x09, b'<', b'a', b'/', b'>'], Value::XmlDocument("<a/>".into()));
        assert_round_trip(VERSION, &[0x0B, 0x09, b'<', b'a', b'/', b'>'], Value::Xml("<a/>".into()));
        assert_round_trip(VERSION, &[0x0C, 0x05, 1, 2], Value::ByteArray(Arc::from([1, 2])));
    }

    #[test]
    fn integers_beyond_29_bits_become_doubles() {
        // 2^28 = 1.0 × 2^28: exponent 1023 + 28 = 0x41B.
        let bytes = amf_core::to_vec(VERSION, &0x1000_0000).unwrap();
        assert_eq!(bytes, [0x05, 0x41, 0xB0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(amf_core::from_slice::<i32>(VERSION, &bytes).unwrap(), 0x1000_0000);
    }

    #[test]
    fn repeated_strings_are_references() {
        // ["a", "", "a"]: "a" is string 0; the empty string has no index.
        assert_round_trip(
            VERSION,
            &[0x09, 0x07, 0x01, 0x06, 0x03, b'a', 0x06, 0x01, 0x06, 0x00],
            vec!["a".into(), "".into(), Value::from("a")],
        );
    }

    #[test]
    fn arrays() {
        // §3.11: dense count × 2 + 1, named members until an empty name, the elements.
        assert_round_trip(
            VERSION,
            &[0x09, 0x05, 0x01, 0x03, 0x02],
            vec![Value::Bool(true), Value::Bool(false)],
        );
        let mixed = Array::new(vec![Value::Null]).with_members(members([("k", Value::Bool(true))]));
        assert_round_trip(VERSION, &[0x09, 0x03, 0x03, b'k', 0x03, 0x01, 0x01], mixed);
    }

    #[test]
    fn objects_share_traits_by_reference() {
        // §3.12: 0A, traits 0x0B = dynamic, none sealed; an empty alias; name, value, empty name.
        assert_round_trip(
            VERSION,
            &[0x0A, 0x0B, 0x01, 0x03, b'a', 0x01, 0x01],
            members([("a", Value::Null)]),
        );
        // two of a sealed class: 0x13 = one sealed member, not dynamic; then traits reference 0 = 0x01.
        let traits = Arc::new(Traits::new("P", ["x".into()], false));
        let point =
            |x: i32| Value::from(Object::with_traits(traits.clone(), vec![x.into()], DynamicMembers::new()));
        let bytes = [0x09, 0x05, 0x01, 0x0A, 0x13, 0x03, b'P', 0x03, b'x', 0x04, 1, 0x0A, 0x01, 0x04, 2];
        assert_round_trip(VERSION, &bytes, vec![point(1), point(2)]);
        // sealed and dynamic: 0x1B.
        let traits = Arc::new(Traits::new("P", ["x".into()], true));
        let object = Object::with_traits(traits, vec![1.into()], members([("y", Value::Null)]));
        assert_round_trip(
            VERSION,
            &[0x0A, 0x1B, 0x03, b'P', 0x03, b'x', 0x04, 1, 0x03, b'y', 0x01, 0x01],
            object,
        );
    }

    #[test]
    fn externalizable_objects() {
        // 0x07 = externalizable; the alias; the body, here one array.
        let mut bytes = vec![0x0A, 0x07, 0x43];
        bytes.extend(b"flex.messaging.io.ArrayCollection");
        bytes.extend([0x09, 0x03, 0x01, 0x03]);
        let collection = External::new(
            "flex.messaging.io.ArrayCollection",
            vec![ExternalPart::Value(vec![Value::Bool(true)].into())],
        );
        assert_round_trip(VERSION, &bytes, collection);

        let error = amf_core::from_slice::<Value>(VERSION, &[0x0A, 0x07, 0x03, b'X', 0x01]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the externalizable class X is not known, and only it knows where its value ends (at byte 4)"
        );
    }

    #[test]
    fn vectors_and_dictionaries() {
        // §3.15: count × 2 + 1, the fixed flag, then bare elements.
        assert_round_trip(
            VERSION,
            &[0x0D, 0x03, 0x01, 0xFF, 0xFF, 0xFF, 0xFE],
            Vector::Int { fixed: true, items: vec![-2] },
        );
        assert_round_trip(
            VERSION,
            &[0x0E, 0x03, 0x00, 0xFF, 0xFF, 0xFF, 0xFE],
            Vector::Uint { fixed: false, items: vec![0xFFFF_FFFE] },
        );
        assert_round_trip(
            VERSION,
            &[0x0F, 0x03, 0x00, 0x40, 0x0C, 0, 0, 0, 0, 0, 0],
            Vector::Number { fixed: false, items: vec![3.5] },
        );
        // of objects: the flag, the class's alias, values with markers.
        let objects = Vector::Object { fixed: false, class: "P".into(), items: vec![Value::Null] };
        assert_round_trip(VERSION, &[0x10, 0x03, 0x00, 0x03, b'P', 0x01], objects);
        // §3.16: count × 2 + 1, the weak flag, keys and values.
        let dictionary = Dictionary::new(vec![(1.into(), "x".into())]).with_weak_keys(true);
        assert_round_trip(VERSION, &[0x11, 0x03, 0x01, 0x04, 0x01, 0x06, 0x03, b'x'], dictionary);
    }

    #[test]
    fn every_object_takes_the_next_index() {
        // [date, bytes, xml, vector, dictionary, ref 5, ref 3]: the array is 0, then 1 to 5.
        let bytes = [
            0x09, 0x0F, 0x01, // seven elements
            0x08, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, // 1
            0x0C, 0x01, // 2
            0x0B, 0x03, b'x', // 3
            0x0D, 0x01, 0x00, // 4
            0x11, 0x01, 0x00, // 5
            0x11, 0x0A, // the dictionary
            0x0B, 0x06, // the XML
        ];
        let dictionary = Value::from(Dictionary::default());
        let xml = Value::Xml("x".into());
        let list = vec![
            Date::from_millis(0.0).into(),
            Value::ByteArray(Arc::from([])),
            xml.clone(),
            Vector::Int { fixed: false, items: vec![] }.into(),
            dictionary.clone(),
            dictionary,
            xml,
        ];
        assert_round_trip(VERSION, &bytes, list);
    }

    #[test]
    fn a_member_refers_to_its_enclosing_object() {
        // {self: ref 0}
        let bytes = [0x0A, 0x0B, 0x01, 0x09, b's', b'e', b'l', b'f', 0x0A, 0x00, 0x01];
        let value: Value = amf_core::from_slice(VERSION, &bytes).unwrap();
        assert_eq!(format!("{value:?}"), "{self: <ancestor Object>}");
        let Some(Value::Ancestor(weak)) = value.get("self") else { panic!("{value:?}") };
        assert!(std::ptr::eq(weak.upgrade().unwrap().as_object().unwrap(), value.as_object().unwrap()));
        assert_eq!(value, value.clone());
        assert_eq!(amf_core::to_vec(VERSION, &value).unwrap(), bytes);
    }
}

/// An externalizable object and an ordinary one with the same alias have separate traits records.
#[test]
fn ordinary_and_externalizable_traits_of_one_alias_are_distinct() {
    let external = External::new("B", vec![ExternalPart::Bytes(Arc::from([7]))]);
    let object =
        Object::with_traits(Arc::new(Traits::new("B", [], false)), Vec::new(), DynamicMembers::new());
    let bytes = amf_core::to_vec(Version::Amf3, &vec![Value::from(external), object.into()]).unwrap();
    // 0x07 = externalizable, alias "B", a byte; 0x03 = nothing sealed, alias by reference.
    assert_eq!(bytes, [0x09, 0x05, 0x01, 0x0A, 0x07, 0x03, b'B', 7, 0x0A, 0x03, 0x00]);
}

/// An empty name ends the members of an AMF3 object (§3.12) and array (§3.11). Flash Player omits such a member.
#[test]
fn a_member_without_a_name_is_left_out_of_amf3() {
    let inner = Object::new().with("x", true);
    let members = members([("a", 1.into()), ("", inner.into()), ("b", 2.into())]);
    let object = b"\x0A\x0B\x01\x03a\x04\x01\x03b\x04\x02\x01";
    let array = b"\x09\x01\x03a\x04\x01\x03b\x04\x02\x01";
    let written: [(Value, &[u8]); 4] = [
        (Object::from(members.clone()).into(), object),
        (Object::typed("P").with("", 1).into(), b"\x0A\x0B\x03P\x01"),
        (EcmaArray::new(members.clone()).into(), array),
        (Array::new(Vec::new()).with_members(members.clone()).into(), array),
    ];
    for (value, bytes) in written {
        assert_eq!(amf_core::to_vec(Version::Amf3, &value).unwrap(), bytes, "{value:?}");
    }
    // AMF0 keeps the member: its members end with an empty name and 09 (AMF0 §2.5).
    let amf0 = b"\x03\0\x01a\0\x3F\xF0\0\0\0\0\0\0\0\0\x03\0\x01x\x01\x01\0\0\x09\0\x01b\0\x40\0\0\0\0\0\0\0\0\0\x09";
    assert_eq!(amf_core::to_vec(Version::Amf0, &members).unwrap(), amf0);
    let value: Value = amf_core::from_slice(Version::Amf0, amf0).unwrap();
    assert_eq!(amf_core::to_vec(Version::Amf0, &value).unwrap(), amf0);
    let map = std::collections::BTreeMap::from([("", 2), ("a", 1)]);
    assert_eq!(amf_core::to_vec(Version::Amf3, &map).unwrap(), b"\x0A\x0B\x01\x03a\x04\x01\x01");
}
