//! Formats of serde: the limits, and the one peer that has it.

use serde::{Deserialize, Serialize};

use crate::measure::Kind;

/// A format of serde.
pub trait Format {
    const NAME: &'static str;
    const KIND: Kind = Kind::Limit;

    fn encode<T: Serialize>(value: &T) -> Vec<u8>;
    fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> T;
}

pub struct Json;
pub struct MessagePack;
pub struct Postcard;
pub struct Scuffle;

impl Format for Json {
    const NAME: &'static str = "serde_json";

    fn encode<T: Serialize>(value: &T) -> Vec<u8> {
        serde_json::to_vec(value).expect("it can be written")
    }

    fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> T {
        serde_json::from_slice(bytes).expect("it can be read")
    }
}

/// Structs become arrays, without the names of their members: the fastest way that it has.
impl Format for MessagePack {
    const NAME: &'static str = "rmp-serde";

    fn encode<T: Serialize>(value: &T) -> Vec<u8> {
        rmp_serde::to_vec(value).expect("it can be written")
    }

    fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> T {
        rmp_serde::from_slice(bytes).expect("it can be read")
    }
}

impl Format for Postcard {
    const NAME: &'static str = "postcard";

    fn encode<T: Serialize>(value: &T) -> Vec<u8> {
        postcard::to_stdvec(value).expect("it can be written")
    }

    fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> T {
        postcard::from_bytes(bytes).expect("it can be read")
    }
}

impl Format for Scuffle {
    const NAME: &'static str = "scuffle-amf0, serde";
    const KIND: Kind = Kind::PeerWithStructs;

    fn encode<T: Serialize>(value: &T) -> Vec<u8> {
        scuffle_amf0::to_bytes(value).expect("it can be written")
    }

    fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> T {
        scuffle_amf0::from_slice(bytes).expect("it can be read")
    }
}
