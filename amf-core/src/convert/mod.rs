//! Conversion straight between the wire and Rust types, without a tree in between.

#[cfg(feature = "chrono")]
mod chrono;
mod collections;
mod flex;
mod integer;
mod primitives;
mod shared;
#[cfg(feature = "uuid")]
mod uuid;
mod vector;

#[cfg(feature = "chrono")]
pub use chrono::DateOutOfRangeError;
pub use flex::ArrayCollection;
pub use integer::{Integers, as_double, as_string};
pub use vector::VectorOf;
