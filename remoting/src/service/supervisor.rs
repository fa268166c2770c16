//! The time limits of a call, and reports of polls that hold their task.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::call_recorder::UNKNOWN;
use super::deadline::{Deadline, LazyTimer};
use super::dispatch::Dispatch;
use super::registry::{Registry, ResolvedMethod};
use super::{Call, Fault, NamedLimit, Reply, Target};
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

    /// Polls the call by `poll_work`, its layers included. A call for which the transport has no time left is not begun.
    #[inline]
    pub(super) fn poll(
        &self,
        poll_work: impl FnOnce(&mut Context<'_>) -> Poll<Result<Reply, Fault>>,
        timer: &mut LazyTimer,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Reply, Fault>> {
        let start = Instant::now();
        // Set at the end of the first poll, whose start is the start of the call.
        if !timer.is_set()
            && let Some(deadline) = &self.transport_deadline
            && deadline.has_passed(start)
        {
            return Poll::Ready(Err(deadline.exceeded()));
        }
        let outcome = poll_work(cx);
        // A comparison takes half of the instructions of a difference.
        let end = Instant::now();
        if end >= start + SLOW_POLL && !is_panic(&outcome) {
            self.report_slow_poll(end - start);
        }
        if outcome.is_ready() {
            return outcome;
        }
        timer.poll(cx, || self.deadline(start)).map(Err)
    }

    /// Looked up by calls that wait alone.
    fn deadline(&self, start: Instant) -> Deadline {
        let of_method = self.registry.method(&self.target).and_then(|method| method.signature.timeout());
        let of_call = match of_method {
            Some(timeout) => Deadline::new(NamedLimit::new("method_timeout", timeout), start),
            None => self.registry.call_deadline(start),
        };
        match &self.transport_deadline {
            Some(of_transport) => of_call.or_earlier(*of_transport),
            None => of_call,
        }
    }

    /// Counts each, and logs the first of each method: a method that is slow is slow each time.
    #[cold]
    fn report_slow_poll(&self, time: Duration) {
        let (service, method) = self.registry.resolve_names(&self.target);
        let (service, method_name) = (service.unwrap_or(UNKNOWN), method.unwrap_or(UNKNOWN));
        metrics::record_slow_poll(service, method_name);
        if self.registry.method(&self.target).is_some_and(ResolvedMethod::is_first_slow_poll) {
            tracing::warn!(
                "a poll of the method `{method_name}` of the service `{service}` took {time:?}, in which its \
                 connection did nothing else. Run what computes for long on the blocking pool: by \
                 `#[remote(blocking)]` if it is the method itself; by `spawn_blocking` if it is a part of the method, \
                 a layer or the authenticator. Further slow polls of this method are counted, not logged"
            );
        }
    }
}

/// A call without layers around it.
///
/// It may be polled before it is boxed, since it is `Unpin`.
pub(super) struct SupervisedCall {
    supervisor: CallSupervisor,
    dispatch: Dispatch,
    timer: LazyTimer,
}

impl SupervisedCall {
    pub(super) fn new(registry: &Arc<Registry>, call: Call, transport_deadline: Option<Deadline>) -> Self {
        let supervisor = CallSupervisor::new(registry, call.target(), transport_deadline);
        Self { supervisor, dispatch: Dispatch::new(call), timer: LazyTimer::default() }
    }
}

impl Future for SupervisedCall {
    type Output = Result<Reply, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { supervisor, dispatch, timer } = &mut *self;
        supervisor.poll(|cx| dispatch.poll(&supervisor.registry, &supervisor.target, cx), timer, cx)
    }
}

/// A panic is reported for itself, and most of its time is that of its backtrace.
fn is_panic(outcome: &Poll<Result<Reply, Fault>>) -> bool {
    matches!(outcome, Poll::Ready(Err(fault)) if fault.is_panic())
}
