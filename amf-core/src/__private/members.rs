//! Functions that read and write single members.

use std::borrow::Cow;

use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::{Class, Decoder, DynamicMembers, Encoder, FromAmf, ReadMembers, ToAmf};

/// Name of a member on the wire.
pub type Name<'de> = Cow<'de, str>;

/// Reads an object.
///
/// # Errors
///
/// Returns an error if the object or one of its members cannot be read.
pub fn read_object<'de, T: ReadMembers<'de>>(decoder: &mut Decoder<'de>) -> Result<T, DecodeError> {
    let found = crate::members::read_partial::<T>(decoder)?;
    T::from_partial(found, T::CLASS, decoder)
}

/// Reads the value of a member that arrives out of order.
///
/// The function is not inlined, so that a program contains it once for each type instead of once for each member.
///
/// # Errors
///
/// Returns an error that names the member if its value cannot be read.
#[inline(never)]
pub fn member_out_of_order<'de, T: FromAmf<'de>>(
    decoder: &mut Decoder<'de>,
    name: &'static str,
) -> Result<T, DecodeError> {
    decoder.member(name)
}

/// Writes the member with index `index` of the class. `amf0_name` is the name as AMF0 encodes it.
///
/// # Errors
///
/// Returns an error if the value cannot be written.
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

/// Returns the value of a member whose type has no [`FromAmf::missing`].
///
/// # Errors
///
/// Returns an error that names the member if `value` is `None`.
pub fn require_member<T>(
    decoder: &Decoder<'_>,
    class: &'static Class,
    member: &'static str,
    value: Option<T>,
) -> Result<T, DecodeError> {
    let missing = || DecodeErrorKind::MissingMember { class: class.alias(), member };
    value.ok_or_else(|| decoder.error(missing()))
}

/// Adds members to `dynamic`. Existing members of the same name are replaced.
pub fn extend_dynamic(dynamic: &mut DynamicMembers, more: &DynamicMembers) {
    for (name, value) in more {
        dynamic.insert(name, value.clone());
    }
}

/// Wraps a function that writes a value.
pub fn encode_with<F: Fn(&mut Encoder) -> Result<(), EncodeError>>(write: F) -> EncodeWith<F> {
    EncodeWith(write)
}

/// Value that is written by a function; made by [`encode_with`].
#[derive(Clone, Copy, Debug)]
pub struct EncodeWith<F>(F);

impl<F: Fn(&mut Encoder) -> Result<(), EncodeError>> ToAmf for EncodeWith<F> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (self.0)(encoder)
    }
}
