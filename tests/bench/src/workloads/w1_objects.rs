//! W1: what services send most, a list of objects of one class.

use amf_core::ToAmf;
use amf_core::Version::{Amf0, Amf3};

use crate::claim::Claim;
use crate::claim::Than::{EveryPeer, EveryPeerFromStructs, Named};
use crate::contestants::with_serde::{Json, MessagePack, Postcard, Scuffle};
use crate::contestants::{amf, flash_lso, ours, rml, scuffle};
use crate::data::{Player, players};
use crate::measure::Kind;
use crate::row::{BORROWED, OURS, REUSED, Row, keep};

type Owned = Vec<Player<String>>;
type Borrowed = Vec<Player<&'static str>>;

pub fn amf3_encode() -> Row {
    let players = keep(players());
    let bytes = ours::encode(Amf3, players).leak();
    Row::new()
        .ours_encode(Amf3, players)
        .with(REUSED, Kind::Ours, bytes.len(), ours::reused(Amf3, |encoder| players.to_amf(encoder)))
        .peer_encode::<amf::Amf3, 1>(players)
        .peer_encode::<flash_lso::Amf3, 1>(players)
        .memcpy(bytes)
        .serde_encode::<Json>(players)
        .serde_encode::<MessagePack>(players)
        .serde_encode::<Postcard>(players)
        .faster(OURS, EveryPeerFromStructs, 11.0)
        .within(OURS, 1.1, "rmp-serde")
}

pub fn amf3_decode() -> Row {
    let players = keep(players());
    let bytes: &[u8] = ours::encode(Amf3, players).leak();
    Row::new()
        .ours_decode::<Owned>(Amf3, bytes, players)
        .ours_decode_borrowed::<Borrowed>(Amf3, bytes)
        .peer_decode::<amf::Amf3, 1>(players, bytes)
        .peer_decode::<flash_lso::Amf3, 1>(players, bytes)
        .memcpy(bytes)
        .serde_decode::<Json, Owned>(players)
        .serde_decode::<MessagePack, Owned>(players)
        .serde_decode_borrowed::<MessagePack, Borrowed>(players)
        .serde_decode::<Postcard, Owned>(players)
        .serde_decode_borrowed::<Postcard, Borrowed>(players)
        .faster(OURS, EveryPeer, 9.0)
        .faster(BORROWED, EveryPeer, 30.0)
        .within(OURS, 1.0, "rmp-serde")
        .faster(BORROWED, Named("rmp-serde"), 3.5)
        .claim(Claim::Allocations { ours: OURS, at_most: 4_100 })
        .claim(Claim::Allocations { ours: BORROWED, at_most: 30 })
}

pub fn amf0_encode() -> Row {
    let players = keep(players());
    let bytes = ours::encode(Amf0, players).leak();
    Row::new()
        .ours_encode(Amf0, players)
        .with(REUSED, Kind::Ours, bytes.len(), ours::reused(Amf0, |encoder| players.to_amf(encoder)))
        .peer_encode::<amf::Amf0, 1>(players)
        .peer_encode::<flash_lso::Amf0, 1>(players)
        .peer_encode::<rml::Amf0, 1>(players)
        .peer_encode::<scuffle::Amf0, 1>(players)
        .serde_encode::<Scuffle>(players)
        .memcpy(bytes)
        .serde_encode::<Json>(players)
        .serde_encode::<MessagePack>(players)
        .serde_encode::<Postcard>(players)
        .faster(OURS, EveryPeer, 1.6)
}

pub fn amf0_decode() -> Row {
    let players = keep(players());
    let bytes: &[u8] = ours::encode(Amf0, players).leak();
    Row::new()
        .ours_decode::<Owned>(Amf0, bytes, players)
        .ours_decode_borrowed::<Borrowed>(Amf0, bytes)
        .peer_decode::<amf::Amf0, 1>(players, bytes)
        .peer_decode::<flash_lso::Amf0, 1>(players, bytes)
        .peer_decode_own::<rml::Amf0, 1>(players)
        .peer_decode::<scuffle::Amf0, 1>(players, bytes)
        .serde_decode::<Scuffle, Owned>(players)
        .memcpy(bytes)
        .serde_decode::<Json, Owned>(players)
        .serde_decode::<MessagePack, Owned>(players)
        .serde_decode_borrowed::<MessagePack, Borrowed>(players)
        .serde_decode::<Postcard, Owned>(players)
        .serde_decode_borrowed::<Postcard, Borrowed>(players)
        .faster(OURS, EveryPeer, 4.0)
        .faster(BORROWED, EveryPeer, 11.0)
}
