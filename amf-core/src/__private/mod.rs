//! What expansions call; not for people, and free to change.

mod flatten;
mod members;
mod variants;

/// The macro, and the module with what it leaves.
pub use crate::__limits as limits;
pub use crate::members::unknown_member;
pub use flatten::{ClassPart, FlattenedClass};
pub use members::{Name, encode_with, extend_dynamic, read_object, require_member};
pub use variants::{
    aliases_are_distinct, match_class, match_name, match_number, no_such_class, no_such_name, no_such_number,
};
