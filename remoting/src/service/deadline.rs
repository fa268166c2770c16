//! Deadlines of work that may not complete in time.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::coop::{Unconstrained, unconstrained};
use tokio::time::{Instant, Sleep, sleep_until};

use super::NamedLimit;
use super::fault::{Fault, code};
use crate::metrics;

/// The end of a time limit, with the name under which reaching it is reported and counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limit: NamedLimit<Duration>,
    /// `None`: no limit, or one that ends after the last instant that the clock can express.
    at: Option<Instant>,
}

impl Deadline {
    /// Starts a time limit at an instant.
    pub(crate) fn new(limit: NamedLimit<Duration>, start: Instant) -> Self {
        Self { limit, at: start.checked_add(limit.max) }
    }

    /// The nearer one of two deadlines; `self` if both are at the same instant.
    pub(super) fn or_earlier(self, other: Self) -> Self {
        let is_earlier = match (self.at, other.at) {
            (Some(own), Some(other)) => other < own,
            (own, other) => own.is_none() && other.is_some(),
        };
        if is_earlier { other } else { self }
    }

    /// Returns `true` if no time is left.
    pub(super) fn has_passed(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    /// Counts the limit as exceeded, and returns the fault that names it.
    #[cold]
    pub(super) fn exceeded(&self) -> Fault {
        let NamedLimit { name: limit, max: timeout } = self.limit;
        metrics::record_exceeded_limit(limit);
        Fault::new(
            code::TIMEOUT,
            format!("the method did not answer in time: the limit `{limit}` of {timeout:?} is passed"),
        )
    }

    /// Runs work to its end, or drops it at the deadline. Work for which no time is left is not begun.
    pub(crate) async fn apply<T>(self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        if self.has_passed(Instant::now()) {
            return Err(self.exceeded());
        }
        let (mut work, mut timer) = (pin!(work), LazyTimer::default());
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => timer.poll(cx, || self).map(Err),
        })
        .await
    }
}

/// A timer that is set when its work waits for the first time: most calls complete at their first poll, and setting
/// and clearing a timer for each would cost more than the rest of its dispatch.
#[derive(Default)]
pub(super) struct LazyTimer(Option<Box<Timer>>);

impl LazyTimer {
    pub(super) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Is ready with the fault of the deadline once it has passed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: impl FnOnce() -> Deadline) -> Poll<Fault> {
        let timer = self.0.get_or_insert_with(|| Box::new(Timer::new(deadline())));
        timer.poll(cx)
    }
}

enum Timer {
    /// There is no deadline, or no runtime that could measure the time.
    Never,
    /// The method is polled before its timer and may use up the cooperative budget of the task each time; a timer
    /// that is subject to the budget would then never see its deadline.
    Set(Deadline, Pin<Box<Unconstrained<Sleep>>>),
    /// The runtime has no timers.
    Missing,
}

impl Timer {
    fn new(deadline: Deadline) -> Self {
        let Some(at) = deadline.at.filter(|_| Handle::try_current().is_ok()) else { return Self::Never };
        // A runtime does not tell whether its timers are enabled: without them, making a `Sleep` panics.
        match catch_unwind(AssertUnwindSafe(|| sleep_until(at))) {
            Ok(sleep) => Self::Set(deadline, Box::pin(unconstrained(sleep))),
            Err(_panic) => Self::Missing,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Fault> {
        match self {
            Self::Never => Poll::Pending,
            Self::Set(deadline, sleep) => {
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(deadline.exceeded())
            }
            Self::Missing => Poll::Ready(Fault::internal(
                "the runtime has no timers, which deadlines of calls need: add `enable_time()` to its builder, or \
                 set `Services::call_timeout` to `Duration::MAX`",
            )),
        }
    }
}
