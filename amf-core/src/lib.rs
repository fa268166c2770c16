//! AMF0 and AMF3, the formats in which Flash programs speak to servers.
//!
//! Conversion goes straight between the wire and a program's own types ([`FromAmf`], [`ToAmf`]);
//! [`Value`] is there for what has no type. Both versions, references and cycles, class aliases and
//! externalizable classes, limits against hostile input, the remoting [`packet`], and the files of local
//! shared objects ([`sol`]). For people with a capture in hand, [`dump`] prints the bytes of any of these.
//!
//! ```
//! use amf_core::{from_slice, to_vec, AmfObject, Value, Version};
//!
//! #[derive(AmfObject, Debug, PartialEq)]
//! #[amf(alias = "com.example.Player")]
//! struct Player {
//!     display_name: String, // `displayName` on the wire
//!     level: u32,
//! }
//!
//! let player = Player { display_name: "Ann".to_owned(), level: 7 };
//! let bytes = to_vec(Version::Amf3, &player)?;
//! assert_eq!(from_slice::<Player>(Version::Amf3, &bytes)?, player);
//!
//! let value: Value = from_slice(Version::Amf3, &bytes)?;
//! let object = value.as_object().unwrap();
//! assert_eq!(object.alias(), "com.example.Player");
//! assert_eq!(object.get("level"), Some(&Value::Integer(7)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What becomes what
//!
//! | Rust | written as AMF0 | written as AMF3 | read from |
//! |---|---|---|---|
//! | `bool` | Boolean | true, false | Boolean |
//! | integers up to ±2^53, beyond an error | Number | integer where 29 bits hold it, else double | any number that is integral and fits |
//! | `f32`, `f64` | Number | double | any number |
//! | `char`, `&str`, `String`, `Cow<str>`, `Arc<str>` | string, long string | string | strings; XML too |
//! | `Option<T>` | `T` or null | `T` or null | null, undefined, or `T`; a missing member is `None` |
//! | `()` | null | null | null, undefined |
//! | `Vec<T>`, `[T; N]`, tuples, sets | strict array | array | arrays, Vectors, objects `{0: …}`, `ArrayCollection`, `ArrayList`; sparse arrays where `T` has a [`hole`](FromAmf::hole) |
//! | `Vec<u8>`, `&[u8]` | AMF3 `ByteArray` behind 0x11 | `ByteArray` | `ByteArray`; `Vec<u8>` also from lists |
//! | `HashMap<String, T>`, `BTreeMap`, [`DynamicMembers`] | object | dynamic object | objects, ECMA arrays, dictionaries |
//! | [`Date`], `SystemTime` | date | date | dates |
//! | `Box<T>`, `Arc<T>`, `Rc<T>` | as `T`; shared pointers as references | the same | as `T` |
//! | `Weak<T>` | reference, null if gone | the same | null, or a reference to what an `Arc` holds |
//! | a struct with `#[derive(AmfObject)]` | typed or anonymous object | the same | objects of that alias or none |
//! | an enum of classes with `#[derive(AmfObject)]` | typed objects | the same | objects of one of the aliases |
//! | an enum of unit variants with it | strings, or numbers by `#[amf(number)]` | the same | those strings or numbers |
//! | a tuple struct with it | as its one field; several as a strict array | as its one field; several as an array | as its one field, as a tuple |
//! | integers with [`#[amf(as = "string")]`](as_string) | string | string | strings; numbers up to ±2^53 |
//! | integers with [`#[amf(as = "double")]`](as_double) | Number | double | any number that is integral and fits |
//! | [`VectorOf<T>`] | behind 0x11 | Vector | as `Vec<T>` |
//! | [`ArrayCollection<T>`] | behind 0x11 | externalizable | as `Vec<T>` |
//! | [`Value`] | everything | everything | everything |
//! | `chrono::DateTime` (feature `chrono`) | date | date | dates, as `DateTime<Utc>` |
//! | `uuid::Uuid` (feature `uuid`) | string, in upper case | the same | strings in every usual form, a `ByteArray` of 16 |
//! | `serde::Serde<T>` (feature `serde`) | what serde gives | the same | what serde asks for |
//!
//! # Features
//!
//! - `derive`, on by default: `#[derive(AmfObject)]`.
//! - `serde`: types with serde's derives as AMF; [`Value`] as JSON and in every other format of serde, plain
//!   or without loss. See the module `serde`.
//! - `chrono`, `uuid`: the dates and the identifiers of these crates.
//!
//! # Traits
//!
//! [`FromAmf`], [`ToAmf`], [`AmfClass`] and [`Externalizable`] are to be implemented outside of this crate, by hand or by
//! the derive; [`ReadMembers`] and [`WriteMembers`] only by the derive. [`Integers`] and [`VectorItem`] are sealed.
//!
//! # Versions of other crates
//!
//! Of crates before their 1.0, `chrono` 0.4 is part of public signatures, with the feature `chrono`. A breaking version
//! of it is adopted only in a new minor version of this crate, and the changelog says so. `amf_core::chrono` and
//! `amf_core::uuid` are the versions in use.
//!
//! # Specifications
//!
//! "AMF0 §2.5" and "AMF3 §3.12" in these documents are sections of Adobe's *Action Message Format — AMF 0*
//! (2007) and *AMF 3* (2013).

// The derive names this crate from outside, in its own tests too.
#[cfg(test)]
#[allow(unused_extern_crates)]
extern crate self as amf_core;

#[doc(hidden)]
pub mod __limits;
#[doc(hidden)]
pub mod __private;
mod amf0;
mod amf3;
mod class;
mod convert;
mod date;
mod decoder;
pub mod dump;
mod encoder;
mod error;
mod escaped;
mod external;
mod iso8601;
mod limits;
mod members;
mod numbering;
pub mod packet;
#[cfg(feature = "serde")]
pub mod serde;
pub mod sol;
mod value;
mod version;
mod wire;
#[cfg(feature = "work-counter")]
#[doc(hidden)]
pub mod work;
#[cfg(not(feature = "work-counter"))]
mod work;

#[cfg(feature = "derive")]
#[doc = include_str!("derive.md")]
#[doc(inline)]
pub use amf_derive::AmfObject;

#[cfg(feature = "chrono")]
#[doc(no_inline)]
pub use ::chrono;
#[cfg(feature = "uuid")]
#[doc(no_inline)]
pub use ::uuid;
pub use class::{AmfClass, Class, Classes};
#[cfg(feature = "chrono")]
pub use convert::DateOutOfRangeError;
pub use convert::{ArrayCollection, Integers, VectorOf, as_double, as_string};
pub use date::Date;
pub use decoder::{DecodeOptions, Decoder, FromAmf, ListReader, Member, ObjectReader, from_slice};
pub use encoder::{Encoder, ToAmf, VectorItem, to_vec};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use external::{ExternalInput, ExternalOutput, Externalizable};
pub use limits::{Limits, OutputLimit};
pub use members::{ReadMembers, WriteMembers, update_from_slice};
pub use numbering::Amf0Numbering;
pub use value::{
    Array, Dictionary, DynamicMembers, DynamicMembersIntoIter, DynamicMembersIter, EcmaArray, External,
    ExternalPart, Object, SharedDate, Traits, Value, ValuePart, Vector, WeakValue, from_value, to_value,
};
pub use version::Version;
pub use wire::TextEncoding;

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "derive"))]
#[doc = include_str!("../README.md")]
struct Readme;
