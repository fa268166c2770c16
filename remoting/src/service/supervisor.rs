//! The time limits of a call, and reports of polls that hold their task.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::call_recorder::UNKNOWN;
use super::deadline::{Deadline, LazyTimer};
use super::registry::Registry;
use super::{Fault, Reply, Target};
use crate::metrics;

/// A call runs in the task of its connection, or of its request: nothing else of that task happens during a poll.
/// Pings are sent and answered within seconds, so a poll of this length is a mistake long before it is an outage.
const SLOW_POLL: Duration = Duration::from_millis(100);

/// Applies the time limits of one call, and reports its slow polls.
pub(super) struct CallSupervisor {
    registry: Arc<Registry>,
    target: Target,
    /// The limit of the transport for several calls together.
    transport_deadline: Option<Deadline>,
}

impl CallSupervisor {
    pub(super) fn new(
        registry: &Arc<Registry>,
        target: &Target,
        transport_deadline: Option<Deadline>,
    ) -> Self {
        Self { registry: Arc::clone(registry), target: target.clone(), transport_deadline }
    }

    /// Runs the call, its layers included, to its end or to its deadline. A call for which the transport has no time
    /// left is not begun.
    ///
    /// The work is pinned by the caller: passed by value, it would be copied with every future around it.
    pub(super) async fn run(
        self,
        mut work: Pin<&mut impl Future<Output = Result<Reply, Fault>>>,
    ) -> Result<Reply, Fault> {
        if let Some(deadline) = self.transport_deadline.filter(Deadline::has_passed) {
            return Err(deadline.exceeded());
        }
        let mut timer = LazyTimer::default();
        poll_fn(|cx| {
            let start = Instant::now();
            let outcome = work.as_mut().poll(cx);
            let time = start.elapsed();
            if time >= SLOW_POLL && !is_panic(&outcome) {
                self.report_slow_poll(time);
            }
            if outcome.is_ready() {
                return outcome;
            }
            // Set at the end of the first poll, whose start is the start of the call.
            timer.poll(cx, || self.deadline(start)).map(Err)
        })
        .await
    }

    /// Looked up by calls that wait alone.
    fn deadline(&self, start: Instant) -> Deadline {
        let of_method = self.registry.method(&self.target).and_then(|method| method.signature.timeout());
        let of_call = match of_method {
            Some(timeout) => Deadline::new("method_timeout", timeout, start),
            None => Deadline::new("call_timeout", self.registry.call_timeout(), start),
        };
        match self.transport_deadline {
            Some(of_transport) => of_call.or_earlier(of_transport),
            None => of_call,
        }
    }

    /// Counts each, and logs the first of each method: a method that is slow is slow each time.
    #[cold]
    fn report_slow_poll(&self, time: Duration) {
        let (service, method) = self.registry.resolve_names(&self.target);
        let (service, method_name) = (service.unwrap_or(UNKNOWN), method.unwrap_or(UNKNOWN));
        metrics::record_slow_poll(service, method_name);
        if self.registry.method(&self.target).is_some_and(|method| method.is_first_slow_poll()) {
            tracing::warn!(
                "a poll of the method `{method_name}` of the service `{service}` took {time:?}, in which its \
                 connection did nothing else. Run what computes for long on the blocking pool: by \
                 `#[remote(blocking)]` if it is the method itself; by `spawn_blocking` if it is a part of the method, \
                 a layer or the authenticator. Further slow polls of this method are counted, not logged"
            );
        }
    }
}

/// A panic is reported for itself, and most of its time is that of its backtrace.
fn is_panic(outcome: &Poll<Result<Reply, Fault>>) -> bool {
    matches!(outcome, Poll::Ready(Err(fault)) if fault.is_panic())
}
