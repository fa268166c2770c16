//! How long a call may take where the transport says so.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::fault::{Fault, code};
use crate::count;

/// The nearer one of two ends: that of the call, and that of everything that came with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    /// Names and values of the limits.
    call: (&'static str, Duration),
    all: (&'static str, Duration),
    all_until: Instant,
}

impl TimeLimit {
    /// The time for all calls begins now.
    pub(crate) fn begin(call: (&'static str, Duration), all: (&'static str, Duration)) -> Self {
        Self { call, all, all_until: until(Instant::now(), all.1) }
    }

    /// Lets nothing take longer. What has no time left at all is not begun.
    pub(crate) async fn hold<T>(self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let now = Instant::now();
        if now >= self.all_until {
            return Err(passed(self.all));
        }
        let call_until = until(now, self.call.1);
        let (end, limit) =
            if call_until <= self.all_until { (call_until, self.call) } else { (self.all_until, self.all) };
        timeout_at(end, work).await.unwrap_or_else(|_| Err(passed(limit)))
    }
}

/// A time that nobody lives to see is as good as none.
fn until(now: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(365 * 24);
    now + time.min(FAR)
}

#[cold]
fn passed((name, time): (&'static str, Duration)) -> Fault {
    count::limit(name);
    Fault::new(
        code::TIMEOUT,
        format!("the method did not answer in time: the limit `{name}` of {time:?} is passed"),
    )
}
