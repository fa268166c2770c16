//! What comes: the handshake, then messages.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

use amf_core::{Value, Version};

use super::{Connection, PendingConnect, Phase, QueuedEvent};
use crate::proto::calls::{ReplyMatch, whole_number};
use crate::proto::handshake::Progress;
use crate::proto::message::{AggregateParts, CONNECT, CONNECT_ID, Control, UserControl, code, split_command};
use crate::proto::{
    Accepted, Body, CloseReason, Command, Connect, Event, Limits, Message, MessageType, Outcome, PeerError,
    PeerErrorKind, Reply, SharedObjectEvent, SharedObjectMessage, Status,
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
            self.handle_message(now, message).map_err(|kind| PeerError::new(kind, self.reader.position()))?;
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
                let requested = request.as_ref().map(|request| request.version());
                self.phase = Phase::Connecting { deadline, requested };
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

    pub(super) fn handle_message(&mut self, now: Instant, message: Message) -> Result<(), PeerErrorKind> {
        if let Some(control) = Control::parse(&message)? {
            self.handle_control(now, control);
            return Ok(());
        }
        if let Phase::PendingConnect(pending_connect) = &mut self.phase {
            return pending_connect.hold_message(message, self.config.limits.before_connect_bytes);
        }
        match message.kind {
            MessageType::COMMAND | MessageType::COMMAND_AMF3 => self.handle_command(message),
            MessageType::AGGREGATE => {
                self.check_open(message.kind)?;
                self.events.push_back(QueuedEvent::Aggregate(AggregateParts::new(message)?));
                Ok(())
            }
            kind @ (MessageType::SHARED_OBJECT | MessageType::SHARED_OBJECT_AMF3) => {
                self.check_open(kind)?;
                if let Some(message) = SharedObjectMessage::parse(&message, &self.config.limits)? {
                    let is_ignored =
                        |event: &&SharedObjectEvent| matches!(event, SharedObjectEvent::Other { .. });
                    self.counters.ignored += message.events.iter().filter(is_ignored).count() as u64;
                    self.push(Event::SharedObject(message));
                }
                Ok(())
            }
            kind => {
                if let Some(event) = media_event(message) {
                    self.check_open(kind)?;
                    self.push(event);
                } else {
                    self.counters.ignored += 1;
                }
                Ok(())
            }
        }
    }

    fn check_open(&self, kind: MessageType) -> Result<(), PeerErrorKind> {
        if self.is_open() { Ok(()) } else { Err(PeerErrorKind::NotConnected { found: kind.to_string() }) }
    }

    fn handle_control(&mut self, now: Instant, control: Control) {
        match control {
            Control::SetChunkSize(size) => self.reader.set_chunk_size(size),
            Control::Abort(chunk_stream) => self.reader.abort(chunk_stream),
            Control::Acknowledgement(received) => self.ack_window.acknowledge(received),
            Control::WindowAcknowledgement(window) => self.ack_window.set_window(window),
            Control::SetPeerBandwidth(size, limit) => {
                if let Some(window) = self.ack_window.set_peer_bandwidth(size, limit) {
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

    fn handle_command(&mut self, message: Message) -> Result<(), PeerErrorKind> {
        let stream = message.stream;
        let (name, number, body) = split_command(message)?;
        match self.phase {
            Phase::Connecting { requested: None, .. } => self.handle_connect(&name, number, body),
            Phase::Connecting { requested: Some(requested), .. }
                if whole_number(number) == Some(CONNECT_ID) && is_reply(&name) =>
            {
                self.handle_connect_reply(&name, requested, &body)
            }
            _ if is_reply(&name) => {
                self.handle_reply(&name, number, body);
                Ok(())
            }
            Phase::Open if &*name == CONNECT => Err(PeerErrorKind::ConnectTwice),
            _ => {
                self.handle_call(name, number, stream, body);
                Ok(())
            }
        }
    }

    /// A server hears a client's first command.
    fn handle_connect(&mut self, name: &str, id: f64, body: Body) -> Result<(), PeerErrorKind> {
        if name != CONNECT {
            return Err(PeerErrorKind::NotConnected { found: format!("the command {name:?}") });
        }
        match Connect::read(body, &self.config.limits) {
            Ok(connect) => {
                let version = connect.version();
                let pending_connect =
                    PendingConnect { id, version, held_messages: VecDeque::new(), held_bytes: 0 };
                self.phase = Phase::PendingConnect(Box::new(pending_connect));
                self.send_session_parameters();
                self.push(Event::Connect(connect));
                Ok(())
            }
            Err(kind) => {
                // Tell the client: a person may have mistyped the name.
                let status = Status::error(code::CONNECT_INVALID_APP, kind.to_string());
                if let Ok(rejection) = status.rejection(id) {
                    self.write(&rejection);
                }
                Err(kind)
            }
        }
    }

    /// A client hears the answer to its connect.
    fn handle_connect_reply(
        &mut self,
        name: &str,
        requested: Version,
        body: &Body,
    ) -> Result<(), PeerErrorKind> {
        // The reply counts all the same: without the values, nothing is known of why or how.
        let values = body.to_values().unwrap_or_default();
        let info = Status::from(values.first().unwrap_or(&Value::Null));
        if name != "_result" {
            self.push(Event::Rejected(info));
            self.close_for(CloseReason::Rejected);
            return Ok(());
        }
        let properties = if body.has_object() { body.read_object().unwrap_or_default() } else { Value::Null };
        // A server that does not speak AMF3 says 0, or says nothing.
        let version = match info.get("objectEncoding").and_then(Value::as_f64) {
            Some(3.0) => requested,
            _ => Version::Amf0,
        };
        self.version = version;
        self.phase = Phase::Open;
        self.reader.set_before_connect(false);
        self.send_session_parameters();
        self.push(Event::Accepted(Accepted { version, properties, info }));
        Ok(())
    }

    fn handle_reply(&mut self, name: &str, number: f64, body: Body) {
        match self.calls.match_reply(number) {
            ReplyMatch::Waiting(call) => {
                let outcome = if name == "_result" { Outcome::Result(body) } else { Outcome::Error(body) };
                self.push(Event::Reply(Reply { call, outcome }));
            }
            ReplyMatch::Late => self.counters.late_replies += 1,
            ReplyMatch::Unknown => self.counters.unknown_replies += 1,
        }
    }

    fn handle_call(&mut self, name: Arc<str>, number: f64, stream: u32, body: Body) {
        let version = body.version();
        let max = self.config.limits.calls_in;
        let transaction = if number == 0.0 {
            None
        } else if self.calls.incoming() < max {
            Some(self.calls.begin_incoming(number, version))
        } else {
            self.counters.refused_calls += 1;
            let name = Limits::NAMES.calls_in;
            self.limit_counters.add(name);
            let text = format!("{max} calls have no reply yet, the limit `{name}`");
            if let Ok(value) = Status::error(code::CALL_FAILED, text).encode(version) {
                self.reply_call("_error", number, version, &value);
            }
            return;
        };
        self.push(Event::Command(Command { name, transaction, stream, body }));
    }

    /// The client was accepted: what it sent in the meantime is heard.
    pub(super) fn release_held_messages(&mut self, now: Instant) {
        let Phase::PendingConnect(mut pending_connect) = mem::replace(&mut self.phase, Phase::Open) else {
            return;
        };
        self.version = pending_connect.version;
        self.reader.set_before_connect(false);
        while let Some(message) = pending_connect.held_messages.pop_front() {
            if let Err(kind) = self.handle_message(now, message) {
                return self.fail(kind);
            }
        }
    }
}

impl PendingConnect {
    fn hold_message(&mut self, message: Message, max: usize) -> Result<(), PeerErrorKind> {
        let found = self.held_bytes + message.payload.len() + HELD_MESSAGE_OVERHEAD;
        if found > max {
            return Err(PeerErrorKind::Limit { limit: Limits::NAMES.before_connect_bytes, max, found });
        }
        self.held_bytes = found;
        self.held_messages.push_back(message);
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
