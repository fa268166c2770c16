//! Typed collections of Flex.

use std::ops::{Deref, DerefMut};

use crate::error::{DecodeError, EncodeError};
use crate::external::ARRAY_COLLECTION;
use crate::{Classes, Decoder, Encoder, ExternalInput, ExternalOutput, Externalizable, FromAmf, ToAmf};

/// List that is written as Flex's `ArrayCollection`. When reading, every type of list accepts an `ArrayCollection`,
/// and this type accepts every form of list.
///
/// ```
/// use amf_core::{from_slice, to_vec, ArrayCollection, Version};
///
/// let bytes = to_vec(Version::Amf3, &ArrayCollection(vec![1, 2]))?;
/// assert_eq!(from_slice::<Vec<i32>>(Version::Amf3, &bytes)?, [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrayCollection<T>(pub Vec<T>);

impl<T> Deref for ArrayCollection<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for ArrayCollection<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<'de, T: FromAmf<'de>> FromAmf<'de> for ArrayCollection<T> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.read_list().map(Self)
    }

    fn classes(classes: &mut Classes) {
        T::classes(classes);
    }
}

impl<T: ToAmf> ToAmf for ArrayCollection<T> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.externalizable(&ARRAY_COLLECTION, &CollectionBody(&self.0))
    }
}

/// Body of an `ArrayCollection`, which is one list.
struct CollectionBody<'a, T>(&'a [T]);

impl<T: ToAmf> Externalizable for CollectionBody<'_, T> {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        Err(input.error("a collection is read as a list"))
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        output.write_list(self.0)
    }
}
