//! Messages of remote shared objects: types 19 (AMF0) and 16 (AMF3).
//!
//! The specification names them (RTMP §7.1.3) without saying what is in them. The layout is what Flash Player
//! and its servers speak:
//!
//! ```text
//! [type 16 only: 00]
//! u16 length, name      u32 version      u32 flags      u32 0
//! repeat: u8 event, u32 length, body
//! ```
//!
//! Only the bit of value 2 of the flags says that an object is persistent. The bits 0x10 and 0x20 come with temporary
//! objects too: peers of the proxied dialect set them (Adobe Media Server, and the client `rtmp-client` of npm).

use std::sync::Arc;

use amf_core::{DecodeError, DecodeErrorKind, Decoder, Value, Version};
use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Message, MessageType};
use crate::proto::{Limits, PeerErrorKind};

/// The flag of persistent objects.
const PERSISTENT: u32 = 0x02;
/// The flag of peers that use the events of proxies, 12 to 14.
const PROXIED: u32 = 0x10;

/// A message of a shared object.
///
/// ```
/// use amf_core::Version;
/// use amf_rtmp::proto::{Limits, SharedObjectEvent, SharedObjectMessage};
///
/// let events = vec![SharedObjectEvent::Use];
/// let message = SharedObjectMessage::new(Version::Amf0, "board", events).with_version(1);
/// let wire = message.to_message();
/// assert_eq!(*wire.payload, *b"\0\x05board\0\0\0\x01\0\0\0\0\0\0\0\0\x01\0\0\0\0");
/// assert_eq!(SharedObjectMessage::parse(&wire, &Limits::server())?, Some(message));
/// # Ok::<(), amf_rtmp::proto::PeerErrorKind>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedObjectMessage {
    /// The message's type, and so what its values may be: plain AMF0, or AMF3 behind the marker 0x11.
    pub encoding: Version,
    /// The object's name.
    pub name: Arc<str>,
    /// The object's version.
    pub version: u32,
    /// Whether the object is to outlive those who use it.
    pub is_persistent: bool,
    /// Whether the flag 0x10 is set: the client expects [`ChangeEcho`](SharedObjectEvent::ChangeEcho) instead of
    /// [`Success`](SharedObjectEvent::Success) as the reply to its changes.
    pub is_proxied: bool,
    /// What happened, or shall happen, in this order.
    pub events: Vec<SharedObjectEvent>,
}

/// One event of a shared object message. Values are bytes of one AMF value in the message's encoding, in the form
/// that an envelope carries; each has reference tables of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedObjectEvent {
    /// 1, to the server: the client wants to use the object.
    Use,
    /// 2, to the server: it does not want to any more.
    Release,
    /// 3, to the server: a slot shall have this value. Null, or none, asks for its removal.
    RequestChange {
        /// The slot.
        key: Arc<str>,
        /// Its value.
        value: Bytes,
    },
    /// 4, to clients: a slot has this value now. On the wire one event may hold several slots.
    Change {
        /// The slot.
        key: Arc<str>,
        /// Its value.
        value: Bytes,
    },
    /// 5, to the writer only: its change was made.
    Success {
        /// The slot.
        key: Arc<str>,
    },
    /// 6, both ways: calls a handler of everybody who uses the object.
    SendMessage(SentMessage),
    /// 7, to clients: something was refused.
    Status {
        /// What, as `SharedObject.NoWriteAccess`.
        code: Arc<str>,
        /// `error`, mostly.
        level: Arc<str>,
    },
    /// 8, to clients: all slots are gone.
    Clear,
    /// 9, to clients: a slot is gone.
    Remove {
        /// The slot.
        key: Arc<str>,
    },
    /// 10, to the server: a slot shall go.
    RequestRemove {
        /// The slot.
        key: Arc<str>,
    },
    /// 11, to clients: the object can be used.
    UseSuccess,
    /// 13, to the writer only, instead of 5 where it uses the events of proxies: its change was made, and the slot
    /// has this value.
    ChangeEcho {
        /// The slot.
        key: Arc<str>,
        /// Its value.
        value: Bytes,
    },
    /// 14, to the server: all slots shall go.
    RequestClear,
    /// An event that has no name here.
    Other {
        /// Its number.
        event: u8,
        /// Its body.
        body: Bytes,
    },
}

/// The name of a handler, and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    handler: Arc<str>,
    body: Bytes,
}

impl SentMessage {
    /// `arguments` are values in the form that an envelope carries, one after another.
    pub fn new(handler: &str, arguments: &[u8]) -> Self {
        let mut body = BytesMut::with_capacity(handler.len() + 5 + arguments.len());
        if let Ok(len) = u16::try_from(handler.len()) {
            body.put_u8(0x02);
            body.put_u16(len);
        } else {
            body.put_u8(0x0C);
            body.put_u32(handler.len() as u32);
        }
        body.put_slice(handler.as_bytes());
        body.put_slice(arguments);
        Self { handler: handler.into(), body: body.freeze() }
    }

    fn parse(body: Bytes) -> Result<Self, DecodeError> {
        // The arguments are only passed over.
        let mut decoder = Decoder::new(Version::Amf0, &body).with_any_amf0_numbering();
        let handler: String = decoder.read()?;
        while !decoder.is_at_end() {
            if let Err(error) = decoder.skip() {
                allow_unknown_externalizable(error)?;
                break;
            }
        }
        Ok(Self { handler: handler.into(), body })
    }

    /// The handler's name.
    pub fn handler(&self) -> &str {
        &self.handler
    }

    /// Name and arguments as they stand in a message.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Decodes the arguments as values.
    ///
    /// # Errors
    /// If one of them cannot be decoded.
    pub fn to_values(&self) -> Result<Vec<Value>, DecodeError> {
        Decoder::new(Version::Amf0, &self.body).read_message(|decoder| {
            decoder.skip()?;
            let mut values = Vec::new();
            while !decoder.is_at_end() {
                values.push(decoder.read()?);
            }
            Ok(values)
        })
    }

    /// A decoder that stands at the first argument, or at the end if there is none.
    pub fn decoder(&self) -> Result<Decoder<'_>, DecodeError> {
        let mut decoder = Decoder::new(Version::Amf0, &self.body);
        decoder.skip()?;
        Ok(decoder)
    }
}

impl SharedObjectMessage {
    /// Creates a message of version 0 for an object that is not persistent.
    pub fn new(encoding: Version, name: impl Into<Arc<str>>, events: Vec<SharedObjectEvent>) -> Self {
        Self { encoding, name: name.into(), version: 0, is_persistent: false, is_proxied: false, events }
    }

    /// Sets the object's version. Default: 0.
    #[must_use]
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Sets whether the object outlives those who use it. Default: `false`.
    #[must_use]
    pub fn with_persistence(mut self, is_persistent: bool) -> Self {
        self.is_persistent = is_persistent;
        self
    }

    /// Sets whether the sender uses the events of proxies. Default: `false`.
    #[must_use]
    pub fn with_proxied(mut self, is_proxied: bool) -> Self {
        self.is_proxied = is_proxied;
        self
    }

    /// Reads a message; `None` if it is of another type.
    ///
    /// All lengths are checked, and each value ends where its event does. Bounds are
    /// [`Limits::shared_object_events`] and [`Limits::shared_object_name_bytes`].
    ///
    /// # Errors
    /// If the message, or one of its events, cannot be read or exceeds a limit. A [`Connection`](crate::proto::Connection)
    /// leaves out the events that cannot be read, and goes on.
    pub fn parse(message: &Message, limits: &Limits) -> Result<Option<Self>, PeerErrorKind> {
        match Self::parse_readable_events(message, limits)? {
            Some(ReadableEvents { first_error: Some(error), .. }) => Err(error),
            readable => Ok(readable.map(|readable| readable.message)),
        }
    }

    /// Reads a message as [`parse`](Self::parse) does, without the events that cannot be read: the length of an event
    /// says where the next one begins, so one that is wrong inside costs no other.
    pub(crate) fn parse_readable_events(
        message: &Message,
        limits: &Limits,
    ) -> Result<Option<ReadableEvents>, PeerErrorKind> {
        let mut cursor = Cursor { rest: message.payload.clone(), len: message.payload.len() };
        let encoding = match message.kind {
            MessageType::SHARED_OBJECT => Version::Amf0,
            MessageType::SHARED_OBJECT_AMF3 => {
                cursor.u8("the first byte of an AMF3 message")?;
                Version::Amf3
            }
            _ => return Ok(None),
        };
        let name = cursor.name(limits)?;
        let version = cursor.u32("the object's version")?;
        let flags = cursor.u32("the object's flags")?;
        let (is_persistent, is_proxied) = (flags & PERSISTENT != 0, flags & PROXIED != 0);
        cursor.u32("four bytes of zero")?;
        let mut reader = EventReader { events: Vec::new(), ignored: 0, first_error: None, limits };
        while !cursor.rest.is_empty() {
            reader.read_next(&mut cursor)?;
        }
        let EventReader { events, ignored, first_error, .. } = reader;
        let message = Self { encoding, name, version, is_persistent, is_proxied, events };
        Ok(Some(ReadableEvents { message, ignored, first_error }))
    }

    /// The message that says this. Names and keys of more than 65,535 bytes are cut there.
    pub fn to_message(&self) -> Message {
        let values = self.events.iter().map(SharedObjectEvent::size).sum::<usize>();
        let mut payload = BytesMut::with_capacity(15 + self.name.len() + values);
        let kind = match self.encoding {
            Version::Amf0 => MessageType::SHARED_OBJECT,
            Version::Amf3 => {
                payload.put_u8(0);
                MessageType::SHARED_OBJECT_AMF3
            }
        };
        put_text(&mut payload, &self.name);
        payload.put_u32(self.version);
        payload.put_u32(
            if self.is_persistent { PERSISTENT } else { 0 } | if self.is_proxied { PROXIED } else { 0 },
        );
        payload.put_u32(0);
        for event in &self.events {
            event.write(&mut payload);
        }
        Message::new(kind, payload.freeze())
    }
}

/// A message without the events that cannot be read.
pub(crate) struct ReadableEvents {
    pub(crate) message: SharedObjectMessage,
    /// Number of events that cannot be read.
    pub(crate) ignored: u64,
    /// Why the first of them cannot be read.
    first_error: Option<PeerErrorKind>,
}

/// The events that were read so far.
struct EventReader<'a> {
    events: Vec<SharedObjectEvent>,
    ignored: u64,
    first_error: Option<PeerErrorKind>,
    limits: &'a Limits,
}

impl EventReader<'_> {
    /// Reads one event. If it cannot be read, it is left out; without a length that fits, so is all behind it.
    fn read_next(&mut self, cursor: &mut Cursor) -> Result<(), PeerErrorKind> {
        let read_before = self.events.len();
        let read = match cursor.event() {
            Ok((event, body)) => self.read(event, body),
            Err(error) => {
                cursor.take_rest();
                Err(error)
            }
        };
        match read {
            Err(error @ PeerErrorKind::SharedObject { .. }) => {
                // Of a change of several slots none is made.
                self.events.truncate(read_before);
                self.ignored += 1;
                self.first_error.get_or_insert(error);
                Ok(())
            }
            read => read,
        }
    }

    fn push(&mut self, event: SharedObjectEvent) -> Result<(), PeerErrorKind> {
        let max = self.limits.shared_object_events;
        if self.events.len() >= max {
            return Err(PeerErrorKind::Limit {
                limit: Limits::NAMES.shared_object_events,
                max,
                found: max + 1,
            });
        }
        self.events.push(event);
        Ok(())
    }

    fn read(&mut self, event: u8, mut body: Cursor) -> Result<(), PeerErrorKind> {
        use SharedObjectEvent as Event;
        let limits = self.limits;
        let event = match event {
            1 => Event::Use,
            2 => Event::Release,
            3 => {
                let key = body.name(limits)?;
                Event::RequestChange { key, value: body.last_value()? }
            }
            4 => {
                while !body.rest.is_empty() {
                    let (key, value) = (body.name(limits)?, body.value()?);
                    self.push(Event::Change { key, value })?;
                }
                return Ok(());
            }
            5 => Event::Success { key: body.name(limits)? },
            6 => {
                let at = body.offset();
                let body = body.take_rest();
                Event::SendMessage(SentMessage::parse(body).map_err(|error| invalid(at, "a message", error))?)
            }
            7 => Event::Status { code: body.text()?, level: body.text()? },
            8 => Event::Clear,
            9 => Event::Remove { key: body.name(limits)? },
            10 => Event::RequestRemove { key: body.name(limits)? },
            11 => Event::UseSuccess,
            13 => Event::ChangeEcho { key: body.name(limits)?, value: body.last_value()? },
            14 => Event::RequestClear,
            event => Event::Other { event, body: body.take_rest() },
        };
        if !body.rest.is_empty() {
            return Err(invalid(
                body.offset(),
                "the end of the event",
                format_args!("{} bytes", body.rest.len()),
            ));
        }
        self.push(event)
    }
}

impl SharedObjectEvent {
    /// What it takes in a message, in bytes.
    pub fn size(&self) -> usize {
        5 + match self {
            Self::Use | Self::Release | Self::Clear | Self::UseSuccess | Self::RequestClear => 0,
            Self::RequestChange { key, value }
            | Self::Change { key, value }
            | Self::ChangeEcho { key, value } => 2 + key.len() + value.len(),
            Self::Success { key } | Self::Remove { key } | Self::RequestRemove { key } => 2 + key.len(),
            Self::SendMessage(sent) => sent.body.len(),
            Self::Status { code, level } => 4 + code.len() + level.len(),
            Self::Other { body, .. } => body.len(),
        }
    }

    fn number(&self) -> u8 {
        match self {
            Self::Use => 1,
            Self::Release => 2,
            Self::RequestChange { .. } => 3,
            Self::Change { .. } => 4,
            Self::Success { .. } => 5,
            Self::SendMessage(_) => 6,
            Self::Status { .. } => 7,
            Self::Clear => 8,
            Self::Remove { .. } => 9,
            Self::RequestRemove { .. } => 10,
            Self::UseSuccess => 11,
            Self::ChangeEcho { .. } => 13,
            Self::RequestClear => 14,
            Self::Other { event, .. } => *event,
        }
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_u8(self.number());
        let at = out.len();
        out.put_u32(0);
        match self {
            Self::Use | Self::Release | Self::Clear | Self::UseSuccess | Self::RequestClear => {}
            Self::RequestChange { key, value }
            | Self::Change { key, value }
            | Self::ChangeEcho { key, value } => {
                put_text(out, key);
                out.put_slice(value);
            }
            Self::Success { key } | Self::Remove { key } | Self::RequestRemove { key } => put_text(out, key),
            Self::SendMessage(sent) => out.put_slice(&sent.body),
            Self::Status { code, level } => {
                put_text(out, code);
                put_text(out, level);
            }
            Self::Other { body, .. } => out.put_slice(body),
        }
        let len = (out.len() - at - 4) as u32;
        if let Some(mut field) = out.get_mut(at..at + 4) {
            field.put_u32(len);
        }
    }
}

fn put_text(out: &mut BytesMut, text: &str) {
    let text = text.get(..text.floor_char_boundary(usize::from(u16::MAX))).unwrap_or_default();
    out.put_u16(text.len() as u16);
    out.put_slice(text.as_bytes());
}

/// A part of a message, and where it ends in there.
struct Cursor {
    rest: Bytes,
    /// Where `rest` ends, counted from the message's first byte.
    len: usize,
}

impl Cursor {
    fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    fn require(&self, len: usize, what: &'static str) -> Result<(), PeerErrorKind> {
        if self.rest.len() < len {
            return Err(invalid(
                self.offset(),
                what,
                format_args!("the end after {} bytes", self.rest.len()),
            ));
        }
        Ok(())
    }

    fn u8(&mut self, what: &'static str) -> Result<u8, PeerErrorKind> {
        self.require(1, what)?;
        Ok(self.rest.get_u8())
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, PeerErrorKind> {
        self.require(4, what)?;
        Ok(self.rest.get_u32())
    }

    /// The number and the body of the next event.
    fn event(&mut self) -> Result<(u8, Self), PeerErrorKind> {
        let event = self.u8("an event")?;
        let len = self.u32("the event's length")? as usize;
        Ok((event, self.split(len)?))
    }

    fn split(&mut self, len: usize) -> Result<Self, PeerErrorKind> {
        self.require(len, "the event's body")?;
        let remaining = self.rest.len() - len;
        Ok(Self { rest: self.rest.split_to(len), len: self.len - remaining })
    }

    fn text(&mut self) -> Result<Arc<str>, PeerErrorKind> {
        self.require(2, "the length of a text")?;
        let len = usize::from(self.rest.get_u16());
        self.require(len, "a text")?;
        let at = self.offset();
        let text = self.rest.split_to(len);
        std::str::from_utf8(&text).map(Into::into).map_err(|error| invalid(at, "UTF-8", error))
    }

    /// The name of an object or a slot.
    fn name(&mut self, limits: &Limits) -> Result<Arc<str>, PeerErrorKind> {
        let max = limits.shared_object_name_bytes;
        if let Some(len) = self.rest.first_chunk().map(|len| usize::from(u16::from_be_bytes(*len)))
            && len > max
        {
            return Err(PeerErrorKind::Limit {
                limit: Limits::NAMES.shared_object_name_bytes,
                max,
                found: len,
            });
        }
        self.text()
    }

    /// A value with more behind it.
    fn value(&mut self) -> Result<Bytes, PeerErrorKind> {
        let len = self.end_of_value().map_err(|error| invalid(self.offset(), "a value", error))?;
        Ok(self.rest.split_to(len))
    }

    /// A value that fills the rest, null if there is none.
    fn last_value(&mut self) -> Result<Bytes, PeerErrorKind> {
        if self.rest.is_empty() {
            return Ok(Bytes::from_static(&[0x05]));
        }
        let len = self.end_of_value().or_else(|error| {
            allow_unknown_externalizable(error)?;
            Ok::<_, DecodeError>(self.rest.len())
        });
        let len = len.map_err(|error| invalid(self.offset(), "a value", error))?;
        Ok(self.rest.split_to(len))
    }

    /// The length of the value that stands next. Only its end is wanted, and that is the same under every numbering of
    /// references.
    fn end_of_value(&self) -> Result<usize, DecodeError> {
        let mut decoder = Decoder::new(Version::Amf0, &self.rest).with_any_amf0_numbering();
        decoder.skip()?;
        Ok(decoder.offset())
    }

    fn take_rest(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len())
    }
}

/// Where a value fills the rest, its end is known even if only its class could tell.
fn allow_unknown_externalizable(error: DecodeError) -> Result<(), DecodeError> {
    match error.kind() {
        DecodeErrorKind::UnknownExternalizable { .. } => Ok(()),
        _ => Err(error),
    }
}

#[cold]
fn invalid(at: usize, expected: &'static str, found: impl std::fmt::Display) -> PeerErrorKind {
    PeerErrorKind::SharedObject { at, expected, found: found.to_string() }
}
