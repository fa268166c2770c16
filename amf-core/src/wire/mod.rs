//! Wire primitives that both versions share.

mod reader;
pub(crate) mod u29;
pub(crate) mod utf8;

pub(crate) use reader::Reader;
pub use utf8::TextEncoding;
