//! `rml_amf0`. It knows neither classes nor dates, and its objects have no order.

use amf_core::Date;
use rml_amf0::{Amf0Value, deserialize, serialize};

use super::{Peer, Tree};

pub struct Amf0;

impl Tree for Amf0 {
    type Value = Amf0Value;

    fn null() -> Amf0Value {
        Amf0Value::Null
    }

    fn flag(flag: bool) -> Amf0Value {
        Amf0Value::Boolean(flag)
    }

    fn integer(integer: i32) -> Amf0Value {
        Amf0Value::Number(integer.into())
    }

    fn number(number: f64) -> Amf0Value {
        Amf0Value::Number(number)
    }

    fn date(date: Date) -> Amf0Value {
        Amf0Value::Number(date.as_millis())
    }

    fn text(text: &'static str) -> Amf0Value {
        Amf0Value::Utf8String(text.to_owned())
    }

    fn object<const N: usize>(_: &'static str, members: [(&'static str, Amf0Value); N]) -> Amf0Value {
        Amf0Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn list(items: impl ExactSizeIterator<Item = Amf0Value>) -> Amf0Value {
        Amf0Value::StrictArray(items.collect())
    }
}

impl Peer for Amf0 {
    const NAME: &'static str = "rml_amf0";

    type Message<const N: usize> = Vec<Amf0Value>;

    fn message<const N: usize>(values: [Amf0Value; N]) -> Vec<Amf0Value> {
        values.into()
    }

    fn encode<const N: usize>(message: &mut Vec<Amf0Value>) -> Vec<u8> {
        serialize(message).expect("rml_amf0 writes it")
    }

    fn decode<const N: usize>(mut bytes: &'static [u8]) -> [Amf0Value; N] {
        let values = deserialize(&mut bytes).expect("rml_amf0 reads it");
        values.try_into().expect("as many values as there are")
    }

    fn is_same(a: &Amf0Value, b: &Amf0Value) -> bool {
        a == b
    }
}
