//! How a server keeps its shared objects.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::guard::SharedObjectGuard;
use super::keeper::Keeper;
use super::limits::SharedObjectLimits;
use super::slots::Memory;
use super::store::SharedObjectStore;

/// Settings of the shared objects of a [`Server`](crate::Server): see
/// [`Server::shared_objects`](crate::Server::shared_objects).
#[derive(Clone, Default)]
pub struct SharedObjects {
    pub(super) limits: SharedObjectLimits,
    pub(super) guard: Option<Arc<dyn SharedObjectGuard>>,
    pub(super) keeper: Option<Keeper>,
    pub(super) memory: Memory,
}

impl SharedObjects {
    /// All clients may do everything, and no object is persistent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how much objects may hold.
    #[must_use]
    pub fn limits(self, limits: SharedObjectLimits) -> Self {
        Self { limits, ..self }
    }

    /// Decides what each client may do.
    #[must_use]
    pub fn guard(self, guard: impl SharedObjectGuard) -> Self {
        Self { guard: Some(Arc::new(guard)), ..self }
    }

    /// Keeps persistent objects here. Without it, a client that wants one is told
    /// `SharedObject.ObjectCreationFailed`. An error says that there can be no thread for it.
    ///
    /// Clones of the settings have the same store. It is closed by the [shutdown](crate::Server::shutdown) of a
    /// server that has it.
    pub fn store(self, store: impl SharedObjectStore) -> io::Result<Self> {
        Ok(Self { keeper: Some(Keeper::new(store)?), ..self })
    }

    /// Is done when all is on disk and the store was dropped.
    pub(crate) async fn close(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.close().await;
        }
    }
}

impl fmt::Debug for SharedObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedObjects").field("limits", &self.limits).finish_non_exhaustive()
    }
}
