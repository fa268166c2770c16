//! What drives the protocol: sockets, the clock, and the calls at work.

mod calls;
mod driver;
mod handle;
mod meter;
mod outgoing;
mod role;

pub(crate) use calls::{Answer, Answering, answer, call_of};
pub(crate) use driver::Driver;
pub(crate) use handle::Handle;
pub(crate) use meter::{limit, store_failed};
pub(crate) use role::{End, Role, Work};
