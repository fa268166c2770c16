//! Typed Vectors of ActionScript.

use std::ops::{Deref, DerefMut};

use crate::error::{DecodeError, EncodeError};
use crate::{Classes, Decoder, Encoder, FromAmf, ToAmf, VectorItem};

/// List that is written as a `Vector.<T>` of AMF3 (§3.15). Numbers are written as bare elements of 4 or 8 bytes,
/// objects with the alias of their class.
///
/// When reading, every type of list accepts a Vector, and this type accepts every form of list. AMF0 has no Vectors,
/// so in AMF0 the Vector is written as AMF3 behind the marker 0x11.
///
/// ```
/// use amf_core::{from_slice, to_vec, VectorOf, Version};
///
/// let bytes = to_vec(Version::Amf3, &VectorOf::from(vec![1_i32, -1]))?; // Vector.<int>
/// assert_eq!(bytes, [0x0D, 0x05, 0x00, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]);
/// assert_eq!(from_slice::<Vec<i64>>(Version::Amf3, &bytes)?, [1, -1]);
///
/// let fixed = VectorOf::new(vec![0.5_f64]).with_fixed_length(true); // new Vector.<Number>(1, true)
/// assert_eq!(from_slice::<VectorOf<f64>>(Version::Amf3, &to_vec(Version::Amf3, &fixed)?)?, fixed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorOf<T> {
    /// Elements.
    pub items: Vec<T>,
    /// Whether ActionScript may not change the length. `false` if the list was not a Vector on the wire.
    pub fixed: bool,
}

impl<T> VectorOf<T> {
    /// Creates a Vector whose length may change.
    pub fn new(items: Vec<T>) -> Self {
        Self { items, fixed: false }
    }

    /// Sets whether ActionScript may not change the length. Default: `false`.
    #[must_use]
    pub fn with_fixed_length(mut self, fixed: bool) -> Self {
        self.fixed = fixed;
        self
    }
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
    /// Creates a Vector whose length may change.
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
