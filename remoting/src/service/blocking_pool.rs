//! Work on tokio's blocking pool: methods that block, and calls with large arguments.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tracing::Span;

use super::Fault;
use super::failure_log::{CurrentMethod, MethodScope};

/// Decides which calls start on tokio's blocking pool, and how many at a time.
#[derive(Clone)]
pub(super) struct BlockingPool {
    threshold: usize,
    permits: Arc<Semaphore>,
}

impl BlockingPool {
    /// With the slowest arguments known, decoding 64 KiB takes about 3 ms; for fewer bytes the way to another thread
    /// would cost more than it saves.
    pub(super) const DEFAULT_THRESHOLD: usize = 64 << 10;

    pub(super) fn with_threshold(&self, threshold: usize) -> Self {
        Self { threshold, ..self.clone() }
    }

    /// Returns `true` if a call with arguments of this size starts on the blocking pool.
    pub(super) fn is_used_for(&self, bytes: usize) -> bool {
        bytes >= self.threshold
    }

    /// Runs `work` on the blocking pool of the current runtime; without a runtime, where it is called.
    ///
    /// The permit belongs to the work's result: tokio's pool grows to hundreds of threads, and each could hold
    /// the decoded arguments of one call.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<(T, Option<OwnedSemaphorePermit>), Fault> {
        if Handle::try_current().is_err() {
            return Ok((work()?, None));
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Fault::internal)?;
        // The permit goes along: if the caller is gone, work that has begun still runs to its end.
        run_blocking(move || work().map(|output| (output, Some(permit)))).await
    }
}

impl Default for BlockingPool {
    fn default() -> Self {
        let permits = available_parallelism().map_or(1, usize::from);
        Self { threshold: Self::DEFAULT_THRESHOLD, permits: Arc::new(Semaphore::new(permits)) }
    }
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingPool").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}

/// Runs `work` on the blocking pool of the current runtime; without a runtime, where it is called.
///
/// # Errors
/// The fault of `work`, or `Server.Processing` if the runtime shuts down first.
///
/// # Panics
/// With the panic of `work`, so that it is reported as that of any other.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let Ok(runtime) = Handle::try_current() else { return work() };
    // What the work logs belongs to the span of its call.
    let (span, method) = (Span::current(), CurrentMethod::get());
    let work = move || {
        let _scope = MethodScope::enter(method);
        span.in_scope(work)
    };
    let mut running = AbortOnDrop(runtime.spawn_blocking(work));
    match (&mut running.0).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => {
                Err(Fault::internal(format_args!("work on the blocking pool was not run: {error}")))
            }
        },
    }
}

/// Work on the blocking pool that is not begun if nobody waits for it any more: under load, calls that have timed out
/// would otherwise keep threads from those that have not. Work that has begun runs to its end.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
