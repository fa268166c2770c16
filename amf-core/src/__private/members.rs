//! Members that are read and written one by one.

use std::borrow::Cow;

use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::{Class, Decoder, DynamicMembers, Encoder, FromAmf, ReadMembers, ToAmf};

/// The name of a member on the wire.
pub type Name<'de> = Cow<'de, str>;

/// Reads an object.
pub fn read_object<'de, T: ReadMembers<'de>>(decoder: &mut Decoder<'de>) -> Result<T, DecodeError> {
    let found = crate::members::read_partial::<T>(decoder)?;
    T::from_partial(found, T::CLASS, decoder)
}

/// Reads the value of a member that comes out of order, in one place of the program for each type.
#[inline(never)]
pub fn member_out_of_order<'de, T: FromAmf<'de>>(
    decoder: &mut Decoder<'de>,
    name: &'static str,
) -> Result<T, DecodeError> {
    decoder.member(name)
}

/// Writes the member of an index of the class, whose name is given as it stands in AMF0.
///
/// # Errors
/// Those of the value.
#[inline(always)]
#[allow(clippy::inline_always, reason = "name and value are written at once where the version is looked at")]
pub fn named_member<T: ToAmf + ?Sized>(
    encoder: &mut Encoder,
    class: &'static Class,
    index: usize,
    amf0_name: &'static [u8],
    value: &T,
) -> Result<(), EncodeError> {
    encoder.named_member(class, index, amf0_name, value)
}

/// What was read of a member whose type does not say what becomes of it where it is missing.
pub fn require_member<T>(
    decoder: &Decoder<'_>,
    class: &'static Class,
    member: &'static str,
    value: Option<T>,
) -> Result<T, DecodeError> {
    let missing = || DecodeErrorKind::MissingMember { class: class.alias(), member };
    value.ok_or_else(|| decoder.error(missing()))
}

/// Adds what came to what is there.
pub fn extend_dynamic(dynamic: &mut DynamicMembers, more: &DynamicMembers) {
    for (name, value) in more {
        dynamic.insert(name, value.clone());
    }
}

/// A value that a function writes.
pub fn encode_with<F: Fn(&mut Encoder) -> Result<(), EncodeError>>(write: F) -> EncodeWith<F> {
    EncodeWith(write)
}

#[derive(Clone, Copy, Debug)]
pub struct EncodeWith<F>(F);

impl<F: Fn(&mut Encoder) -> Result<(), EncodeError>> ToAmf for EncodeWith<F> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (self.0)(encoder)
    }
}
