//! Values as bytes, in the encodings that somebody wants.

use std::sync::{Arc, OnceLock};

use amf_core::{DecodeError, Decoder, EncodeError, Encoder, FromAmf, OutputLimit, ToAmf, Value, Version};
use amf_remoting::service::ToArguments;
use bytes::Bytes;

use crate::metrics::members_omitted;
use crate::proto::SentMessage;
use crate::proto::message::MESSAGE_LIMIT;

/// Bytes that a value may take in the other encoding: what AMF3 says by references, AMF0 repeats. A client could
/// otherwise make one small message cost megabytes for each subscriber that uses AMF0.
fn translation_limit(len: usize) -> OutputLimit {
    OutputLimit::new("translation_bytes", (16 * len + (4 << 10)).min(1 << 20))
}

/// A value as it came, and as it is in the other encoding once that was wanted.
#[derive(Debug)]
pub(crate) struct EncodedValue {
    version: Version,
    bytes: Bytes,
    translated: OnceLock<Bytes>,
}

impl EncodedValue {
    /// One value in the form that an envelope carries.
    pub(crate) fn new(version: Version, bytes: Bytes) -> Self {
        Self { version, bytes, translated: OnceLock::new() }
    }

    pub(crate) fn encode(value: &(impl ToAmf + ?Sized)) -> Result<Self, EncodeError> {
        let mut encoder = Encoder::in_envelope(Version::Amf3).with_output_limit(MESSAGE_LIMIT);
        value.to_amf(&mut encoder)?;
        members_omitted(encoder.omitted_members());
        Ok(Self::new(Version::Amf3, encoder.finish()?.into()))
    }

    /// The encoding that it came in.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its bytes in an encoding. What cannot be said in it is undefined.
    pub(crate) fn bytes_in(&self, version: Version) -> Bytes {
        if version == self.version {
            return self.bytes.clone();
        }
        let translate = || {
            let value = self.read::<Value>().ok()?;
            let mut encoder =
                Encoder::in_envelope(version).with_output_limit(translation_limit(self.bytes.len()));
            value.to_amf(&mut encoder).ok()?;
            members_omitted(encoder.omitted_members());
            Some(encoder.finish().ok()?.into())
        };
        self.translated.get_or_init(|| translate().unwrap_or(Bytes::from_static(&[0x06]))).clone()
    }

    pub(crate) fn read<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        Decoder::new(Version::Amf0, &self.bytes).with_classes_of::<T>().read_message(T::from_amf)
    }

    /// Whether it is null or undefined: setting a slot to it removes the slot.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&*self.bytes, [0x05 | 0x06, ..] | [0x11, 0x00 | 0x01, ..])
    }
}

impl PartialEq for EncodedValue {
    fn eq(&self, other: &Self) -> bool {
        (self.version, &self.bytes) == (other.version, &other.bytes)
    }
}

/// A message to handlers, the same way.
#[derive(Debug)]
pub(crate) struct EncodedMessage {
    version: Version,
    message: SentMessage,
    translated: OnceLock<Option<SentMessage>>,
}

impl EncodedMessage {
    pub(crate) fn new(version: Version, message: SentMessage) -> Arc<Self> {
        Arc::new(Self { version, message, translated: OnceLock::new() })
    }

    pub(crate) fn encode(handler: &str, arguments: &impl ToArguments) -> Result<Arc<Self>, EncodeError> {
        let mut encoder = Encoder::in_envelope(Version::Amf3).with_output_limit(MESSAGE_LIMIT);
        arguments.write(&mut encoder)?;
        members_omitted(encoder.omitted_members());
        Ok(Self::new(Version::Amf3, SentMessage::new(handler, encoder.bytes()?)))
    }

    pub(crate) fn message(&self) -> &SentMessage {
        &self.message
    }

    /// Nothing where its arguments cannot be said in this encoding.
    pub(crate) fn message_in(&self, version: Version) -> Option<SentMessage> {
        if version == self.version {
            return Some(self.message.clone());
        }
        let translate = || {
            let mut encoder =
                Encoder::in_envelope(version).with_output_limit(translation_limit(self.message.body().len()));
            for value in self.message.to_values().ok()? {
                value.to_amf(&mut encoder).ok()?;
            }
            members_omitted(encoder.omitted_members());
            Some(SentMessage::new(self.message.handler(), encoder.bytes().ok()?))
        };
        self.translated.get_or_init(translate).clone()
    }
}
