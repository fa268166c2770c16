//! Clients in a loop, each doing what the lobby logs as a warning or an error. The log stays short.
//!
//! `cargo test -p amf-tests --test log_flood -- --nocapture` prints a table.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use amf_tests::lobby::Lobby;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};

/// How long each client goes on.
const FLOOD: Duration = Duration::from_secs(3);
/// Lines that a flood may leave. One place writes ten lines at once and one every ten seconds.
const MAX_LINES: usize = 2 * 12;
/// Connections from one address that a server accepts by default.
const MAX_CONNECTIONS: usize = 256;

/// A packet of 256 calls (AMF0) of `ask.client`, a method of the lobby that calls its caller, which nobody can over
/// HTTP.
fn packet() -> Vec<u8> {
    const MESSAGES: u16 = 256;
    let body = b"\x0A\0\0\0\x02\x02\0\x01m\x05";
    let message = [b"\0\x0Aask.client\0\x02/1", &(body.len() as u32).to_be_bytes()[..], body].concat();
    [&b"\0\0\0\0"[..], &MESSAGES.to_be_bytes(), &message.repeat(MESSAGES.into())].concat()
}

/// Posts packets until `end`; returns how many calls were answered.
async fn call_over_http(address: String, end: Instant) -> usize {
    let packet = packet();
    let head = format!(
        "POST /gateway HTTP/1.1\r\nHost: lobby\r\nContent-Type: application/x-amf\r\nContent-Length: {}\r\n\r\n",
        packet.len()
    );
    let request = [head.as_bytes(), &packet].concat();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut calls = 0;
    while Instant::now() < end {
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::new();
        while !is_complete(&answer) {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "the lobby ended the connection");
        }
        calls += answer.windows(11).filter(|window| window == b"/1/onStatus").count();
    }
    calls
}

/// Whether a response has as many bytes as its head says.
fn is_complete(response: &[u8]) -> bool {
    let Some(end) = response.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&response[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    response.len() >= end + 4 + length.parse::<usize>().unwrap()
}

/// Holds as many connections as one address may, and opens further ones until `end`. Returns how many were tried.
async fn connect_over_rtmp(address: String, end: Instant) -> usize {
    let mut held = JoinSet::new();
    for _ in 0..MAX_CONNECTIONS {
        let address = address.clone();
        held.spawn(async move { TcpStream::connect(address).await });
    }
    let held = held.join_all().await;
    let mut tried = held.len();
    while Instant::now() < end {
        if let Ok(Ok(stream)) = timeout(Duration::from_secs(1), TcpStream::connect(&address)).await {
            drop(stream);
            tried += 1;
        }
    }
    tried
}

/// Starts a lobby, floods it, and returns the lines of its log.
async fn flood<F>(name: &str, attack: impl FnOnce(&Lobby, Instant) -> F) -> Vec<String>
where
    F: Future<Output = usize>,
{
    let lobby = spawn_blocking(Lobby::start).await.unwrap();
    let tries = attack(&lobby, Instant::now() + FLOOD).await;
    // What the lobby has received is worked off.
    sleep(Duration::from_millis(300)).await;
    let log = spawn_blocking(|| lobby.stop()).await.unwrap();
    let lines: Vec<_> = log.lines().map(str::to_owned).collect();
    println!("| {name} | {tries} | {} | {} |", lines.len(), log.len());
    assert!(tries > 1_000, "{name}: {tries} tries are no flood");
    assert!(!lines.is_empty(), "{name}: a flood is seen in the log");
    lines
}

fn check(name: &str, words: &str, lines: &[String]) {
    assert!(
        lines.len() <= MAX_LINES,
        "{name}: {} lines, of which the last is\n{}",
        lines.len(),
        lines.last().unwrap()
    );
    assert!(lines.iter().any(|line| line.contains(words)), "{name}: {lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_in_a_loop_does_not_flood_the_log() {
    println!("| flood of {FLOOD:?} | tries | lines | bytes of log |\n|---|--:|--:|--:|");
    let calls = flood("calls that fail inside, over HTTP", |lobby, end| {
        call_over_http(lobby.origin().trim_start_matches("http://").to_owned(), end)
    });
    let calls = calls.await;
    let connections = flood("RTMP connections over the limit", |lobby, end| {
        let url = lobby.rtmp().trim_start_matches("rtmp://");
        connect_over_rtmp(url.split('/').next().unwrap().to_owned(), end)
    });
    let connections = connections.await;
    check("calls", "a client was asked over HTTP", &calls);
    check("connections", "a connection was refused", &connections);
}
