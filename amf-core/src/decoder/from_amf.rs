//! Trait for types that can be read from AMF.

use crate::error::DecodeError;
use crate::{Classes, Decoder, Version};

/// A type that can be read from AMF.
///
/// The lifetime `'de` is that of the input. `&'de str` and `&'de [u8]` are borrowed from it.
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
    ///
    /// # Errors
    ///
    /// Returns an error if the next value cannot be read as `Self`, or if it exceeds a limit of the decoder.
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError>;

    /// Returns the value of a missing member or a missing last argument. `None`, the default, makes it an error.
    fn missing() -> Option<Self> {
        None
    }

    /// Returns the value of an element that a sparse array leaves out. `None` makes the gap an error. Default:
    /// [`missing`](Self::missing).
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

    /// Adds all classes that a value of this type can contain.
    fn classes(_classes: &mut Classes) {}

    /// Reads a list of this type. `Vec`, slices, sets, and [`VectorOf`](crate::VectorOf) call this function.
    ///
    /// The default reads the elements of an array, a Vector or an `ArrayCollection` one by one. Implementations
    /// override it if lists of the type have an encoding of their own, as `u8` has `ByteArray`, or if the elements
    /// can be converted in bulk.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is not a list, if an element cannot be read, or if the elements exceed a
    /// limit of the decoder.
    fn vec_from_amf(decoder: &mut Decoder<'de>) -> Result<Vec<Self>, DecodeError> {
        decoder.read_list()
    }
}

/// Reads one value that extends to the end of the input, with the default limits and the classes of `T`.
///
/// # Errors
///
/// Returns an error if the input is not exactly one value of this type, or exceeds a limit.
pub fn from_slice<'de, T: FromAmf<'de>>(version: Version, input: &'de [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(version, input).with_classes_of::<T>();
    decoder.read_message(|decoder| {
        let value = T::from_amf(decoder)?;
        decoder.finish()?;
        Ok(value)
    })
}
