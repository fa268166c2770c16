//! W2: many numbers.

use std::hint::black_box;

use amf_core::Version::Amf3;
use amf_core::{FromAmf, ToAmf};
use serde::{Deserialize, Serialize};

use crate::claim::Than::EveryPeer;
use crate::contestants::peer::{Numbers, ToTree};
use crate::contestants::with_serde::{Json, MessagePack, Postcard};
use crate::contestants::{amf, flash_lso, ours};
use crate::data::{doubles, integers};
use crate::measure::Kind;
use crate::row::{MEMCPY, OURS, Row, keep};

pub fn doubles_encode() -> Row {
    array_encode(doubles()).faster(OURS, EveryPeer, 3.5)
}

pub fn doubles_decode() -> Row {
    array_decode(doubles()).faster(OURS, EveryPeer, 13.0)
}

pub fn integers_encode() -> Row {
    array_encode(integers())
}

pub fn integers_decode() -> Row {
    array_decode(integers())
}

fn array_encode<T: ToAmf + ToTree + Serialize + 'static>(numbers: Vec<T>) -> Row {
    let numbers = keep(numbers);
    Row::new()
        .ours_encode(Amf3, numbers)
        .peer_encode::<amf::Amf3, 1>(numbers)
        .peer_encode::<flash_lso::Amf3, 1>(numbers)
        .memcpy(ours::encode(Amf3, numbers).leak())
        .serde_encode::<Json>(numbers)
        .serde_encode::<MessagePack>(numbers)
        .serde_encode::<Postcard>(numbers)
}

fn array_decode<T>(numbers: Vec<T>) -> Row
where
    T: ToAmf + FromAmf<'static> + ToTree + Serialize + Deserialize<'static> + PartialEq + 'static,
{
    let numbers = keep(numbers);
    let bytes: &[u8] = ours::encode(Amf3, numbers).leak();
    Row::new()
        .ours_decode(Amf3, bytes, numbers)
        .peer_decode::<amf::Amf3, 1>(numbers, bytes)
        .peer_decode::<flash_lso::Amf3, 1>(numbers, bytes)
        .memcpy(bytes)
        .serde_decode::<Json, Vec<T>>(numbers)
        .serde_decode::<MessagePack, Vec<T>>(numbers)
        .serde_decode::<Postcard, Vec<T>>(numbers)
}

pub fn vector_encode() -> Row {
    let numbers = keep(Numbers(doubles()));
    let vector = keep(ours::number_vector(doubles()));
    Row::new()
        .ours_encode(Amf3, vector)
        .peer_encode::<amf::Amf3, 1>(numbers)
        .peer_encode::<flash_lso::Amf3, 1>(numbers)
        .memcpy(ours::encode(Amf3, vector).leak())
        .serde_encode::<Postcard>(&numbers.0)
        .within(OURS, 4.0, MEMCPY)
}

pub fn vector_decode() -> Row {
    let numbers = keep(Numbers(doubles()));
    let vector = ours::number_vector(doubles());
    let bytes: &[u8] = ours::encode(Amf3, &vector).leak();
    Row::new()
        .ours_decode(Amf3, bytes, &vector)
        .with("amf-core, into Vec<f64>", Kind::Ours, bytes.len(), move || {
            ours::decode::<Vec<f64>>(Amf3, black_box(bytes))
        })
        .peer_decode::<amf::Amf3, 1>(numbers, bytes)
        .peer_decode::<flash_lso::Amf3, 1>(numbers, bytes)
        .memcpy(bytes)
        .serde_decode::<Postcard, Vec<f64>>(&numbers.0)
        .within(OURS, 4.0, MEMCPY)
}
