//! What can go wrong: by the peer's doing, or by ours.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use amf_core::__private::Escaped;
use amf_core::{DecodeError, DecodeErrorKind, EncodeError};

use super::Limits;
use super::message_type::{MESSAGE_LIMIT, MessageType};

/// What a peer did wrong. It ends the connection.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerError {
    // Boxed, so that a `Result` of something small stays small on the way that does not fail.
    inner: Box<(PeerErrorKind, u64)>,
}

impl PeerError {
    #[cold]
    pub(crate) fn new(kind: PeerErrorKind, offset: u64) -> Self {
        Self { inner: Box::new((kind, offset)) }
    }

    /// What was wrong.
    pub fn kind(&self) -> &PeerErrorKind {
        &self.inner.0
    }

    /// Where in the connection's input it was noticed, counted from the first byte: the beginning of a
    /// header that is wrong, the end of a message that is.
    pub fn offset(&self) -> u64 {
        self.inner.1
    }

    /// A constant name, for logs and counters.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// The limit that was exceeded, if that is what was wrong: a field of [`Limits`](super::Limits), or of
    /// [`amf_core::Limits`] where a command could not be read because of it.
    pub fn limit(&self) -> Option<&'static str> {
        match self.kind() {
            PeerErrorKind::Limit { limit, .. } | PeerErrorKind::Timeout { limit, .. } => Some(limit),
            PeerErrorKind::Stalled { .. } => Some(self.name()),
            PeerErrorKind::Command(error) => match error.kind() {
                DecodeErrorKind::Limit { limit, .. } => Some(limit),
                _ => None,
            },
            _ => None,
        }
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {} of the connection)", self.kind(), self.offset())
    }
}

impl Error for PeerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.kind() {
            PeerErrorKind::Command(error) => Some(error),
            _ => None,
        }
    }
}

/// Each kind, its constant name, and what it says.
macro_rules! peer_errors {
    ($($(#[$meta:meta])* $kind:ident $({ $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })?
        => $name:expr, |$f:ident| $display:expr;)*) => {
        /// The ways in which a peer can break the protocol.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum PeerErrorKind {
            $($(#[$meta])* $kind $({ $($(#[$field_meta])* $field: $type,)* })?,)*
            /// A command whose name, transaction id or arguments cannot be read.
            Command(DecodeError),
        }

        impl PeerErrorKind {
            /// A constant name, for logs and counters.
            pub fn name(&self) -> &'static str {
                if let Self::Limit { limit, .. } | Self::Timeout { limit, .. } = self {
                    return limit;
                }
                match self {
                    $(Self::$kind { .. } => $name,)*
                    Self::Command(_) => "command",
                }
            }
        }

        impl fmt::Display for PeerErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind $({ $($field),* })? => { let $f = f; $display })*
                    Self::Command(error) => write!(f, "expected a command, but {error}"),
                }
            }
        }
    };
}

peer_errors! {
    /// The first byte is of no RTMP handshake.
    Version {
        /// The byte.
        found: u8,
    } => "version", |f| write!(f, "expected version 3 of RTMP, got {found:#04x}{}", protocol_hint(*found));

    /// The peer wants RTMPE, which only obscures; there is TLS.
    Encrypted {
        /// The version that was asked for: 6, 8 or 9.
        version: u8,
    } => "encrypted", |f| write!(f, "expected version 3 of RTMP, got {version}, which is RTMPE; use rtmps://");

    /// A server that should prove itself did not.
    ServerDigest => "server_digest",
        |f| f.write_str("expected the digest of a Flash Media Server in the handshake, got none that is right");

    /// A chunk refers to the one before on its chunk stream, and there is none.
    FreshChunkStream {
        /// The chunk stream.
        chunk_stream: u32,
        /// The form of the header, 2 or 3.
        format: u8,
    } => "fresh_chunk_stream",
        |f| write!(f, "expected a whole header on chunk stream {chunk_stream}, which is new, got one of type {format}");

    /// A header that begins a message where the one before is not complete.
    HeaderInMessage {
        /// The chunk stream.
        chunk_stream: u32,
    } => "header_in_message",
        |f| write!(f, "expected the rest of the message on chunk stream {chunk_stream}, got the header of another");

    /// The length of a message changed before it was complete.
    LengthChanged {
        /// The chunk stream.
        chunk_stream: u32,
        /// The length so far.
        from: usize,
        /// What it is now.
        to: usize,
    } => "length_changed",
        |f| write!(f, "expected the rest of a message of {from} bytes on chunk stream {chunk_stream}, got {to} as its length");

    /// The type of a message changed before it was complete.
    TypeChanged {
        /// The chunk stream.
        chunk_stream: u32,
        /// The type so far.
        from: MessageType,
        /// What it is now.
        to: MessageType,
    } => "type_changed",
        |f| write!(f, "expected the rest of a message of type {from} on chunk stream {chunk_stream}, got type {to}");

    /// A chunk size of nothing, or of more than 31 bits.
    ChunkSize {
        /// The size.
        size: u32,
    } => "chunk_size", |f| write!(f, "expected a chunk size from 1 to 2147483647, got {size}");

    /// A control message of another length than its type has.
    ControlLength {
        /// The type.
        kind: MessageType,
        /// The length that it has.
        expected: usize,
        /// What came.
        found: usize,
    } => "control_length", |f| write!(f, "expected {expected} bytes in a message of type {kind}, got {found}");

    /// An aggregate whose parts do not fill it.
    Aggregate {
        /// Where in it the part begins that is wrong.
        at: usize,
        /// What was expected there, at least.
        expected: usize,
        /// How many bytes are left.
        found: usize,
    } => "aggregate", |f| write!(f, "expected {expected} bytes for the part at byte {at} of an aggregate, got {found}");

    /// Something else where connect was expected.
    NotConnected {
        /// What came.
        found: String,
    } => "not_connected", |f| write!(f, "expected connect, got {}", Escaped(found));

    /// A second connect.
    ConnectTwice => "connect_twice", |f| f.write_str("expected anything but a second connect");

    /// An application name with a NUL or a `..` in it.
    Application {
        /// The name.
        name: String,
    } => "application_name", |f| write!(f, "expected the name of an application, got {name:?}");

    /// A shared object message that cannot be read.
    SharedObject {
        /// Where in the message.
        at: usize,
        /// What was expected there.
        expected: &'static str,
        /// What is there.
        found: String,
    } => "shared_object",
        |f| write!(f, "expected {expected} at byte {at} of a shared object message, got {}", Escaped(found));

    /// One of the [`Limits`](super::Limits) was exceeded. The limit is the name.
    Limit {
        /// The limit's field name.
        limit: &'static str,
        /// Its value.
        max: usize,
        /// What the peer came to, where it is known.
        found: usize,
    } => "limit", |f| write!(f, "expected no more than {max}, the limit `{limit}`, got {found}");

    /// The peer took too long. The limit is the name.
    Timeout {
        /// The limit's field name.
        limit: &'static str,
        /// Its value.
        after: Duration,
    } => "timeout", |f| write!(f, "expected to hear more within {after:?}, the limit `{limit}`, got nothing");

    /// The peer took nothing of what it was sent.
    Stalled {
        /// [`Limits::stall_timeout`](super::Limits::stall_timeout).
        after: Duration,
    } => Limits::NAMES.stall_timeout, |f| write!(
        f,
        "expected the peer to take what it is sent within {after:?}, the limit `{}`, but it took nothing",
        Limits::NAMES.stall_timeout
    );
}

/// What a first byte may have been meant for.
fn protocol_hint(byte: u8) -> &'static str {
    match byte {
        0x16 => ", as TLS begins",
        b'A'..=b'Z' => ", as HTTP begins",
        _ => "",
    }
}

impl From<DecodeError> for PeerErrorKind {
    fn from(error: DecodeError) -> Self {
        Self::Command(error)
    }
}

/// What the program did wrong. The connection goes on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum UserError {
    /// The connection is closed.
    Closed,
    /// The connection is not accepted yet.
    NotConnected,
    /// There is no connect that waits to be accepted or refused.
    NoPendingConnect,
    /// The call has its reply already, or is of another connection.
    UnknownTransaction,
    /// [`Limits::calls_out`](super::Limits::calls_out) calls have no reply yet.
    TooManyCalls {
        /// The limit.
        max: usize,
    },
    /// [`Limits::outbound_bytes`](super::Limits::outbound_bytes) bytes wait to be sent: the peer is slow.
    QueueFull {
        /// The limit.
        max: usize,
    },
    /// A message longer than its header can say.
    MessageTooLong {
        /// Its length.
        len: usize,
    },
    /// A value that cannot be encoded.
    Encode(EncodeError),
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closed"),
            Self::NotConnected => f.write_str("the connection is not accepted yet"),
            Self::NoPendingConnect => f.write_str("no connect waits to be accepted or refused"),
            Self::UnknownTransaction => {
                f.write_str("the call has its reply already, or is of another connection")
            }
            Self::TooManyCalls { max } => {
                write!(f, "{max} calls have no reply yet, the limit `{}`", Limits::NAMES.calls_out)
            }
            Self::QueueFull { max } => write!(
                f,
                "the peer is slow: what waits to be sent would pass {max} bytes, the limit `{}`",
                Limits::NAMES.outbound_bytes
            ),
            Self::MessageTooLong { len } => {
                write!(f, "a message of {len} bytes is longer than {}", MESSAGE_LIMIT.max)
            }
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl Error for UserError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Encode(error) => Some(error),
            _ => None,
        }
    }
}

impl From<EncodeError> for UserError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}
