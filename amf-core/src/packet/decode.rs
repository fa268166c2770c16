//! Location of the headers and messages in a packet.

use std::borrow::Cow;
use std::sync::Arc;

use super::{BrokenMessage, Header, Message, Packet};
use crate::amf0::marker::{AVMPLUS, STRICT_ARRAY};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::wire::{Reader, utf8};
use crate::{Classes, DecodeOptions, Decoder, Limits, Version};

impl<'de> Packet<'de> {
    /// Reads the structure of a packet. The classes are needed to find the ends of externalizable objects.
    ///
    /// A message whose body cannot be read ends the packet at [`broken`](Self::broken), with one exception: if the
    /// declared lengths of this and all later messages lead from message to message, as many as the packet declares,
    /// and exactly to the end of the input. In that case the message is in [`messages`](Self::messages) with an
    /// [`error`](Message::error), and so are the later ones.
    ///
    /// # Errors
    ///
    /// Returns [`NotAPacket`](DecodeErrorKind::NotAPacket) if the version is not 0, 1 or 3 and the rest is not a
    /// packet either, [`Limit`](DecodeErrorKind::Limit) for too many headers or messages, and the error of a header
    /// that cannot be read.
    pub fn decode(
        input: &'de [u8],
        classes: &Arc<Classes>,
        options: impl Into<DecodeOptions>,
    ) -> Result<Self, DecodeError> {
        PacketReader::new(input, classes, options.into()).packet()
    }

    /// Reads the structure of a packet for a caller that decodes all bodies anyway. The last body is not skipped if
    /// its declared length is that of the rest of the input, which saves one pass over it.
    ///
    /// The last body is then the rest of the input, and the caller must check that it contains exactly one value.
    ///
    /// ```
    /// use amf_core::packet::Packet;
    /// use amf_core::Limits;
    ///
    /// // One message: target "a.b", response "/1", length 1; 0x77 is no marker of AMF0.
    /// let bytes = b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1\0\0\0\x01\x77";
    /// let packet = Packet::decode_lazily(bytes, &Default::default(), Limits::default())?;
    /// assert_eq!(packet.messages[0].body, [0x77]);
    /// assert!(packet.messages[0].error.is_none());
    /// assert!(Packet::decode(bytes, &Default::default(), Limits::default())?.messages[0].error.is_some());
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`decode`](Self::decode).
    pub fn decode_lazily(
        input: &'de [u8],
        classes: &Arc<Classes>,
        options: impl Into<DecodeOptions>,
    ) -> Result<Self, DecodeError> {
        PacketReader { trusts_length: true, ..PacketReader::new(input, classes, options.into()) }.packet()
    }

    /// Returns `true` if the packet is complete, or if enough of it was read to reply to a message.
    fn is_plausible(&self) -> bool {
        let has_address = |broken: &BrokenMessage<'_>| broken.response_uri.is_some();
        !self.messages.is_empty() || self.broken.as_ref().map_or(self.trailing_bytes == 0, has_address)
    }
}

struct PacketReader<'de, 'a> {
    input: &'de [u8],
    reader: Reader<'de>,
    classes: &'a Arc<Classes>,
    options: DecodeOptions,
    /// Whether the length of the last message may determine the end of its value.
    trusts_length: bool,
    /// Whether a declared length differed from that of its value. A length that is declared to be unknown does not
    /// count.
    has_wrong_length: bool,
}

/// Declared length of −1: the sender does not know the length.
const UNKNOWN_LENGTH: u32 = u32::MAX;

/// Message as delimited by its declared length, regardless of the content of its body.
struct DelimitedMessage<'de> {
    target_uri: Cow<'de, str>,
    response_uri: Cow<'de, str>,
    body: &'de [u8],
    offset: usize,
}

/// Body that cannot be skipped.
struct UnreadableBody {
    error: DecodeError,
    /// Offset in the input up to which bytes were read as parts of the value.
    reached: usize,
}

/// Message that cannot be skipped.
struct UnreadableMessage<'de> {
    message: BrokenMessage<'de>,
    /// That of the [`UnreadableBody`], if the body is the part that cannot be read.
    reached: Option<usize>,
}

impl<'de, 'a> PacketReader<'de, 'a> {
    fn new(input: &'de [u8], classes: &'a Arc<Classes>, options: DecodeOptions) -> Self {
        let reader = Reader::new(input);
        Self { input, reader, classes, options, trusts_length: false, has_wrong_length: false }
    }

    /// Reads the packet. The version is checked first: other formats would otherwise be reported as a packet with too
    /// many headers, or with another error that depends on their bytes.
    fn packet(self) -> Result<Packet<'de>, DecodeError> {
        let input = self.input;
        match *input {
            [] | [0] | [0, 0 | 1 | 3, ..] => self.contents(),
            // Packets of other versions occur. Their senders receive an error about the version.
            _ => self.contents().ok().filter(Packet::is_plausible).ok_or_else(|| not_a_packet(input)),
        }
    }

    fn contents(mut self) -> Result<Packet<'de>, DecodeError> {
        let version = self.reader.u16()?;
        let headers = self.count(Limits::NAMES.headers, self.options.limits.headers)?;
        let headers = (0..headers).map(|_| self.header()).collect::<Result<_, _>>()?;
        let count = self.count(Limits::NAMES.messages, self.options.limits.messages)?;
        let (messages, broken) = self.messages(count);
        let trailing_bytes = if broken.is_none() { self.reader.remaining() } else { 0 };
        Ok(Packet { version, headers, messages, broken, trailing_bytes })
    }

    fn messages(&mut self, count: u16) -> (Vec<Message<'de>>, Option<BrokenMessage<'de>>) {
        let mut messages = Vec::new();
        for left in (1..=count).rev() {
            let start = self.reader.position();
            match self.message(left == 1) {
                Ok(message) => messages.push(message),
                Err(unreadable) => {
                    let Some(delimited) = self.delimited_messages(start, left, &unreadable) else {
                        return (messages, Some(unreadable.message));
                    };
                    messages.extend(delimited.into_iter().map(|message| self.read_delimited(message)));
                    break;
                }
            }
        }
        (messages, None)
    }

    /// Returns the messages from `start` on as delimited by their declared lengths, if the lengths can be trusted.
    ///
    /// Senders that declare 0, 1 or another wrong length are common. With a looser rule, bytes within a value could
    /// be taken for a message, and text that was typed by a third party would be executed as a call. The lengths must
    /// therefore lead to the end of the input in as many messages as the packet declares, no earlier length may have
    /// been wrong, and no byte that was read as part of the value may lie behind its declared end.
    fn delimited_messages(
        &mut self,
        start: usize,
        count: u16,
        unreadable: &UnreadableMessage<'de>,
    ) -> Option<Vec<DelimitedMessage<'de>>> {
        let reached = unreadable.reached.filter(|_| !self.has_wrong_length)?;
        self.reader.seek(start);
        let messages = (0..count).map(|_| self.delimited_message()).collect::<Result<Vec<_>, _>>().ok()?;
        let first = messages.first()?;
        let is_consistent = reached <= first.offset + first.body.len() && self.reader.remaining() == 0;
        is_consistent.then_some(messages)
    }

    fn delimited_message(&mut self) -> Result<DelimitedMessage<'de>, DecodeError> {
        let (target_uri, response_uri) = (self.text()?, self.text()?);
        let length = self.reader.u32()?;
        let offset = self.reader.position();
        let body = self.reader.bytes(length as usize)?;
        Ok(DelimitedMessage { target_uri, response_uri, body, offset })
    }

    /// Skips the body within its bounds. A value that claims to be longer has no further cost.
    fn read_delimited(&self, message: DelimitedMessage<'de>) -> Message<'de> {
        let DelimitedMessage { target_uri, response_uri, body, offset } = message;
        let mut decoder = self.decoder(body);
        let error = decoder.skip().and_then(|()| decoder.finish()).err().map(|error| error.offset_by(offset));
        let uses_amf3 = decoder.has_switched_to_amf3();
        Message { target_uri, response_uri, body, offset, uses_amf3, error }
    }

    fn count(&mut self, limit: &'static str, max: usize) -> Result<u16, DecodeError> {
        let count = self.reader.u16()?;
        if usize::from(count) > max {
            return Err(self.error(DecodeErrorKind::Limit { limit, max }));
        }
        Ok(count)
    }

    fn header(&mut self) -> Result<Header<'de>, DecodeError> {
        let name = self.text()?;
        let must_understand = self.reader.u8()? != 0;
        let length = self.reader.u32()?;
        let offset = self.reader.position();
        let (value, uses_amf3) =
            self.value(length).map_err(|unreadable| unreadable.error.in_member(name.clone().into_owned()))?;
        Ok(Header { name, must_understand, value, offset, uses_amf3 })
    }

    fn message(&mut self, is_last: bool) -> Result<Message<'de>, UnreadableMessage<'de>> {
        let unreadable = |target_uri, response_uri, error, reached| UnreadableMessage {
            message: BrokenMessage { target_uri, response_uri, error },
            reached,
        };
        let target = self.text().map_err(|error| unreadable(None, None, error, None))?;
        let response = self.text().map_err(|error| unreadable(Some(target.clone()), None, error, None))?;
        let length = match self.reader.u32() {
            Ok(length) => length,
            Err(error) => return Err(unreadable(Some(target), Some(response), error, None)),
        };
        let offset = self.reader.position();
        let rest = if is_last && self.trusts_length { self.trusted_rest(length) } else { None };
        match rest.map_or_else(|| self.value(length), Ok) {
            Ok((body, uses_amf3)) => Ok(Message {
                target_uri: target,
                response_uri: response,
                body,
                offset,
                uses_amf3,
                error: None,
            }),
            Err(UnreadableBody { error, reached }) => {
                Err(unreadable(Some(target), Some(response), error, Some(reached)))
            }
        }
    }

    /// Returns the rest of the input if it has the declared length, and whether it switches to AMF3. Returns `None`
    /// if the latter requires a pass over the value.
    ///
    /// A length of −1 is not sufficient, because bytes that belong to no message may follow.
    fn trusted_rest(&mut self, length: u32) -> Option<(&'de [u8], bool)> {
        let rest = self.reader.rest();
        if length as usize != rest.len() {
            return None;
        }
        let uses_amf3 = find_switch(rest)?;
        self.reader.seek(self.input.len());
        Some((rest, uses_amf3))
    }

    /// Skips one value. Returns its bytes, and whether it switches to AMF3.
    fn value(&mut self, declared_length: u32) -> Result<(&'de [u8], bool), UnreadableBody> {
        let start = self.reader.position();
        let mut decoder = self.decoder(self.reader.rest());
        let skipped = decoder.skip();
        let (end, uses_amf3) = (start + decoder.offset(), decoder.has_switched_to_amf3());
        if let Err(error) = skipped {
            let error = error.offset_by(start);
            let reached = end.max(error.offset());
            return Err(UnreadableBody { error, reached });
        }
        let value = self.reader.slice(start, end);
        self.reader.seek(end);
        self.has_wrong_length |= declared_length != UNKNOWN_LENGTH && declared_length as usize != value.len();
        Ok((value, uses_amf3))
    }

    fn decoder(&self, bytes: &'de [u8]) -> Decoder<'de> {
        // Only the end of the value is needed, which is the same under every numbering.
        let decoder = Decoder::new(Version::Amf0, bytes).with_any_amf0_numbering();
        decoder.with_classes(Arc::clone(self.classes)).with_options(self.options)
    }

    fn text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        let length = self.reader.u16()?;
        let start = self.reader.position();
        let bytes = self.reader.bytes(usize::from(length))?;
        utf8::read_as(bytes, self.options.text_encoding)
            .ok_or_else(|| DecodeError::new(DecodeErrorKind::Utf8, start))
    }

    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.reader.position())
    }
}

#[cold]
fn not_a_packet(input: &[u8]) -> DecodeError {
    const MAX_START: usize = 24;
    let (start, more) = input.split_at_checked(MAX_START).unwrap_or((input, &[]));
    let ellipsis = if more.is_empty() { "" } else { "…" };
    let start = format!("{}{ellipsis}", start.escape_ascii());
    DecodeError::new(DecodeErrorKind::NotAPacket { start }, 0).without_offset()
}

/// Returns whether a value switches to AMF3, if that is certain without a pass over the value: it switches at its
/// start or at that of the first argument, or it contains no such byte.
fn find_switch(value: &[u8]) -> Option<bool> {
    match value {
        [AVMPLUS, ..] | [STRICT_ARRAY, _, _, _, _, AVMPLUS, ..] => Some(true),
        _ if !value.contains(&AVMPLUS) => Some(false),
        _ => None,
    }
}
