//! W6: long texts, most of whose characters are not ASCII.

use amf_core::Version::{self, Amf0, Amf3};

use crate::contestants::with_serde::{Json, MessagePack, Postcard, Scuffle};
use crate::contestants::{amf, flash_lso, ours, rml, scuffle};
use crate::data::texts;
use crate::row::{Row, keep};

type Owned = Vec<String>;
type Borrowed = Vec<&'static str>;

pub fn amf3_encode() -> Row {
    let texts = keep(texts());
    encode(Amf3, texts).peer_encode::<amf::Amf3, 1>(texts).peer_encode::<flash_lso::Amf3, 1>(texts)
}

pub fn amf3_decode() -> Row {
    let texts = keep(texts());
    let bytes = ours::encode(Amf3, texts).leak();
    decode(Amf3, bytes, texts)
        .peer_decode::<amf::Amf3, 1>(texts, bytes)
        .peer_decode::<flash_lso::Amf3, 1>(texts, bytes)
}

pub fn amf0_encode() -> Row {
    let texts = keep(texts());
    encode(Amf0, texts)
        .peer_encode::<amf::Amf0, 1>(texts)
        .peer_encode::<flash_lso::Amf0, 1>(texts)
        .peer_encode::<rml::Amf0, 1>(texts)
        .peer_encode::<scuffle::Amf0, 1>(texts)
        .serde_encode::<Scuffle>(texts)
}

pub fn amf0_decode() -> Row {
    let texts = keep(texts());
    let bytes = ours::encode(Amf0, texts).leak();
    decode(Amf0, bytes, texts)
        .peer_decode::<amf::Amf0, 1>(texts, bytes)
        .peer_decode::<flash_lso::Amf0, 1>(texts, bytes)
        .peer_decode::<rml::Amf0, 1>(texts, bytes)
        .peer_decode::<scuffle::Amf0, 1>(texts, bytes)
        .serde_decode::<Scuffle, Owned>(texts)
}

fn encode(version: Version, texts: &'static Owned) -> Row {
    Row::new()
        .ours_encode(version, texts)
        .memcpy(ours::encode(version, texts).leak())
        .serde_encode::<Json>(texts)
        .serde_encode::<MessagePack>(texts)
        .serde_encode::<Postcard>(texts)
}

fn decode(version: Version, bytes: &'static [u8], texts: &Owned) -> Row {
    Row::new()
        .ours_decode(version, bytes, texts)
        .ours_decode_borrowed::<Borrowed>(version, bytes)
        .memcpy(bytes)
        .serde_decode::<Json, Owned>(texts)
        .serde_decode::<MessagePack, Owned>(texts)
        .serde_decode_borrowed::<MessagePack, Borrowed>(texts)
        .serde_decode::<Postcard, Owned>(texts)
        .serde_decode_borrowed::<Postcard, Borrowed>(texts)
}
