//! The calls of one client: in flight, and completed with replies that have not been written.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::service::{BoxFuture, Call, Fault, Reply, Services, StartWatch, StartedCall};

/// Outcome of a call, behind the tag of the transport, such as the number of the call.
pub type CallOutcome<T> = (T, Result<Reply, Fault>);

/// Call of the peer that has not completed.
pub struct InFlightCall<T> {
    /// Until the call has completed.
    tag: Option<T>,
    outcome: BoxFuture<'static, Result<Reply, Fault>>,
}

impl<T> InFlightCall<T> {
    /// Attaches a tag to the future of a call.
    pub fn new(tag: T, outcome: BoxFuture<'static, Result<Reply, Fault>>) -> Self {
        Self { tag: Some(tag), outcome }
    }
}

impl<T: Unpin> Future for InFlightCall<T> {
    type Output = CallOutcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CallOutcome<T>> {
        let outcome = ready!(self.outcome.as_mut().poll(cx));
        // As every future, this one is not polled again once it is ready.
        self.tag.take().map_or(Poll::Pending, |tag| Poll::Ready((tag, outcome)))
    }
}

impl<T: fmt::Debug> fmt::Debug for InFlightCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightCall").field("tag", &self.tag).finish_non_exhaustive()
    }
}

/// Returns the bytes that the outcome of a call holds.
pub fn outcome_bytes<T>((_, outcome): &CallOutcome<T>) -> usize {
    match outcome {
        Ok(reply) => reply.body().len(),
        Err(fault) => fault.code().len() + fault.message().len(),
    }
}

/// The calls of one client, and other futures whose outcomes go to it.
///
/// An outcome is charged from the moment at which it exists. A peer that sends calls and reads no replies would
/// otherwise make the connection hold as many replies as there are calls in flight, of any size. While more than
/// `max_completed_bytes` are held, no call is polled, and [`is_accepting`](Self::is_accepting) tells the transport not
/// to read.
pub struct RunningCalls<F: Future> {
    in_flight: FuturesUnordered<Held<F>>,
    /// Bytes that those hold.
    in_flight_bytes: usize,
    /// Size of the arguments of started calls, whose decoded values the services charge.
    decoded_bytes: usize,
    /// In the order in which they completed, with the bytes that they hold.
    completed: VecDeque<(F::Output, usize)>,
    completed_bytes: usize,
    max_completed_bytes: usize,
    outcome_bytes: fn(&F::Output) -> usize,
    /// A large call whose arguments are being decoded on another thread, and their size. Calls start in the order in
    /// which they were sent, so until it has started no other call may.
    starting: Option<(StartWatch, usize)>,
}

impl<F: Future + Unpin> RunningCalls<F> {
    /// Creates an empty set. `outcome_bytes` returns the bytes that an outcome holds: for an [`InFlightCall`] it is the
    /// function [`outcome_bytes`].
    pub fn new(max_completed_bytes: usize, outcome_bytes: fn(&F::Output) -> usize) -> Self {
        Self {
            in_flight: FuturesUnordered::new(),
            in_flight_bytes: 0,
            decoded_bytes: 0,
            completed: VecDeque::new(),
            completed_bytes: 0,
            max_completed_bytes,
            outcome_bytes,
            starting: None,
        }
    }

    /// Starts a call, and runs it to its end while the set is [polled](Self::poll); as [`run`](Self::run) does, only
    /// when outcomes have been taken while completed calls hold more than their share.
    pub fn call<T>(&mut self, services: &Services, mut call: Call, tag: T)
    where
        F: From<InFlightCall<T>>,
        F::Output: From<CallOutcome<T>>,
    {
        let bytes = call.arguments().len();
        self.starting = services.watch_start(&mut call).map(|watch| (watch, bytes));
        if self.is_full() {
            return self.push(InFlightCall::new(tag, services.call(call)).into(), bytes);
        }
        match services.start_call(call) {
            StartedCall::Completed(outcome) => self.complete((tag, outcome).into()),
            // The services charge the decoded arguments.
            StartedCall::Running(call) => {
                self.decoded_bytes += bytes;
                self.in_flight.push(Held {
                    future: InFlightCall::new(tag, call).into(),
                    bytes: 0,
                    decoded_bytes: bytes,
                });
            }
        }
    }

    /// Starts a future now, and runs it to its end while the set is [polled](Self::poll).
    ///
    /// While completed calls hold more than their share, the future is started only when outcomes have been taken: one
    /// read may bring hundreds of small calls with large replies.
    pub fn run(&mut self, future: F) {
        self.run_holding(future, 0);
    }

    /// Starts a future as [`run`](Self::run) does, which counts for so many bytes until it is ready: those of the
    /// arguments of a command, for example.
    pub fn run_holding(&mut self, mut future: F, bytes: usize) {
        if self.is_full() {
            return self.push(future, bytes);
        }
        // Most methods need not wait. One that does is polled again at once, with a waker that wakes.
        match Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => self.complete(outcome),
            Poll::Pending => self.push(future, bytes),
        }
    }

    fn push(&mut self, future: F, bytes: usize) {
        self.in_flight_bytes += bytes;
        self.in_flight.push(Held { future, bytes, decoded_bytes: 0 });
    }

    /// Polls the futures. It is ready when one has completed, or when [`is_accepting`](Self::is_accepting) may have
    /// changed.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.in_flight.is_empty()
            && !self.is_full()
            && let Poll::Ready(Some((outcome, bytes, decoded_bytes))) = self.in_flight.poll_next_unpin(cx)
        {
            self.in_flight_bytes -= bytes;
            self.decoded_bytes -= decoded_bytes;
            self.complete(outcome);
            return Poll::Ready(());
        }
        if self.starting.take_if(|(starting, _)| !starting.is_pending()).is_some() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Returns `true` if further calls may be started. If not, the transport reads nothing until [`poll`](Self::poll)
    /// was ready or outcomes were taken.
    pub fn is_accepting(&self) -> bool {
        !self.is_full() && !self.is_starting()
    }

    /// Returns `true` while a large call has yet to start: events that were read with it have to wait.
    pub fn is_starting(&self) -> bool {
        self.starting.as_ref().is_some_and(|(starting, _)| starting.is_pending())
    }

    /// Returns the number of futures that run, or whose outcome was not taken yet.
    pub fn len(&self) -> usize {
        self.in_flight.len() + self.completed.len()
    }

    /// Returns `true` if no future runs and no outcome waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns `true` if outcomes wait to be taken.
    pub fn has_completed(&self) -> bool {
        !self.completed.is_empty()
    }

    /// Returns the bytes that futures hold which are not ready: for calls, those of arguments that are not decoded yet.
    pub fn in_flight_bytes(&self) -> usize {
        match &self.starting {
            Some((starting, bytes)) if starting.is_pending() => self.in_flight_bytes + bytes,
            _ => self.in_flight_bytes,
        }
    }

    /// Returns the size that the arguments of started calls had before they were decoded. The services charge the decoded
    /// values, so these bytes only show how much the connection holds.
    pub fn decoded_bytes(&self) -> usize {
        self.decoded_bytes
    }

    /// Returns the bytes that outcomes hold.
    pub fn completed_bytes(&self) -> usize {
        self.completed_bytes
    }

    /// Takes the outcome that has waited longest.
    pub fn pop_completed(&mut self) -> Option<F::Output> {
        let (outcome, bytes) = self.completed.pop_front()?;
        self.completed_bytes -= bytes;
        Some(outcome)
    }

    /// Cancels all futures and drops all outcomes.
    pub fn clear(&mut self) {
        self.in_flight.clear();
        self.in_flight_bytes = 0;
        self.decoded_bytes = 0;
        self.completed.clear();
        self.completed_bytes = 0;
        self.starting = None;
    }

    fn is_full(&self) -> bool {
        self.completed_bytes > self.max_completed_bytes
    }

    fn complete(&mut self, outcome: F::Output) {
        let bytes = (self.outcome_bytes)(&outcome);
        self.completed_bytes += bytes;
        self.completed.push_back((outcome, bytes));
    }
}

/// A future, and the bytes that it holds.
struct Held<F> {
    future: F,
    bytes: usize,
    decoded_bytes: usize,
}

impl<F: Future + Unpin> Future for Held<F> {
    type Output = (F::Output, usize, usize);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (bytes, decoded_bytes) = (self.bytes, self.decoded_bytes);
        Pin::new(&mut self.future).poll(cx).map(|outcome| (outcome, bytes, decoded_bytes))
    }
}

impl<F: Future> fmt::Debug for RunningCalls<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningCalls")
            .field("in_flight", &self.in_flight.len())
            .field("completed", &self.completed.len())
            .field("completed_bytes", &self.completed_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, pending, ready};

    use super::*;

    fn poll<F: Future + Unpin>(calls: &mut RunningCalls<F>) -> bool {
        calls.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Calls whose outcomes hold as many bytes as they say.
    fn calls() -> RunningCalls<Ready<usize>> {
        RunningCalls::new(10, |bytes| *bytes)
    }

    #[test]
    fn no_call_is_accepted_from_the_first_byte_over_the_limit() {
        let mut calls = calls();
        calls.run(ready(4));
        calls.run(ready(6));
        assert_eq!((calls.completed_bytes(), calls.is_accepting()), (10, true));
        calls.run(ready(1));
        assert_eq!((calls.completed_bytes(), calls.is_accepting()), (11, false));
        assert_eq!((calls.pop_completed(), calls.completed_bytes()), (Some(4), 7));
        assert!(calls.is_accepting());
        calls.clear();
        assert_eq!((calls.pop_completed(), calls.completed_bytes()), (None, 0));
    }

    #[test]
    fn calls_wait_while_outcomes_take_too_much() {
        let mut calls = calls();
        calls.run(ready(11));
        calls.run(ready(2));
        assert!(!poll(&mut calls));
        assert_eq!((calls.len(), calls.pop_completed()), (2, Some(11)));
        assert!(poll(&mut calls));
        assert_eq!((calls.pop_completed(), calls.is_empty()), (Some(2), true));
    }

    #[test]
    fn calls_hold_their_arguments_until_they_complete() {
        let mut calls = calls();
        calls.run_holding(ready(11), 100);
        assert_eq!(calls.in_flight_bytes(), 0);
        calls.run_holding(ready(2), 200);
        calls.run_holding(ready(3), 400);
        assert_eq!(calls.in_flight_bytes(), 600);
        calls.pop_completed();
        assert!(poll(&mut calls) && poll(&mut calls));
        assert_eq!((calls.in_flight_bytes(), calls.completed_bytes()), (0, 5));
    }

    #[test]
    fn cancelled_calls_are_gone() {
        let mut calls = RunningCalls::new(10, |()| 0);
        calls.run_holding(pending(), 100);
        assert_eq!((calls.len(), calls.has_completed(), calls.in_flight_bytes()), (1, false, 100));
        calls.clear();
        assert!(calls.is_empty() && calls.in_flight_bytes() == 0);
    }
}
