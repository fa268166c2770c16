//! The time limits of a call.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::deadline::{Deadline, LazyTimer};
use super::registry::Registry;
use super::{Fault, Reply, Target};

/// Applies the time limits of one call.
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
}
