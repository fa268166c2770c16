//! Structs as sequences of members, for flattening and for updates in place.

use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::{AmfClass, Class, Classes, Decoder, Encoder, FromAmf, Member, ToAmf, Version};

/// Struct whose members can be read one by one. `#[derive(AmfObject)]` implements the trait for structs with members.
///
/// `#[amf(flatten)]` and [`update_from_slice`] require this trait. Only the derive implements
/// it: its items are not part of the public interface and may change in any release.
///
/// ```
/// use amf_core::{AmfObject, DecodeError, ReadMembers, Version, update_from_slice};
///
/// /// Applies changes that a client sent.
/// fn apply<T: for<'de> ReadMembers<'de>>(value: &mut T, changes: &[u8]) -> Result<(), DecodeError> {
///     update_from_slice(Version::Amf0, changes, value)
/// }
///
/// #[derive(AmfObject)]
/// struct Settings {
///     volume: u32,
///     muted: bool,
/// }
///
/// let mut settings = Settings { volume: 7, muted: false };
/// // AMF0 {muted: true}
/// apply(&mut settings, &[3, 0, 5, b'm', b'u', b't', b'e', b'd', 1, 1, 0, 0, 9])?;
/// assert!(settings.muted && settings.volume == 7);
/// # Ok::<(), DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no members of its own",
    label = "not a struct with members",
    note = "only a struct that derives `AmfObject` and is an object can be flattened or updated"
)]
pub trait ReadMembers<'de>: AmfClass + FromAmf<'de> {
    /// Members that were read so far.
    #[doc(hidden)]
    type Partial;

    /// Whether an undeclared member is an error.
    #[doc(hidden)]
    const DENIES_UNKNOWN: bool = false;

    #[doc(hidden)]
    fn empty() -> Self::Partial;

    /// Reads the member with this index in the class.
    #[doc(hidden)]
    fn read_member(
        found: &mut Self::Partial,
        index: usize,
        decoder: &mut Decoder<'de>,
    ) -> Result<(), DecodeError>;

    /// Reads an undeclared member, or returns its name if the struct does not take it.
    #[doc(hidden)]
    fn read_undeclared(
        _found: &mut Self::Partial,
        name: std::borrow::Cow<'de, str>,
        _decoder: &mut Decoder<'de>,
    ) -> Result<Option<std::borrow::Cow<'de, str>>, DecodeError> {
        Ok(Some(name))
    }

    /// Creates the struct from its members, which belong to an object of `class`. That may be a class that flattens
    /// this struct.
    #[doc(hidden)]
    fn from_partial(
        found: Self::Partial,
        class: &'static Class,
        decoder: &Decoder<'de>,
    ) -> Result<Self, DecodeError>;

    /// Replaces the members that were read and leaves the others unchanged.
    #[doc(hidden)]
    fn apply(&mut self, found: Self::Partial);
}

/// Struct whose members can be written one by one. `#[derive(AmfObject)]` implements the trait for structs with
/// members, and `#[amf(flatten)]` requires it.
///
/// Only the derive implements this trait: its items are not part of the public interface and may change in any
/// release.
///
/// ```
/// use amf_core::{AmfClass, AmfObject, Date, WriteMembers};
///
/// /// Any struct, with the time of its creation.
/// #[derive(AmfObject)]
/// struct Stamped<T: WriteMembers> {
///     #[amf(flatten)]
///     content: T,
///     created: Date,
/// }
///
/// #[derive(AmfObject)]
/// struct Player {
///     name: String,
/// }
///
/// assert_eq!(Stamped::<Player>::CLASS.members(), ["name", "created"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no members of its own",
    label = "not a struct with members",
    note = "only a struct that derives `AmfObject` and is an object can be flattened or updated"
)]
pub trait WriteMembers: AmfClass + ToAmf {
    /// Writes the members. The first one has the index `first` in `class`.
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

/// Reads an object that extends to the end of the input into an existing value.
///
/// Members in the input replace those of `value`, and the other members are left unchanged. A member is replaced as a
/// whole. Members of a flattened struct are treated as the members of the struct itself. Dynamic members are added to
/// the existing ones.
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
///
/// # Errors
///
/// Returns an error if the input is not exactly one object of the class, or if a member cannot be read. `value` is
/// unchanged in this case.
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
    /// Reads an object into an existing value, as [`update_from_slice`] does.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is not an object of the class, or if a member cannot be read. `value` is
    /// unchanged in this case.
    pub fn update<T: ReadMembers<'de>>(&mut self, value: &mut T) -> Result<(), DecodeError> {
        let found = read_partial::<T>(self)?;
        value.apply(found);
        Ok(())
    }
}

/// Reads the members of an object that the input contains.
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

/// Returns the error for an undeclared member.
#[doc(hidden)]
#[cold]
pub fn unknown_member(decoder: &Decoder<'_>, class: &'static Class, member: &str) -> DecodeError {
    decoder.error(DecodeErrorKind::UnknownMember { class: class.alias(), member: member.to_owned() })
}
