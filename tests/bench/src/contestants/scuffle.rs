//! `scuffle-amf0`. It has a tree that borrows, and serde. It writes neither classes nor dates, but reads them.

use std::array;

use amf_core::Date;
use scuffle_amf0::{Amf0Decoder, Amf0Encoder, Amf0Value};
use scuffle_bytes_util::StringCow;

use serde::{Deserialize, Serialize};

use super::{Peer, Tree};
use crate::data::Command;

pub struct Amf0;

impl Tree for Amf0 {
    type Value = Amf0Value<'static>;

    fn null() -> Amf0Value<'static> {
        Amf0Value::Null
    }

    fn flag(flag: bool) -> Amf0Value<'static> {
        Amf0Value::Boolean(flag)
    }

    fn integer(integer: i32) -> Amf0Value<'static> {
        Amf0Value::Number(integer.into())
    }

    fn number(number: f64) -> Amf0Value<'static> {
        Amf0Value::Number(number)
    }

    fn date(date: Date) -> Amf0Value<'static> {
        Amf0Value::Number(date.as_millis())
    }

    fn text(text: &'static str) -> Amf0Value<'static> {
        Amf0Value::String(StringCow::from_ref(text))
    }

    fn object<const N: usize>(
        _: &'static str,
        members: [(&'static str, Amf0Value<'static>); N],
    ) -> Amf0Value<'static> {
        Amf0Value::Object(
            members.into_iter().map(|(name, value)| (StringCow::from_ref(name), value)).collect(),
        )
    }

    fn list(items: impl ExactSizeIterator<Item = Amf0Value<'static>>) -> Amf0Value<'static> {
        items.collect()
    }
}

impl Peer for Amf0 {
    const NAME: &'static str = "scuffle-amf0";

    type Message<const N: usize> = [Amf0Value<'static>; N];

    fn message<const N: usize>(values: [Amf0Value<'static>; N]) -> [Amf0Value<'static>; N] {
        values
    }

    fn encode<const N: usize>(message: &mut [Amf0Value<'static>; N]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Amf0Encoder::new(&mut bytes);
        for value in message {
            value.encode(&mut encoder).expect("a Vec takes everything");
        }
        bytes
    }

    fn decode<const N: usize>(bytes: &'static [u8]) -> [Amf0Value<'static>; N] {
        let mut decoder = Amf0Decoder::from_slice(bytes);
        array::from_fn(|_| decoder.decode_value().expect("scuffle-amf0 reads it"))
    }

    fn is_same(a: &Amf0Value<'static>, b: &Amf0Value<'static>) -> bool {
        a == b
    }
}

/// By serde, one value after another.
pub fn encode_command<Text: Serialize>(command: &Command<Text>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Amf0Encoder::new(&mut bytes);
    let Command(name, transaction, connect) = command;
    encoder.serialize(name).expect("a Vec takes everything");
    encoder.serialize(transaction).expect("a Vec takes everything");
    encoder.serialize(connect).expect("a Vec takes everything");
    bytes
}

/// By serde, one value after another.
pub fn decode_command<'de, Text: Deserialize<'de>>(bytes: &'de [u8]) -> Command<Text> {
    let mut decoder = Amf0Decoder::from_slice(bytes);
    let name = decoder.deserialize().expect("scuffle-amf0 reads it");
    let transaction = decoder.deserialize().expect("scuffle-amf0 reads it");
    Command(name, transaction, decoder.deserialize().expect("scuffle-amf0 reads it"))
}
