//! Messages: what chunks carry.

mod aggregate;
mod command;
mod connect;
mod control;
mod shared_object;
mod status;

use bytes::Bytes;

pub(crate) use super::message_type::MESSAGE_LIMIT;
pub use super::message_type::MessageType;
pub(crate) use aggregate::AggregateParts;
pub use command::Body;
pub(crate) use command::{CommandHead, MAX_COMMAND_HEAD, SplitCommand, UnreadableCommand, split_command};
pub use connect::{Accept, ConnectRequest};
pub(crate) use connect::{CONNECT, CONNECT_ID, is_valid_application};
pub use control::{BandwidthLimit, Control, UserControl};
pub(crate) use shared_object::ReadableEvents;
pub use shared_object::{SentMessage, SharedObjectEvent, SharedObjectMessage};
pub use status::{Status, code};

/// A message, whole.
///
/// ```
/// use amf_rtmp::proto::{Message, MessageType};
///
/// let frame = Message::new(MessageType::VIDEO, &b"\x17\x01"[..]).with_stream(1).with_timestamp(40);
/// assert_eq!((frame.chunk_stream, frame.stream, frame.timestamp), (6, 1, 40));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The chunk stream that carries it; see [`chunk_stream`].
    pub chunk_stream: u32,
    /// Milliseconds; a 32-bit number that wraps.
    pub timestamp: u32,
    /// The message stream: 0 is the connection itself, others are made by createStream.
    pub stream: u32,
    /// What it is.
    pub kind: MessageType,
    /// Its bytes.
    pub payload: Bytes,
}

impl Message {
    /// Creates a message of the connection itself, message stream 0, with the timestamp 0. Its chunk stream is the
    /// one that [`chunk_stream`] names for its type, [`COMMAND`](chunk_stream::COMMAND) where it names none.
    pub fn new(kind: MessageType, payload: impl Into<Bytes>) -> Self {
        Self {
            chunk_stream: chunk_stream::default_of(kind),
            timestamp: 0,
            stream: 0,
            kind,
            payload: payload.into(),
        }
    }

    /// Sets the chunk stream that carries the message.
    #[must_use]
    pub fn with_chunk_stream(mut self, chunk_stream: u32) -> Self {
        self.chunk_stream = chunk_stream;
        self
    }

    /// Sets the timestamp, in milliseconds. Default: 0.
    #[must_use]
    pub fn with_timestamp(mut self, timestamp: u32) -> Self {
        self.timestamp = timestamp;
        self
    }

    /// Sets the message stream. Default: 0, the connection itself.
    #[must_use]
    pub fn with_stream(mut self, stream: u32) -> Self {
        self.stream = stream;
        self
    }
}

/// Which chunk stream carries what, as the peers that are out there do it. All are below 64, so that
/// their headers are one byte.
pub mod chunk_stream {
    /// Control messages; this one is fixed (RTMP §5.4).
    pub const CONTROL: u32 = 2;
    /// Commands on the connection, and shared objects.
    pub const COMMAND: u32 = 3;
    /// Audio.
    pub const AUDIO: u32 = 4;
    /// Commands and data on a message stream.
    pub const STREAM: u32 = 5;
    /// Video.
    pub const VIDEO: u32 = 6;

    pub(super) fn default_of(kind: super::MessageType) -> u32 {
        use super::MessageType as Type;
        match kind {
            Type::SET_CHUNK_SIZE
            | Type::ABORT
            | Type::ACKNOWLEDGEMENT
            | Type::USER_CONTROL
            | Type::WINDOW_ACKNOWLEDGEMENT
            | Type::SET_PEER_BANDWIDTH => CONTROL,
            Type::AUDIO => AUDIO,
            Type::VIDEO => VIDEO,
            Type::DATA | Type::DATA_AMF3 => STREAM,
            _ => COMMAND,
        }
    }
}
