//! Messages of Flex by hand, and their answers.

use amf_remoting::flex::Flex;
use amf_remoting::{Gateway, Value};

use super::amf3::*;
use super::post::post;
use super::probe::Probe;
use super::{amf3, bytes};

pub const MESSAGES: &str = "flex.messaging.messages";
pub const ID: &str = "00000001-AAAA-BBBB-CCCC-000000000001";
pub const CLIENT: &str = "22222222-2222-3333-4444-555555555555";

pub fn gateway() -> Gateway {
    Probe::default().gateway().flex(Flex::new())
}

/// The members of a `RemotingMessage`, in the order of Royale.
pub fn remoting(destination: &str, operation: &str, body: Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("body", body),
        ("clientId", text(CLIENT)),
        ("destination", text(destination)),
        ("headers", map(&[])),
        ("messageId", text(ID)),
        ("operation", text(operation)),
        ("source", nothing()),
        ("timeToLive", integer(0)),
        ("timestamp", integer(0)),
    ]
}

pub fn command(operation: u32, headers: &[(&str, Vec<u8>)], body: Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("body", body),
        ("clientId", nothing()),
        ("correlationId", text("")),
        ("destination", text("")),
        ("headers", map(headers)),
        ("messageId", text(ID)),
        ("operation", integer(operation)),
        ("timeToLive", integer(0)),
        ("timestamp", integer(0)),
    ]
}

pub fn replaced(
    mut members: Vec<(&'static str, Vec<u8>)>,
    name: &str,
    value: Vec<u8>,
) -> Vec<(&'static str, Vec<u8>)> {
    members.iter_mut().find(|(member, _)| *member == name).unwrap().1 = value;
    members
}

/// A packet of version 3: target "null", a strict array of one value that switches to AMF3.
pub fn envelope(message: &[u8]) -> Vec<u8> {
    bytes::packet(3, &[in_message("/1", message)])
}

pub fn in_message(response: &str, message: &[u8]) -> Vec<u8> {
    bytes::message("null", response, &[&[0x0A, 0, 0, 0, 1, 0x11], message].concat())
}

pub fn remoting_message(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    amf3::object(&format!("{MESSAGES}.RemotingMessage"), members)
}

pub fn command_message(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    amf3::object(&format!("{MESSAGES}.CommandMessage"), members)
}

/// The messages of a reply: targets and bodies, whose lengths are true.
pub fn messages(packet: &[u8]) -> Vec<(String, Vec<u8>)> {
    let short = |at: usize| usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
    assert_eq!(short(2), 0, "no headers");
    let mut messages = Vec::new();
    let mut at = 6;
    for _ in 0..short(4) {
        let target = String::from_utf8(packet[at + 2..][..short(at)].to_vec()).unwrap();
        at += 2 + short(at);
        at += 2 + short(at);
        let length = u32::from_be_bytes(packet[at..at + 4].try_into().unwrap()) as usize;
        messages.push((target, packet[at + 4..][..length].to_vec()));
        at += 4 + length;
    }
    assert_eq!(at, packet.len());
    messages
}

/// The one answer to a packet of one message in AMF3: its target, and its value.
pub async fn answer(gateway: &Gateway, packet: Vec<u8>) -> (String, Value) {
    let mut messages = messages(&post(gateway, packet).await);
    assert_eq!(messages.len(), 1);
    let (target, body) = messages.remove(0);
    (target, value(&body))
}

pub fn value(body: &[u8]) -> Value {
    assert_eq!(body[0], 0x11);
    amf_core::from_slice(amf_core::Version::Amf3, &body[1..]).unwrap()
}

/// A member of an answer, by the class that it should have.
#[track_caller]
pub fn members(answer: &Value, class: &str) -> impl Fn(&str) -> Value {
    let object = answer.as_object().unwrap().clone();
    assert_eq!(object.alias(), format!("{MESSAGES}.{class}"));
    move |name: &str| object.get(name).unwrap_or_else(|| panic!("no {name}")).clone()
}

/// The code and the message of an answer that is an `ErrorMessage`.
pub async fn error(gateway: &Gateway, packet: Vec<u8>) -> (String, String) {
    let (target, answer) = answer(gateway, packet).await;
    assert_eq!(target, "/1/onStatus", "{answer:?}");
    let member = members(&answer, "ErrorMessage");
    (member("faultCode").as_str().unwrap().to_owned(), member("faultString").as_str().unwrap().to_owned())
}
