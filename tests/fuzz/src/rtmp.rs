//! What the targets of RTMP check.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use amf_core::{Encoder, ToAmf, Value, Version};
use amf_rtmp::proto::chunk::{ChunkReader, ChunkWriter, Output, PreChunkedMessage};
use amf_rtmp::proto::message::Control;
use amf_rtmp::proto::{
    Accept, Body, Command, Config, ConnectRequest, Connection, Event, Limits, Message, MessageType, Outcome,
    PeerError, Seed, SharedObjectEvent, SharedObjectMessage, Status, UserError,
};
use bytes::Bytes;

/// Lengths of pieces: small ones, with a large one now and then.
pub fn pieces(small: u8, large: u8) -> impl Iterator<Item = usize> {
    (0_usize..).map(move |index| {
        let length = if index % 5 == 4 { usize::from(large) * 4 } else { usize::from(small % 24) };
        length.max(1)
    })
}

/// What a reader made of chunks.
pub struct Read {
    pub messages: Vec<Message>,
    pub error: Option<PeerError>,
}

/// Reads chunks in pieces, heeding what they say about chunks.
pub fn read(chunks: &[u8], pieces: &mut dyn Iterator<Item = usize>) -> Read {
    let mut reader = ChunkReader::new(Limits::default());
    let mut read = Read { messages: Vec::new(), error: None };
    let mut rest = chunks;
    while !rest.is_empty() {
        let (mut piece, behind) = rest.split_at(pieces.next().unwrap_or(1).min(rest.len()));
        loop {
            match reader.read(&mut piece) {
                Ok(None) => break,
                Ok(Some(message)) => {
                    match Control::parse(&message) {
                        Ok(Some(Control::SetChunkSize(size))) => reader.set_chunk_size(size),
                        Ok(Some(Control::Abort(chunk_stream))) => reader.abort(chunk_stream),
                        _ => {}
                    }
                    read.messages.push(message);
                }
                Err(error) => {
                    read.error = Some(error);
                    return read;
                }
            }
        }
        assert!(piece.is_empty(), "all of it is taken");
        rest = behind;
    }
    read
}

/// What was read is written and read again, the same.
pub fn rewrite(messages: &[Message], seed: u8) {
    let mut writer = ChunkWriter::new();
    let mut out = Output::new();
    let mut total = 0;
    for (index, message) in messages.iter().enumerate() {
        let before = out.len();
        if index % 3 == 0 {
            writer.write_pre_chunked(&PreChunkedMessage::new(message.clone(), writer.chunk_size()), &mut out);
        } else {
            writer.write(message, &mut out);
        }
        if let Ok(Some(Control::SetChunkSize(size))) = Control::parse(message) {
            writer.set_chunk_size(size);
        }
        total += out.len() - before;
        assert!(out.len() - before >= message.payload.len());
    }
    let bytes: Vec<u8> = std::iter::from_fn(|| out.take()).flatten().collect();
    assert_eq!(bytes.len(), total);
    let again = read(&bytes, &mut pieces(seed, seed));
    // A chunk size that is no longer cut into may pass the limit on the number of chunks, no other.
    match again.error {
        None => assert_eq!(again.messages, messages),
        Some(error) => assert_eq!(error.name(), "chunks", "{error}"),
    }
}

/// A shared object message that is read is written and read again, the same.
pub fn shared_object(kind: MessageType, payload: &[u8]) {
    let payload = Bytes::copy_from_slice(payload);
    let wire = Message::new(kind, payload).with_chunk_stream(3);
    let Ok(Some(message)) = SharedObjectMessage::parse(&wire, &Limits::server()) else { return };
    let again = message.to_message();
    let header = again.payload.len() - message.events.iter().map(SharedObjectEvent::size).sum::<usize>();
    // Texts are two bytes of length and themselves; 14 bytes are the name's length and three words.
    let prefix = usize::from(kind == MessageType::SHARED_OBJECT_AMF3);
    assert_eq!(header, prefix + 14 + message.name.len());
    assert_eq!(SharedObjectMessage::parse(&again, &Limits::server()), Ok(Some(message.clone())));
    for event in &message.events {
        if let SharedObjectEvent::SendMessage(sent) = event {
            let mut arguments = sent.decoder().expect("its name was read");
            while !arguments.is_at_end() && arguments.skip().is_ok() {}
        }
    }
    plant_shared_object(&message.events);
}

/// With `AMF_PLANT=1` a panic waits behind a message that only real reading reaches: one that has two changes and
/// calls a handler.
fn plant_shared_object(events: &[SharedObjectEvent]) {
    let changes = events.iter().filter(|event| matches!(event, SharedObjectEvent::Change { .. })).count();
    let is_sent = events.iter().any(|event| matches!(event, SharedObjectEvent::SendMessage(_)));
    if *PLANTED && changes >= 2 && is_sent {
        panic!("the planted panic");
    }
}

static PLANTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("AMF_PLANT").is_some());

/// With `AMF_PLANT=1` a panic waits behind a message that only real reading reaches: one of several chunks
/// with an extended timestamp, of a type that no seed has with it.
pub fn plant_chunks(messages: &[Message]) {
    let is_treasure = |message: &Message| {
        message.timestamp > 0x00FF_FFFF && message.payload.len() > 128 && message.kind.0 != 9
    };
    if *PLANTED && messages.iter().any(is_treasure) {
        panic!("the planted panic");
    }
}

/// With `AMF_PLANT=1` a panic waits behind a call with an object for its argument, on a connection that was
/// accepted; in the seeds only notifications have one.
fn plant_command(command: &Command, values: &[Value]) {
    let is_object = |value: &Value| value.as_object().is_some_and(|object| object.members().count() >= 1);
    if *PLANTED && command.transaction().is_some() && values.iter().any(is_object) {
        panic!("the planted panic");
    }
}

/// A connection under test, and what it says as its peer would read it.
pub struct Peer {
    connection: Connection,
    now: Instant,
    /// Bytes of its handshake that are still to come, before its chunks.
    handshake: usize,
    reader: ChunkReader,
    accepts: bool,
    commands: u64,
    closed: bool,
}

/// The length of C0 C1 C2, and of S0 S1 S2.
const HANDSHAKE: usize = 1 + 1_536 + 1_536;

impl Peer {
    /// By the bits of `start`: 1 a client and not a server; 2 shaken hands already; 4 refuses connect;
    /// 8 connected already.
    pub fn new(start: u8) -> Self {
        let now = Instant::now();
        let seed = Seed::new([start; 32]);
        let is_client = start & 1 != 0;
        let connection = if is_client {
            let request = ConnectRequest::new("lobby", "rtmp://localhost/lobby").encoding(Version::Amf3);
            Connection::client(Arc::new(Config::client()), request, &seed, now)
        } else {
            Connection::server(Arc::new(Config::server()), &seed, now)
        };
        let mut peer = Self {
            connection,
            now,
            handshake: HANDSHAKE,
            reader: ChunkReader::new(Limits::default()),
            accepts: start & 4 == 0,
            commands: 0,
            closed: false,
        };
        if start & 10 != 0 {
            let mut handshake = vec![0; HANDSHAKE];
            handshake[0] = 3;
            peer.hear(&handshake);
        }
        if start & 8 != 0 {
            peer.hear(if is_client { ACCEPTED } else { CONNECT });
        }
        peer
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The peer says something, and time passes.
    pub fn hear(&mut self, bytes: &[u8]) {
        self.now += Duration::from_millis(bytes.len() as u64);
        self.connection.handle_input(self.now, bytes);
        self.settle();
        if self.connection.poll_timeout().is_some_and(|deadline| deadline <= self.now) {
            self.connection.handle_timeout(self.now);
            self.settle();
        }
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        for _ in 0..8 {
            let Some(deadline) = self.connection.poll_timeout() else { break };
            self.now = self.now.max(deadline);
            self.connection.handle_timeout(self.now);
            self.settle();
            assert_ne!(self.connection.poll_timeout(), Some(deadline), "what was due is done");
        }
        self.connection.disconnect();
        self.settle();
        assert!(self.closed && self.connection.is_closed());
        assert_eq!((self.connection.queued(), self.connection.poll_timeout()), (0, None));
    }

    fn settle(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            assert!(!self.closed, "nothing follows the end");
            self.event(event);
        }
        let before = self.connection.sent();
        let queued = self.connection.queued();
        let mut taken = 0;
        while let Some(piece) = self.connection.poll_transmit() {
            assert!(!piece.is_empty());
            taken += piece.len();
            self.check(&piece);
        }
        assert_eq!((taken, self.connection.sent() - before), (queued, queued as u64));
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::PolicyRequest => {
                self.connection.send_policy("<cross-domain-policy/>").expect("it was asked for")
            }
            Event::Connect(connect) => {
                drop((connect.body().to_values(), connect.tc_url(), connect.version()));
                let decided = if self.accepts {
                    self.connection.accept(self.now, &Accept::default())
                } else {
                    self.connection.reject(&Status::error("a", "b"))
                };
                // What came behind the connect may have ended it already.
                assert!(matches!(decided, Ok(()) | Err(UserError::Closed)), "{decided:?}");
            }
            Event::Command(command) => self.command(&command),
            Event::Reply(reply) => {
                if let Outcome::Result(body) | Outcome::Error(body) = &reply.outcome {
                    check_body(body);
                    drop(body.to_reply_value());
                }
            }
            Event::Data(message) => {
                let mut values = message.data().expect("it is data");
                while !values.is_at_end() && values.skip().is_ok() {}
            }
            Event::Closed(reason) => {
                drop(format!("{reason:?}"));
                self.closed = true;
            }
            _ => {}
        }
    }

    fn command(&mut self, command: &Command) {
        self.commands += 1;
        let values = check_body(command.body());
        plant_command(command, &values);
        let arguments = encode(self.connection.version(), &values);
        if let Some(transaction) = command.transaction() {
            let value = encode(command.version(), values.get(..1).unwrap_or_default());
            let result = match self.commands % 3 {
                0 => self.connection.reply(transaction, &value),
                1 => self.connection.fault(transaction, &value),
                _ => Ok(()),
            };
            assert!(matches!(result, Ok(()) | Err(UserError::Closed)), "{result:?}");
        }
        if self.commands.is_multiple_of(5) {
            let size = self.commands as u32 % 7 * 40;
            let changed = self.connection.set_chunk_size(size);
            assert!(
                matches!(changed, Ok(()) | Err(UserError::Closed | UserError::NotConnected)),
                "{changed:?}"
            );
        }
        if self.commands.is_multiple_of(4) {
            match self.connection.call(self.now, command.stream(), command.name(), &arguments) {
                Ok(_) | Err(UserError::Closed | UserError::NotConnected | UserError::TooManyCalls { .. }) => {
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// What the connection says must be good RTMP.
    fn check(&mut self, piece: &[u8]) {
        let (_, mut chunks) = piece.split_at(self.handshake.min(piece.len()));
        self.handshake -= self.handshake.min(piece.len());
        while let Some(message) = self.reader.read(&mut chunks).expect("it is written right") {
            if let Some(Control::SetChunkSize(size)) = Control::parse(&message).expect("it is written right")
            {
                self.reader.set_chunk_size(size);
            }
        }
    }
}

/// Every way to read a command's values must agree.
fn check_body(body: &Body) -> Vec<Value> {
    let values = body.to_values();
    if let (Ok(values), Ok(arguments)) = (&values, body.arguments())
        && body.stands_alone()
    {
        let mut alone = amf_core::Decoder::new(Version::Amf0, &arguments);
        let again: Vec<Value> = (0..values.len()).map(|_| alone.read().expect("it was read")).collect();
        assert_eq!(format!("{again:?}"), format!("{values:?}"));
        assert!(alone.is_at_end());
    }
    drop(body.read_object::<Value>());
    values.unwrap_or_default()
}

/// The values, or null where they cannot be written.
fn encode(version: Version, values: &[Value]) -> Bytes {
    let mut encoder = Encoder::in_envelope(version);
    for value in values {
        if value.to_amf(&mut encoder).is_err() {
            return Bytes::from_static(&[5]);
        }
    }
    match encoder.finish() {
        Ok(bytes) if !values.is_empty() => bytes.into(),
        _ => Bytes::from_static(&[5]),
    }
}

/// `connect`, 1, `{app: "lobby", objectEncoding: 3}`.
const CONNECT: &[u8] = b"\x03\0\0\0\0\0\x3D\x14\0\0\0\0\
    \x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\
    \x03\0\x03app\x02\0\x05lobby\0\x0EobjectEncoding\0\x40\x08\0\0\0\0\0\0\0\0\x09";

/// `_result`, 1, null, `{objectEncoding: 3}`.
const ACCEPTED: &[u8] = b"\x03\0\0\0\0\0\x31\x14\0\0\0\0\
    \x02\0\x07_result\0\x3F\xF0\0\0\0\0\0\0\x05\
    \x03\0\x0EobjectEncoding\0\x40\x08\0\0\0\0\0\0\0\0\x09";
