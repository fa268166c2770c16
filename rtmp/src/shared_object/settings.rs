//! How a server keeps its shared objects.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use amf_remoting::memory::MemoryBudget;

use super::guard::SharedObjectGuard;
use super::state::limits::SharedObjectLimits;
use super::state::persistence_limits::PersistenceLimits;
use super::state::quota::Ledger;
use super::store::SharedObjectStore;
use super::store_writer::{QueueLimits, StoreWriter};
use crate::instance::{Instance, Instances};

/// Settings of the shared objects of a [`Server`](crate::Server): see
/// [`Server::shared_objects`](crate::Server::shared_objects).
#[derive(Clone)]
pub struct SharedObjects {
    pub(super) limits: SharedObjectLimits,
    pub(super) persistence_limits: PersistenceLimits,
    pub(super) guard: Option<Arc<dyn SharedObjectGuard>>,
    pub(super) store_writer: Option<StoreWriter>,
    pub(super) ledger: Arc<Ledger>,
    /// That of the server's services.
    pub(super) budget: MemoryBudget,
}

impl Default for SharedObjects {
    fn default() -> Self {
        Self::new()
    }
}

impl SharedObjects {
    /// All clients may do everything but create persistent objects, and there is no store for those.
    pub fn new() -> Self {
        Self {
            limits: SharedObjectLimits::new(),
            persistence_limits: PersistenceLimits::new(),
            guard: None,
            store_writer: None,
            ledger: Ledger::new(0, 0),
            budget: MemoryBudget::default(),
        }
    }

    /// Sets how much objects may hold.
    #[must_use]
    pub fn limits(self, limits: SharedObjectLimits) -> Self {
        Self { limits, ..self }
    }

    /// Sets how much persistent objects may take on disk, how fast, and how much may wait for it.
    #[must_use]
    pub fn persistence_limits(self, persistence_limits: PersistenceLimits) -> Self {
        Self { persistence_limits, ..self }
    }

    /// Decides what each client may do.
    #[must_use]
    pub fn guard(self, guard: impl SharedObjectGuard) -> Self {
        Self { guard: Some(Arc::new(guard)), ..self }
    }

    /// Keeps persistent objects here. Without it, a client that wants one is told
    /// `SharedObject.ObjectCreationFailed`.
    ///
    /// Clients use persistent objects that the store has or the program opened. Whether a client may create one is for
    /// [`SharedObjectGuard::may_create_persistent`] to say; without a guard no client may.
    ///
    /// Clones of the settings have the same store. It is closed by the [shutdown](crate::Server::shutdown) of a
    /// server that has it.
    ///
    /// # Errors
    /// If there can be no thread for the store, or if the store cannot say what it holds.
    pub fn store(self, store: impl SharedObjectStore) -> io::Result<Self> {
        let store_writer = StoreWriter::new(store)?;
        let usage = store_writer.usage();
        let ledger = Ledger::new(usage.objects, usage.bytes);
        Ok(Self { store_writer: Some(store_writer), ledger, ..self })
    }

    /// Charges objects and what waits for the store here.
    pub(crate) fn memory_budget(self, budget: MemoryBudget) -> Self {
        Self { budget, ..self }
    }

    pub(super) fn queue_limits(&self) -> QueueLimits<'_> {
        QueueLimits { limits: &self.persistence_limits, budget: &self.budget }
    }
}

/// The settings in force on a server.
#[derive(Default)]
struct CurrentSettings(RwLock<Arc<SharedObjects>>);

impl CurrentSettings {
    fn get(&self) -> Arc<SharedObjects> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, settings: SharedObjects) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

/// The settings for the objects of an instance.
pub(super) fn object_settings(instance: &Instance) -> Arc<SharedObjects> {
    instance.server_state::<CurrentSettings>().get()
}

impl Instances {
    pub(crate) fn set_shared_objects(&self, settings: SharedObjects) {
        self.state.get_or_init(CurrentSettings::default).set(settings);
    }

    /// Closes the store. Completes when all is on disk and the store was dropped.
    pub(crate) async fn close_store(&self) {
        let settings = self.state.get_or_init(CurrentSettings::default).get();
        if let Some(store_writer) = &settings.store_writer {
            store_writer.close().await;
        }
    }
}

impl fmt::Debug for SharedObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedObjects").field("limits", &self.limits).finish_non_exhaustive()
    }
}
