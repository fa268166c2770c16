//! What drives the protocol: sockets, the clock, and the calls at work.

mod driver;
mod handle;
mod outgoing;

pub(crate) use driver::{Driver, Role, Work};
pub(crate) use handle::Handle;
