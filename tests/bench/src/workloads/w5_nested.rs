//! W5: depth.

use std::hint::black_box;

use crate::contestants::with_serde::{Json, MessagePack, Postcard};
use crate::contestants::{amf, flash_lso, ours};
use crate::data::{Node, nested};
use crate::measure::Kind;
use crate::row::{OURS, Row, keep};

pub fn encode() -> Row {
    let node = keep(nested());
    let bytes = ours::encode_deep(node).leak();
    Row::new()
        .with(OURS, Kind::Ours, bytes.len(), move || ours::encode_deep(black_box(node)))
        .peer_encode::<amf::Amf3, 1>(node)
        .peer_encode::<flash_lso::Amf3, 1>(node)
        .memcpy(bytes)
        .serde_encode::<Json>(node)
        .serde_encode::<MessagePack>(node)
        .serde_encode::<Postcard>(node)
}

pub fn decode() -> Row {
    let node = keep(nested());
    let bytes: &[u8] = ours::encode_deep(node).leak();
    assert_eq!(ours::decode_deep::<Node>(bytes), *node);
    Row::new()
        .with(OURS, Kind::Ours, bytes.len(), move || ours::decode_deep::<Node>(black_box(bytes)))
        .peer_decode::<amf::Amf3, 1>(node, bytes)
        .peer_decode::<flash_lso::Amf3, 1>(node, bytes)
        .memcpy(bytes)
        .serde_decode::<Json, Node>(node)
        .serde_decode::<MessagePack, Node>(node)
        .serde_decode::<Postcard, Node>(node)
}
