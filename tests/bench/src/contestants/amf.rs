//! `amf`, the oldest of the peers. It writes no references at all.

use std::array;
use std::time::Duration;

use amf::{Amf0Value, Amf3Value, Pair};
use amf_core::Date;

use super::{Peer, Tree};

pub struct Amf0;
pub struct Amf3;

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
        Amf0Value::Date { unix_time: since_epoch(date), time_zone: 0 }
    }

    fn text(text: &'static str) -> Amf0Value {
        Amf0Value::String(text.to_owned())
    }

    fn object<const N: usize>(alias: &'static str, members: [(&'static str, Amf0Value); N]) -> Amf0Value {
        Amf0Value::Object { class_name: class_name(alias), entries: pairs(members) }
    }

    fn list(items: impl ExactSizeIterator<Item = Amf0Value>) -> Amf0Value {
        Amf0Value::Array { entries: items.collect() }
    }
}

impl Tree for Amf3 {
    type Value = Amf3Value;

    fn null() -> Amf3Value {
        Amf3Value::Null
    }

    fn flag(flag: bool) -> Amf3Value {
        Amf3Value::Boolean(flag)
    }

    fn integer(integer: i32) -> Amf3Value {
        Amf3Value::Integer(integer)
    }

    fn number(number: f64) -> Amf3Value {
        Amf3Value::Double(number)
    }

    fn date(date: Date) -> Amf3Value {
        Amf3Value::Date { unix_time: since_epoch(date) }
    }

    fn text(text: &'static str) -> Amf3Value {
        Amf3Value::String(text.to_owned())
    }

    fn object<const N: usize>(alias: &'static str, members: [(&'static str, Amf3Value); N]) -> Amf3Value {
        Amf3Value::Object { class_name: class_name(alias), sealed_count: N, entries: pairs(members) }
    }

    fn list(items: impl ExactSizeIterator<Item = Amf3Value>) -> Amf3Value {
        Amf3Value::Array { assoc_entries: Vec::new(), dense_entries: items.collect() }
    }

    fn bytes(bytes: &'static [u8]) -> Amf3Value {
        Amf3Value::ByteArray(bytes.to_vec())
    }

    fn vector(numbers: &'static [f64]) -> Amf3Value {
        Amf3Value::DoubleVector { is_fixed: false, entries: numbers.to_vec() }
    }
}

macro_rules! peer {
    ($version:ident, $value:ident) => {
        impl Peer for $version {
            const NAME: &'static str = "amf";

            type Message<const N: usize> = [$value; N];

            fn message<const N: usize>(values: [$value; N]) -> [$value; N] {
                values
            }

            fn encode<const N: usize>(message: &mut [$value; N]) -> Vec<u8> {
                let mut bytes = Vec::new();
                for value in message {
                    value.write_to(&mut bytes).expect("a Vec takes everything");
                }
                bytes
            }

            fn decode<const N: usize>(mut bytes: &'static [u8]) -> [$value; N] {
                let values = array::from_fn(|_| $value::read_from(&mut bytes).expect("amf reads it"));
                assert!(bytes.is_empty(), "amf leaves bytes");
                values
            }

            fn is_same(a: &$value, b: &$value) -> bool {
                a == b
            }
        }
    };
}

peer!(Amf0, Amf0Value);
peer!(Amf3, Amf3Value);

fn since_epoch(date: Date) -> Duration {
    Duration::from_millis(date.as_millis() as u64)
}

fn class_name(alias: &str) -> Option<String> {
    (!alias.is_empty()).then(|| alias.to_owned())
}

fn pairs<V, const N: usize>(members: [(&'static str, V); N]) -> Vec<Pair<String, V>> {
    members.into_iter().map(|(key, value)| Pair { key: key.to_owned(), value }).collect()
}
