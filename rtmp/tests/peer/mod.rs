//! Peers that write bytes to a server on a socket.

#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Long enough for anything that happens at all.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// Long enough for what waits for a limit of 10 s.
pub const LONG_TIMEOUT: Duration = Duration::from_secs(40);

/// A peer that writes bytes.
pub async fn raw(server: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(server).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    socket
}

/// A peer with the handshake done.
pub async fn handshaken(server: SocketAddr) -> TcpStream {
    // C0: version 3; C1: time 0, zero, 1,528 bytes; C2: as long as C1, and not looked at.
    let mut socket = raw(server, &[&[3], [0; 3072].as_slice()].concat()).await;
    timeout(TIMEOUT, socket.read_exact(&mut [0; 3073])).await.unwrap().unwrap();
    socket
}

/// A peer that is connected.
pub async fn connected(server: SocketAddr) -> TcpStream {
    connected_to(server, "test").await
}

/// A peer that is connected to an application.
pub async fn connected_to(server: SocketAddr, application: &str) -> TcpStream {
    let mut socket = handshaken(server).await;
    let object = [&[3][..], &member("app", application), &[0, 0, 9]].concat();
    socket.write_all(&command("connect", 1.0, &object)).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|bytes| bytes == b"_result") {
        assert!(timeout(TIMEOUT, socket.read_buf(&mut answer)).await.unwrap().unwrap() > 0);
    }
    socket
}

pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

pub fn member(name: &str, value: &str) -> Vec<u8> {
    [text(name), vec![2], text(value)].concat()
}

/// A message on chunk stream 3, in chunks of 128 bytes.
pub fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![0x03, 0, 0, 0, len[1], len[2], len[3], kind, 0, 0, 0, 0];
    for (index, chunk) in payload.chunks(128).enumerate() {
        if index > 0 {
            bytes.push(0xC3);
        }
        bytes.extend_from_slice(chunk);
    }
    bytes
}

pub fn command(name: &str, transaction: f64, rest: &[u8]) -> Vec<u8> {
    let payload = [&[2][..], &text(name), &[0], &transaction.to_be_bytes(), rest].concat();
    message(20, &payload)
}

/// All that comes until these bytes have come.
pub async fn read_until(socket: &mut TcpStream, wanted: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let found = async {
        while !bytes.windows(wanted.len()).any(|window| window == wanted) {
            assert!(socket.read_buf(&mut bytes).await.unwrap() > 0, "closed");
        }
    };
    let outcome = timeout(TIMEOUT, found).await;
    assert!(outcome.is_ok(), "expected {wanted:02x?}, got {bytes:02x?}");
    bytes
}

/// Reads until the server closes.
pub async fn closed(socket: &mut TcpStream) {
    let all = async {
        let mut bytes = [0; 4096];
        while socket.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    };
    timeout(LONG_TIMEOUT, all).await.unwrap();
}

/// Keeps writing until the server closes, and reads nothing.
pub async fn flood(mut socket: TcpStream, bytes: Vec<u8>) {
    let all = async { while socket.write_all(&bytes).await.is_ok() {} };
    timeout(LONG_TIMEOUT, all).await.unwrap();
}
