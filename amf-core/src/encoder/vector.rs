//! Encoding of lists of numbers in bulk, and of Vectors (AMF3 §3.15).

use super::marker_and_double;
use crate::error::EncodeError;
use crate::{AmfClass, Encoder, ToAmf, Value, Version, amf0, amf3};

/// Number of elements that are assembled before they are written to the output.
const BLOCK_ELEMENTS: usize = 64;

impl Encoder {
    /// Begins a Vector of the type that `marker` denotes. The elements are written next, followed by
    /// [`end_container`](Self::end_container). AMF0 has no Vectors, so the value is switched to AMF3 there.
    pub(crate) fn begin_vector(&mut self, marker: u8, fixed: bool, len: usize) -> Result<(), EncodeError> {
        self.begin_amf3_container()?;
        self.register_object(Version::Amf3, marker);
        self.byte(marker);
        self.amf3_length("a Vector", len)?;
        self.byte(u8::from(fixed));
        Ok(())
    }

    /// Writes a list of doubles.
    pub(crate) fn write_doubles(&mut self, items: &[f64]) -> Result<(), EncodeError> {
        self.begin_list(items.len())?;
        match self.current_version() {
            Version::Amf0 => self.write_elements(items, |item| marker_and_double(amf0::marker::NUMBER, item)),
            Version::Amf3 => self.write_elements(items, |item| marker_and_double(amf3::marker::DOUBLE, item)),
        }
        self.end_list();
        Ok(())
    }

    /// Writes the bytes of each element, without markers.
    pub(crate) fn write_elements<T: Copy, const N: usize>(
        &mut self,
        items: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) {
        self.reserve(items.len().saturating_mul(N));
        for items in items.chunks(BLOCK_ELEMENTS) {
            let mut block = [[0; N]; BLOCK_ELEMENTS];
            for (place, item) in block.iter_mut().zip(items) {
                *place = bytes(*item);
            }
            self.raw(block.as_flattened().get(..items.len() * N).unwrap_or_default());
        }
    }
}

/// Type that a [`VectorOf`](crate::VectorOf) can contain: `i32` for `Vector.<int>`, `u32` for `Vector.<uint>`, `f64`
/// for `Vector.<Number>`, types with a class, and [`Value`] for `Vector.<*>`. The trait is sealed. A type becomes an
/// item by implementing [`AmfClass`] and [`ToAmf`].
///
/// ```
/// use amf_core::{EncodeError, VectorItem, VectorOf, Version, to_vec};
///
/// fn fixed_vector<T: VectorItem>(items: Vec<T>) -> Result<Vec<u8>, EncodeError> {
///     to_vec(Version::Amf3, &VectorOf::new(items).with_fixed_length(true))
/// }
///
/// assert_eq!(fixed_vector(vec![7_u32])?, [0x0E, 0x03, 0x01, 0, 0, 0, 7]);
/// # Ok::<(), EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "there is no Vector of `{Self}`",
    label = "not `i32`, `u32`, `f64`, `Value`, nor a type of a class",
    note = "take `Vec<{Self}>`, which is written as an Array and read from both"
)]
pub trait VectorItem: Sealed + Sized {
    /// Writes a Vector of `items`.
    #[doc(hidden)]
    fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError>;
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

macro_rules! numbers {
    ($($type:ident $marker:ident;)*) => {$(
        impl Sealed for $type {}

        impl VectorItem for $type {
            fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError> {
                encoder.begin_vector(amf3::marker::$marker, fixed, items.len())?;
                encoder.write_elements(items, $type::to_be_bytes);
                encoder.end_container();
                Ok(())
            }
        }
    )*};
}
numbers! {
    i32 VECTOR_INT;
    u32 VECTOR_UINT;
    f64 VECTOR_DOUBLE;
}

impl<T: AmfClass + ToAmf> Sealed for T {}

impl<T: AmfClass + ToAmf> VectorItem for T {
    fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError> {
        write_object_vector(T::CLASS.alias(), items, fixed, encoder)
    }
}

impl Sealed for Value {}

impl VectorItem for Value {
    fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError> {
        write_object_vector("*", items, fixed, encoder)
    }
}

pub(crate) fn write_object_vector<T: ToAmf>(
    class: &str,
    items: &[T],
    fixed: bool,
    encoder: &mut Encoder,
) -> Result<(), EncodeError> {
    encoder.begin_vector(amf3::marker::VECTOR_OBJECT, fixed, items.len())?;
    encoder.amf3_string(class)?;
    for item in items {
        item.to_amf(encoder)?;
    }
    encoder.end_container();
    Ok(())
}
