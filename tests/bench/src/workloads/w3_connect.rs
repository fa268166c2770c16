//! W3: the first message of every RTMP connection, three values in AMF0.

use std::hint::black_box;

use amf_core::Version::Amf0;

use crate::claim::Than::EveryPeer;
use crate::contestants::with_serde::{Json, MessagePack, Postcard};
use crate::contestants::{amf, flash_lso, ours, rml, scuffle};
use crate::data::{Command, connect_command};
use crate::measure::Kind;
use crate::row::{BORROWED, OURS, REUSED, Row, keep};

type Owned = Command<String>;
type Borrowed = Command<&'static str>;

pub fn encode() -> Row {
    let command = keep(connect_command());
    let bytes = ours::encode_command(command).leak();
    Row::new()
        .with(OURS, Kind::Ours, bytes.len(), move || ours::encode_command(black_box(command)))
        .with(
            REUSED,
            Kind::Ours,
            bytes.len(),
            ours::reused(Amf0, |encoder| ours::write_command(command, encoder)),
        )
        .peer_encode::<amf::Amf0, 3>(command)
        .peer_encode::<flash_lso::Amf0, 3>(command)
        .peer_encode::<rml::Amf0, 3>(command)
        .peer_encode::<scuffle::Amf0, 3>(command)
        .with(
            "scuffle-amf0, serde",
            Kind::PeerWithStructs,
            scuffle::encode_command(command).len(),
            move || scuffle::encode_command(black_box(command)),
        )
        .memcpy(bytes)
        .serde_encode::<Json>(command)
        .serde_encode::<MessagePack>(command)
        .serde_encode::<Postcard>(command)
        .faster(OURS, EveryPeer, 4.5)
}

pub fn decode() -> Row {
    let command = keep(connect_command());
    let bytes: &[u8] = ours::encode_command(command).leak();
    assert_eq!(ours::decode_command::<String>(bytes), *command);
    assert_eq!(ours::encode_command(&ours::decode_command::<&str>(bytes)), bytes);
    assert_eq!(scuffle::decode_command::<String>(bytes), *command);
    Row::new()
        .with(OURS, Kind::Ours, bytes.len(), move || ours::decode_command::<String>(black_box(bytes)))
        .with(BORROWED, Kind::Ours, bytes.len(), move || ours::decode_command::<&str>(black_box(bytes)))
        .peer_decode::<amf::Amf0, 3>(command, bytes)
        .peer_decode::<flash_lso::Amf0, 3>(command, bytes)
        .peer_decode::<rml::Amf0, 3>(command, bytes)
        .peer_decode::<scuffle::Amf0, 3>(command, bytes)
        .with("scuffle-amf0, serde", Kind::PeerWithStructs, bytes.len(), move || {
            scuffle::decode_command::<String>(black_box(bytes))
        })
        .memcpy(bytes)
        .serde_decode::<Json, Owned>(command)
        .serde_decode::<MessagePack, Owned>(command)
        .serde_decode_borrowed::<MessagePack, Borrowed>(command)
        .serde_decode::<Postcard, Owned>(command)
        .serde_decode_borrowed::<Postcard, Borrowed>(command)
        .faster(OURS, EveryPeer, 3.5)
        .faster(BORROWED, EveryPeer, 6.0)
}
