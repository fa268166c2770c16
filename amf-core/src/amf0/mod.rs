//! AMF0: its markers, and reading and writing one step of it.

mod decode;
pub(crate) mod marker;
