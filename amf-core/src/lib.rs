//! Encoding and decoding of AMF0 and AMF3, the binary formats in which Flash programs exchange data with servers.
//!
//! Types implement [`FromAmf`] and [`ToAmf`], usually through `#[derive(AmfObject)]`, and are read and written
//! without an intermediate tree. [`Value`] represents data that has no Rust type. The crate supports both versions of
//! AMF, references and cycles, class aliases, externalizable classes, and limits against hostile input. The module
//! [`packet`] reads and writes remoting packets, [`sol`] the files of local shared objects, and [`dump`] prints the
//! bytes of any of these in a readable form.
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
//! # Type mapping
//!
//! | Rust | written as AMF0 | written as AMF3 | accepted when reading |
//! |---|---|---|---|
//! | `bool` | Boolean | true, false | Boolean |
//! | integers up to ±2^53; larger ones are an error | Number | integer if 29 bits hold the value, else double | any integral number in the range of the type |
//! | `f32`, `f64` | Number | double | any number |
//! | `char`, `&str`, `String`, `Cow<str>`, `Arc<str>` | string, long string | string | strings, XML |
//! | `Option<T>` | `T` or null | `T` or null | null, undefined, or `T`; a missing member becomes `None` |
//! | `()` | null | null | null, undefined |
//! | `Vec<T>`, `[T; N]`, tuples, sets | strict array | array | arrays, Vectors, objects `{0: …}`, `ArrayCollection`, `ArrayList`; sparse arrays if `T` has a [`hole`](FromAmf::hole) |
//! | `Vec<u8>`, `&[u8]` | AMF3 `ByteArray` behind 0x11 | `ByteArray` | `ByteArray`; `Vec<u8>` also lists |
//! | `HashMap<String, T>`, `BTreeMap`, [`DynamicMembers`] | object | dynamic object | objects, ECMA arrays, dictionaries |
//! | [`Date`], `SystemTime` | date | date | dates |
//! | `Box<T>`, `Arc<T>`, `Rc<T>` | as `T`; shared pointers as references | the same | as `T` |
//! | `Weak<T>` | reference; null if the value was dropped | the same | null, or a reference to an object that is read as `Arc` |
//! | a struct with `#[derive(AmfObject)]` | typed or anonymous object | the same | objects of its alias or without an alias |
//! | an enum of classes with `#[derive(AmfObject)]` | typed objects | the same | objects of one of its aliases |
//! | an enum of unit variants with `#[derive(AmfObject)]` | strings, or numbers by `#[amf(number)]` | the same | the declared strings or numbers |
//! | a tuple struct with `#[derive(AmfObject)]` | its only field; several fields as a strict array | its only field; several fields as an array | its only field, or a tuple |
//! | integers with [`#[amf(as = "string")]`](as_string) | string | string | strings; numbers up to ±2^53 |
//! | integers with [`#[amf(as = "double")]`](as_double) | Number | double | any integral number in the range of the type |
//! | [`VectorOf<T>`] | behind 0x11 | Vector | as `Vec<T>` |
//! | [`ArrayCollection<T>`] | behind 0x11 | externalizable | as `Vec<T>` |
//! | [`Value`] | everything | everything | everything |
//! | `chrono::DateTime` (feature `chrono`) | date | date | dates, as `DateTime<Utc>` |
//! | `uuid::Uuid` (feature `uuid`) | string in upper case | the same | strings in every usual form, a `ByteArray` of 16 bytes |
//! | `serde::Serde<T>` (feature `serde`) | the output of serde | the same | the input that serde requests |
//!
//! # Features
//!
//! - `derive`, enabled by default: `#[derive(AmfObject)]`.
//! - `serde`: reads and writes types that implement serde's traits, and converts [`Value`] to JSON and other serde
//!   formats, plainly or without loss. See the module `serde`.
//! - `chrono`, `uuid`: conversions for the dates and identifiers of these crates.
//!
//! # Traits
//!
//! [`FromAmf`], [`ToAmf`], [`AmfClass`] and [`Externalizable`] may be implemented outside of this crate, by hand or
//! by the derive. [`ReadMembers`] and [`WriteMembers`] are implemented by the derive only. [`Integers`] and
//! [`VectorItem`] are sealed.
//!
//! # Versions of other crates
//!
//! The feature `chrono` exposes `chrono` 0.4, a crate before its 1.0, in public signatures. A breaking version of
//! `chrono` is adopted only in a new minor version of this crate and announced in the changelog. `amf_core::chrono`
//! and `amf_core::uuid` are the versions in use.
//!
//! # Specifications
//!
//! "AMF0 §2.5" and "AMF3 §3.12" in this documentation refer to sections of Adobe's *Action Message Format — AMF 0*
//! (2007) and *AMF 3* (2013).

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::missing_errors_doc, clippy::missing_panics_doc)]

// The derive refers to this crate by its name, in the unit tests of this crate too.
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
