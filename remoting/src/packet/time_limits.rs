//! How long a call may take where the transport says so.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::limits::{NamedLimit, PacketLimits};
use crate::metrics;
use crate::service::fault::{Fault, code};

/// The nearer one of two ends: that of the call, and that of everything that came with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimits {
    call_timeout: NamedLimit<Duration>,
    packet_timeout: NamedLimit<Duration>,
    packet_deadline: Instant,
}

impl TimeLimits {
    /// The time for all calls begins now.
    pub(super) fn start(limits: &PacketLimits) -> Self {
        let PacketLimits { call_timeout, packet_timeout, .. } = *limits;
        let packet_deadline = deadline(Instant::now(), packet_timeout.max);
        Self { call_timeout, packet_timeout, packet_deadline }
    }

    /// Lets nothing take longer. What has no time left at all is not begun.
    pub(super) async fn apply<T>(self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let now = Instant::now();
        if now >= self.packet_deadline {
            return Err(timeout_fault(self.packet_timeout));
        }
        let call_deadline = deadline(now, self.call_timeout.max);
        let (end, limit) = if call_deadline <= self.packet_deadline {
            (call_deadline, self.call_timeout)
        } else {
            (self.packet_deadline, self.packet_timeout)
        };
        timeout_at(end, work).await.unwrap_or_else(|_| Err(timeout_fault(limit)))
    }
}

/// A time that nobody lives to see is as good as none.
fn deadline(now: Instant, time: Duration) -> Instant {
    const MAX_TIMEOUT: Duration = Duration::from_hours(365 * 24);
    now + time.min(MAX_TIMEOUT)
}

#[cold]
fn timeout_fault(NamedLimit { name, max }: NamedLimit<Duration>) -> Fault {
    metrics::record_exceeded_limit(name);
    Fault::new(
        code::TIMEOUT,
        format!("the method did not answer in time: the limit `{name}` of {max:?} is passed"),
    )
}
