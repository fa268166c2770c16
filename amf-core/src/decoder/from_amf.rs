//! The trait of types that can be read.

use crate::error::DecodeError;
use crate::{Classes, Decoder, Version};

/// A type that can be read from AMF.
///
/// `'de` is the life of the input: `&'de str` and `&'de [u8]` are borrowed from it.
///
/// ```
/// use amf_core::{from_slice, DecodeError, Decoder, FromAmf, Version};
///
/// /// A colour that is sent as a number, 0xRRGGBB.
/// #[derive(Debug, PartialEq)]
/// struct Color(u8, u8, u8);
///
/// impl<'de> FromAmf<'de> for Color {
///     fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
///         let [_, r, g, b] = u32::from_amf(decoder)?.to_be_bytes();
///         Ok(Color(r, g, b))
///     }
/// }
///
/// assert_eq!(from_slice::<Color>(Version::Amf3, &[0x04, 0x81, 0x80, 0x02])?, Color(0, 64, 2));
/// # Ok::<(), DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from AMF",
    label = "not readable from AMF",
    note = "derive it with `#[derive(AmfObject)]`, or take `Value` for whatever comes"
)]
pub trait FromAmf<'de>: Sized {
    /// Reads one value.
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError>;

    /// What a member or a last argument that is missing becomes; `None` makes it an error.
    fn missing() -> Option<Self> {
        None
    }

    /// Returns what an element becomes that a sparse array leaves out; `None` makes the gap an error. Default: the same
    /// as [`missing`](Self::missing).
    ///
    /// ```
    /// use amf_core::{Value, Version, from_slice};
    ///
    /// // AMF3 `["a",,,"b"]`: one element, and one more with its index.
    /// let bytes = [0x09, 0x03, 0x03, b'3', 0x06, 0x03, b'b', 0x01, 0x06, 0x03, b'a'];
    /// let list: Vec<Option<&str>> = from_slice(Version::Amf3, &bytes)?;
    /// assert_eq!(list, [Some("a"), None, None, Some("b")]);
    /// let list: Vec<Value> = from_slice(Version::Amf3, &bytes)?;
    /// assert_eq!(list, ["a".into(), Value::Undefined, Value::Undefined, "b".into()]);
    /// assert!(from_slice::<Vec<&str>>(Version::Amf3, &bytes).is_err());
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    fn hole() -> Option<Self> {
        Self::missing()
    }

    /// Adds every class that a value of this type can contain.
    fn classes(_classes: &mut Classes) {}

    /// Reads a list of this type: what `Vec`, slices, sets, and [`VectorOf`](crate::VectorOf) call.
    ///
    /// By default reads the elements of an array, a Vector or an `ArrayCollection` one after the other. An
    /// implementation replaces it where lists of the type have a form of their own, as `u8` does for `ByteArray`s, or
    /// where the elements can be read at once.
    ///
    /// # Errors
    /// If the next value is no list, if an element cannot be read, or if the elements exceed a limit of the decoder.
    fn vec_from_amf(decoder: &mut Decoder<'de>) -> Result<Vec<Self>, DecodeError> {
        decoder.read_list()
    }
}

/// Reads one value that is all of the input, with the default limits and the classes of `T`.
pub fn from_slice<'de, T: FromAmf<'de>>(version: Version, input: &'de [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(version, input).with_classes_of::<T>();
    decoder.read_message(|decoder| {
        let value = T::from_amf(decoder)?;
        decoder.finish()?;
        Ok(value)
    })
}
