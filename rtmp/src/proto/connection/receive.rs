//! What comes: the handshake, then messages.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

use amf_core::{Value, Version};

use super::{Connection, PendingConnect, Phase, QueuedEvent};
use crate::proto::calls::{ReplyMatch, whole_number};
use crate::proto::handshake::Progress;
use crate::proto::message::{
    AggregateParts, CONNECT, CONNECT_ID, Control, ReadableEvents, SplitCommand, UnreadableCommand,
    UserControl, code, split_command,
};
use crate::proto::{
    Accepted, Body, CloseReason, Command, Connect, Event, Limits, Message, MessageType, Outcome, PeerError,
    PeerErrorKind, Reply, SharedObjectMessage, Status,
};

/// The command with which a peer announces that it closes the connection (RTMP §7.2.1).
const CLOSE: &str = "close";
/// The command that brings an information object.
const ON_STATUS: &str = "onStatus";
/// What the codes about a connection begin with.
const CONNECT_CODES: &str = "NetConnection.Connect.";

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
        match Control::parse(&message) {
            Ok(Some(control)) => {
                self.handle_control(now, control);
                return Ok(());
            }
            Ok(None) => {}
            Err(PeerErrorKind::ControlLength { kind, .. }) if !changes_framing(kind) => {
                self.counters.ignored += 1;
                return Ok(());
            }
            Err(error) => return Err(error),
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
                self.handle_shared_object(&message)
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

    /// What cannot be read is ignored: where it ends is known, by the length of the message or of its event.
    fn handle_shared_object(&mut self, message: &Message) -> Result<(), PeerErrorKind> {
        match SharedObjectMessage::parse_readable_events(message, &self.config.limits) {
            Ok(Some(ReadableEvents { message, ignored, .. })) => {
                self.counters.ignored += ignored;
                self.push(Event::SharedObject(message));
            }
            Ok(None) => {}
            Err(PeerErrorKind::SharedObject { .. }) => self.counters.ignored += 1,
            Err(limit) => return Err(limit),
        }
        Ok(())
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
        let SplitCommand { name, number, body } = match split_command(message) {
            Ok(command) => command,
            Err(unreadable) => {
                self.refuse_unreadable(&unreadable);
                return Ok(());
            }
        };
        if matches!(self.phase, Phase::Connecting { requested: Some(_), .. })
            && let Some(info) = early_refusal(&name, &body)
        {
            self.push(Event::Rejected(info));
            self.close_for(CloseReason::Rejected);
            return Ok(());
        }
        match self.phase {
            _ if &*name == CLOSE && stream == 0 => {
                self.close_for(CloseReason::Remote);
                Ok(())
            }
            Phase::Connecting { requested: None, .. } => self.handle_connect(&name, number, body),
            Phase::Connecting { requested: Some(requested), .. }
                if whole_number(number) == Some(CONNECT_ID) && is_reply(&name) =>
            {
                self.handle_connect_reply(&name, requested, &body);
                Ok(())
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

    /// Answers a command that cannot be read, if its caller waits and can be told so. Only this message is lost.
    fn refuse_unreadable(&mut self, unreadable: &UnreadableCommand) {
        let UnreadableCommand { error, version, number } = unreadable;
        self.counters.ignored += 1;
        if *number == 0.0 || !self.is_open() {
            return;
        }
        let text = format!("the command cannot be read: {error}");
        if let Ok(value) = Status::error(code::CALL_FAILED, text).encode(*version) {
            self.reply_call("_error", *number, *version, &value);
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
    fn handle_connect_reply(&mut self, name: &str, requested: Version, body: &Body) {
        // The reply counts all the same: without the values, nothing is known of why or how.
        let values = body.to_values().unwrap_or_default();
        let info = Status::from(values.first().unwrap_or(&Value::Null));
        if name != "_result" {
            self.push(Event::Rejected(info));
            self.close_for(CloseReason::Rejected);
            return;
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
        // One of them may be `close`: nothing behind it is of a connection any more.
        while !self.is_closed()
            && let Some(message) = pending_connect.held_messages.pop_front()
        {
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

/// The information object of an `onStatus` that refuses a client whose connect was not answered: some servers send that
/// instead of `_error`.
fn early_refusal(name: &str, body: &Body) -> Option<Status> {
    if name != ON_STATUS {
        return None;
    }
    let values = body.to_values().ok()?;
    let info = Status::from(values.first()?);
    let is_about_connect = info.code().starts_with(CONNECT_CODES) && info.code() != code::CONNECT_SUCCESS;
    (info.level() == "error" || is_about_connect).then_some(info)
}

/// Whether what follows such a message is read otherwise because of it, so that it must not be missed.
fn changes_framing(kind: MessageType) -> bool {
    matches!(kind, MessageType::SET_CHUNK_SIZE | MessageType::ABORT)
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
