//! Trait for types that can be written as AMF.

use crate::error::EncodeError;
use crate::{Encoder, Version};

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
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be represented, or if it exceeds a limit of the encoder.
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError>;

    /// Writes a list of this type. `Vec`, slices, arrays and sets call this function.
    ///
    /// The default writes the elements as a strict array (AMF0 §2.12) or an array (AMF3 §3.11). Implementations
    /// override it if lists of the type have an encoding of their own, as `u8` has `ByteArray`. They must then
    /// override [`FromAmf::vec_from_amf`](crate::FromAmf::vec_from_amf) too, unless the default reads that encoding.
    ///
    /// # Errors
    ///
    /// Returns an error if an element cannot be written, or if the list is longer than the format allows.
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

/// Writes one value.
///
/// # Errors
///
/// Returns an error if the value cannot be represented, or if it exceeds the default limits of an [`Encoder`].
pub fn to_vec<T: ToAmf + ?Sized>(version: Version, value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(version);
    value.to_amf(&mut encoder)?;
    encoder.finish()
}
