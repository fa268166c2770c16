//! Wrapper that implements the traits of this crate for serde types.

use std::ops::{Deref, DerefMut};

use serde_core::de::IntoDeserializer;
use serde_core::de::value::{Error, UnitDeserializer};
use serde_core::{Deserialize, Serialize};

use super::{Deserializer, Serializer};
use crate::error::{DecodeError, EncodeError};
use crate::{Decoder, Encoder, FromAmf, ToAmf};

/// Serde type as a member of an [`AmfObject`](crate::AmfObject) struct, or as an argument or result of a service.
///
/// ```
/// use amf_core::{AmfObject, Version, from_slice, serde::Serde, to_vec};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// enum Mode {
///     Duel,
///     Teams { perTeam: u8 },
/// }
///
/// #[derive(AmfObject)]
/// struct Room {
///     name: String,
///     mode: Serde<Mode>,
/// }
///
/// let room = Room { name: "Lobby".to_owned(), mode: Serde(Mode::Teams { perTeam: 4 }) };
/// let bytes = to_vec(Version::Amf3, &room)?;
/// let room: Room = from_slice(Version::Amf3, &bytes)?;
/// assert!(matches!(*room.mode, Mode::Teams { perTeam: 4 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serde<T>(pub T);

impl<T> Deref for Serde<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Serde<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Serde<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<'de, T: Deserialize<'de>> FromAmf<'de> for Serde<T> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        let value = T::deserialize(Deserializer::new(decoder));
        value.map(Self).map_err(|error| error.with_default_offset(decoder.offset()))
    }

    /// Returns the value that the type deserializes from unit, such as `None` of an `Option`. Most other types have
    /// none.
    fn missing() -> Option<Self> {
        let unit: UnitDeserializer<Error> = ().into_deserializer();
        T::deserialize(unit).ok().map(Self)
    }
}

impl<T: Serialize> ToAmf for Serde<T> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.0.serialize(Serializer::new(encoder))
    }
}
