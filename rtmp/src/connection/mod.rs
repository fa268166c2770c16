//! What drives the protocol: sockets, the clock, and the calls at work.

mod calls;
mod completed;
mod driver;
mod handle;
mod handler;
mod write_buffer;

pub(crate) use calls::{CallOutcome, InFlightCall, outcome_size, send_reply, to_call};
pub(crate) use driver::Driver;
pub(crate) use handle::Handle;
pub(crate) use handler::{ConnectionEnd, ConnectionHandler, HandlerContext};
