//! Integration with serde: its types as AMF, and [`Value`](crate::Value) in its formats (feature `serde`).
//!
//! # Serde types as AMF
//!
//! [`to_vec`] and [`from_slice`] convert directly between the wire and types that implement serde's traits, without
//! an intermediate tree. [`Serde`] wraps such a type as a member of an [`AmfObject`](crate::AmfObject) struct, or as
//! an argument or result of a service. Names follow serde: the name that `rename_all` results in, or the name of the
//! field.
//!
//! | serde | written as | accepted when reading |
//! |---|---|---|
//! | struct, map, content of a struct variant | anonymous object | objects of any class, ECMA arrays, associative arrays, dictionaries |
//! | sequence, tuple | strict array, AMF3 array | every list; a `ByteArray` as numbers |
//! | unit variant | its name | its name |
//! | other variants | `{Name: content}` | an object with one member |
//! | bytes | `ByteArray` | `ByteArray`, lists |
//! | `None`, `()` | null | null, undefined |
//! | integers, floats | as by [`ToAmf`](crate::ToAmf): beyond 2^53 an error | any number in the range of the type |
//! | [`Date`](crate::Date) | date | date, number |
//! | a key that is a number | its digits as a name | a name that consists of digits |
//!
//! A type that calls `deserialize_any` (an untagged or internally tagged enum, `flatten`, `serde_json::Value`)
//! receives:
//!
//! - integral numbers within ±2^53 as `i64`, because AMF0 has doubles only; other numbers as `f64`;
//! - null and undefined as unit, a `ByteArray` as bytes, a date as the number of its milliseconds;
//! - arrays without named members, Vectors, and ECMA arrays whose members are named 0, 1, … in this order as
//!   sequences. Flash Player sends arrays in the latter form. To detect it, the names are read once in advance, so
//!   the values of an ECMA array count twice against [`Limits::nodes`](crate::Limits::nodes);
//! - all other values with members as a map. An externalizable object is an error, unless it is a collection or proxy
//!   of Flex.
//!
//! An integral number that was read this way is still converted to `f64` if that type is requested, and a date to
//! [`Date`](crate::Date).
//!
//! The format reports itself as human-readable, so that types such as IP addresses are written as text, which
//! ActionScript programs expect. Objects that were sent by reference are decoded again as separate values.
//!
//! # Values in the formats of serde
//!
//! [`Value`](crate::Value) itself is serialized in a plain form, for programs that need ordinary JSON. [`Tagged`]
//! preserves all details.

mod any_value;
mod date;
mod errors;
mod limited;
mod lists;
mod map_keys;
mod members;
mod plain;
mod read;
mod tagged;
mod wrapper;
mod write;

use serde_core::{Deserialize, Serialize};

use crate::error::{DecodeError, EncodeError};
use crate::{Decoder, Encoder, Version};

pub use limited::Limited;
pub use read::Deserializer;
pub use tagged::Tagged;
pub use wrapper::Serde;
pub use write::{ListSerializer, MapSerializer, Serializer};

/// Writes one value of a type that implements serde's `Serialize`.
///
/// ```
/// use amf_core::{Version, serde::to_vec};
///
/// #[derive(serde::Serialize)]
/// struct Point {
///     x: i32,
/// }
///
/// // AMF3 §3.12: a dynamic object without an alias, x, integer 5, the end.
/// assert_eq!(to_vec(Version::Amf3, &Point { x: 5 })?, [0x0A, 0x0B, 0x01, 0x03, b'x', 0x04, 5, 0x01]);
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the value cannot be represented in AMF, or if it exceeds the default limits of an [`Encoder`].
pub fn to_vec<T: Serialize + ?Sized>(version: Version, value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(version);
    value.serialize(Serializer::new(&mut encoder))?;
    encoder.finish()
}

/// Reads one value that extends to the end of the input, with the default limits, as a type that implements serde's
/// `Deserialize`.
///
/// ```
/// use amf_core::{Version, serde::from_slice};
///
/// #[derive(serde::Deserialize, Debug, PartialEq)]
/// struct Name<'a> {
///     first: &'a str, // borrowed from the input
/// }
///
/// let bytes = b"\x0A\x0B\x01\x0Bfirst\x06\x07Ann\x01";
/// assert_eq!(from_slice::<Name>(Version::Amf3, bytes)?, Name { first: "Ann" });
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the input is not exactly one value of this type, or exceeds a limit.
pub fn from_slice<'de, T: Deserialize<'de>>(version: Version, input: &'de [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(version, input);
    decoder.read_message(|decoder| {
        let value = T::deserialize(Deserializer::new(decoder));
        let value = value.map_err(|error| error.with_default_offset(decoder.offset()))?;
        decoder.finish()?;
        Ok(value)
    })
}
