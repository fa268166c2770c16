//! Options of a decoder: limits, and the interpretation of the input.

use crate::wire::TextEncoding;
use crate::{Amf0Numbering, Limits};

/// Options of a decoder: limits, the encoding of text, unknown externalizable objects, and the numbering of AMF0
/// references.
///
/// The default is strict. Functions that accept options also accept [`Limits`] alone.
///
/// ```
/// use amf_core::{DecodeOptions, Decoder, TextEncoding, Value, Version};
///
/// // AMF0 text of an old PHP server: "caf\xE9" in Latin-1.
/// let bytes = b"\x02\0\x04caf\xE9";
/// assert!(Decoder::new(Version::Amf0, bytes).read::<Value>().is_err());
///
/// let options = DecodeOptions::new().with_text_encoding(TextEncoding::Latin1);
/// let value: Value = Decoder::new(Version::Amf0, bytes).with_options(options).read()?;
/// assert_eq!(value.as_str(), Some("café"));
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Limits of the decoder.
    pub limits: Limits,
    /// Interpretation of text that is not UTF-8. Default: an error.
    pub text_encoding: TextEncoding,
    /// Whether the body of an unknown externalizable object is kept as raw bytes up to the end of the input. Default:
    /// `false`, such an object is an error.
    pub raw_externalizables: bool,
    /// Numbering under which AMF0 references are resolved first. Default: [`Amf0Numbering::FLASH_PLAYER`].
    pub amf0_numbering: Amf0Numbering,
}

impl DecodeOptions {
    /// Creates strict options with the default limits.
    pub const fn new() -> Self {
        Self {
            limits: Limits::new(),
            text_encoding: TextEncoding::Utf8,
            raw_externalizables: false,
            amf0_numbering: Amf0Numbering::FLASH_PLAYER,
        }
    }

    /// Sets the limits.
    #[must_use]
    pub const fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the interpretation of text that is not UTF-8. Default: [`TextEncoding::Utf8`], such text is an error.
    #[must_use]
    pub const fn with_text_encoding(self, text_encoding: TextEncoding) -> Self {
        Self { text_encoding, ..self }
    }

    /// Sets whether a [`Value`](crate::Value) keeps the body of an unknown externalizable object, as raw bytes up to
    /// the end of the input. Default: `false`, such an object is an error.
    ///
    /// Only the class determines the end of such a body. The option is therefore useful if the object is the last
    /// value of a delimited input, such as the body of a message that a proxy forwards, or a capture. If more values
    /// should follow, decoding fails at the end of the input. The bytes refer by number to strings and objects sent
    /// before them, so they must be written again unchanged.
    ///
    /// ```
    /// use amf_core::{DecodeOptions, Decoder, Value, Version, to_vec};
    ///
    /// // AMF3: an array of 7 and an object of the externalizable class X, whose body is two bytes.
    /// let bytes = b"\x09\x05\x01\x04\x07\x0A\x07\x03X\xAB\xCD";
    /// let options = DecodeOptions::new().with_raw_externalizables(true);
    /// let value: Value = Decoder::new(Version::Amf3, bytes).with_options(options).read()?;
    /// assert_eq!(to_vec(Version::Amf3, &value)?, bytes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_raw_externalizables(self, raw_externalizables: bool) -> Self {
        Self { raw_externalizables, ..self }
    }

    /// Sets the numbering under which AMF0 references are resolved first. Default: [`Amf0Numbering::FLASH_PLAYER`].
    #[must_use]
    pub const fn with_amf0_numbering(self, amf0_numbering: Amf0Numbering) -> Self {
        Self { amf0_numbering, ..self }
    }
}

impl From<Limits> for DecodeOptions {
    fn from(limits: Limits) -> Self {
        Self::new().with_limits(limits)
    }
}
