//! Finding headers and messages in a packet.

use std::borrow::Cow;
use std::sync::Arc;

use super::{BrokenMessage, Header, Message, Packet};
use crate::amf0::marker::{AVMPLUS, STRICT_ARRAY};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::wire::{Reader, utf8};
use crate::{Classes, Decoder, Limits, Version};

impl<'de> Packet<'de> {
    /// Reads a packet. The classes are needed to find where externalizable objects end.
    ///
    /// An error before the first message is an error; one in a later place leaves what came before it,
    /// with the rest as [`broken`](Self::broken).
    pub fn decode(input: &'de [u8], classes: &Arc<Classes>, limits: Limits) -> Result<Self, DecodeError> {
        PacketReader { input, reader: Reader::new(input), classes, limits, trusts_length: false }.packet()
    }

    /// The same for somebody who reads the bodies anyway: the last one is not passed over, where its declared length
    /// is that of the rest of the input, or −1 for one that is not known.
    ///
    /// Its body is the rest of the input then, and whoever decodes it has to find whether it holds one value.
    ///
    /// ```
    /// use amf_core::packet::Packet;
    /// use amf_core::Limits;
    ///
    /// // One message: target "a.b", response "/1", length 1; 0x77 is no marker of AMF0.
    /// let bytes = b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1\0\0\0\x01\x77";
    /// let packet = Packet::decode_lazily(bytes, &Default::default(), Limits::default())?;
    /// assert_eq!(packet.messages[0].body, [0x77]);
    /// assert!(Packet::decode(bytes, &Default::default(), Limits::default())?.broken.is_some());
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    pub fn decode_lazily(
        input: &'de [u8],
        classes: &Arc<Classes>,
        limits: Limits,
    ) -> Result<Self, DecodeError> {
        PacketReader { input, reader: Reader::new(input), classes, limits, trusts_length: true }.packet()
    }
}

struct PacketReader<'de, 'a> {
    input: &'de [u8],
    reader: Reader<'de>,
    classes: &'a Arc<Classes>,
    limits: Limits,
    /// Whether the length of the last message may say where its value ends.
    trusts_length: bool,
}

impl<'de> PacketReader<'de, '_> {
    fn packet(mut self) -> Result<Packet<'de>, DecodeError> {
        let version = self.reader.u16()?;
        let headers = self.count(Limits::NAMES.headers, self.limits.headers)?;
        let headers = (0..headers).map(|_| self.header()).collect::<Result<_, _>>()?;
        let count = self.count(Limits::NAMES.messages, self.limits.messages)?;
        let mut messages = Vec::new();
        let mut broken = None;
        for index in 1..=count {
            match self.message(index == count) {
                Ok(message) => messages.push(message),
                Err(message) => {
                    broken = Some(message);
                    break;
                }
            }
        }
        let trailing = self.reader.remaining();
        if broken.is_none() && trailing > 0 {
            return Err(self.error(DecodeErrorKind::TrailingBytes { count: trailing }));
        }
        Ok(Packet { version, headers, messages, broken })
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
        self.reader.u32()?;
        let offset = self.reader.position();
        let (value, uses_amf3) = self.value().map_err(|error| error.in_member(name.clone().into_owned()))?;
        Ok(Header { name, must_understand, value, offset, uses_amf3 })
    }

    fn message(&mut self, is_last: bool) -> Result<Message<'de>, BrokenMessage<'de>> {
        let broken = |target_uri, response_uri, error| BrokenMessage { target_uri, response_uri, error };
        let target = self.text().map_err(|error| broken(None, None, error))?;
        let response = self.text().map_err(|error| broken(Some(target.clone()), None, error))?;
        let body = self.reader.u32().and_then(|length| {
            let offset = self.reader.position();
            let rest = if is_last && self.trusts_length { self.trusted_rest(length)? } else { None };
            rest.map_or_else(|| self.value(), Ok).map(|value| (offset, value))
        });
        match body {
            Ok((offset, (body, uses_amf3))) => {
                Ok(Message { target_uri: target, response_uri: response, body, offset, uses_amf3 })
            }
            Err(error) => Err(broken(Some(target), Some(response), error)),
        }
    }

    /// All that is left, if the length says that, and whether it switches to AMF3, if that is plain to see.
    fn trusted_rest(&mut self, length: u32) -> Result<Option<(&'de [u8], bool)>, DecodeError> {
        const UNKNOWN_LENGTH: u32 = u32::MAX;
        let count = self.reader.remaining();
        if length != UNKNOWN_LENGTH && length as usize != count {
            return Ok(None);
        }
        let start = self.reader.position();
        let Some(uses_amf3) = find_switch(self.reader.slice(start, self.input.len())) else {
            return Ok(None);
        };
        self.reader.bytes(count).map(|rest| Some((rest, uses_amf3)))
    }

    /// Passes over one value and returns its bytes, and whether it switched to AMF3.
    fn value(&mut self) -> Result<(&'de [u8], bool), DecodeError> {
        let start = self.reader.position();
        let rest = self.reader.slice(start, self.input.len());
        let decoder =
            Decoder::new(Version::Amf0, rest).with_classes(Arc::clone(self.classes)).with_limits(self.limits);
        // Nothing but the end of the value is wanted, and that is the same under every numbering.
        let mut decoder = decoder.with_any_amf0_numbering();
        decoder.skip().map_err(|error| error.offset_by(start))?;
        let uses_amf3 = decoder.has_switched_to_amf3();
        let value = self.reader.bytes(decoder.offset())?;
        Ok((value, uses_amf3))
    }

    fn text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        let length = self.reader.u16()?;
        let start = self.reader.position();
        let bytes = self.reader.bytes(usize::from(length))?;
        utf8::read(bytes).ok_or_else(|| DecodeError::new(DecodeErrorKind::Utf8, start))
    }

    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.reader.position())
    }
}

/// Whether a value switches from AMF0 to AMF3, where that can be told without passing over it: at its start, at that of
/// the first argument, or nowhere, because there is no such byte.
fn find_switch(value: &[u8]) -> Option<bool> {
    match value {
        [AVMPLUS, ..] | [STRICT_ARRAY, _, _, _, _, AVMPLUS, ..] => Some(true),
        _ if !value.contains(&AVMPLUS) => Some(false),
        _ => None,
    }
}
