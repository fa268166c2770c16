//! What a side does with its connection, apart from driving it.

use std::io;
use std::sync::Arc;

use amf_remoting::connection::RunningCalls;

use super::handle::OutboundQueue;
use crate::proto::{CloseReason, Connection, Event};

/// What a side does with the events of its connection.
pub(crate) trait ConnectionHandler {
    /// A future that it starts.
    type Task: Future<Output: Send> + Unpin;

    /// Takes an event, other than the reply to a call; may answer at once or start futures.
    fn handle_event(&mut self, event: Event, context: &mut HandlerContext<'_, Self>);

    /// Takes what a future came to.
    fn handle_completion(&mut self, output: TaskOutput<Self>, context: &mut HandlerContext<'_, Self>);

    /// Returns the bytes that an outcome holds until its reply has been handed to the protocol.
    fn outcome_bytes(output: &TaskOutput<Self>) -> usize;

    /// Learns how the connection ended.
    fn handle_end(&mut self, _end: &ConnectionEnd) {}
}

/// Output of the futures of a handler.
pub(crate) type TaskOutput<H> = <<H as ConnectionHandler>::Task as Future>::Output;

/// The parts of a connection that a handler works on.
pub(crate) struct HandlerContext<'a, H: ConnectionHandler + ?Sized> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) outbound: &'a OutboundQueue,
    pub(crate) calls: &'a mut RunningCalls<H::Task>,
    /// Whether the server is shutting down.
    pub(crate) is_shutting_down: bool,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum ConnectionEnd {
    /// The protocol says so: by either side's wish, or by the peer's mistake.
    Closed(CloseReason),
    /// The peer is gone, or the socket is.
    Lost(Arc<io::Error>),
    /// The peer took nothing for too long.
    Stalled,
    /// The memory budget is exceeded, and no other connection holds more.
    Shed,
}
