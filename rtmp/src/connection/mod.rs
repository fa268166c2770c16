//! What drives the protocol: sockets, the clock, and the calls at work.

mod calls;
mod driver;
mod handle;
mod handler;
mod socket_writer;
mod turns;
mod unsent_messages;

pub(crate) use calls::{CallOutcome, InFlightCall, send_reply, to_call, unknown_method};
pub(crate) use driver::Driver;
pub(crate) use handle::{Handle, channel};
pub(crate) use handler::{ConnectionEnd, ConnectionHandler, HandlerContext};
