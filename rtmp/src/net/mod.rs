//! What drives the protocol: sockets, the clock, and the calls at work.

mod calls;
mod driver;
mod handle;
mod meter;
mod outgoing;

pub(crate) use calls::{Answer, answer, call_of};
pub(crate) use driver::{Driver, End, Role, Work};
pub(crate) use handle::Handle;
pub(crate) use meter::{limit, store_failed};
