//! Building blocks for transports whose connections last: the client's handle, the calls in flight, connection limits,
//! shutdown.
//!
//! A request over HTTP has its reply and is over. Over RTMP, a WebSocket, or any other lasting connection, calls go both
//! ways, overlap, and wait for a peer that reads slowly or not at all. This module has what such transports share; the
//! bytes, the matching of replies to calls, and the loop that reads and writes stay with the transport.
//!
//! | type | what it is for |
//! |---|---|
//! | [`channel`], [`Handle`], [`OutboundQueue`] | what the program sends to a client, counted in bytes |
//! | [`RunningCalls`], [`InFlightCall`] | the calls of a client, in flight and completed, counted in bytes |
//! | [`ConnectionMemory`], [`ConnectionCharge`] | what a connection holds, charged to the [budget](crate::MemoryBudget) |
//! | [`ConnectionLimiter`], [`ConnectionPermit`] | how many may be connected, in all and from one address |
//! | [`Accept`], [`accept_until`] | the loop that accepts connections |
//! | [`Shutdown`], [`DrainState`] | the end of a server, and of one connection with it |
//!
//! A transport runs one task for each connection, which does these things in turn:
//!
//! 1. It polls [`RunningCalls::poll`], and writes the outcomes that [`RunningCalls::pop_completed`] returns once
//!    earlier output has been written.
//! 2. It takes messages from its [`OutboundQueue`], writes them, and reports with [`OutboundQueue::set_unsent`] what
//!    has not reached the socket.
//! 3. It reads while [`RunningCalls::is_accepting`] returns `true`, and starts each call by [`RunningCalls::call`].
//! 4. It follows its [`DrainState`] when the server shuts down.
//! 5. It sets its [`ConnectionCharge`] to what it holds, and ends at once when [`OutboundQueue::poll_shed`] is ready.

mod accept;
mod calls;
mod handle;
mod limiter;
mod memory;
mod shutdown;

pub use accept::{Accept, accept_until};
pub use calls::{CallOutcome, InFlightCall, RunningCalls, outcome_bytes};
pub use handle::{Handle, HandleSettings, MessageClass, MessageFormat, Outbound, OutboundQueue, channel};
pub use limiter::{
    ConnectionCounters, ConnectionLimiter, ConnectionLimits, ConnectionPermit, TooManyConnectionsError,
};
pub use memory::{ConnectionCharge, ConnectionMemory, SharedMessage};
pub use shutdown::{DrainState, Shutdown, ShutdownTimeouts};
