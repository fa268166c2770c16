//! W4: a file in a `ByteArray`.

use std::hint::black_box;

use amf_core::Version::Amf3;
use serde_bytes::ByteBuf;

use crate::contestants::peer::Bytes;
use crate::contestants::with_serde::{MessagePack, Postcard};
use crate::contestants::{amf, flash_lso, ours};
use crate::data::byte_array;
use crate::measure::Kind;
use crate::row::{BORROWED, MEMCPY, OURS, Row, keep};

pub fn encode() -> Row {
    let data = keep(byte_array());
    let tree = keep(Bytes(byte_array()));
    let for_serde = keep(ByteBuf::from(byte_array()));
    Row::new()
        .ours_encode(Amf3, data)
        .peer_encode::<amf::Amf3, 1>(tree)
        .peer_encode::<flash_lso::Amf3, 1>(tree)
        .memcpy(ours::encode(Amf3, data).leak())
        .serde_encode::<MessagePack>(for_serde)
        .serde_encode::<Postcard>(for_serde)
        .within(OURS, 1.2, MEMCPY)
}

pub fn decode() -> Row {
    let data = byte_array();
    let tree = keep(Bytes(byte_array()));
    let for_serde = ByteBuf::from(byte_array());
    let bytes: &[u8] = ours::encode(Amf3, &data).leak();
    assert!(ours::decode::<&[u8]>(Amf3, bytes) == data);
    Row::new()
        .ours_decode(Amf3, bytes, &data)
        .with(BORROWED, Kind::Ours, bytes.len(), move || ours::decode::<&[u8]>(Amf3, black_box(bytes)))
        .peer_decode::<amf::Amf3, 1>(tree, bytes)
        .peer_decode::<flash_lso::Amf3, 1>(tree, bytes)
        .memcpy(bytes)
        .serde_decode::<MessagePack, ByteBuf>(&for_serde)
        .serde_decode::<Postcard, ByteBuf>(&for_serde)
        .within(OURS, 1.2, MEMCPY)
        .within(BORROWED, 0.01, MEMCPY)
}
