//! Conversion straight between the wire and Rust types, without a tree in between.

#[cfg(feature = "chrono")]
mod chrono;
mod collections;
mod flex;
mod integer;
mod primitives;
mod shared;
#[cfg(feature = "uuid")]
mod uuid;
mod vector;

#[cfg(feature = "chrono")]
pub use chrono::DateOutOfRangeError;
pub use flex::ArrayCollection;
pub use integer::{Integers, as_double, as_string};
pub(crate) use vector::write_objects;
pub use vector::{VectorItem, VectorOf};

use crate::error::{DecodeError, EncodeError};
use crate::{Classes, Decoder, Encoder, Version};

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

    /// Adds every class that a value of this type can contain.
    fn classes(_classes: &mut Classes) {}

    /// Reads a list of these: a `Vec<u8>` is a `ByteArray`, numbers have a short way.
    #[doc(hidden)]
    fn vec_from_amf(decoder: &mut Decoder<'de>) -> Result<Vec<Self>, DecodeError> {
        decoder.list()
    }
}

/// A type that can be written as AMF.
///
/// ```
/// use amf_core::{to_vec, EncodeError, Encoder, ToAmf, Version};
///
/// struct Color(u8, u8, u8);
///
/// impl ToAmf for Color {
///     fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
///         u32::from_be_bytes([0, self.0, self.1, self.2]).to_amf(encoder)
///     }
/// }
///
/// assert_eq!(to_vec(Version::Amf3, &Color(0, 64, 2))?, [0x04, 0x81, 0x80, 0x02]);
/// # Ok::<(), EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written as AMF",
    label = "not writable as AMF",
    note = "derive it with `#[derive(AmfObject)]`, or use a type that has it, such as `Value`"
)]
pub trait ToAmf {
    /// Writes one value.
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError>;

    /// Writes a list of these: bytes become a `ByteArray`.
    #[doc(hidden)]
    fn slice_to_amf(slice: &[Self], encoder: &mut Encoder) -> Result<(), EncodeError>
    where
        Self: Sized,
    {
        encoder.begin_list(slice.len())?;
        for item in slice {
            item.to_amf(encoder)?;
        }
        encoder.end_list();
        Ok(())
    }
}

/// Reads one value that is all of the input, with the default limits and the classes of `T`.
pub fn from_slice<'de, T: FromAmf<'de>>(version: Version, input: &'de [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(version, input).with_classes_of::<T>();
    let value = T::from_amf(&mut decoder)?;
    decoder.finish()?;
    Ok(value)
}

/// Writes one value.
pub fn to_vec<T: ToAmf + ?Sized>(version: Version, value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(version);
    value.to_amf(&mut encoder)?;
    Ok(encoder.finish())
}
