//! Types with serde's derives: conversion to and from bytes that are derived by hand from the specification.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;

use amf_core::serde::{Deserializer, Serde, Serializer, from_slice, to_vec};
use amf_core::{
    ArrayCollection, Date, DecodeError, Decoder, Dictionary, EcmaArray, Encoder, Limits, Object, Value,
    Vector, Version,
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const AMF0: Version = Version::Amf0;
const AMF3: Version = Version::Amf3;
const VERSIONS: [Version; 2] = [AMF0, AMF3];

/// Checks both directions between a value and bytes, and that truncated bytes cause no panic.
#[track_caller]
fn assert_round_trip_bytes<T: Serialize + DeserializeOwned + Debug + PartialEq>(
    version: Version,
    value: &T,
    bytes: &[u8],
) {
    assert_eq!(to_vec(version, value).unwrap(), bytes, "{value:?} written");
    assert_eq!(from_slice::<T>(version, bytes).unwrap(), *value, "{bytes:02X?} read");
    for cut in 0..bytes.len() {
        from_slice::<T>(version, &bytes[..cut]).unwrap_err();
    }
}

#[track_caller]
fn assert_round_trip<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T) {
    for version in VERSIONS {
        let bytes = to_vec(version, value).unwrap();
        assert_eq!(from_slice::<T>(version, &bytes).unwrap(), *value, "{version:?}");
    }
}

/// Deserializes a type from the encoding of a dynamic value.
fn deserialize_value<T: DeserializeOwned>(
    version: Version,
    value: impl Into<Value>,
) -> Result<T, DecodeError> {
    from_slice(version, &amf_core::to_vec(version, &value.into()).unwrap())
}

fn error_text<T: DeserializeOwned + Debug>(version: Version, bytes: &[u8]) -> String {
    from_slice::<T>(version, bytes).unwrap_err().to_string()
}

mod round_trips {
    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Player {
        nick_name: String,
        level: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guild: Option<String>,
    }

    #[test]
    fn structs() {
        let player = Player { nick_name: "Ann".to_owned(), level: 7, guild: None };
        // AMF0 §2.5: 03, names and values, 00 00 09. 7.0 = 1.75 × 2^2 is 40 1C.
        let mut amf0 = b"\x03\0\x08nickName\x02\0\x03Ann\0\x05level\0\x40\x1C".to_vec();
        amf0.extend([0, 0, 0, 0, 0, 0, 0, 0, 9]);
        assert_round_trip_bytes(AMF0, &player, &amf0);
        // AMF3 §3.12: 0A, traits 0B = dynamic and inline with no sealed member, alias 01 = empty; a name of
        // eight bytes has the head 11, one of five 0B; the end 01.
        assert_round_trip_bytes(AMF3, &player, b"\x0A\x0B\x01\x11nickName\x06\x07Ann\x0Blevel\x04\x07\x01");
    }

    #[test]
    fn scalars() {
        assert_round_trip_bytes(AMF3, &true, &[3]);
        // −1 is the 29 bits 1FFFFFFF: FF FF FF FF.
        assert_round_trip_bytes(AMF3, &-1i8, &[4, 0xFF, 0xFF, 0xFF, 0xFF]);
        // 2^28 does not fit into 29 bits with a sign: the double 41 B0.
        assert_round_trip_bytes(AMF3, &(1u32 << 28), &[5, 0x41, 0xB0, 0, 0, 0, 0, 0, 0]);
        // 2^53 = 43 40.
        assert_round_trip_bytes(AMF3, &(1i64 << 53), &[5, 0x43, 0x40, 0, 0, 0, 0, 0, 0]);
        assert_round_trip_bytes(AMF3, &(1u128 << 53), &[5, 0x43, 0x40, 0, 0, 0, 0, 0, 0]);
        assert_round_trip_bytes(AMF3, &1.5f32, &[5, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]);
        assert_round_trip_bytes(AMF0, &'é', &[2, 0, 2, 0xC3, 0xA9]);
        assert_round_trip_bytes(AMF0, &(), &[5]);
        assert_round_trip_bytes(AMF3, &None::<u8>, &[1]);
        assert_round_trip_bytes(AMF3, &Some(5u8), &[4, 5]);
        // undefined is read as `None` too.
        assert_eq!(from_slice::<Option<u8>>(AMF0, &[6]).unwrap(), None);
        from_slice::<()>(AMF3, &[0]).unwrap();
    }

    #[test]
    fn newtypes_tuples_and_lists() {
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        struct Meters(f64);
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        struct Pair(u8, bool);
        assert_round_trip_bytes(AMF3, &Meters(1.5), &[5, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]);
        // AMF3 §3.11: 09, count × 2 + 1, no named members.
        assert_round_trip_bytes(AMF3, &Pair(5, true), &[9, 5, 1, 4, 5, 3]);
        assert_round_trip_bytes(AMF3, &[5u8, 6], &[9, 5, 1, 4, 5, 4, 6]);
        // AMF0 §2.12: 0A and 32 bits of count.
        assert_round_trip_bytes(AMF0, &vec![true, false], &[10, 0, 0, 0, 2, 1, 1, 1, 0]);
    }

    #[test]
    fn bytes() {
        // AMF3 §3.14: 0C and the length × 2 + 1; in AMF0 behind 11.
        assert_round_trip_bytes(AMF3, &serde_bytes::ByteBuf::from([1, 2]), &[0x0C, 5, 1, 2]);
        assert_round_trip_bytes(AMF0, &serde_bytes::ByteBuf::from([1, 2]), &[0x11, 0x0C, 5, 1, 2]);
        // each where the other was expected
        assert_eq!(from_slice::<Vec<u8>>(AMF3, &[0x0C, 5, 1, 2]).unwrap(), [1, 2]);
        assert_eq!(
            from_slice::<serde_bytes::ByteBuf>(AMF3, &[9, 5, 1, 4, 1, 4, 2]).unwrap().as_ref(),
            [1, 2]
        );
    }

    #[test]
    fn maps() {
        let ages = BTreeMap::from([(7, true), (10, false)]);
        assert_round_trip_bytes(AMF3, &ages, b"\x0A\x0B\x01\x037\x03\x0510\x02\x01");
        assert_round_trip_bytes(AMF0, &ages, b"\x03\0\x017\x01\x01\0\x0210\x01\0\0\0\x09");
        assert_round_trip(&HashMap::from([('a', 1), ('b', 2)]));
        assert_round_trip(&BTreeMap::from([(-(1i64 << 60), 1), (u32::MAX.into(), 2)]));
    }

    #[test]
    fn enums() {
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        enum Shape {
            Dot,
            Circle(u8),
            Line(u8, u8),
            Rect { w: u8 },
        }
        assert_round_trip_bytes(AMF3, &Shape::Dot, b"\x06\x07Dot");
        assert_round_trip_bytes(AMF3, &Shape::Circle(5), b"\x0A\x0B\x01\x0DCircle\x04\x05\x01");
        assert_round_trip_bytes(
            AMF3,
            &Shape::Line(5, 6),
            b"\x0A\x0B\x01\x09Line\x09\x05\x01\x04\x05\x04\x06\x01",
        );
        // the inner object refers to the traits of the outer one: 01 = inline object, traits 0
        assert_round_trip_bytes(
            AMF3,
            &Shape::Rect { w: 5 },
            b"\x0A\x0B\x01\x09Rect\x0A\x01\x03w\x04\x05\x01\x01",
        );
        assert_round_trip(&vec![Shape::Dot, Shape::Circle(1), Shape::Line(2, 3), Shape::Rect { w: 4 }]);
        assert_round_trip(&BTreeMap::from([("a", 1)].map(|(name, value)| (name.to_owned(), value))));
        assert_eq!(
            error_text::<Shape>(AMF3, b"\x06\x03x"),
            "unknown variant `x`, expected one of `Dot`, `Circle`, `Line`, `Rect` (at byte 3)"
        );
        assert_eq!(
            error_text::<Shape>(AMF3, b"\x0A\x0B\x01\x01"),
            "expected an object with one member, named as a variant; got one without members (at byte 4)"
        );
        assert_eq!(
            error_text::<Shape>(AMF3, b"\x0A\x0B\x01\x07Dot\x01\x0BLevel\x01\x01"),
            "expected an object with one member, named as a variant; got one with `Level` too (at byte 14)"
        );
        assert_eq!(
            error_text::<Shape>(AMF3, b"\x0A\x0B\x01\x0DCircle\x03\x01"),
            "Circle: expected u8, got Boolean (at byte 11)"
        );
        assert_eq!(
            error_text::<Shape>(AMF3, &[4, 5]),
            "expected a variant's name, or an object with one member, got Integer (at byte 2)"
        );
    }

    #[test]
    fn strings_and_bytes_are_borrowed() {
        #[derive(Deserialize, Debug, PartialEq)]
        struct Message<'a> {
            text: &'a str,
            data: &'a [u8],
        }
        let bytes = b"\x0A\x0B\x01\x09text\x06\x05hi\x09data\x0C\x05\x01\x02\x01";
        assert_eq!(from_slice::<Message<'_>>(AMF3, bytes).unwrap(), Message { text: "hi", data: &[1, 2] });
    }

    #[test]
    fn ip_addresses_are_text() {
        assert_round_trip_bytes(AMF0, &"::1".parse::<IpAddr>().unwrap(), b"\x02\0\x03::1");
    }

    #[test]
    fn dates_stay_dates() {
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        struct Event {
            at: Date,
        }
        let event = Event { at: Date::from_millis(1000.0) };
        // AMF3 §3.10: 08 01, then the double 1000.0 = 40 8F 40.
        assert_round_trip_bytes(AMF3, &event, b"\x0A\x0B\x01\x05at\x08\x01\x40\x8F\x40\0\0\0\0\0\x01");
        // a number is read as milliseconds
        assert_eq!(deserialize_value::<Event>(AMF0, Object::new().with("at", 1000.0)).unwrap(), event);
        // and a date is read as a number
        let moment = Value::from(Date::from_millis(1000.5));
        assert!((deserialize_value::<f64>(AMF3, moment).unwrap() - 1000.5).abs() < f64::EPSILON);
        assert_eq!(deserialize_value::<i64>(AMF0, Date::from_millis(-1000.0)).unwrap(), -1000);
        assert_round_trip(&vec![Some(Date::from_millis(0.5)), None]);
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"at":1000}"#);
        assert_eq!(serde_json::from_str::<Event>(r#"{"at":1000}"#).unwrap(), event);
    }
}

mod deserialize_any {
    use super::*;

    #[test]
    fn every_wire_type_is_visited() {
        let members = || Object::new().with("a", 1);
        let associative =
            amf_core::Array::new(vec![Value::from(true)]).with_members([("k", 2)].into_iter().collect());
        let ecma = EcmaArray::new([("0", 1), ("x", 2)].into_iter().collect()).with_length(0);
        let inner = EcmaArray::new([("x", 6)].into_iter().collect()).with_length(0);
        let list = [("0", Value::from(5)), ("1", inner.into())];
        let list = EcmaArray::new(list.into_iter().collect()).with_length(0);
        let disordered: Object = [("1", 1), ("0", 2)].into_iter().collect();
        let vector = Vector::Uint { fixed: true, items: vec![1, u32::MAX] };
        let objects = Vector::Object { fixed: false, class: "C".into(), items: vec![Value::Null] };
        let dictionary = Dictionary::new(vec![(Value::from(1.5), Value::from("x"))]);
        let cases: Vec<(Value, &str)> = vec![
            (Value::Null, "null"),
            (Value::Undefined, "null"),
            (Value::from(true), "true"),
            (Value::Integer(-5), "-5"),
            (Value::Number(5.0), "5"),
            (Value::Number(5.5), "5.5"),
            (Value::Number(-0.0), "-0.0"),
            (Value::Number(9_007_199_254_740_994.0), "9007199254740994.0"),
            (Value::from("hi"), r#""hi""#),
            (Value::Xml("<a/>".into()), r#""<a/>""#),
            (Value::XmlDocument("<a/>".into()), r#""<a/>""#),
            (Value::from(Date::from_millis(1.0)), "1"),
            (Value::from(vec![Value::from(1)]), "[1]"),
            (members().into(), r#"{"a":1}"#),
            (Object::typed("C").with("a", 1).into(), r#"{"a":1}"#),
            (vector.into(), "[1,4294967295]"),
            (objects.into(), "[null]"),
            (dictionary.into(), r#"{"1.5":"x"}"#),
            (ecma.into(), r#"{"0":1,"x":2}"#),
            (list.into(), r#"[5,{"x":6}]"#),
            (EcmaArray::default().into(), "[]"),
            (disordered.into(), r#"{"0":2,"1":1}"#),
            (associative.into(), r#"{"0":true,"k":2}"#),
        ];
        for version in VERSIONS {
            for (value, json) in &cases {
                let seen: serde_json::Value = deserialize_value(version, value.clone()).unwrap();
                assert_eq!(seen.to_string(), *json, "{value:?} in {version:?}");
            }
            let collection = amf_core::to_vec(version, &ArrayCollection(vec![1, 2])).unwrap();
            let seen: serde_json::Value = from_slice(version, &collection).unwrap();
            assert_eq!(seen.to_string(), "[1,2]");
        }
        assert_eq!(from_slice::<Value>(AMF3, &[0x0C, 3, 7]).unwrap(), Value::from(&[7][..]));
        let seen: serde_json::Value = from_slice(AMF0, &[0x0D]).unwrap();
        assert!(seen.is_null());
    }

    #[test]
    fn untagged_internally_tagged_and_flattened_types_are_read() {
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        #[serde(untagged)]
        enum Loose {
            Number(i32),
            Text(String),
            Point { x: u8, at: Option<Date> },
            List(Vec<Loose>),
        }
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        #[serde(tag = "type", rename_all = "camelCase")]
        enum Event {
            Join { name: String, flags: serde_bytes::ByteBuf },
            Leave,
        }
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        #[serde(tag = "t", content = "c")]
        enum Adjacent {
            A(u8),
            B,
        }
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        struct Page {
            number: u64,
            #[serde(flatten)]
            event: Event,
        }
        #[derive(Serialize, Deserialize, Debug, PartialEq)]
        struct Open {
            number: u64,
            #[serde(flatten)]
            rest: BTreeMap<String, Loose>,
        }
        assert_round_trip(&Loose::Number(5));
        assert_round_trip(&Loose::List(vec![
            Loose::Text("a".to_owned()),
            Loose::Point { x: 3, at: Some(Date::from_millis(1.5)) },
            Loose::Point { x: 3, at: None },
        ]));
        assert_round_trip(&vec![Adjacent::A(1), Adjacent::B]);
        assert_round_trip(&Event::Leave);
        assert_round_trip(&Page {
            number: 1 << 40,
            event: Event::Join { name: "Ann".to_owned(), flags: serde_bytes::ByteBuf::from([0, 255]) },
        });
        assert_round_trip(&Open {
            number: 1,
            rest: BTreeMap::from([("extra".to_owned(), Loose::Number(1))]),
        });
    }

    #[test]
    fn ecma_arrays_are_read_as_sequences_in_tagged_enums() {
        #[derive(Deserialize, Debug, PartialEq)]
        #[serde(tag = "type")]
        enum Event {
            Scores { of: Vec<f64> },
        }
        // AMF0 {type: "Scores", of: ECMA array 0 → 1.0, with a length of 1}; 1.0 = 3F F0.
        let bytes = b"\x03\0\x04type\x02\0\x06Scores\0\x02of\x08\0\0\0\x01\0\x010\0\x3F\xF0\0\0\0\0\0\0\0\0\x09\0\0\x09";
        assert_eq!(from_slice::<Event>(AMF0, bytes).unwrap(), Event::Scores { of: vec![1.0] });
    }

    #[test]
    fn a_struct_without_members_may_be_an_empty_list() {
        #[derive(Deserialize, Debug, PartialEq)]
        struct Options {
            fast: Option<bool>,
        }
        for bytes in [&b"\x0A\0\0\0\0"[..], b"\x08\0\0\0\0\0\0\x09", b"\x11\x09\x01\x01", b"\x03\0\0\x09"] {
            assert_eq!(from_slice::<Options>(AMF0, bytes).unwrap(), Options { fast: None });
        }
        // Members in order as a list, as in every format of serde.
        assert_eq!(from_slice::<Options>(AMF3, &[9, 3, 1, 3]).unwrap(), Options { fast: Some(true) });
    }

    #[test]
    fn unknown_members_are_ignored() {
        #[derive(Deserialize, Debug, PartialEq)]
        struct OnlyB {
            b: u8,
        }
        let value = Object::new().with("a", vec![Value::from("x")]).with("b", 5).with("c", Object::new());
        for version in VERSIONS {
            assert_eq!(deserialize_value::<OnlyB>(version, value.clone()).unwrap(), OnlyB { b: 5 });
        }
    }
}

mod lists {
    use super::*;

    #[test]
    fn every_kind_of_list_is_read_as_a_sequence() {
        let ecma = EcmaArray::new([("0", 5), ("1", 6)].into_iter().collect()).with_length(2);
        let object: Object = [("0", 5), ("1", 6)].into_iter().collect();
        let vector = Vector::Int { fixed: false, items: vec![5, 6] };
        for version in VERSIONS {
            for value in [Value::from(ecma.clone()), object.clone().into(), vector.clone().into()] {
                assert_eq!(deserialize_value::<Vec<u8>>(version, value).unwrap(), [5, 6]);
            }
        }
        // AMF3 §3.15: 0D, count × 2 + 1, not fixed, 32 bits each.
        assert_eq!(
            from_slice::<(i32, i32)>(AMF3, &[0x0D, 5, 0, 0, 0, 0, 5, 0xFF, 0xFF, 0xFF, 0xFF]).unwrap(),
            (5, -1)
        );
    }

    #[test]
    fn indices_may_come_in_any_order() {
        // AMF0 §2.10: 08, a length that is no more than a hint, names and values.
        let bytes = b"\x08\0\0\0\0\0\x012\x02\0\x01c\0\x010\x02\0\x01a\0\x011\x02\0\x01b\0\0\x09";
        assert_eq!(from_slice::<Vec<&str>>(AMF0, bytes).unwrap(), ["a", "b", "c"]);
        // The same in AMF3 behind 11, where reading continues in AMF0 after the list: 09, no dense elements,
        // names and values.
        let bytes = b"\x11\x09\x01\x032\x06\x03c\x030\x06\x03a\x031\x06\x03b\x01";
        assert_eq!(from_slice::<Vec<String>>(AMF0, bytes).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn missing_repeated_and_surplus_elements_are_errors() {
        let gap = b"\x08\0\0\0\0\0\x010\x01\x01\0\x012\x01\x01\0\0\x09";
        assert_eq!(
            error_text::<Vec<bool>>(AMF0, gap),
            "expected a list, got one whose element 1 is missing or sent twice (at byte 18)"
        );
        let twice = b"\x08\0\0\0\0\0\x010\x05\0\x010\x05\0\0\x09";
        assert_eq!(
            error_text::<Vec<Option<u8>>>(AMF0, twice),
            "expected a list, got one whose element 0 is missing or sent twice (at byte 12)"
        );
        assert_eq!(
            error_text::<(u8, u8)>(AMF3, &[9, 7, 1, 4, 1, 4, 2, 4, 3]),
            "expected a list of 2, got a longer one (at byte 7)"
        );
        assert_eq!(
            error_text::<(u8, u8)>(AMF3, &[9, 3, 1, 4, 1]),
            "invalid length 1, expected a tuple of size 2 (at byte 5)"
        );
    }

    #[test]
    fn sequences_of_unknown_length_are_written() {
        struct Evens(Vec<u32>);
        impl Serialize for Evens {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // An iterator without a known length.
                serializer.collect_seq(self.0.iter().filter(|number| **number % 2 == 0))
            }
        }
        struct Texts;
        impl Serialize for Texts {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(["ab", "x"].iter().filter(|_| true))
            }
        }
        assert_eq!(to_vec(AMF3, &Evens(vec![1, 2, 3, 4])).unwrap(), [9, 5, 1, 4, 2, 4, 4]);
        let within = to_vec(AMF3, &("ab", Evens(vec![2]), "ab", serde_bytes::Bytes::new(&[1]))).unwrap();
        // The second "ab" refers to the first one: 06 00.
        assert_eq!(within, b"\x09\x09\x01\x06\x05ab\x09\x03\x01\x04\x02\x06\0\x0C\x03\x01");

        // Text that was written before the list is found from within it, too.
        assert_eq!(
            to_vec(AMF3, &("ab", Texts)).unwrap(),
            b"\x09\x05\x01\x06\x05ab\x09\x05\x01\x06\0\x06\x03x"
        );
        assert_eq!(to_vec(AMF0, &Texts).unwrap(), b"\x0A\0\0\0\x02\x02\0\x02ab\x02\0\x01x");
    }

    #[test]
    fn a_wrong_announced_length_is_an_error() {
        struct WrongLength;
        impl Serialize for WrongLength {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeSeq as _;
                let mut list = serializer.serialize_seq(Some(2))?;
                list.serialize_element(&1)?;
                list.end()
            }
        }
        let error = to_vec(AMF3, &BTreeMap::from([("a", (WrongLength, 1))])).unwrap_err();
        assert_eq!(error.to_string(), "a[0]: a list that announced 2 elements had 1");
    }
}

mod errors {
    use super::*;

    #[derive(Serialize, Deserialize, Debug)]
    struct Room {
        players: Vec<Player>,
    }

    #[derive(Serialize, Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Player {
        id: u64,
    }

    #[test]
    fn decode_errors_have_the_path_and_the_offset() {
        // players: [{id: 5}, {id: "x"}]; the second object refers to the traits, the name by reference 02.
        let bytes =
            b"\x0A\x0B\x01\x0Fplayers\x09\x05\x01\x0A\x01\x05id\x04\x05\x01\x0A\x01\x02\x06\x03x\x01\x01";
        assert_eq!(error_text::<Room>(AMF3, bytes), "players[1].id: expected u64, got String (at byte 28)");
        let error = from_slice::<Room>(AMF3, bytes).unwrap_err();
        assert_eq!((error.offset(), error.path().as_str()), (28, "players[1].id"));
        assert_eq!(
            error_text::<Room>(AMF3, b"\x0A\x0B\x01\x01"),
            "the member `players` is missing (at byte 4)"
        );
        assert_eq!(error_text::<Room>(AMF3, &[4, 5]), "expected struct Room, got Integer (at byte 2)");
        assert_eq!(
            error_text::<Vec<Player>>(AMF3, b"\x09\x03\x01\x0A\x0B\x01\x03x\x01\x01"),
            "[0]: unknown field `x`, expected `id` (at byte 8)"
        );
        assert_eq!(
            error_text::<u8>(AMF3, &[4, 0x82, 0]),
            "expected u8, got 256, which it cannot hold (at byte 3)"
        );
        assert_eq!(
            error_text::<BTreeMap<u8, u8>>(AMF3, b"\x0A\x0B\x01\x03x\x01\x01"),
            "expected u8, got the name `x` (at byte 5)"
        );
        assert_eq!(error_text::<bool>(AMF3, &[3, 3]), "1 bytes follow the value (at byte 1)");
    }

    #[test]
    fn encode_errors_have_the_path() {
        let room = Room { players: vec![Player { id: 1 }, Player { id: (1 << 53) + 1 }] };
        let error = to_vec(AMF3, &room).unwrap_err();
        assert_eq!(
            error.to_string(),
            "players[1].id: 9007199254740993 is beyond 2^53, where a Number is no longer exact; send it as a string; \
             a derive does by `#[amf(as = \"string\")]`, or rounds by `#[amf(as = \"double\")]`"
        );
        assert_eq!(error.path(), "players[1].id");
        for error in [to_vec(AMF3, &(i64::MIN,)), to_vec(AMF3, &(u128::MAX,)), to_vec(AMF0, &(i128::MIN,))] {
            assert!(error.unwrap_err().to_string().starts_with("[0]: "));
        }
    }

    #[test]
    fn a_member_without_a_name_is_left_out_in_amf3() {
        // AMF3 §3.12: 0A 0B 01, an anonymous dynamic object; "a": 1; an empty name ends it.
        let bytes = to_vec(AMF3, &BTreeMap::from([("", 2), ("a", 1)])).unwrap();
        assert_eq!(bytes, b"\x0A\x0B\x01\x03a\x04\x01\x01");
        let bytes = to_vec(AMF0, &BTreeMap::from([("", true)])).unwrap();
        assert_eq!(bytes, b"\x03\0\0\x01\x01\0\0\x09");
    }

    #[test]
    fn unsupported_map_keys_are_errors() {
        let text = |error: Result<Vec<u8>, amf_core::EncodeError>| error.unwrap_err().to_string();
        assert_eq!(
            text(to_vec(AMF3, &[BTreeMap::from([(true, 1)])])),
            "[0]: the key of a map must be text or a number, not a Boolean"
        );
        assert_eq!(
            text(to_vec(AMF3, &BTreeMap::from([((1, 2), 1)]))),
            "the key of a map must be text or a number, not a list"
        );
    }

    #[test]
    fn endless_nesting_is_an_error() {
        #[derive(Serialize, Deserialize, Debug)]
        struct Nest(Option<Box<[Nest; 1]>>);
        let mut nest = Nest(None);
        for _ in 0..65 {
            nest = Nest(Some(Box::new([nest])));
        }
        let error = to_vec(AMF3, &nest).unwrap_err().to_string();
        assert!(error.ends_with("the value is nested deeper than 64 levels"), "{error}");
        let bytes = [9, 3, 1].repeat(100_000);
        let error = error_text::<Nest>(AMF3, &bytes);
        assert!(error.contains("the limit `depth` of 64 is passed"), "{error}");
        let error = error_text::<serde_json::Value>(AMF3, &bytes);
        assert!(error.contains("the limit `depth` of 64 is passed"), "{error}");
    }

    #[test]
    fn declared_lengths_do_not_allocate() {
        // AMF0: 2^32 − 1 elements announced.
        let error = error_text::<Vec<u64>>(AMF0, &[10, 0xFF, 0xFF, 0xFF, 0xFF, 5]);
        assert_eq!(error, "[0]: expected u64, got null (at byte 6)");
    }

    #[test]
    fn memory_is_bounded() {
        // A list of 200 references to one string of 1,000 bytes, as owned text.
        let mut bytes = vec![9, 0x83, 0x13, 1, 6, 0x8F, 0x51];
        bytes.extend([b'x'; 1000]);
        bytes.extend([6, 0].repeat(200));
        let mut decoder = Decoder::new(AMF3, &bytes).with_limits(Limits::new().with_memory(100_000));
        let error = Vec::<String>::deserialize(Deserializer::new(&mut decoder)).unwrap_err();
        assert!(error.to_string().contains("the limit `memory`"), "{error}");
        // A ByteArray as a list of something larger.
        let mut bytes = vec![0x0C, 0x8F, 0x51];
        bytes.extend([0; 1000]);
        let mut decoder = Decoder::new(AMF3, &bytes).with_limits(Limits::new().with_memory(10_000));
        let error = Vec::<u128>::deserialize(Deserializer::new(&mut decoder)).unwrap_err();
        assert!(error.to_string().contains("the limit `memory`"), "{error}");
    }

    #[test]
    fn an_unknown_externalizable_object_is_an_error() {
        // traits 07: externalizable, inline.
        let error = error_text::<serde_json::Value>(AMF3, b"\x0A\x07\x03X\x01");
        assert_eq!(error, "expected an object, got an externalizable object of class X (at byte 4)");
    }
}

mod references {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Point {
        x: u8,
    }

    /// [{x: 5}, a reference to it] in both versions: the list is object 0, the point object 1.
    const TWICE: [(Version, &[u8]); 2] = [
        (AMF0, b"\x0A\0\0\0\x02\x03\0\x01x\0\x40\x14\0\0\0\0\0\0\0\0\x09\x07\0\x01"),
        (AMF3, b"\x09\x05\x01\x0A\x0B\x01\x03x\x04\x05\x01\x0A\x02"),
    ];

    #[test]
    fn references_are_read_again() {
        for (version, bytes) in TWICE {
            let points: Vec<Point> = from_slice(version, bytes).unwrap();
            assert_eq!(points, [Point { x: 5 }, Point { x: 5 }]);
            let any: serde_json::Value = from_slice(version, bytes).unwrap();
            assert_eq!(any, serde_json::json!([{"x": 5}, {"x": 5}]));
        }
    }

    #[test]
    fn references_to_enclosing_objects_are_errors() {
        #[derive(Deserialize, Debug)]
        #[expect(dead_code, reason = "never made")]
        struct Nest(Vec<Option<Nest>>);
        let error = error_text::<serde_json::Value>(AMF3, &[9, 3, 1, 9, 0]);
        assert!(error.starts_with("[0]: the reference leads back to an object that encloses it"), "{error}");
        // In an element that arrives out of order.
        let bytes = b"\x08\0\0\0\0\0\x011\x07\0\0\0\x010\x05\0\0\x09";
        let error = error_text::<Nest>(AMF0, bytes);
        assert!(error.starts_with("[1]: the reference leads back to an object that encloses it"), "{error}");
    }
}

mod with_other_types {
    use super::*;
    use amf_core::AmfObject;

    #[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
    struct Options {
        fast: bool,
    }

    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "Job")]
    struct Job {
        options: Serde<Options>,
        retry: Serde<Option<u8>>,
        id: u8,
    }

    #[test]
    fn serde_types_are_members_of_derived_structs() {
        let job = Job { options: Serde(Options { fast: true }), retry: None.into(), id: 5 };
        for version in VERSIONS {
            let bytes = amf_core::to_vec(version, &job).unwrap();
            assert_eq!(amf_core::from_slice::<Job>(version, &bytes).unwrap(), job);
        }
        // Without `retry`, and with an error within `options`.
        let value = Object::new().with("options", Object::new().with("fast", true)).with("id", 5);
        assert_eq!(amf_core::from_value::<Job>(&value.into()).unwrap(), job);
        let value = Object::new().with("options", Object::new().with("fast", 1)).with("id", 5);
        let error = amf_core::from_value::<Job>(&value.into()).unwrap_err();
        assert_eq!(error.to_string(), "options.fast: expected Boolean, got Integer");
        let value = Object::new().with("id", 5);
        let error = amf_core::from_value::<Job>(&value.into()).unwrap_err();
        assert_eq!(error.to_string(), "the member `options` of Job is missing");
    }

    #[test]
    fn several_values_share_one_message() {
        let mut encoder = Encoder::in_envelope(AMF3);
        "ab".serialize(Serializer::new(&mut encoder)).unwrap();
        ["ab"].serialize(Serializer::new(&mut encoder)).unwrap();
        let bytes = encoder.finish().unwrap();
        assert_eq!(bytes, b"\x11\x06\x05ab\x11\x09\x03\x01\x06\0");
        let mut decoder = Decoder::new(AMF0, &bytes);
        assert_eq!(<&str>::deserialize(Deserializer::new(&mut decoder)).unwrap(), "ab");
        assert_eq!(<[String; 1]>::deserialize(Deserializer::new(&mut decoder)).unwrap(), ["ab"]);
        decoder.finish().unwrap();
    }

    #[test]
    fn dynamic_values_are_fields_of_serde_types() {
        let inner = Object::typed("C")
            .with("at", Date::from_millis(5.0))
            .with("data", &[1, 2][..])
            .with("list", vec![Value::Null]);
        let bytes = to_vec(AMF3, &(Value::from(inner.clone()),)).unwrap();
        let back: Value = amf_core::from_slice(AMF3, &bytes).unwrap();
        let anonymous: Object =
            inner.members().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        assert_eq!(back, Value::from(vec![Value::from(anonymous)]));
    }
}

/// A tree with every type of serde's data model that survives a round trip.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Tree {
    Unit,
    Bool(bool),
    Small(i8),
    Integer(i64),
    Unsigned(u64),
    Single(f32),
    Float(f64),
    Char(char),
    Text(String),
    Bytes(serde_bytes::ByteBuf),
    At(Date),
    Maybe(Option<Box<Tree>>),
    Pair(Box<Tree>, Box<Tree>),
    List(Vec<Tree>),
    Named { first: Box<Tree>, second: Option<u8> },
    Map(BTreeMap<String, Tree>),
    Numbered(BTreeMap<i64, Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    const EXACT: i64 = 1 << 53;
    let leaf = prop_oneof![
        Just(Tree::Unit),
        any::<bool>().prop_map(Tree::Bool),
        any::<i8>().prop_map(Tree::Small),
        (-EXACT..=EXACT).prop_map(Tree::Integer),
        (0..=EXACT.cast_unsigned()).prop_map(Tree::Unsigned),
        any::<f32>().prop_filter("NaN differs from itself", |number| !number.is_nan()).prop_map(Tree::Single),
        any::<f64>().prop_filter("NaN differs from itself", |number| !number.is_nan()).prop_map(Tree::Float),
        any::<char>().prop_map(Tree::Char),
        ".{0,12}".prop_map(Tree::Text),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| Tree::Bytes(bytes.into())),
        any::<i32>().prop_map(|millis| Tree::At(Date::from_millis(millis.into()))),
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            prop::option::of(inner.clone().prop_map(Box::new)).prop_map(Tree::Maybe),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::Pair(Box::new(a), Box::new(b))),
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
            (inner.clone(), any::<Option<u8>>())
                .prop_map(|(first, second)| Tree::Named { first: Box::new(first), second }),
            prop::collection::btree_map(".{1,6}", inner.clone(), 0..4).prop_map(Tree::Map),
            prop::collection::btree_map(any::<i64>(), inner, 0..4).prop_map(Tree::Numbered),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_tree_survives_a_round_trip(tree in tree()) {
        for version in VERSIONS {
            let bytes = to_vec(version, &tree).unwrap();
            prop_assert_eq!(&from_slice::<Tree>(version, &bytes).unwrap(), &tree);
            // The dynamic reader of the same bytes.
            let value: Value = amf_core::from_slice(version, &bytes).unwrap();
            prop_assert_eq!(amf_core::to_vec(version, &value).unwrap(), bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for version in VERSIONS {
            let _ = from_slice::<Tree>(version, &bytes);
            let _ = from_slice::<serde_json::Value>(version, &bytes);
            let _ = from_slice::<Vec<BTreeMap<u8, Option<f32>>>>(version, &bytes);
        }
    }

    #[test]
    fn modified_bytes_never_panic(tree in tree(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for version in VERSIONS {
            let mut bytes = to_vec(version, &tree).unwrap();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let _ = from_slice::<Tree>(version, &bytes);
            let _ = from_slice::<serde_json::Value>(version, &bytes);
        }
    }
}
