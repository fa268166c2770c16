//! Structs as their members, one by one: to be flattened into another, or to be updated in place.

use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::{AmfClass, Class, Classes, Decoder, Encoder, FromAmf, Member, ToAmf, Version};

/// A struct whose members can be read one by one. `#[derive(AmfObject)]` implements it, for structs with members.
///
/// It is what `#[amf(flatten)]` and [`update_from_slice`] ask for. Only the derive implements it: the items of the trait
/// are not part of the public interface and may change in any release.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no members of its own",
    label = "not a struct with members",
    note = "only a struct that derives `AmfObject` and is an object can be flattened or updated"
)]
pub trait ReadMembers<'de>: AmfClass + FromAmf<'de> {
    /// What was found of each member so far.
    #[doc(hidden)]
    type Partial;

    /// Whether a member that the class does not declare is an error.
    #[doc(hidden)]
    const DENIES_UNKNOWN: bool = false;

    #[doc(hidden)]
    fn empty() -> Self::Partial;

    /// Reads the member of this index in the class.
    #[doc(hidden)]
    fn read_member(
        found: &mut Self::Partial,
        index: usize,
        decoder: &mut Decoder<'de>,
    ) -> Result<(), DecodeError>;

    /// Reads a member that the class does not declare, or gives the name back.
    #[doc(hidden)]
    fn read_undeclared(
        _found: &mut Self::Partial,
        name: std::borrow::Cow<'de, str>,
        _decoder: &mut Decoder<'de>,
    ) -> Result<Option<std::borrow::Cow<'de, str>>, DecodeError> {
        Ok(Some(name))
    }

    /// Makes the value of what was found of an object of this class, which may be that of an heir.
    #[doc(hidden)]
    fn from_partial(
        found: Self::Partial,
        class: &'static Class,
        decoder: &Decoder<'de>,
    ) -> Result<Self, DecodeError>;

    /// Replaces what was found; the rest stays.
    #[doc(hidden)]
    fn apply(&mut self, found: Self::Partial);
}

/// A struct whose members can be written one by one. `#[derive(AmfObject)]` implements it, for structs with members.
///
/// Only the derive implements it: the items of the trait are not part of the public interface and may change in any
/// release.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no members of its own",
    label = "not a struct with members",
    note = "only a struct that derives `AmfObject` and is an object can be flattened or updated"
)]
pub trait WriteMembers: AmfClass + ToAmf {
    /// Writes the members, the first of which has this index in the class that is written.
    #[doc(hidden)]
    fn write_members(
        &self,
        class: &'static Class,
        first: usize,
        encoder: &mut Encoder,
    ) -> Result<(), EncodeError>;

    #[doc(hidden)]
    fn write_dynamic(&self, _encoder: &mut Encoder) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// Reads an object that is all of the input into a value that exists: members that came replace those that were
/// there, members that did not come stay. Nothing changes where there is an error.
///
/// A member is replaced as a whole, whatever it holds; those of a flattened struct are members as the others are,
/// and dynamic ones are added to those that were there.
///
/// ```
/// use amf_core::{update_from_slice, AmfObject, Version};
///
/// #[derive(AmfObject)]
/// struct Settings {
///     volume: u32,
///     muted: bool,
/// }
///
/// let mut settings = Settings { volume: 7, muted: false };
/// // AMF0 {muted: true}
/// let bytes = [3, 0, 5, b'm', b'u', b't', b'e', b'd', 1, 1, 0, 0, 9];
/// update_from_slice(Version::Amf0, &bytes, &mut settings)?;
/// assert!(settings.muted && settings.volume == 7);
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
pub fn update_from_slice<'de, T: ReadMembers<'de>>(
    version: Version,
    input: &'de [u8],
    value: &mut T,
) -> Result<(), DecodeError> {
    let mut classes = Classes::new();
    T::classes(&mut classes);
    let mut decoder = Decoder::new(version, input).with_classes(classes.into());
    let found = decoder.read_message(|decoder| {
        let found = read_partial::<T>(decoder)?;
        decoder.finish()?;
        Ok(found)
    })?;
    value.apply(found);
    Ok(())
}

impl<'de> Decoder<'de> {
    /// Reads an object into a value that exists, as [`update_from_slice`] does.
    pub fn update<T: ReadMembers<'de>>(&mut self, value: &mut T) -> Result<(), DecodeError> {
        let found = read_partial::<T>(self)?;
        value.apply(found);
        Ok(())
    }
}

/// Reads what is there of an object.
pub(crate) fn read_partial<'de, T: ReadMembers<'de>>(
    decoder: &mut Decoder<'de>,
) -> Result<T::Partial, DecodeError> {
    let mut object = decoder.begin_object(T::CLASS)?;
    let mut found = T::empty();
    while let Some(member) = decoder.next_member(&mut object)? {
        let name = match member {
            Member::Declared(index) => {
                T::read_member(&mut found, index, decoder)?;
                continue;
            }
            Member::Unknown(name) => name,
        };
        if let Some(name) = T::read_undeclared(&mut found, name, decoder)? {
            if T::DENIES_UNKNOWN {
                return Err(unknown_member(decoder, T::CLASS, &name));
            }
            decoder.skip()?;
        }
    }
    Ok(found)
}

/// Why a member that the class does not declare cannot be.
#[doc(hidden)]
#[cold]
pub fn unknown_member(decoder: &Decoder<'_>, class: &'static Class, member: &str) -> DecodeError {
    decoder.error(DecodeErrorKind::UnknownMember { class: class.alias(), member: member.to_owned() })
}
