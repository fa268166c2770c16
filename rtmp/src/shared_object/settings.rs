//! How a server keeps its shared objects.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use super::guard::SharedObjectGuard;
use super::state::limits::SharedObjectLimits;
use super::state::slots::MemoryCounter;
use super::store::SharedObjectStore;
use super::store_writer::StoreWriter;
use crate::instance::{Instance, Instances};

/// Settings of the shared objects of a [`Server`](crate::Server): see
/// [`Server::shared_objects`](crate::Server::shared_objects).
#[derive(Clone, Default)]
pub struct SharedObjects {
    pub(super) limits: SharedObjectLimits,
    pub(super) guard: Option<Arc<dyn SharedObjectGuard>>,
    pub(super) store_writer: Option<StoreWriter>,
    pub(super) memory: MemoryCounter,
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
        Ok(Self { store_writer: Some(StoreWriter::new(store)?), ..self })
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
