//! Packets whose calls are completed after their clients have gone.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_util::task::TaskTracker;

use super::GatewayLimits;
use crate::__log_limit::warn_limited;
use crate::metrics;

/// Runs the work of packets in tasks of their own, of which a bounded number outlives its client.
///
/// Without the bound, a client that sends a packet and disconnects at once, again and again, would leave as many calls
/// behind as it likes: no connection limit counts them.
#[derive(Clone, Debug)]
pub(super) struct DetachedPackets {
    tasks: TaskTracker,
    permits: Arc<Semaphore>,
}

impl DetachedPackets {
    pub(super) fn new(max: usize) -> Self {
        Self { tasks: TaskTracker::new(), permits: Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))) }
    }

    /// The same with another limit. Work that runs already keeps to the former one.
    pub(super) fn with_max(self, max: usize) -> Self {
        Self { permits: Self::new(max).permits, ..self }
    }

    /// Runs work to its end, also if the returned future is dropped. Returns `None` if the runtime is stopping.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let permit = PermitSlot::default();
        let held = Arc::clone(&permit);
        let task = self.tasks.spawn(async move {
            let outcome = work.await;
            drop(held);
            outcome
        });
        let guard = DetachOnDrop { task: task.abort_handle(), permit, permits: Arc::clone(&self.permits) };
        let outcome = join(task).await;
        drop(guard);
        outcome
    }

    /// Waits until nothing runs.
    pub(super) async fn wait_idle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// The permit of a task whose client has gone. The task drops it at its end.
type PermitSlot = Arc<Mutex<Option<OwnedSemaphorePermit>>>;

/// Dropped with the future that waits for the task: when the task has ended, or when the client has gone.
struct DetachOnDrop {
    task: AbortHandle,
    permit: PermitSlot,
    permits: Arc<Semaphore>,
}

impl Drop for DetachOnDrop {
    fn drop(&mut self) {
        if self.task.is_finished() {
            return;
        }
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
            return;
        }
        let name = GatewayLimits::NAMES.detached_packets;
        metrics::record_exceeded_limit(name);
        warn_limited!("cancelled the calls of a client that has gone: the limit `{name}` is reached");
        self.task.abort();
    }
}

async fn join<T>(task: JoinHandle<T>) -> Option<T> {
    match task.await {
        Ok(outcome) => Some(outcome),
        Err(error) => match error.try_into_panic() {
            // Methods' panics are faults; any other is the server's business, as it would be without a task.
            Ok(panic) => resume_unwind(panic),
            Err(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn as_many_as_the_limit_outlive_their_clients() {
        let packets = DetachedPackets::new(2);
        let completed = Arc::new(Mutex::new(Vec::new()));
        let work = |name: &'static str| {
            let completed = Arc::clone(&completed);
            async move {
                sleep(Duration::from_secs(1)).await;
                completed.lock().unwrap().push(name);
            }
        };
        let start = |name| {
            let mut run = Box::pin(packets.run(work(name)));
            assert!(run.as_mut().now_or_never().is_none());
            run
        };
        let stays = start("stays");
        let gone = ["a", "b", "c"].map(start);
        drop(gone);
        stays.await.unwrap();
        // Those that have ended give their places back.
        drop(["d", "e", "f"].map(start));
        packets.wait_idle().await;
        let mut completed = completed.lock().unwrap().clone();
        completed.sort_unstable();
        assert_eq!(completed, ["a", "b", "d", "e", "stays"]);
        assert_eq!(packets.permits.available_permits(), 2);
    }
}
