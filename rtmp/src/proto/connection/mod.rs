//! One connection: what it is told, and what it tells.
//!
//! ```text
//!                 C0 C1 C2               connect              accept
//!   server: Handshake ───> Connecting ───────────> PendingConnect ─────────> Open
//!               │                                      │ reject
//!               │ policy request: send_policy          │
//!               └──────────────────> Closed <──────────┘
//!
//!                 S0 S1 S2, connect sent         _result
//!   client: Handshake ──────────────> Connecting ───────> Open
//!                                          │ _error
//!                                          └──────> Closed
//!
//!   any of them: a peer error, a deadline, close, disconnect ───> Closed
//! ```

mod receive;
mod send;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_core::Version;
use bytes::Bytes;

use super::calls::CallTable;
use super::chunk::{ChunkReader, ChunkWriter, Output};
use super::flow::{AckWindow, IdleAction, Keepalive};
use super::handshake::{Client, Handshake, Server};
use super::limit_counters::LimitCounters;
use super::message::{AggregateParts, Control, UserControl};
use super::{
    CloseReason, Config, ConnectRequest, Counters, Event, Limits, Message, Outcome, PeerError, PeerErrorKind,
    Reply, Seed,
};

/// The protocol of one connection, of either side.
///
/// What drives it does this, in any order that suits it:
/// - gives [`handle_input`](Self::handle_input) what came from the peer, and [`disconnect`](Self::disconnect) when
///   nothing more will;
/// - calls [`handle_timeout`](Self::handle_timeout) when the [`poll_timeout`](Self::poll_timeout) has come, which may change with
///   every other call;
/// - after each of these, takes [`poll_event`](Self::poll_event) until there is none;
/// - sends [`poll_transmit`](Self::poll_transmit), taken when the peer can take it, so that what waits is counted here;
/// - when [`is_closed`](Self::is_closed) and there is no more output, closes the transport.
///
/// Time is whatever the driver says it is, but never goes back.
pub struct Connection {
    config: Arc<Config>,
    phase: Phase,
    reader: ChunkReader,
    writer: ChunkWriter,
    output: Output,
    /// Room for the beginning of a command that is written.
    head_buffer: Vec<u8>,
    unsent_replies: UnsentReplies,
    events: VecDeque<QueuedEvent>,
    calls: CallTable,
    ack_window: AckWindow,
    keepalive: Keepalive,
    version: Version,
    counters: Counters,
    limit_counters: LimitCounters,
}

enum Phase {
    Handshake {
        handshake: Box<Handshake>,
        deadline: Option<Instant>,
        /// What a client asks for once it has shaken hands.
        request: Option<Box<ConnectRequest>>,
    },
    /// A policy was asked for; the handshake's time still runs.
    Policy {
        deadline: Option<Instant>,
    },
    Connecting {
        deadline: Option<Instant>,
        /// What a client asked for.
        requested: Option<Version>,
    },
    PendingConnect(Box<PendingConnect>),
    Open,
    Closed,
}

/// A client that waits to be accepted.
struct PendingConnect {
    /// The transaction id of its connect.
    id: f64,
    version: Version,
    held_messages: VecDeque<Message>,
    held_bytes: usize,
}

/// An event, or several that are made when they are taken.
enum QueuedEvent {
    Event(Event),
    Aggregate(AggregateParts),
}

/// Replies that the peer has not taken, so that it cannot make us keep any number of them.
#[derive(Default)]
struct UnsentReplies {
    /// Where in the output each ends, and its length.
    replies: VecDeque<(u64, usize)>,
    bytes: usize,
}

impl Connection {
    /// The server's side of a connection that begins now.
    pub fn server(config: Arc<Config>, seed: &Seed, now: Instant) -> Self {
        let handshake = Handshake::Server(Server::new(seed));
        Self::new(config, handshake, Output::new(), None, now)
    }

    /// The client's side of a connection that begins now. It asks for `request` once hands are shaken.
    pub fn client(config: Arc<Config>, request: ConnectRequest, seed: &Seed, now: Instant) -> Self {
        let mut output = Output::new();
        let handshake = Handshake::Client(Client::new(config.handshake, seed, &mut output));
        Self::new(config, handshake, output, Some(Box::new(request)), now)
    }

    fn new(
        config: Arc<Config>,
        handshake: Handshake,
        output: Output,
        request: Option<Box<ConnectRequest>>,
        now: Instant,
    ) -> Self {
        let deadline = now.checked_add(config.limits.handshake_timeout);
        let mut reader = ChunkReader::new(config.limits);
        reader.set_before_connect(true);
        Self {
            phase: Phase::Handshake { handshake: Box::new(handshake), deadline, request },
            reader,
            writer: ChunkWriter::new(),
            output,
            head_buffer: Vec::new(),
            unsent_replies: UnsentReplies::default(),
            events: VecDeque::new(),
            calls: CallTable::new(),
            ack_window: AckWindow::default(),
            keepalive: Keepalive::new(now),
            version: Version::Amf0,
            counters: Counters::default(),
            limit_counters: LimitCounters::default(),
            config,
        }
    }

    /// Takes what came from the peer, cut anywhere.
    pub fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        if self.is_closed() || bytes.is_empty() {
            return;
        }
        self.ack_window.record_input(bytes.len());
        self.keepalive.record_input(now);
        if let Err(error) = self.read(now, bytes) {
            return self.close_for(CloseReason::Peer(error));
        }
        self.reader.stamp_partial_messages(now);
        if !self.is_closed()
            && let Some(received) = self.ack_window.due()
        {
            self.reply_control(&Control::Acknowledgement(received));
        }
    }

    /// Nothing more will come from the peer, and nothing can be sent.
    pub fn disconnect(&mut self) {
        self.close_for(CloseReason::Disconnected);
        self.output.clear();
    }

    /// The peer has taken nothing of what was to be sent for [`Limits::stall_timeout`](super::Limits::stall_timeout). Only
    /// what drives the connection can know; this ends it.
    pub fn handle_stall(&mut self) {
        if self.is_closed() {
            self.limit_counters.add(Limits::NAMES.stall_timeout);
        }
        self.fail(PeerErrorKind::Stalled { after: self.config.limits.stall_timeout });
        self.output.clear();
    }

    /// Does what is due at this time.
    pub fn handle_timeout(&mut self, now: Instant) {
        let limits = self.config.limits;
        let timeout = match &self.phase {
            Phase::Handshake { deadline, .. } | Phase::Policy { deadline } => {
                (*deadline, Limits::NAMES.handshake_timeout, limits.handshake_timeout)
            }
            Phase::Connecting { deadline, .. } => {
                (*deadline, Limits::NAMES.connect_timeout, limits.connect_timeout)
            }
            Phase::Open => return self.handle_open_timeout(now),
            Phase::PendingConnect(_) | Phase::Closed => return,
        };
        let (deadline, limit, after) = timeout;
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.fail(PeerErrorKind::Timeout { limit, after });
        }
    }

    fn handle_open_timeout(&mut self, now: Instant) {
        while let Some(call) = self.calls.expire(now) {
            self.limit_counters.add(Limits::NAMES.reply_timeout);
            self.push(Event::Reply(Reply { call, outcome: Outcome::TimedOut }));
        }
        match self.keepalive.expire(now, &self.config.limits) {
            Some(IdleAction::Ping(stamp)) => {
                self.write(&Control::User(UserControl::Ping(stamp)).to_message());
            }
            Some(IdleAction::TimedOut) => {
                let after = self.config.limits.idle_timeout;
                self.fail(PeerErrorKind::Timeout { limit: Limits::NAMES.idle_timeout, after });
            }
            None => {}
        }
        if self.message_deadline().is_some_and(|deadline| deadline <= now) {
            let after = self.config.limits.message_timeout;
            self.fail(PeerErrorKind::Timeout { limit: Limits::NAMES.message_timeout, after });
        }
    }

    /// Returns when the oldest incomplete message must be complete.
    fn message_deadline(&self) -> Option<Instant> {
        self.reader.oldest_partial_message()?.checked_add(self.config.limits.message_timeout)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; `None` if time changes nothing.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Handshake { deadline, .. }
            | Phase::Policy { deadline }
            | Phase::Connecting { deadline, .. } => *deadline,
            Phase::Open => {
                let calls = self.calls.deadline();
                let keepalive = self.keepalive.deadline(&self.config.limits);
                [calls, keepalive, self.message_deadline()].into_iter().flatten().min()
            }
            Phase::PendingConnect(_) | Phase::Closed => None,
        }
    }

    /// What happened, in order.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Some(QueuedEvent::Aggregate(parts)) = self.events.front_mut() {
                match parts.next() {
                    Some(part) => match receive::media_event(part) {
                        Some(event) => return Some(event),
                        None => self.counters.ignored += 1,
                    },
                    None => drop(self.events.pop_front()),
                }
                continue;
            }
            return match self.events.pop_front()? {
                QueuedEvent::Event(event) => Some(event),
                QueuedEvent::Aggregate(_) => None,
            };
        }
    }

    /// What is to be sent next. Pieces are of any length; take several for a vectored write.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        let piece = self.output.take()?;
        self.unsent_replies.remove_sent(self.output.taken());
        Some(piece)
    }

    /// How many bytes wait to be sent.
    pub fn queued(&self) -> usize {
        self.output.len()
    }

    /// How many bytes of input are held: of messages that are not complete, of those that wait for the program to accept
    /// the client, and of [events](Self::poll_event) that were not taken.
    #[inline]
    pub fn held_input(&self) -> usize {
        let assembled = self.reader.assembled_bytes();
        // Most drivers have taken all events by now, and most clients are connected.
        if self.events.is_empty() && self.is_open() { assembled } else { assembled + self.held_messages() }
    }

    /// Returns the bytes of complete messages that are held.
    #[cold]
    fn held_messages(&self) -> usize {
        let pending = match &self.phase {
            Phase::PendingConnect(pending_connect) => pending_connect.held_bytes,
            _ => 0,
        };
        self.events.iter().map(QueuedEvent::bytes).sum::<usize>() + pending
    }

    /// How many replies wait to be sent; at [`Limits::unsent_replies`](super::Limits::unsent_replies) the peer is given up.
    pub fn unsent_replies(&self) -> usize {
        self.unsent_replies.replies.len()
    }

    /// Whether it ended, by whatever reason; what is queued should still be sent.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Whether connect was accepted and the connection has not ended.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// The version in which our calls are made: what the two sides agreed on when they connected.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The size of the chunks that we send.
    pub fn chunk_size(&self) -> u32 {
        self.writer.chunk_size()
    }

    /// The settings.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Counts of what happened.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How often each limit was exceeded, by the name of its field: by the peer, which most often ended the
    /// connection, or by the program.
    pub fn limit_counters(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.limit_counters.counts()
    }

    /// How many bytes came, the handshake among them.
    pub fn received(&self) -> u64 {
        self.ack_window.received()
    }

    /// How many bytes were taken to be sent.
    pub fn sent(&self) -> u64 {
        self.output.taken()
    }

    /// How many of those the peer has not acknowledged, modulo 2^32. Peers count differently.
    pub fn unacknowledged(&self) -> u32 {
        self.ack_window.unacknowledged(self.sent())
    }

    /// How many calls of the peer have no reply yet.
    pub fn calls_in(&self) -> usize {
        self.calls.incoming()
    }

    /// How many of our calls have no reply yet.
    pub fn calls_out(&self) -> usize {
        self.calls.outgoing()
    }

    /// How long the last ping took.
    pub fn round_trip(&self) -> Option<Duration> {
        self.keepalive.round_trip()
    }

    /// When anything last came.
    pub fn last_input(&self) -> Instant {
        self.keepalive.last_input()
    }

    fn push(&mut self, event: Event) {
        self.events.push_back(QueuedEvent::Event(event));
    }

    #[cold]
    fn fail(&mut self, kind: PeerErrorKind) {
        let error = PeerError::new(kind, self.reader.position());
        self.close_for(CloseReason::Peer(error));
    }

    fn close_for(&mut self, reason: CloseReason) {
        if !self.is_closed() {
            if let CloseReason::Peer(error) = &reason
                && let Some(limit) = error.limit()
            {
                self.limit_counters.add(limit);
            }
            self.phase = Phase::Closed;
            self.reader.drop_partial_messages();
            self.push(Event::Closed(reason));
        }
    }
}

impl QueuedEvent {
    fn bytes(&self) -> usize {
        match self {
            Self::Event(event) => event.bytes(),
            Self::Aggregate(parts) => parts.bytes(),
        }
    }
}

impl UnsentReplies {
    /// Counts one more; the name, value and excess of the limit that it exceeds, if it does.
    fn add(&mut self, end: u64, len: usize, max: usize, max_bytes: usize) -> Result<(), PeerErrorKind> {
        if self.replies.len() >= max {
            return Err(PeerErrorKind::Limit {
                limit: Limits::NAMES.unsent_replies,
                max,
                found: self.replies.len() + 1,
            });
        }
        let found = self.bytes + len;
        if found > max_bytes && !self.replies.is_empty() {
            return Err(PeerErrorKind::Limit {
                limit: Limits::NAMES.unsent_reply_bytes,
                max: max_bytes,
                found,
            });
        }
        self.replies.push_back((end, len));
        self.bytes = found;
        Ok(())
    }

    fn remove_sent(&mut self, taken: u64) {
        while let Some((_, len)) = self.replies.pop_front_if(|(end, _)| *end <= taken) {
            self.bytes -= len;
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::Handshake { .. } => "Handshake",
            Phase::Policy { .. } => "Policy",
            Phase::Connecting { .. } => "Connecting",
            Phase::PendingConnect(_) => "PendingConnect",
            Phase::Open => "Open",
            Phase::Closed => "Closed",
        };
        f.debug_struct("Connection")
            .field("phase", &phase)
            .field("version", &self.version)
            .field("queued", &self.queued())
            .finish_non_exhaustive()
    }
}
