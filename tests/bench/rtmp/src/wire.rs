//! The bytes that the loader sends, which are the same for every server, and those that it looks for.

use std::sync::Arc;
use std::time::Instant;

use amf_rtmp::proto::handshake::{ClientHandshake, DigestScheme, PART_LEN};
use amf_rtmp::proto::{Config, ConnectRequest, Connection, Seed};

/// The text that calls carry, 64 bytes. It is found again in the reply.
pub const TEXT: &str = "0123456789 a text that a method is called with, and gives back.#";

/// What the fan-out says to who will get what others send.
pub const HERE: &[u8] = b"!";

/// How many bytes a server sends for the handshake: S0, S1, S2.
pub const HANDSHAKE: usize = 1 + 2 * PART_LEN;

/// C0 and C1.
pub fn hello(is_digest: bool) -> Vec<u8> {
    let mut config = Config::client();
    config.handshake =
        if is_digest { ClientHandshake::Digest(DigestScheme::default()) } else { ClientHandshake::Plain };
    let request = ConnectRequest::new("bench", "rtmp://localhost/bench");
    let mut client = Connection::client(Arc::new(config), request, &Seed::new([7; 32]), Instant::now());
    let mut hello = Vec::new();
    while let Some(bytes) = client.poll_transmit() {
        hello.extend(bytes);
    }
    hello
}

/// C2, which no server looks into, and the command connect.
pub fn connect() -> Vec<u8> {
    let mut bytes = vec![0xC2; PART_LEN];
    let mut command = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\x03".to_vec();
    for (name, text) in
        [("app", "bench"), ("tcUrl", "rtmp://localhost/bench"), ("flashVer", "WIN 11,2,202,233")]
    {
        command.extend(string(name));
        command.push(2);
        command.extend(string(text));
    }
    command.extend(string("objectEncoding"));
    command.push(0);
    command.extend(0f64.to_be_bytes());
    command.extend(b"\0\0\x09");
    bytes.extend(message(20, &command));
    bytes
}

/// A call with [`TEXT`] that wants a reply.
pub fn call(method: &str) -> Vec<u8> {
    let mut command = vec![2];
    command.extend(string(method));
    command.push(0);
    command.extend(2f64.to_be_bytes());
    command.push(5);
    command.push(2);
    command.extend(string(TEXT));
    message(20, &command)
}

/// The key of the slot that changes.
pub const KEY: &str = "slot-that-changes";

/// Says that this client uses the shared object.
pub fn use_object() -> Vec<u8> {
    object(1, &[])
}

/// Asks for [`TEXT`] in the slot [`KEY`].
pub fn change() -> Vec<u8> {
    object(3, &[string(KEY), vec![2], string(TEXT)].concat())
}

/// A shared object message of type 19: name, version, persistence, zero, and one event.
fn object(event: u8, body: &[u8]) -> Vec<u8> {
    let mut payload = string("board");
    payload.extend([0; 12]);
    payload.push(event);
    payload.extend((body.len() as u32).to_be_bytes());
    payload.extend(body);
    message(19, &payload)
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// A message on chunk stream 3, with a header of form 0 and chunks of 128 bytes (RTMP §5.3).
fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![3, 0, 0, 0];
    bytes.extend(&(payload.len() as u32).to_be_bytes()[1..]);
    bytes.extend([kind, 0, 0, 0, 0]);
    for (index, piece) in payload.chunks(128).enumerate() {
        if index > 0 {
            bytes.push(0xC3);
        }
        bytes.extend(piece);
    }
    bytes
}
