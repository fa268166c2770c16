//! Limits on output: a value at the limit is written, and one byte more is an error with the name of the limit.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use amf_core::packet::PacketWriter;
use amf_core::sol::SolFile;
use amf_core::{
    Array, ArrayCollection, Date, Dictionary, DynamicMembers, EcmaArray, EncodeError, EncodeErrorKind,
    Encoder, External, ExternalPart, Object, OutputLimit, ToAmf, Traits, Value, Vector, VectorOf, Version,
    to_vec,
};

const NAME: &str = "reply_bytes";

fn is_too_large(error: &EncodeError, limit: &str, max: usize) -> bool {
    matches!(error.kind(), EncodeErrorKind::OutputTooLarge { limit: found, max: found_max }
        if *found == limit && *found_max == max)
}

/// Writes with each limit, from 0 up to the first one that the value fits in.
#[track_caller]
fn check_all_limits(new: impl Fn() -> Encoder, value: &dyn ToDyn) {
    let mut encoder = new();
    value.write(&mut encoder).unwrap();
    let all = encoder.finish().unwrap();
    let steps: Vec<usize> = if all.len() < 400 {
        (0..all.len()).collect()
    } else {
        (0..300).chain(all.len() - 300..all.len()).collect()
    };
    for max in steps {
        let mut encoder = new().with_output_limit(OutputLimit::new(NAME, max));
        let written = value.write(&mut encoder);
        assert!(encoder.len() <= max, "{} bytes with a limit of {max}", encoder.len());
        assert!(is_too_large(&encoder.bytes().unwrap_err(), NAME, max));
        let error = written.and_then(|()| encoder.finish()).unwrap_err();
        assert!(is_too_large(&error, NAME, max), "{error} with a limit of {max}");
    }
    let mut encoder = new().with_output_limit(OutputLimit::new(NAME, all.len()));
    value.write(&mut encoder).unwrap();
    assert_eq!(encoder.bytes().unwrap(), all);
    let bytes = encoder.finish().unwrap();
    assert!(bytes.capacity() <= all.len().max(8), "{} for {}", bytes.capacity(), all.len());
    assert_eq!(bytes, all);
}

/// [`ToAmf`] as a trait that can be made into an object.
trait ToDyn {
    fn write(&self, encoder: &mut Encoder) -> Result<(), EncodeError>;
}

impl<T: ToAmf> ToDyn for T {
    fn write(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.to_amf(encoder)
    }
}

fn values() -> Vec<Value> {
    let shared = Value::from(Object::typed("Shared").with("name", "x"));
    let long: Arc<str> = "long ".repeat(40).into();
    let traits = Arc::new(Traits::new("a.B", ["one".into(), "two".into()], true));
    let members = DynamicMembers::from_iter([("a", 1), ("b", 2)]);
    vec![
        Value::Null,
        Value::Undefined,
        Value::Unsupported,
        true.into(),
        Value::Integer(5),
        Value::Integer(300),
        Value::Integer(70_000),
        Value::Integer(-1),
        Value::Number(0.5),
        "text".into(),
        "x".repeat(70_000).into(),
        Value::from(Date::from_millis(1.0)),
        Value::Xml("<a/>".into()),
        Value::XmlDocument("<a/>".into()),
        Value::from(&[1_u8, 2, 3][..]),
        vec![shared.clone(), shared, Value::Null].into(),
        vec![Value::String(Arc::clone(&long)), Value::String(long), "x".into(), "x".into()].into(),
        Value::from(Object::with_traits(traits, vec![1.into(), "y".into()], members.clone())),
        Value::from(Array::new(vec![1.into(), 2.into()]).with_members(members.clone())),
        Value::from(EcmaArray::new(members).with_length(2)),
        Value::from(Vector::Int { fixed: true, items: vec![1; 100] }),
        Value::from(Vector::Uint { fixed: true, items: vec![1; 100] }),
        Value::from(Vector::Number { fixed: false, items: vec![0.5; 100] }),
        Value::from(Vector::Object { fixed: false, class: "a.B".into(), items: vec![Value::Null; 3] }),
        Value::from(Dictionary::new(vec![("key".into(), 1.into())])),
        Value::from(External::new(
            "a.E",
            vec![ExternalPart::Bytes([1, 2, 3].into()), ExternalPart::Value("v".into())],
        )),
    ]
}

#[test]
fn each_value_is_written_up_to_the_limit() {
    for version in [Version::Amf0, Version::Amf3] {
        for value in values() {
            check_all_limits(|| Encoder::new(version), &value);
            check_all_limits(|| Encoder::in_envelope(version), &value);
        }
        check_all_limits(|| Encoder::new(version), &Value::from(values()));
    }
}

#[test]
fn numbers_and_bytes_are_written_up_to_the_limit() {
    for version in [Version::Amf0, Version::Amf3] {
        let new = || Encoder::new(version);
        check_all_limits(new, &vec![0.5; 200]);
        check_all_limits(new, &vec![true; 200]);
        check_all_limits(new, &(-100..100).collect::<Vec<i32>>());
        check_all_limits(new, &vec![7_u8; 3_000]);
        check_all_limits(new, &VectorOf::new(vec![0.5; 200]).with_fixed_length(true));
        check_all_limits(new, &ArrayCollection(vec![1, 2, 3]));
    }
}

#[test]
fn an_encoder_is_fit_for_use_again_after_a_message_that_was_too_large() {
    let mut encoder = Encoder::new(Version::Amf3).with_output_limit(OutputLimit::new(NAME, 10));
    "much too long a text".to_amf(&mut encoder).unwrap();
    assert!(encoder.bytes().is_err());
    encoder.clear();
    "short".to_amf(&mut encoder).unwrap();
    assert_eq!(encoder.bytes().unwrap(), b"\x06\x0Bshort");
    assert_eq!(encoder.output_limit(), OutputLimit::new(NAME, 10));
}

/// Lists without a known length are written to a separate encoder first, within the same limit.
#[test]
fn lists_of_unknown_length_share_the_limit() {
    use serde::ser::{Serialize, SerializeSeq, Serializer};
    struct Unknown(usize);
    impl Serialize for Unknown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(None)?;
            for number in 0..self.0 {
                list.serialize_element(&(number as f64 + 0.5))?;
            }
            list.end()
        }
    }
    let write = |max: usize| {
        let mut encoder = Encoder::new(Version::Amf3).with_output_limit(OutputLimit::new(NAME, max));
        Unknown(100).serialize(amf_core::serde::Serializer::new(&mut encoder))?;
        encoder.finish()
    };
    let all = write(10_000).unwrap().len();
    assert_eq!(write(all).unwrap().len(), all);
    assert!(is_too_large(&write(all - 1).unwrap_err(), NAME, all - 1));
    assert!(is_too_large(&write(20).unwrap_err(), NAME, 20));
}

#[test]
fn packets_are_written_up_to_the_limit() {
    let write = |max: usize| {
        let mut packet = PacketWriter::new(0).with_output_limit(OutputLimit::new("packet_bytes", max));
        packet.header("name", true, &[1, 1])?;
        packet.message("/1/onResult", "null", &[5])?;
        packet.message("/2/onResult", "null", &[5])?;
        assert_eq!(packet.remaining() + packet.len(), max);
        Ok(packet.finish())
    };
    let all = write(1_000).unwrap().len();
    assert_eq!(write(all).unwrap().len(), all);
    for max in 0..all {
        assert!(is_too_large(&write(max).unwrap_err(), "packet_bytes", max));
    }
}

#[test]
fn an_entry_that_does_not_fit_leaves_the_packet_as_it_was() {
    let mut packet = PacketWriter::new(3).with_output_limit(OutputLimit::new("packet_bytes", 60));
    packet.message("/1/onResult", "null", &[5]).unwrap();
    let before = packet.clone().finish();
    assert!(packet.message("/2/onResult", "null", &[0; 100]).is_err());
    assert!(packet.message(&"x".repeat(70_000), "null", &[5]).is_err());
    assert!(packet.header(&"x".repeat(70_000), false, &[5]).is_err());
    assert_eq!(packet.clone().finish(), before);
    packet.message("/2/onStatus", "null", &[5]).unwrap();
    assert_eq!(packet.finish().len(), before.len() + 24);
}

#[test]
fn packets_have_a_limit_by_default() {
    let body = vec![0; 1 << 20];
    let mut packet = PacketWriter::new(0);
    let error = (0..17).find_map(|_| packet.message("a", "b", &body).err()).unwrap();
    assert!(is_too_large(&error, "packet_bytes", 16 << 20));
}

#[test]
fn files_are_written_up_to_the_limit() {
    for version in [Version::Amf0, Version::Amf3] {
        let mut file = SolFile::new("slot1", version);
        for (index, value) in values().into_iter().enumerate() {
            file.insert(format!("member{index}"), value);
        }
        file.rest = vec![1, 2, 3];
        let all = file.to_vec().unwrap();
        let write = |max: usize| file.to_vec_with_limit(OutputLimit::new("file_bytes", max));
        assert_eq!(write(all.len()).unwrap(), all);
        for max in (0..100).chain(all.len() - 100..all.len()) {
            assert!(is_too_large(&write(max).unwrap_err(), "file_bytes", max), "{max}");
        }
    }
}

/// AMF0 repeats a string that AMF3 refers to, and so it does with the names of a class.
#[test]
fn translation_to_amf0_stops_at_the_limit() {
    let text: Arc<str> = "x".repeat(50_000).into();
    let texts = Value::from(vec![Value::String(text); 10_000]);
    let traits = Arc::new(Traits::new("a".repeat(1_000), ["b".repeat(1_000).into()], false));
    let object = || Value::from(Object::with_traits(Arc::clone(&traits), Vec::new(), DynamicMembers::new()));
    let objects: Value = (0..10_000).map(|_| object()).collect();
    let shared = Value::from(vec![Value::Null; 100]);
    // AMF0 reference numbers end at 65,535. Later objects are written again.
    let mut beyond: Vec<Value> = (0..66_000).map(|_| Value::from(Object::new())).collect();
    beyond.extend(vec![shared; 10_000]);
    for value in [texts, objects, beyond.into()] {
        let limit = OutputLimit::new(NAME, 1 << 20);
        assert!(to_vec(Version::Amf3, &value).unwrap().len() < 1 << 19);
        let mut encoder = Encoder::new(Version::Amf0).with_output_limit(limit);
        let error = value.to_amf(&mut encoder).unwrap_err();
        assert!(is_too_large(&error, NAME, 1 << 20), "{error}");
        assert!(encoder.len() <= 1 << 20);
    }
}

fn json_error(value: &Value, tagged: bool, max: usize) -> Option<String> {
    use amf_core::serde::{Limited, Tagged};
    let limit = OutputLimit::new("json_bytes", max);
    let json = if tagged {
        serde_json::to_string(&Limited::new(Tagged(value), limit))
    } else {
        serde_json::to_string(&Limited::new(value, limit))
    };
    json.err().map(|error| error.to_string())
}

#[test]
fn json_is_written_up_to_the_limit() {
    let too_large = |max: usize| format!("the output is larger than the limit `json_bytes` of {max} bytes");
    // The size as written, with a comma behind each value, and six bytes for every control character.
    for (value, bytes) in [
        (Value::from("text"), 7),
        (Value::from("a\n\"\u{1}"), 18),
        (Value::Null, 5),
        (Value::from(vec!["a".into(), "b".into()]), 10),
        (Value::from(Object::new().with("name", "x")), 13),
        (Value::from(&[1_u8, 2, 3, 4][..]), 11),
        (Value::from(Vector::Int { fixed: false, items: vec![1, 2] }), 19),
    ] {
        assert_eq!(json_error(&value, false, bytes), None, "{value:?}");
        assert_eq!(json_error(&value, false, bytes - 1), Some(too_large(bytes - 1)), "{value:?}");
    }
    assert_eq!(json_error(&Value::from(values()), true, 100_000), None);
    assert_eq!(json_error(&Value::from(values()), true, 70_000), Some(too_large(70_000)));
}

/// Regression: 140 kB became 2 GB of JSON.
#[test]
fn json_of_repeated_names_texts_and_aliases_is_bounded() {
    let name: Arc<str> = "n".repeat(50_000).into();
    let traits = Arc::new(Traits::new("a".repeat(50_000), [Arc::clone(&name)], false));
    let typed = || Value::from(Object::with_traits(Arc::clone(&traits), Vec::new(), DynamicMembers::new()));
    let named = || Value::from(DynamicMembers::from_iter([(Arc::clone(&name), 1)]));
    let text = Value::String(name.clone());
    let values: [Value; 3] = [
        (0..40_000).map(|_| typed()).collect(),
        (0..40_000).map(|_| named()).collect(),
        vec![text; 40_000].into(),
    ];
    for value in &values {
        for json in [serde_json::to_string(value), serde_json::to_string(&amf_core::serde::Tagged(value))] {
            let error = json.unwrap_err().to_string();
            assert_eq!(error, "the output is larger than the limit `json_bytes` of 16777216 bytes");
        }
    }
}

#[test]
fn dumps_are_written_up_to_the_limit() {
    use amf_core::dump::{Dump, Kind};
    let bytes = to_vec(Version::Amf3, &Value::from(values())).unwrap();
    let write = |max: usize| {
        Dump::new(Kind::Amf3, &bytes).with_output_limit(OutputLimit::new("dump_bytes", max)).to_string()
    };
    let all = Dump::new(Kind::Amf3, &bytes).to_string();
    assert_eq!(write(all.len()), all);
    let cut = write(all.len() - 1);
    assert!(
        cut.ends_with(&format!("** cut at the limit `dump_bytes` of {} bytes\n", all.len() - 1)),
        "{cut}"
    );
    assert!(write(100).lines().count() <= 3);
    // 2 MiB of one-byte values.
    let many = Dump::new(Kind::Amf3, &vec![0x01; 2 << 20]).to_string();
    assert!(many.len() < (16 << 20) + 100, "{}", many.len());
}
