//! The headers of a request, decoded when a method asks for one.

use std::sync::{Arc, OnceLock};

use amf_core::{Classes, DecodeError, DecodeOptions, Decoder, FromAmf, Value, Version};
use bytes::Bytes;

use crate::metrics;

/// One header of a request.
pub(crate) struct RequestHeader {
    pub(super) name: String,
    /// Decoded when it is first asked for; `None` inside if it cannot be read.
    value: OnceLock<Option<Value>>,
    encoded: Option<EncodedHeader>,
}

/// A value as it came. Few methods ask for a header, and a short one may refer to one object many times, so decoding
/// all of them before the calls are looked up would cost more than most calls.
struct EncodedHeader {
    bytes: Bytes,
    classes: Arc<Classes>,
    options: DecodeOptions,
}

impl RequestHeader {
    pub(super) fn new(name: String, value: Value) -> Self {
        Self { name, value: OnceLock::from(Some(value)), encoded: None }
    }

    /// A header whose value is one AMF0 value, which may switch to AMF3.
    #[cfg(feature = "http")]
    pub(crate) fn from_bytes(
        name: String,
        bytes: Bytes,
        classes: Arc<Classes>,
        options: DecodeOptions,
    ) -> Self {
        Self { name, value: OnceLock::new(), encoded: Some(EncodedHeader { bytes, classes, options }) }
    }

    /// The value, unless it cannot be read.
    pub(super) fn value(&self) -> Option<&Value> {
        let decoded = self.value.get_or_init(|| match self.encoded.as_ref()?.decode() {
            Ok(value) => Some(value),
            Err(error) => {
                metrics::record_decode_limit(&error);
                tracing::debug!(header = self.name, %error, "a header cannot be read");
                None
            }
        });
        decoded.as_ref()
    }

    /// Reads the value as it came, if it is kept.
    pub(super) fn decode_as<T: for<'de> FromAmf<'de>>(&self) -> Option<Result<T, DecodeError>> {
        self.encoded.as_ref().map(EncodedHeader::decode_as)
    }
}

impl EncodedHeader {
    fn decode(&self) -> Result<Value, DecodeError> {
        let decoder = Decoder::new(Version::Amf0, &self.bytes).with_classes(Arc::clone(&self.classes));
        decoder.with_options(self.options).read_message(Value::from_amf)
    }

    fn decode_as<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        // The classes of `T` count, as where the value is one of a message's own headers.
        let decoder = Decoder::new(Version::Amf0, &self.bytes).with_classes_of::<T>();
        decoder.with_options(self.options).read_message(T::from_amf)
    }
}
