//! Remote shared objects.

mod encoded;
mod limits;
mod machine;
mod slots;
pub use limits::{LimitPassed, SharedObjectLimits};
