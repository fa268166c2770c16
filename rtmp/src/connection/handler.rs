//! What a side does with its connection, apart from driving it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use amf_remoting::service::StartWatch;
use futures_util::stream::FuturesUnordered;

use super::completed::CompletedCalls;
use super::handle::ConnectionStatus;
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
    fn outcome_size(output: &TaskOutput<Self>) -> usize;

    /// Learns how the connection ended.
    fn handle_end(&mut self, _end: &ConnectionEnd) {}
}

/// Output of the futures of a handler.
pub(crate) type TaskOutput<H> = <<H as ConnectionHandler>::Task as Future>::Output;

/// What a handler works on.
pub(crate) struct HandlerContext<'a, H: ConnectionHandler + ?Sized> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) status: &'a ConnectionStatus,
    /// Whether this side is about to go.
    pub(crate) is_draining: bool,
    pub(super) in_flight: &'a mut FuturesUnordered<H::Task>,
    pub(super) completed: &'a mut CompletedCalls<TaskOutput<H>>,
    pub(super) starting: &'a mut Option<StartWatch>,
}

impl<H: ConnectionHandler + ?Sized> HandlerContext<'_, H> {
    /// How many futures run, or have an outcome that nobody took yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.len() + self.completed.len()
    }

    /// Handles no further event before a call has started, if its arguments are decoded on another thread.
    pub(crate) fn wait_for_start(&mut self, call: Option<StartWatch>) {
        *self.starting = call;
    }

    /// Begins a future now, and runs it beside the reading; [`ConnectionHandler::handle_completion`] takes its outcome.
    ///
    /// While completed calls hold more than their share, the future is started only when replies have been written:
    /// one read may bring hundreds of small calls with large replies.
    pub(crate) fn run(&mut self, mut future: H::Task) {
        if self.completed.is_full() {
            return self.in_flight.push(future);
        }
        // Most methods need not wait. One that does is polled again at once, with a waker that wakes.
        match Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => {
                let size = H::outcome_size(&output);
                self.completed.push(output, size);
            }
            Poll::Pending => self.in_flight.push(future),
        }
    }
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
}
