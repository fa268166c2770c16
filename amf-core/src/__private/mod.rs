//! Functions and types for expansions of the macros. This module is not part of the public interface and may change
//! in any version.

mod flatten;
mod members;
mod ordered;
mod variants;

/// The macro that declares limits, and the module with the types of its declarations.
pub use crate::__limits as limits;
pub use crate::decoder::{InOrderReader, NamedReader};
pub use crate::escaped::Escaped;
pub use crate::members::unknown_member;
pub use flatten::{ClassPart, FlattenedClass};
pub use members::{
    Name, encode_with, extend_dynamic, member_out_of_order, named_member, read_object, require_member,
};
pub use ordered::{
    begin_in_order, begin_named, decoded_memory, decoder_for_arguments, end_in_order, end_named,
    finish_in_place, prefer_amf0_numbering, resume_named, take_name,
};
pub use variants::{
    aliases_are_distinct, match_class, match_name, match_number, no_such_class, no_such_name, no_such_number,
};
