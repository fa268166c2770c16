//! The remoting packet: what an AMF gateway receives and answers over HTTP (AMF0 §4).
//!
//! Declared lengths are not trusted: real clients write 0, 1 or −1. Values say themselves where they end. Only where a
//! value cannot be read, lengths are what is left to find the next message, and then all of them have to be right.

mod decode;
mod encode;

use std::borrow::Cow;

pub use encode::PacketWriter;

use crate::error::DecodeError;

/// A packet whose headers and bodies are still bytes, to be decoded one by one: the reference tables
/// start afresh in each (AMF0 §4.2).
///
/// ```
/// use amf_core::packet::Packet;
/// use amf_core::{Decoder, FromAmf, Limits, Version};
///
/// // Version 0, no header, one message: target "a.b", response "/1", unknown length, [7].
/// let bytes = b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1\xFF\xFF\xFF\xFF\x0A\0\0\0\x01\0\x40\x1C\0\0\0\0\0\0";
/// let packet = Packet::decode(bytes, &Default::default(), Limits::default())?;
/// let message = &packet.messages[0];
/// assert_eq!((&*message.target_uri, &*message.response_uri), ("a.b", "/1"));
/// assert_eq!(Vec::<u8>::from_amf(&mut Decoder::new(Version::Amf0, message.body))?, [7]);
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Packet<'de> {
    /// 0 or 3; others occur.
    pub version: u16,
    /// The headers, in order.
    pub headers: Vec<Header<'de>>,
    /// The messages that could be found, in order.
    pub messages: Vec<Message<'de>>,
    /// The message behind them, if it could not be read and its end is not known; nothing behind that one can be found.
    pub broken: Option<BrokenMessage<'de>>,
    /// Number of bytes behind the last message, which belong to none: a line end that a script printed, for example. 0
    /// where a message is [`broken`](Self::broken).
    pub trailing_bytes: usize,
}

/// A header: a name, and a value for whoever understands it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Header<'de> {
    /// Its name.
    pub name: Cow<'de, str>,
    /// Whether a receiver that does not know the name should refuse the packet.
    pub must_understand: bool,
    /// One AMF0 value, which may switch to AMF3.
    pub value: &'de [u8],
    /// The offset of the value in the packet.
    pub offset: usize,
    /// Whether the value switches to AMF3, as a whole or in part.
    pub uses_amf3: bool,
}

/// A message: a call, or the answer to one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message<'de> {
    /// What is called, or `/1/onResult`.
    pub target_uri: Cow<'de, str>,
    /// Where the answer is to go, such as `/1`.
    pub response_uri: Cow<'de, str>,
    /// One AMF0 value, which may switch to AMF3: of a call, the list of its arguments.
    pub body: &'de [u8],
    /// The offset of the body in the packet.
    pub offset: usize,
    /// Whether the body switches to AMF3, as a whole or in part; if it cannot be read, in the part that can.
    pub uses_amf3: bool,
    /// Error of a body that cannot be read. The declared lengths say where such a body ends, see [`Packet::decode`].
    pub error: Option<DecodeError>,
}

/// A message whose body could not be read, or only its names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrokenMessage<'de> {
    /// What is called, if that could be read.
    pub target_uri: Option<Cow<'de, str>>,
    /// Where the answer is to go, if that could be read.
    pub response_uri: Option<Cow<'de, str>>,
    /// Why.
    pub error: DecodeError,
}
