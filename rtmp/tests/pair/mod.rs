//! Two connections against each other, under virtual time.

#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_core::{Encoder, ToAmf, Value, Version};
use amf_rtmp::proto::{Accept, CloseReason, Config, ConnectRequest, Connection, Event, PeerErrorKind, Seed};
use bytes::Bytes;

/// How the bytes that pass between the two are cut.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// As they come.
    Whole,
    /// One by one.
    Bytes,
    /// Into pieces of 1 to 64 bytes, differently for each seed.
    Random(u64),
}

/// A client and a server, what happened to each, and the time.
pub struct Pair {
    pub client: Connection,
    pub server: Connection,
    pub client_events: VecDeque<Event>,
    pub server_events: VecDeque<Event>,
    pub now: Instant,
    cut: Cut,
}

impl Pair {
    pub fn new(cut: Cut, version: Version) -> Self {
        Self::with(cut, Config::client(), Config::server(), request(version))
    }

    pub fn with(cut: Cut, client: Config, server: Config, request: ConnectRequest) -> Self {
        let now = Instant::now();
        Self {
            client: Connection::client(Arc::new(client), request, &Seed::new([1; 32]), now),
            server: Connection::server(Arc::new(server), &Seed::new([2; 32]), now),
            client_events: VecDeque::new(),
            server_events: VecDeque::new(),
            now,
            cut,
        }
    }

    /// A pair that is connected.
    pub fn open(cut: Cut, version: Version) -> Self {
        Self::open_with(cut, Config::client(), Config::server(), version)
    }

    pub fn open_with(cut: Cut, client: Config, server: Config, version: Version) -> Self {
        let mut pair = Self::with(cut, client, server, request(version));
        pair.drive();
        assert!(matches!(pair.server_events.pop_front(), Some(Event::Connect(_))));
        pair.server.accept(pair.now, &Accept::default()).unwrap();
        pair.drive();
        assert!(matches!(pair.client_events.pop_front(), Some(Event::Accepted(_))));
        assert!(pair.client.is_open() && pair.server.is_open());
        pair
    }

    /// Passes bytes until neither has any.
    pub fn drive(&mut self) {
        loop {
            let from_client = pass(&mut self.client, &mut self.server, self.now, &mut self.cut);
            let from_server = pass(&mut self.server, &mut self.client, self.now, &mut self.cut);
            self.client_events.extend(std::iter::from_fn(|| self.client.poll_event()));
            self.server_events.extend(std::iter::from_fn(|| self.server.poll_event()));
            if !from_client && !from_server {
                return;
            }
        }
    }

    /// Lets time pass, waking both whenever they want to be.
    pub fn advance(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = [self.client.poll_timeout(), self.server.poll_timeout()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
            self.drive();
        }
        self.now = end;
    }

    pub fn client_event(&mut self) -> Event {
        self.client_events.pop_front().expect("an event of the client")
    }

    pub fn server_event(&mut self) -> Event {
        self.server_events.pop_front().expect("an event of the server")
    }
}

fn pass(from: &mut Connection, to: &mut Connection, now: Instant, cut: &mut Cut) -> bool {
    let mut any = false;
    while let Some(piece) = from.poll_transmit() {
        any = true;
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(cut.next(rest.len()));
            to.handle_input(now, head);
            rest = tail;
        }
    }
    any
}

impl Cut {
    fn next(&mut self, len: usize) -> usize {
        match self {
            Self::Whole => len,
            Self::Bytes => 1,
            Self::Random(state) => {
                // xorshift64
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                len.min(1 + (*state % 64) as usize)
            }
        }
    }
}

pub fn request(version: Version) -> ConnectRequest {
    ConnectRequest::new("lobby", "rtmp://localhost/lobby").encoding(version)
}

/// Values in the form that a command carries, one behind another.
pub fn encode(version: Version, values: &[Value]) -> Bytes {
    let mut encoder = Encoder::in_envelope(version);
    for value in values {
        value.to_amf(&mut encoder).unwrap();
    }
    encoder.finish().unwrap().into()
}

/// The name of the error that ended the connection.
pub fn fault(connection: &mut Connection) -> &'static str {
    loop {
        match connection.poll_event() {
            Some(Event::Closed(CloseReason::Peer(error))) => return error.name(),
            Some(_) => {}
            None => return "",
        }
    }
}

/// The kind of the error that ended the connection.
pub fn fault_kind(connection: &mut Connection) -> PeerErrorKind {
    loop {
        if let Event::Closed(CloseReason::Peer(error)) = connection.poll_event().expect("an end") {
            return error.kind().clone();
        }
    }
}

/// A plain handshake of a client: C0, C1 with zeros where a digest handshake has a version, and C2.
pub fn plain_handshake() -> Vec<u8> {
    let mut bytes = vec![3];
    bytes.extend([0; 8]);
    bytes.extend((0..1528).map(|at| at as u8));
    bytes.extend([0xC2; 1536]);
    bytes
}

/// A server that has heard a client's handshake, written by hand, and nothing else.
pub fn handshaken(config: Config) -> (Connection, Instant) {
    let now = Instant::now();
    let mut server = Connection::server(Arc::new(config), &Seed::new([2; 32]), now);
    server.handle_input(now, &plain_handshake());
    while server.poll_transmit().is_some() {}
    (server, now)
}

/// A server that has accepted a client of which every byte is written by hand.
pub fn accepted(config: Config) -> (Connection, Instant) {
    let (mut server, now) = handshaken(config);
    server.handle_input(now, &chunk(3, 20, 0, &connect_command()));
    assert!(matches!(server.poll_event(), Some(Event::Connect(_))));
    server.accept(now, &Accept::default()).unwrap();
    while server.poll_transmit().is_some() {}
    (server, now)
}

/// `connect`, 1, `{app: "lobby"}`: the string's and the object's bytes by AMF0 §2.4 and §2.5.
pub fn connect_command() -> Vec<u8> {
    let mut bytes = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0".to_vec();
    bytes.extend(b"\x03\0\x03app\x02\0\x05lobby\0\0\x09");
    bytes
}

/// A message in chunks of at most 128 bytes: a header of form 0 (RTMP §5.3.1.2.1), form 3 between.
pub fn chunk(chunk_stream: u8, kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![chunk_stream, 0, 0, 0];
    bytes.extend(&(payload.len() as u32).to_be_bytes()[1..]);
    bytes.push(kind);
    bytes.extend(stream.to_le_bytes());
    for (index, piece) in payload.chunks(128).enumerate() {
        if index > 0 {
            bytes.push(0xC0 | chunk_stream);
        }
        bytes.extend(piece);
    }
    bytes
}

/// A command with a null object and these bytes as its arguments.
pub fn command(name: &str, id: f64, arguments: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2];
    bytes.extend((name.len() as u16).to_be_bytes());
    bytes.extend(name.as_bytes());
    bytes.push(0);
    bytes.extend(id.to_be_bytes());
    bytes.push(5);
    bytes.extend(arguments);
    bytes
}
