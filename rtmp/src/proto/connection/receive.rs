//! What comes: the handshake, then messages.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

use amf_core::{Value, Version};

use super::{Connection, Pending, PendingConnect, Phase};
use crate::proto::calls::{Match, whole};
use crate::proto::handshake::Progress;
use crate::proto::message::{CONNECT, CONNECT_ID, Control, Parts, UserControl, code, split};
use crate::proto::{
    Accepted, Body, CloseReason, Command, Connect, Event, Message, MessageType, Outcome, PeerError,
    PeerErrorKind, Reply, SharedObjectMessage, Status,
};

/// What a held message costs beside its payload.
const HELD_MESSAGE_OVERHEAD: usize = 64;

impl Connection {
    pub(super) fn read(&mut self, now: Instant, mut input: &[u8]) -> Result<(), PeerError> {
        if matches!(self.phase, Phase::Handshake { .. }) && !self.read_handshake(now, &mut input)? {
            return Ok(());
        }
        while !matches!(self.phase, Phase::Closed | Phase::Policy { .. }) {
            let Some(message) = self.reader.read(&mut input)? else { break };
            self.counters.messages += 1;
            self.message(now, message).map_err(|kind| PeerError::new(kind, self.reader.position()))?;
        }
        Ok(())
    }

    /// Whether there are chunks to read.
    fn read_handshake(&mut self, now: Instant, input: &mut &[u8]) -> Result<bool, PeerError> {
        let Phase::Handshake { handshake, request, deadline } = &mut self.phase else { return Ok(true) };
        let mut position = self.reader.position();
        let progress = handshake.read(input, &mut position, &mut self.output);
        self.reader.skip(position - self.reader.position());
        match progress? {
            Progress::More => Ok(false),
            Progress::Policy => {
                self.phase = Phase::Policy { deadline: *deadline };
                self.push(Event::PolicyRequest);
                Ok(false)
            }
            Progress::Done => {
                let request = request.take();
                let deadline = now.checked_add(self.config.limits.connect_timeout);
                let asked = request.as_ref().map(|request| request.version());
                self.phase = Phase::Connecting { deadline, asked };
                // A request that cannot be encoded is the program's mistake.
                match request.map(|request| request.message()) {
                    Some(Ok(message)) => self.write(&message),
                    Some(Err(_)) => self.close_for(CloseReason::Local),
                    None => {}
                }
                Ok(true)
            }
        }
    }

    pub(super) fn message(&mut self, now: Instant, message: Message) -> Result<(), PeerErrorKind> {
        if let Some(control) = Control::parse(&message)? {
            self.control(now, control);
            return Ok(());
        }
        if let Phase::PendingConnect(pending_connect) = &mut self.phase {
            return pending_connect.hold(message, self.config.limits.before_connect);
        }
        match message.kind {
            MessageType::COMMAND | MessageType::COMMAND_AMF3 => self.command(message),
            MessageType::AGGREGATE => {
                self.only_open(message.kind)?;
                self.events.push_back(Pending::Parts(Parts::new(message)?));
                Ok(())
            }
            kind @ (MessageType::SHARED_OBJECT | MessageType::SHARED_OBJECT_AMF3) => {
                self.only_open(kind)?;
                if let Some(message) = SharedObjectMessage::parse(&message, &self.config.limits)? {
                    self.push(Event::SharedObject(message));
                }
                Ok(())
            }
            kind => {
                if let Some(event) = media_event(message) {
                    self.only_open(kind)?;
                    self.push(event);
                } else {
                    self.counters.ignored += 1;
                }
                Ok(())
            }
        }
    }

    fn only_open(&self, kind: MessageType) -> Result<(), PeerErrorKind> {
        if self.is_open() { Ok(()) } else { Err(PeerErrorKind::NotConnected { found: kind.to_string() }) }
    }

    fn control(&mut self, now: Instant, control: Control) {
        match control {
            Control::SetChunkSize(size) => self.reader.set_chunk_size(size),
            Control::Abort(chunk_stream) => self.reader.abort(chunk_stream),
            Control::Acknowledgement(received) => self.ack_window.acknowledge(received),
            Control::WindowAcknowledgement(window) => self.ack_window.set_window(window),
            Control::SetPeerBandwidth(size, limit) => {
                if let Some(window) = self.ack_window.limit(size, limit) {
                    self.reply_control(&Control::WindowAcknowledgement(window));
                }
            }
            Control::User(UserControl::Ping(stamp)) => {
                self.reply_control(&Control::User(UserControl::Pong(stamp)));
            }
            Control::User(UserControl::Pong(stamp)) => self.keepalive.pong(now, stamp),
            Control::User(event) => self.push(Event::UserControl(event)),
        }
    }

    fn command(&mut self, message: Message) -> Result<(), PeerErrorKind> {
        let stream = message.stream;
        let (name, number, body) = split(message)?;
        match self.phase {
            Phase::Connecting { asked: None, .. } => self.connect(&name, number, body),
            Phase::Connecting { asked: Some(asked), .. }
                if whole(number) == Some(CONNECT_ID) && is_reply(&name) =>
            {
                self.connected(&name, asked, &body)
            }
            _ if is_reply(&name) => {
                self.reply(&name, number, body);
                Ok(())
            }
            Phase::Open if &*name == CONNECT => Err(PeerErrorKind::ConnectTwice),
            _ => {
                self.call_in(name, number, stream, body);
                Ok(())
            }
        }
    }

    /// A server hears a client's first command.
    fn connect(&mut self, name: &str, id: f64, body: Body) -> Result<(), PeerErrorKind> {
        if name != CONNECT {
            return Err(PeerErrorKind::NotConnected { found: format!("the command {name:?}") });
        }
        match Connect::read(body, &self.config.limits) {
            Ok(connect) => {
                let version = connect.version();
                let pending_connect = PendingConnect { id, version, held: VecDeque::new(), held_bytes: 0 };
                self.phase = Phase::PendingConnect(Box::new(pending_connect));
                self.send_session_parameters();
                self.push(Event::Connect(connect));
                Ok(())
            }
            Err(kind) => {
                // Tell the client: a person may have mistyped the name.
                let status = Status::error(code::CONNECT_INVALID_APP, kind.to_string());
                if let Ok(refusal) = status.refusal(id) {
                    self.write(&refusal);
                }
                Err(kind)
            }
        }
    }

    /// A client hears the answer to its connect.
    fn connected(&mut self, name: &str, asked: Version, body: &Body) -> Result<(), PeerErrorKind> {
        let values = body.values()?;
        let info = Status::from(values.first().unwrap_or(&Value::Null));
        if name != "_result" {
            self.push(Event::Rejected(info));
            self.close_for(CloseReason::Rejected);
            return Ok(());
        }
        let properties = if body.has_object() { body.object()? } else { Value::Null };
        // A server that does not speak AMF3 says 0, or says nothing.
        let version = match info.get("objectEncoding").and_then(Value::as_f64) {
            Some(3.0) => asked,
            _ => Version::Amf0,
        };
        self.version = version;
        self.phase = Phase::Open;
        self.reader.restrict(false);
        self.send_session_parameters();
        self.push(Event::Accepted(Accepted { version, properties, info }));
        Ok(())
    }

    fn reply(&mut self, name: &str, number: f64, body: Body) {
        match self.calls.reply(number) {
            Match::Waiting(call) => {
                let outcome = if name == "_result" { Outcome::Result(body) } else { Outcome::Error(body) };
                self.push(Event::Reply(Reply { call, outcome }));
            }
            Match::Late => self.counters.late_replies += 1,
            Match::Unknown => self.counters.unknown_replies += 1,
        }
    }

    fn call_in(&mut self, name: Arc<str>, number: f64, stream: u32, body: Body) {
        let version = body.version();
        let max = self.config.limits.calls_in;
        let transaction = if number == 0.0 {
            None
        } else if self.calls.incoming() < max {
            Some(self.calls.take(number, version))
        } else {
            self.counters.refused_calls += 1;
            self.limit_counts.add("calls_in");
            let text = format!("{max} calls have no reply yet, the limit `calls_in`");
            if let Ok(value) = Status::error(code::CALL_FAILED, text).encode(version) {
                self.reply_call("_error", number, version, &value);
            }
            return;
        };
        self.push(Event::Command(Command { name, transaction, stream, body }));
    }

    /// The client was accepted: what it sent in the meantime is heard.
    pub(super) fn open(&mut self, now: Instant) {
        let Phase::PendingConnect(mut pending_connect) = mem::replace(&mut self.phase, Phase::Open) else {
            return;
        };
        self.version = pending_connect.version;
        self.reader.restrict(false);
        while let Some(message) = pending_connect.held.pop_front() {
            if let Err(kind) = self.message(now, message) {
                return self.fail(kind);
            }
        }
    }
}

impl PendingConnect {
    fn hold(&mut self, message: Message, max: usize) -> Result<(), PeerErrorKind> {
        let found = self.held_bytes + message.payload.len() + HELD_MESSAGE_OVERHEAD;
        if found > max {
            return Err(PeerErrorKind::Limit { limit: "before_connect", max, found });
        }
        self.held_bytes = found;
        self.held.push_back(message);
        Ok(())
    }
}

fn is_reply(name: &str) -> bool {
    matches!(name, "_result" | "_error")
}

/// What is handed on as it is; `None` for other types.
pub(super) fn media_event(message: Message) -> Option<Event> {
    Some(match message.kind {
        MessageType::AUDIO => Event::Audio(message),
        MessageType::VIDEO => Event::Video(message),
        MessageType::DATA | MessageType::DATA_AMF3 => Event::Data(message),
        _ => return None,
    })
}
