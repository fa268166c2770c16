//! The server as attackers see it, and the connections that they have to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};

use crate::wire;

/// How long an attacker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// The text of the call by which an attacker finds that those before it are answered.
const LAST: &str = "the very last call";

/// Bytes of all connections of one attack.
#[derive(Default)]
pub(crate) struct Traffic {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) rtmp: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) traffic: Arc<Traffic>,
}

/// The version that a client of RTMP connects with.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Amf0,
    Amf3,
}

impl Target {
    /// A connection on which nothing was sent.
    pub(crate) async fn open(&self, address: SocketAddr) -> Wire {
        let socket = TcpSocket::new_v4().unwrap();
        // What an attacker does not read shall wait in the server.
        socket.set_recv_buffer_size(8 << 10).unwrap();
        let stream = socket.connect(address).await.unwrap();
        Wire { stream, traffic: Arc::clone(&self.traffic) }
    }

    /// A connection with room for what it receives.
    pub(crate) async fn open_reader(&self, address: SocketAddr) -> Wire {
        let stream = TcpStream::connect(address).await.unwrap();
        Wire { stream, traffic: Arc::clone(&self.traffic) }
    }

    /// A client that is connected, has announced chunks of 1 MiB, and will not read.
    pub(crate) async fn rtmp(&self, encoding: Encoding) -> Wire {
        let wire = self.open(self.rtmp).await;
        wire.connected(encoding).await
    }

    /// A client that is connected, and leaves chunks at 128 bytes.
    pub(crate) async fn rtmp_in_small_chunks(&self, encoding: Encoding) -> Wire {
        let wire = self.open(self.rtmp).await;
        wire.connected_with(encoding, b"").await
    }

    /// Sends commands on a connection of its own, and reads until all are answered.
    pub(crate) async fn call_rtmp(&self, encoding: Encoding, commands: &[u8]) {
        let wire = self.open_reader(self.rtmp).await;
        wire.connected(encoding).await.converse(commands).await;
    }

    /// Posts a packet, and reads the answer.
    pub(crate) async fn post(&self, packet: &[u8]) {
        let mut wire = self.open_reader(self.http).await;
        wire.write(&wire::post("/gateway", packet)).await;
        wire.read_answer().await;
    }

    /// An attacker's WebSocket.
    pub(crate) async fn websocket(&self) -> Wire {
        let mut wire = self.open(self.http).await;
        let head = b"GET /rtmp HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        wire.write(head).await;
        wire.read_until(b"\r\n\r\n").await;
        wire
    }

    /// Opens a tunnel of RTMPT; gives its id.
    pub(crate) async fn open_tunnel(&self) -> Option<String> {
        let mut wire = self.open_reader(self.http).await;
        wire.write(&wire::post("/open/1", b"")).await;
        let answer = String::from_utf8(wire.read_answer().await).ok()?;
        Some(answer.lines().last()?.to_owned())
    }
}

pub(crate) struct Wire {
    stream: TcpStream,
    traffic: Arc<Traffic>,
}

impl Wire {
    /// Writes all, as far as the server takes it within the attackers' patience. False if it did not.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        let write = async {
            let mut rest = bytes;
            while !rest.is_empty() {
                match self.stream.write(rest).await {
                    Ok(written @ 1..) => {
                        self.traffic.sent.fetch_add(written as u64, Ordering::Relaxed);
                        rest = &rest[written..];
                    }
                    _ => return false,
                }
            }
            true
        };
        timeout(PATIENCE, write).await.unwrap_or(false)
    }

    /// Writes as much as the server takes until then, and reads nothing.
    pub(crate) async fn write_until(&mut self, bytes: &[u8], end: Instant) {
        tokio::select! {
            _ = self.write(bytes) => {}
            () = sleep_until(end) => {}
        }
    }

    async fn read(&mut self, bytes: &mut Vec<u8>) -> bool {
        bytes.reserve(256 << 10);
        match self.stream.read_buf(bytes).await {
            Ok(read @ 1..) => {
                self.traffic.received.fetch_add(read as u64, Ordering::Relaxed);
                true
            }
            _ => false,
        }
    }

    /// Reads until these bytes come, the server closes or patience ends. Gives the last bytes.
    pub(crate) async fn read_until(&mut self, wanted: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = async {
            let mut looked = 0;
            while !bytes[looked..].windows(wanted.len()).any(|window| window == wanted) {
                looked = bytes.len().saturating_sub(wanted.len());
                if bytes.len() > 1 << 20 {
                    bytes.drain(..looked);
                    looked = 0;
                }
                if !self.read(&mut bytes).await {
                    break;
                }
            }
        };
        let _ = timeout(PATIENCE, read).await;
        bytes
    }

    /// Reads an answer of HTTP to its end; gives the head and at most some of the body.
    pub(crate) async fn read_answer(&mut self) -> Vec<u8> {
        let mut bytes = self.read_until(b"\r\n\r\n").await;
        let Some((head, length)) = wire::head(&bytes) else { return bytes };
        let mut rest = (head + length).saturating_sub(bytes.len());
        let read = async {
            let mut more = Vec::new();
            while rest > 0 && self.read(&mut more).await {
                rest = rest.saturating_sub(more.len());
                if bytes.len() < 1 << 20 {
                    bytes.append(&mut more);
                }
                more.clear();
            }
        };
        let _ = timeout(PATIENCE, read).await;
        bytes
    }

    /// Reads and throws away until then, or until the server closes.
    pub(crate) async fn drain(&mut self, end: Instant) {
        let read = async {
            let mut bytes = Vec::new();
            while self.read(&mut bytes).await {
                bytes.clear();
            }
        };
        tokio::select! {
            () = read => {}
            () = sleep_until(end) => {}
        }
    }

    pub(crate) async fn connected(self, encoding: Encoding) -> Self {
        self.connected_with(encoding, wire::CHUNK_SIZE).await
    }

    async fn connected_with(mut self, encoding: Encoding, after: &[u8]) -> Self {
        let number = match encoding {
            Encoding::Amf0 => 0.0,
            Encoding::Amf3 => 3.0,
        };
        self.write(&[&wire::handshake()[..], &wire::connect(number), after].concat()).await;
        self.read_until(b"NetConnection.Connect.Success").await;
        self
    }

    /// Writes what `next` gives of a count, until it gives nothing, and reads until then or until the server closes.
    pub(crate) async fn flood(self, end: Instant, next: impl Fn(usize) -> Vec<u8>) {
        let Self { stream, traffic } = self;
        let (mut read, mut write) = stream.into_split();
        let writing = async {
            for count in 0.. {
                let bytes = next(count);
                if bytes.is_empty() {
                    return sleep_until(end).await;
                }
                if write.write_all(&bytes).await.is_err() {
                    return;
                }
                traffic.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
        };
        let reading = async {
            let mut bytes = vec![0; 64 << 10];
            while let Ok(count @ 1..) = read.read(&mut bytes).await {
                traffic.received.fetch_add(count as u64, Ordering::Relaxed);
            }
        };
        tokio::select! {
            () = writing => {}
            () = reading => {}
            () = sleep_until(end) => {}
        }
    }

    /// Writes commands, and reads meanwhile, until all are answered.
    pub(crate) async fn converse(self, commands: &[u8]) {
        let last = wire::command("siege.echoText", 9.0, &[&[0x02][..], &wire::text(LAST)].concat());
        let Self { stream, traffic } = self;
        let (read, write) = stream.into_split();
        let writing = {
            let (traffic, bytes) = (Arc::clone(&traffic), [commands, &last].concat());
            async move {
                let (mut write, mut rest) = (write, &bytes[..]);
                while let Ok(written @ 1..) = write.write(rest).await {
                    traffic.sent.fetch_add(written as u64, Ordering::Relaxed);
                    rest = &rest[written..];
                }
                write
            }
        };
        let reading = async move {
            let (mut read, mut bytes) = (read, Vec::with_capacity(256 << 10));
            while let Ok(count @ 1..) = read.read_buf(&mut bytes).await {
                traffic.received.fetch_add(count as u64, Ordering::Relaxed);
                // Nothing of size comes after it.
                let tail = bytes.len().saturating_sub(300);
                if bytes[tail..].windows(LAST.len()).any(|window| window == LAST.as_bytes()) {
                    break;
                }
                if tail > 128 << 10 {
                    bytes.drain(..tail);
                }
            }
        };
        let both = async { tokio::join!(writing, reading) };
        let _ = timeout(PATIENCE, both).await;
    }
}
