//! What expansions call; not for people, and free to change.

mod choice;
mod flat;
mod members;

pub use crate::members::unknown_member;
pub use choice::{
    class_among, distinct, name_among, no_such_class, no_such_name, no_such_number, number_among,
};
pub use flat::{Flat, Part};
pub use members::{Name, extend, object, present, with};
