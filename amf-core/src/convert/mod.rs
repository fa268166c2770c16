//! Direct conversion between the wire and Rust types, without an intermediate tree.

mod array_collection;
#[cfg(feature = "chrono")]
mod chrono;
mod collections;
mod integer;
mod pointers;
mod primitives;
#[cfg(feature = "uuid")]
mod uuid;
mod vector;

pub use array_collection::ArrayCollection;
#[cfg(feature = "chrono")]
pub use chrono::DateOutOfRangeError;
pub use integer::{Integers, as_double, as_string};
pub use vector::VectorOf;
