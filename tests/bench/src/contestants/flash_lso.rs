//! `flash-lso`, the codec of Ruffle.
//!
//! It writes values inside of a `.sol` file or a remoting packet alone, so here they are the members of a `.sol`
//! file whose names are empty: some thirty bytes more, and the body is copied behind the header.

use std::array;
use std::fmt::Debug;

use amf_core::Date;
use flash_lso::AMFResult;
use flash_lso::amf0::read::AMF0Decoder;
use flash_lso::amf3::read::AMF3Decoder;
use flash_lso::read::Reader;
use flash_lso::types::{
    AMFVersion, ClassDefinition, Element, Lso, ObjectId, ObjectValue, Value, VectorPrimitiveValue,
};
use flash_lso::write::write_to_bytes;

use super::{Peer, Tree};

pub struct FlashLso<const AMF3: bool>;

pub type Amf0 = FlashLso<false>;
pub type Amf3 = FlashLso<true>;

impl<const AMF3: bool> Tree for FlashLso<AMF3> {
    type Value = Value;

    fn null() -> Value {
        Value::Null
    }

    fn flag(flag: bool) -> Value {
        Value::Bool(flag)
    }

    fn integer(integer: i32) -> Value {
        if AMF3 { Value::Integer(integer) } else { Value::Number(integer.into()) }
    }

    fn number(number: f64) -> Value {
        Value::Number(number)
    }

    fn date(date: Date) -> Value {
        Value::Date { time: date.as_millis(), timezone_or_utc: (!AMF3).then_some(0) }
    }

    fn text(text: &'static str) -> Value {
        Value::String(text.to_owned())
    }

    fn object<const N: usize>(alias: &'static str, members: [(&'static str, Value); N]) -> Value {
        let class = || ClassDefinition {
            static_properties: if AMF3 {
                members.iter().map(|(name, _)| (*name).to_owned()).collect()
            } else {
                Vec::new()
            },
            ..ClassDefinition::default_with_name(alias.to_owned())
        };
        let class_definition = (!alias.is_empty()).then(class);
        let elements = members.into_iter().map(|(name, value)| Element::new(name, value)).collect();
        Value::Object { id: ObjectId::INVALID, data: ObjectValue { elements, class_definition } }
    }

    fn list(items: impl ExactSizeIterator<Item = Value>) -> Value {
        Value::StrictArray { id: ObjectId::INVALID, values: items.collect() }
    }

    fn bytes(bytes: &'static [u8]) -> Value {
        Value::ByteArray(bytes.to_vec())
    }

    fn vector(numbers: &'static [f64]) -> Value {
        Value::VectorDouble(VectorPrimitiveValue { values: numbers.to_vec(), fixed_length: false })
    }
}

impl<const AMF3: bool> Peer for FlashLso<AMF3> {
    const NAME: &'static str = "flash-lso";

    type Message<const N: usize> = Lso;

    fn message<const N: usize>(values: [Value; N]) -> Lso {
        let version = if AMF3 { AMFVersion::AMF3 } else { AMFVersion::AMF0 };
        Lso::new(values.into_iter().map(|value| Element::new("", value)).collect(), "", version)
    }

    fn encode<const N: usize>(message: &mut Lso) -> Vec<u8> {
        write_to_bytes(message).expect("a Vec takes everything")
    }

    fn decode<const N: usize>(bytes: &'static [u8]) -> [Value; N] {
        if AMF3 {
            let mut decoder = AMF3Decoder::default();
            each(bytes, |rest| decoder.parse_single_element(rest))
        } else {
            let mut decoder = AMF0Decoder::default();
            each(bytes, |rest| decoder.parse_single_element(rest))
        }
    }

    fn read_back<const N: usize>(bytes: &'static [u8]) -> [Value; N] {
        let file = Reader::default().parse(bytes).expect("flash-lso reads what it wrote");
        let values: Vec<Value> = file.into_iter().map(|element| element.value).collect();
        values.try_into().expect("as many values as were written")
    }

    fn is_same(a: &Value, b: &Value) -> bool {
        without_ids(a) == without_ids(b)
    }
}

fn each<const N: usize>(
    mut bytes: &'static [u8],
    mut parse: impl FnMut(&'static [u8]) -> AMFResult<'static, Value>,
) -> [Value; N] {
    let values = array::from_fn(|_| {
        let (rest, value) = parse(bytes).expect("flash-lso reads it");
        bytes = rest;
        value
    });
    assert!(bytes.is_empty(), "flash-lso leaves bytes");
    values
}

/// What it read has numbers, what is to be written has none.
fn without_ids(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let mut parts = text.split("ObjectId(");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()))
}
