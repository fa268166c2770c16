//! Minimum pace at which a peer has to send bytes or take them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Limits of a [`Pace`].
#[derive(Clone, Copy, Debug)]
pub(super) struct PaceLimits {
    /// Maximum time without a byte.
    pub(super) stall: Duration,
    /// Time for which the peer may be slower than the rate.
    pub(super) grace: Duration,
    /// Minimum rate, in bytes per second. 0: no limit.
    pub(super) rate: usize,
}

/// Limit that a slow peer has exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooSlow {
    Stall,
    Rate,
    /// The deadline of [`Pace::with_deadline`] has passed.
    Deadline,
}

/// Measures the time for which a peer keeps the server waiting against the bytes that it moves.
///
/// Only waiting counts: a stream on which the server has nothing to write is not slow. Each byte makes good for the
/// time that the minimum rate allows for it, and no more than the peer has kept the server waiting so far: bytes that
/// came fast buy no time for a stall. The timer is set when the peer is waited for, so moving bytes at once costs no
/// timer.
#[derive(Debug)]
pub(super) struct Pace {
    limits: PaceLimits,
    deadline: Option<Instant>,
    /// Whether the first wait begins with a second look.
    looks_twice: bool,
    waiting_since: Option<Instant>,
    /// Time that the peer kept the server waiting, less what its bytes made good for.
    waited: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(super) fn new(limits: PaceLimits) -> Self {
        Self {
            limits,
            deadline: None,
            looks_twice: false,
            waiting_since: None,
            waited: Duration::ZERO,
            timer: None,
        }
    }

    /// Sets the time at which waiting ends at any pace.
    pub(super) fn with_deadline(self, deadline: Option<Instant>) -> Self {
        Self { deadline, ..self }
    }

    /// Sets no timer before the first wait has been polled twice: hyper hands out the part of a body that has come already
    /// when it is polled a second time, and to set a timer takes longer than to read most bodies.
    pub(super) fn looking_twice(self) -> Self {
        Self { looks_twice: true, ..self }
    }

    /// Records bytes that the peer sent or took.
    #[inline]
    pub(super) fn record(&mut self, bytes: usize) {
        if self.waiting_since.is_some() || !self.waited.is_zero() {
            self.record_after_waiting(bytes);
        }
    }

    #[cold]
    fn record_after_waiting(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
        self.waited = self.waited.saturating_sub(self.limits.time_for(bytes));
    }

    /// Waits for the peer, of which the caller has found that it moves nothing now. Ready when it is too slow.
    #[cold]
    pub(super) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<TooSlow> {
        if std::mem::take(&mut self.looks_twice) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let is_new = self.waiting_since.is_none();
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let Some((end, reason)) = self.end(since) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if is_new {
            timer.as_mut().reset(end);
        }
        timer.as_mut().poll(cx).map(|()| reason)
    }

    /// When waiting since then ends, and why. `None`: never.
    fn end(&self, since: Instant) -> Option<(Instant, TooSlow)> {
        let PaceLimits { stall, grace, rate } = self.limits;
        let of_stall = since.checked_add(stall).map(|end| (end, TooSlow::Stall));
        let left = (rate > 0).then(|| grace.saturating_sub(self.waited));
        let of_rate = left.and_then(|left| since.checked_add(left)).map(|end| (end, TooSlow::Rate));
        let of_deadline = self.deadline.map(|end| (end, TooSlow::Deadline));
        [of_stall, of_rate, of_deadline].into_iter().flatten().min_by_key(|(end, _)| *end)
    }
}

impl PaceLimits {
    /// The time that the minimum rate allows for so many bytes.
    fn time_for(&self, bytes: usize) -> Duration {
        let nanos = (bytes as u64).saturating_mul(1_000_000_000).checked_div(self.rate as u64);
        Duration::from_nanos(nanos.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{sleep, timeout};

    use super::*;

    const LIMITS: PaceLimits =
        PaceLimits { stall: Duration::from_secs(10), grace: Duration::from_secs(30), rate: 100 };

    /// Moves so many bytes every so many seconds for so long; gives when and why it was too slow.
    async fn run(bytes: usize, seconds: u64, times: usize) -> Option<(u64, TooSlow)> {
        let start = Instant::now();
        let mut pace = Pace::new(LIMITS);
        for _ in 0..times {
            let waiting = poll_fn(|cx| pace.poll_waiting(cx));
            if let Ok(reason) = timeout(Duration::from_secs(seconds), waiting).await {
                return Some((start.elapsed().as_secs(), reason));
            }
            pace.record(bytes);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_moves_nothing_is_stalled() {
        assert_eq!(run(10_000, 9, 1_000).await, None);
        assert_eq!(run(10_000, 11, 9).await, Some((10, TooSlow::Stall)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_below_the_rate_has_the_grace_period() {
        assert_eq!(run(100, 1, 10_000).await, None);
        // Each second it loses a tenth of one.
        assert_eq!(run(90, 1, 1_000).await, Some((291, TooSlow::Rate)));
        assert_eq!(run(1, 1, 1_000).await, Some((30, TooSlow::Rate)));
    }

    #[tokio::test(start_paused = true)]
    async fn only_waiting_counts() {
        let mut pace = Pace::new(LIMITS);
        for _ in 0..100 {
            sleep(Duration::from_mins(1)).await;
            pace.record(1);
        }
        assert!(timeout(Duration::from_secs(9), poll_fn(|cx| pace.poll_waiting(cx))).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nothing_is_too_slow() {
        let limits = PaceLimits { stall: Duration::MAX, grace: Duration::MAX, rate: 1 };
        for limits in [limits, PaceLimits { rate: 0, grace: Duration::ZERO, ..limits }] {
            let mut pace = Pace::new(limits);
            assert!(timeout(Duration::from_hours(1), poll_fn(|cx| pace.poll_waiting(cx))).await.is_err());
        }
    }
}
