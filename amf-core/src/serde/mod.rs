//! serde: any of its types as AMF, and [`Value`](crate::Value) in any of its formats (feature `serde`).
//!
//! # serde's types as AMF
//!
//! [`to_vec`] and [`from_slice`] go straight between the wire and a type with serde's derives, without a
//! tree. [`Serde`] makes such a type a member of an [`AmfObject`](crate::AmfObject) struct, or an argument
//! or a result of a service. Names are serde's: what `rename_all` says, or the field's own name.
//!
//! | serde | written as | read from |
//! |---|---|---|
//! | struct, map, struct variant's content | anonymous object | objects of any class, ECMA arrays, associative arrays, dictionaries |
//! | sequence, tuple | strict array, AMF3 array | every list; a `ByteArray` as numbers |
//! | unit variant | its name | its name |
//! | other variants | `{Name: content}` | an object with one member |
//! | bytes | `ByteArray` | `ByteArray`, lists |
//! | `None`, `()` | null | null, undefined |
//! | integers, floats | as by [`ToAmf`](crate::ToAmf): beyond 2^53 an error | any number that fits |
//! | [`Date`](crate::Date) | date | date, number |
//! | a key that is a number | its digits as a name | a name that is one |
//!
//! A type that asks for "anything" (an untagged or internally tagged enum, `flatten`, `serde_json::Value`)
//! is given:
//!
//! - a whole number within ±2^53 as `i64`, because AMF0 has doubles alone; other numbers as `f64`;
//! - null and undefined as unit, a `ByteArray` as bytes, a date as the number of its milliseconds;
//! - arrays without named members, Vectors, and ECMA arrays whose members are named 0, 1, … in this order as
//!   sequences (so Flash Player sends an array; its names are passed over once to see that, and its values count
//!   twice against [`Limits::nodes`](crate::Limits::nodes));
//! - everything else with members as a map; an externalizable object only if it is one of Flex's collections
//!   or proxies, else it is an error.
//!
//! A whole number that comes this way still becomes an `f64` where one is wanted, and a date a
//! [`Date`](crate::Date).
//!
//! The format calls itself human-readable, so that addresses and the like are text, as a program in
//! ActionScript wants them. References on the wire are read again as values of their own.
//!
//! # Values in serde's formats
//!
//! [`Value`](crate::Value) itself is written in the plain form, for programs that want ordinary JSON;
//! [`Tagged`] keeps everything.

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

/// Writes one value of a type that serde knows.
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
pub fn to_vec<T: Serialize + ?Sized>(version: Version, value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(version);
    value.serialize(Serializer::new(&mut encoder))?;
    encoder.finish()
}

/// Reads one value that is all of the input, with the default limits, as a type that serde knows.
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
pub fn from_slice<'de, T: Deserialize<'de>>(version: Version, input: &'de [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(version, input);
    decoder.read_message(|decoder| {
        let value = T::deserialize(Deserializer::new(decoder));
        let value = value.map_err(|error| error.with_default_offset(decoder.offset()))?;
        decoder.finish()?;
        Ok(value)
    })
}
