//! How much a peer may make us do.

use std::time::Duration;

/// Bounds on one connection, in force by default.
///
/// One that a peer passes gives [`PeerErrorKind::Limit`](super::PeerErrorKind::Limit) or
/// [`Timeout`](super::PeerErrorKind::Timeout) with the field's name, and
/// [`Connection::limit_counters`](super::Connection::limit_counters) counts it. `usize::MAX` and `Duration::MAX`
/// are no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one chunk. Default 1 MiB.
    ///
    /// A peer may announce more, as some do who never mean it; a chunk that makes use of it is an error.
    pub chunk_size: usize,
    /// Chunks of one message. Default 65,536.
    pub chunks_per_message: usize,
    /// Chunk streams that the peer uses. Default 64.
    pub chunk_streams: usize,
    /// Messages of which one chunk came but not the last. Default 8.
    pub partial_messages: usize,
    /// Bytes of messages that are not complete yet, all together. Default 16 MiB.
    pub assembly_bytes: usize,
    /// Bytes of a command, of data, or of a shared object message. Default 1 MiB.
    pub command_bytes: usize,
    /// Bytes of an audio, video or aggregate message. Default 8 MiB.
    pub media_bytes: usize,
    /// Bytes of any message before the connection is accepted, and of all those together that come while
    /// that is being decided. Default 64 KiB.
    pub before_connect: usize,
    /// Calls of the peer that have no reply yet. Default 256. One more is answered with `_error`.
    pub calls_in: usize,
    /// Calls to the peer that have no reply yet. Default 256. One more is a
    /// [`UserError::TooManyCalls`](super::UserError::TooManyCalls).
    pub calls_out: usize,
    /// Replies that wait for the peer to read them: results, pongs, acknowledgements. Default 1,024.
    pub unsent_replies: usize,
    /// Bytes of such replies. Default 1 MiB; a single one may be larger.
    pub unsent_reply_bytes: usize,
    /// Bytes that wait to be sent. Default 4 MiB; a single message may be larger. One more is a
    /// [`UserError::QueueFull`](super::UserError::QueueFull).
    pub outbound_bytes: usize,
    /// Bytes of the application's name, without what stands behind a `?`. Default 128.
    pub application_name: usize,
    /// Shared objects that the peer uses at one time. Default 64. One more is refused with a status.
    pub shared_objects: usize,
    /// Events of one shared object message; each slot of a change counts. Default 1,024.
    pub shared_object_events: usize,
    /// Bytes of the name of a shared object, or of one of its slots. Default 256.
    pub shared_object_name: usize,
    /// From the start to the end of the handshake. Default 5 s.
    pub handshake_timeout: Duration,
    /// From the end of the handshake until connect has come, or for a client until its answer has.
    /// Default 5 s for a server, 30 s for a client.
    pub connect_timeout: Duration,
    /// From the first chunk of a message to its last. Default 30 s.
    ///
    /// Without it a peer that keeps the connection alive by acknowledgements or pongs could hold incomplete messages
    /// for as long as it likes.
    pub message_timeout: Duration,
    /// For the reply to a call. Default 30 s.
    pub reply_timeout: Duration,
    /// For a peer to take some of what it is sent, by the driver's clock: see
    /// [`Connection::stalled`](super::Connection::stalled). After the end, for it to take all that is left.
    /// Default 10 s.
    pub stall_timeout: Duration,
    /// Silence after which the peer is pinged. Default 60 s for a server, never for a client.
    pub ping_interval: Duration,
    /// Silence after which the peer is taken for dead. Default 120 s for a server, never for a client.
    pub idle_timeout: Duration,
}

impl Limits {
    /// The defaults of a server.
    pub const fn server() -> Self {
        Self {
            chunk_size: 1 << 20,
            chunks_per_message: 65_536,
            chunk_streams: 64,
            partial_messages: 8,
            assembly_bytes: 16 << 20,
            command_bytes: 1 << 20,
            media_bytes: 8 << 20,
            before_connect: 64 << 10,
            calls_in: 256,
            calls_out: 256,
            unsent_replies: 1_024,
            unsent_reply_bytes: 1 << 20,
            outbound_bytes: 4 << 20,
            application_name: 128,
            shared_objects: 64,
            shared_object_events: 1_024,
            shared_object_name: 256,
            handshake_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            message_timeout: Duration::from_secs(30),
            reply_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_mins(1),
            idle_timeout: Duration::from_mins(2),
        }
    }

    /// The defaults of a client, which waits longer: a server may ask others before it answers, and has no
    /// duty to say anything afterwards.
    pub const fn client() -> Self {
        Self {
            connect_timeout: Duration::from_secs(30),
            ping_interval: Duration::MAX,
            idle_timeout: Duration::MAX,
            ..Self::server()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::server()
    }
}
