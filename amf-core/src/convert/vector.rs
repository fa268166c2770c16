//! ActionScript's Vectors, typed.

use std::ops::{Deref, DerefMut};

use crate::error::{DecodeError, EncodeError};
use crate::{AmfClass, Classes, Decoder, Encoder, FromAmf, ToAmf, Value, amf3};

/// A list that is written as a `Vector.<T>` of AMF3 (§3.15): the numbers as bare elements of 4 or 8 bytes,
/// objects with the alias of their class.
///
/// To read one, any list type will do, `Vec<T>` too, and this one reads any list. AMF0 has no Vectors: there,
/// it is AMF3 behind the marker 0x11.
///
/// ```
/// use amf_core::{from_slice, to_vec, VectorOf, Version};
///
/// let bytes = to_vec(Version::Amf3, &VectorOf::from(vec![1_i32, -1]))?; // Vector.<int>
/// assert_eq!(bytes, [0x0D, 0x05, 0x00, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]);
/// assert_eq!(from_slice::<Vec<i64>>(Version::Amf3, &bytes)?, [1, -1]);
///
/// let fixed = VectorOf { items: vec![0.5_f64], fixed: true }; // new Vector.<Number>(1, true)
/// assert_eq!(from_slice::<VectorOf<f64>>(Version::Amf3, &to_vec(Version::Amf3, &fixed)?)?, fixed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VectorOf<T> {
    /// The elements.
    pub items: Vec<T>,
    /// Whether ActionScript may not change its length. False for what was no Vector on the wire.
    pub fixed: bool,
}

/// What a [`VectorOf`] can hold: `i32` for `Vector.<int>`, `u32` for `Vector.<uint>`, `f64` for
/// `Vector.<Number>`, types of a class, and [`Value`] for `Vector.<*>`.
#[diagnostic::on_unimplemented(
    message = "there is no Vector of `{Self}`",
    label = "not `i32`, `u32`, `f64`, `Value`, nor a type of a class",
    note = "take `Vec<{Self}>`, which is written as an Array and read from both"
)]
pub trait VectorItem: Sized {
    /// Writes a Vector of these.
    #[doc(hidden)]
    fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError>;
}

macro_rules! numbers {
    ($($type:ident $marker:ident;)*) => {$(
        impl VectorItem for $type {
            fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError> {
                encoder.begin_vector(amf3::marker::$marker, fixed, items.len())?;
                encoder.blocks(items, $type::to_be_bytes);
                encoder.end();
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

impl<T: AmfClass + ToAmf> VectorItem for T {
    fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError> {
        write_objects(T::CLASS.alias(), items, fixed, encoder)
    }
}

impl VectorItem for Value {
    fn write_vector(items: &[Self], fixed: bool, encoder: &mut Encoder) -> Result<(), EncodeError> {
        write_objects("*", items, fixed, encoder)
    }
}

pub(crate) fn write_objects<T: ToAmf>(
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
    encoder.end();
    Ok(())
}

impl<T: VectorItem> ToAmf for VectorOf<T> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        T::write_vector(&self.items, self.fixed, encoder)
    }
}

impl<'de, T: FromAmf<'de>> FromAmf<'de> for VectorOf<T> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        let fixed = decoder.next_is_fixed_vector()?;
        Ok(Self { items: T::vec_from_amf(decoder)?, fixed })
    }

    fn classes(classes: &mut Classes) {
        T::classes(classes);
    }
}

impl<T> From<Vec<T>> for VectorOf<T> {
    /// One whose length may change.
    fn from(items: Vec<T>) -> Self {
        Self { items, fixed: false }
    }
}

impl<T> From<VectorOf<T>> for Vec<T> {
    fn from(vector: VectorOf<T>) -> Self {
        vector.items
    }
}

impl<T> Deref for VectorOf<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.items
    }
}

impl<T> DerefMut for VectorOf<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.items
    }
}
