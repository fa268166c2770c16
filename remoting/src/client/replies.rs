//! A remoting reply, read.

use std::sync::Arc;

use amf_core::packet::Packet;
use amf_core::{Classes, DecodeError, DecodeOptions, Decoder, FromAmf, Version};
use bytes::Bytes;

use super::HttpError;
use crate::service::{CallError, Fault};

/// The packet that answers a packet.
///
/// ```
/// use amf_remoting::client::{ReplyKind, Replies};
///
/// // Version 0, no headers, 2 messages: the result 7 of "/1", and a call of "said" with ["hi"].
/// let packet = b"\0\0\0\0\0\x02\
///     \0\x0B/1/onResult\0\x04null\0\0\0\x09\0\x40\x1C\0\0\0\0\0\0\
///     \0\x04said\0\x04null\0\0\0\x0A\x0A\0\0\0\x01\x02\0\x02hi";
/// let replies = Replies::from_bytes(&packet[..])?;
/// assert_eq!(replies.result::<u32>("/1").unwrap(), 7);
/// let told = replies.messages().last().unwrap();
/// assert_eq!(told.kind(), ReplyKind::Call("said"));
/// assert_eq!(told.value::<Vec<String>>()?, ["hi"]);
/// # Ok::<(), amf_remoting::amf_core::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replies {
    version: u16,
    headers: Vec<ReplyHeader>,
    messages: Vec<ReplyMessage>,
    broken: Option<DecodeError>,
    trailing_bytes: usize,
}

/// One message of a reply.
#[derive(Clone, Debug)]
pub struct ReplyMessage {
    target: String,
    value: EncodedValue,
}

/// One header of a reply.
#[derive(Clone, Debug)]
pub struct ReplyHeader {
    name: String,
    must_understand: bool,
    value: EncodedValue,
}

/// What a message of a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyKind<'a> {
    /// The result of the call with this response URI.
    OnResult(&'a str),
    /// The fault of the call with this response URI.
    OnStatus(&'a str),
    /// A call to a method of the client.
    Call(&'a str),
}

/// A value whose type is not known yet.
#[derive(Clone, Debug)]
struct EncodedValue {
    bytes: Bytes,
    offset: usize,
    classes: Arc<Classes>,
    options: DecodeOptions,
}

impl Replies {
    /// Reads a packet, with the default limits.
    ///
    /// A message that cannot be read leaves those before it, see [`broken`](Self::broken); where all declared lengths
    /// are exact, it leaves those behind it too, and is the error of its [`value`](ReplyMessage::value). Bytes behind
    /// the last message are ignored.
    ///
    /// # Errors
    /// Where the bytes are no packet, or its headers cannot be read.
    pub fn from_bytes(packet: impl Into<Bytes>) -> Result<Self, DecodeError> {
        Self::from_bytes_with(packet, &Arc::default(), DecodeOptions::default())
    }

    /// Reads a packet with classes of the program's own, which say where externalizable objects end, within other
    /// limits, or with text that is not UTF-8.
    ///
    /// # Errors
    /// Those of [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_with(
        packet: impl Into<Bytes>,
        classes: &Arc<Classes>,
        options: impl Into<DecodeOptions>,
    ) -> Result<Self, DecodeError> {
        let bytes = packet.into();
        let options = options.into();
        let packet = Packet::decode(&bytes, classes, options)?;
        let encoded = |value: &[u8], offset| EncodedValue {
            bytes: bytes.slice_ref(value),
            offset,
            classes: Arc::clone(classes),
            options,
        };
        let header = |header: &amf_core::packet::Header<'_>| ReplyHeader {
            name: header.name.to_string(),
            must_understand: header.must_understand,
            value: encoded(header.value, header.offset),
        };
        let message = |message: &amf_core::packet::Message<'_>| ReplyMessage {
            target: message.target_uri.to_string(),
            value: encoded(message.body, message.offset),
        };
        Ok(Self {
            version: packet.version,
            headers: packet.headers.iter().map(header).collect(),
            messages: packet.messages.iter().map(message).collect(),
            trailing_bytes: packet.trailing_bytes,
            broken: packet.broken.map(|broken| match broken.target_uri {
                Some(target) => broken.error.in_member(target.into_owned()),
                None => broken.error,
            }),
        })
    }

    /// The packet's version.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// The headers, in order.
    pub fn headers(&self) -> impl Iterator<Item = &ReplyHeader> {
        self.headers.iter()
    }

    /// Returns the messages that could be found, in order.
    pub fn messages(&self) -> impl Iterator<Item = &ReplyMessage> {
        self.messages.iter()
    }

    /// Why the message behind these could not be read, if there is one.
    pub fn broken(&self) -> Option<&DecodeError> {
        self.broken.as_ref()
    }

    /// Returns the number of bytes behind the last message, which are ignored: a line end that a script printed, for
    /// example.
    pub fn trailing_bytes(&self) -> usize {
        self.trailing_bytes
    }

    /// The result of the call with this response URI.
    ///
    /// A fault is [`CallError::Fault`], a result of another type [`CallError::Decode`] with the place in the packet, and
    /// a reply without it [`HttpError::Unanswered`].
    pub fn result<T: for<'de> FromAmf<'de>>(&self, response_uri: &str) -> Result<T, CallError> {
        Ok(self.reply_to(response_uri)?.value()?)
    }

    /// The message with the result of the call with this response URI.
    pub(super) fn reply_to(&self, response_uri: &str) -> Result<&ReplyMessage, CallError> {
        let answers = |message: &&ReplyMessage| match message.kind() {
            ReplyKind::OnResult(uri) | ReplyKind::OnStatus(uri) => uri == response_uri,
            ReplyKind::Call(_) => false,
        };
        match (self.messages().find(answers), &self.broken) {
            (Some(message), _) if matches!(message.kind(), ReplyKind::OnStatus(_)) => {
                Err(CallError::Fault(message.value::<Fault>()?))
            }
            (Some(message), _) => Ok(message),
            (None, Some(error)) => Err(error.clone().into()),
            (None, None) => Err(HttpError::Unanswered { response_uri: response_uri.to_owned() }.into()),
        }
    }
}

impl ReplyMessage {
    /// The target as it is written: `/1/onResult`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What it is, by its target.
    pub fn kind(&self) -> ReplyKind<'_> {
        if let Some(uri) = self.target.strip_suffix("/onResult") {
            ReplyKind::OnResult(uri)
        } else if let Some(uri) = self.target.strip_suffix("/onStatus") {
            ReplyKind::OnStatus(uri)
        } else {
            ReplyKind::Call(&self.target)
        }
    }

    /// The value: a result, a [`struct@Fault`], or the list of a call's arguments.
    pub fn value<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        self.value.read().map_err(|error| error.in_member(self.target.clone()))
    }

    /// The value's bytes, in the form of the [envelope](amf_core::Encoder::in_envelope).
    pub fn bytes(&self) -> &Bytes {
        &self.value.bytes
    }
}

impl ReplyHeader {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a client that does not know the name should refuse the reply.
    pub fn must_understand(&self) -> bool {
        self.must_understand
    }

    /// The value.
    pub fn value<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        self.value.read().map_err(|error| error.in_member(self.name.clone()))
    }
}

impl EncodedValue {
    fn read<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        let mut classes = (*self.classes).clone();
        T::classes(&mut classes);
        let decoder = Decoder::new(Version::Amf0, &self.bytes).with_classes(Arc::new(classes));
        let mut decoder = decoder.with_options(self.options);
        decoder.read_message(T::from_amf).map_err(|error| error.offset_by(self.offset))
    }
}
