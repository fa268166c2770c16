//! Remoting packets: the bodies of the requests and responses of an AMF gateway over HTTP (AMF0 §4).
//!
//! Declared lengths are not trusted, because common clients write 0, 1 or −1. Each value is read to find its end.
//! Only if a value cannot be read, the lengths are used to find the next message, and then all of them must be
//! correct.

mod decode;
mod encode;

use std::borrow::Cow;

pub use encode::PacketWriter;

use crate::error::DecodeError;

/// Remoting packet whose headers and bodies are still encoded. Each is decoded by a [`Decoder`](crate::Decoder) of
/// its own, because the reference tables start anew in each (AMF0 §4.2).
///
/// ```
/// use amf_core::packet::{Message, Packet};
/// use amf_core::{Decoder, FromAmf, Limits, Version};
///
/// // Version 0, no header, one message: target "a.b", response "/1", unknown length, [7].
/// let bytes = b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1\xFF\xFF\xFF\xFF\x0A\0\0\0\x01\0\x40\x1C\0\0\0\0\0\0";
/// let packet = Packet::decode(bytes, &Default::default(), Limits::default())?;
/// let message: &Message<'_> = &packet.messages[0];
/// assert_eq!((&*message.target_uri, &*message.response_uri), ("a.b", "/1"));
/// assert_eq!(Vec::<u8>::from_amf(&mut Decoder::new(Version::Amf0, message.body))?, [7]);
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Packet<'de> {
    /// Version: 0 or 3. Other versions occur.
    pub version: u16,
    /// Headers, in order.
    pub headers: Vec<Header<'de>>,
    /// Messages that could be located, in order.
    pub messages: Vec<Message<'de>>,
    /// Message behind [`messages`](Self::messages), if it could not be read and its end is unknown. Nothing behind it
    /// can be located.
    pub broken: Option<BrokenMessage<'de>>,
    /// Number of bytes behind the last message that belong to no message, such as a line end printed by a script. 0
    /// if a message is [`broken`](Self::broken).
    pub trailing_bytes: usize,
}

/// Header of a [`Packet`]: a name and a value.
///
/// ```
/// use amf_core::packet::{Header, Packet};
/// use amf_core::Limits;
///
/// // Version 0, one header "trace" that must be understood, with the value true, and no message.
/// let bytes = b"\0\0\0\x01\0\x05trace\x01\xFF\xFF\xFF\xFF\x01\x01\0\0";
/// let packet = Packet::decode(bytes, &Default::default(), Limits::default())?;
/// let Header { name, must_understand, value, .. } = &packet.headers[0];
/// assert_eq!((&**name, *must_understand, *value), ("trace", true, &[0x01, 0x01][..]));
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Header<'de> {
    /// Name of the header.
    pub name: Cow<'de, str>,
    /// Whether a receiver that does not know the name should refuse the packet.
    pub must_understand: bool,
    /// One AMF0 value, which may switch to AMF3.
    pub value: &'de [u8],
    /// Offset of the value in the packet.
    pub offset: usize,
    /// Whether the value switches to AMF3, as a whole or in part.
    pub uses_amf3: bool,
}

/// Message of a [`Packet`]: a call or its reply.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message<'de> {
    /// Target of the call, or that of a reply such as `/1/onResult`.
    pub target_uri: Cow<'de, str>,
    /// Address for the reply, such as `/1`.
    pub response_uri: Cow<'de, str>,
    /// One AMF0 value, which may switch to AMF3. The body of a call is the list of its arguments.
    pub body: &'de [u8],
    /// Offset of the body in the packet.
    pub offset: usize,
    /// Whether the body switches to AMF3, as a whole or in part. Only the readable part of an unreadable body is
    /// considered.
    pub uses_amf3: bool,
    /// Error of a body that cannot be read. The declared lengths determine the end of such a body; see
    /// [`Packet::decode`].
    pub error: Option<DecodeError>,
}

/// Message of a [`Packet`] of which the body, or more, could not be read.
///
/// ```
/// use amf_core::packet::{BrokenMessage, Packet};
/// use amf_core::Limits;
///
/// // One message with a wrong length; 0x77 is not a marker of AMF0.
/// let bytes = b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1\0\0\0\0\x77";
/// let packet = Packet::decode(bytes, &Default::default(), Limits::default())?;
/// let BrokenMessage { response_uri, error, .. } = packet.broken.unwrap();
/// assert_eq!(response_uri.as_deref(), Some("/1"));
/// assert_eq!(error.to_string(), "0x77 introduces no AMF0 value (at byte 19)");
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrokenMessage<'de> {
    /// Target of the call, if it could be read.
    pub target_uri: Option<Cow<'de, str>>,
    /// Address for the reply, if it could be read.
    pub response_uri: Option<Cow<'de, str>>,
    /// Error that ended the packet.
    pub error: DecodeError,
}
