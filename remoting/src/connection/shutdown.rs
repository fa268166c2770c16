//! The end of a server, and of its connections with it.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shutdown of a server, which its connections share. Clones are the same shutdown.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Creates the state of a server that runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Completes when the server begins to shut down.
    pub fn closing(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.closing.clone().cancelled_owned()
    }

    /// Returns the tasks for which [`finish`](Self::finish) waits.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Begins to shut down, and waits until all tasks have ended, for `limit` at most. Returns `false` if some still run.
    pub async fn finish(&self, limit: Duration) -> bool {
        self.closing.cancel();
        self.tasks.close();
        timeout(limit, self.tasks.wait()).await.is_ok()
    }
}

/// Time that the clients of a server have when it shuts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownTimeouts {
    /// Grace period between the shutdown notification and the end of connections without calls in flight.
    pub notice: Duration,
    /// Time for calls in flight after the notice.
    pub timeout: Duration,
}

impl ShutdownTimeouts {
    /// Creates the timeouts of a server.
    pub const fn new(notice: Duration, timeout: Duration) -> Self {
        Self { notice, timeout }
    }

    /// Returns the time until the last connection is closed.
    pub const fn total(&self) -> Duration {
        self.notice.saturating_add(self.timeout)
    }
}

/// State of one connection between the shutdown notification and its end.
///
/// ```
/// use std::time::{Duration, Instant};
/// use amf_remoting::connection::{DrainState, ShutdownTimeouts};
///
/// let timeouts = ShutdownTimeouts::new(Duration::from_secs(5), Duration::from_secs(10));
/// let now = Instant::now();
/// let mut drain = DrainState::default();
/// drain.begin(timeouts, now);
/// assert!(!drain.may_close());
/// assert_eq!(drain.deadline(), Some(now + Duration::from_secs(5)));
/// drain.handle_timeout(now + Duration::from_secs(5));
/// assert!(drain.may_close());
/// assert_eq!(drain.deadline(), Some(now + Duration::from_secs(15)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrainState {
    /// The server runs.
    #[default]
    Serving,
    /// The peer was notified and may go on.
    Notified {
        /// When the grace period ends; `None` for never.
        until: Option<Instant>,
        /// Time for calls in flight after that.
        timeout: Duration,
    },
    /// The connection ends as soon as no call is in flight.
    Draining {
        /// When calls in flight are cancelled; `None` for never.
        until: Option<Instant>,
    },
}

impl DrainState {
    /// Begins the grace period: the peer has been notified.
    pub fn begin(&mut self, timeouts: ShutdownTimeouts, now: Instant) {
        let ShutdownTimeouts { notice, timeout } = timeouts;
        *self = Self::Notified { until: now.checked_add(notice), timeout };
        self.handle_timeout(now);
    }

    /// Returns `true` once the server shuts down.
    pub fn is_shutting_down(&self) -> bool {
        !matches!(self, Self::Serving)
    }

    /// Returns `true` if the connection is to be closed when no call is in flight.
    pub fn may_close(&self) -> bool {
        matches!(self, Self::Draining { .. })
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) is to be called next.
    pub fn deadline(&self) -> Option<Instant> {
        match *self {
            Self::Serving => None,
            Self::Notified { until, .. } | Self::Draining { until } => until,
        }
    }

    /// Goes on to what is due at `now`. Returns `true` if calls in flight are to be cancelled.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        if let Self::Notified { until: Some(until), timeout } = *self
            && until <= now
        {
            *self = Self::Draining { until: until.checked_add(timeout) };
        }
        matches!(*self, Self::Draining { until: Some(until) } if until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_notice_a_connection_may_close_at_once() {
        let now = Instant::now();
        let mut drain = DrainState::default();
        assert!(!drain.is_shutting_down());
        drain.begin(ShutdownTimeouts::new(Duration::ZERO, Duration::from_secs(10)), now);
        assert!(drain.is_shutting_down() && drain.may_close());
        let end = now + Duration::from_secs(10);
        assert_eq!(drain.deadline(), Some(end));
        assert!(!drain.handle_timeout(now + Duration::from_millis(9_999)));
        assert!(drain.handle_timeout(end));
    }

    #[test]
    fn a_notice_without_end_lasts() {
        let mut drain = DrainState::default();
        drain.begin(ShutdownTimeouts::new(Duration::MAX, Duration::from_secs(10)), Instant::now());
        assert_eq!((drain.deadline(), drain.may_close()), (None, false));
    }

    #[tokio::test(start_paused = true)]
    async fn finish_waits_for_tasks() {
        let shutdown = Shutdown::new();
        let closing = shutdown.closing();
        shutdown.tasks().spawn(closing);
        assert!(shutdown.finish(Duration::from_secs(1)).await);
        let shutdown = Shutdown::new();
        shutdown.tasks().spawn(std::future::pending::<()>());
        assert!(!shutdown.finish(Duration::from_secs(1)).await);
    }
}
