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
pub(crate) use command::{CommandHead, MAX_COMMAND_HEAD, split_command};
pub use connect::{Accept, ConnectRequest};
pub(crate) use connect::{CONNECT, CONNECT_ID, is_valid_application};
pub use control::{BandwidthLimit, Control, UserControl};
pub use shared_object::{SentMessage, SharedObjectEvent, SharedObjectMessage};
pub use status::{Status, code};

/// A message, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}
