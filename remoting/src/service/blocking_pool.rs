//! Where the arguments of large calls are decoded.

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Fault;

/// Decides which calls are decoded on tokio's blocking pool, and how many at a time.
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

    /// Returns `true` if arguments of this size are decoded on the blocking pool.
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
        let Ok(runtime) = Handle::try_current() else { return Ok((work()?, None)) };
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Fault::internal)?;
        // The permit goes along: if the caller is gone, the work still runs to its end.
        let work = move || work().map(|output| (output, Some(permit)));
        runtime.spawn_blocking(work).await.map_err(Fault::internal)?
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
