//! What a side does with its connection, apart from driving it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::stream::FuturesUnordered;

use super::handle::Shared;
use crate::proto::{CloseReason, Connection, Event};

/// What a side does with the events of its connection.
pub(crate) trait Role {
    /// A future that it starts.
    type Running: Future<Output: Send> + Unpin;

    /// Takes an event, other than the reply to a call; may answer at once or start futures.
    fn event(&mut self, event: Event, work: &mut Work<'_, Self::Running>);

    /// Takes what a future came to.
    fn done(&mut self, done: Done<Self>, work: &mut Work<'_, Self::Running>);

    /// Learns how the connection ended.
    fn ended(&mut self, _end: &End) {}
}

/// What the futures of a role come to.
pub(super) type Done<R> = <<R as Role>::Running as Future>::Output;

/// What a role works on.
pub(crate) struct Work<'a, F: Future> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) shared: &'a Shared,
    /// Whether this side is about to go.
    pub(crate) is_draining: bool,
    pub(super) running: &'a mut FuturesUnordered<F>,
    pub(super) finished: &'a mut VecDeque<F::Output>,
}

impl<F: Future + Unpin> Work<'_, F> {
    /// How many futures run, or have an outcome that nobody took yet.
    pub(crate) fn running(&self) -> usize {
        self.running.len() + self.finished.len()
    }

    /// Begins a future now, and runs it beside the reading; [`Role::done`] takes its outcome.
    pub(crate) fn run(&mut self, mut future: F) {
        // Most methods need not wait. One that does is polled again at once, with a waker that wakes.
        match Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => self.finished.push_back(done),
            Poll::Pending => self.running.push(future),
        }
    }
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The protocol says so: by either side's wish, or by the peer's mistake.
    Closed(CloseReason),
    /// The peer is gone, or the socket is.
    Lost(Arc<io::Error>),
    /// The peer took nothing for too long.
    Stalled,
}
