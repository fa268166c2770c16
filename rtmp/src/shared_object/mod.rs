//! Remote shared objects.

mod error;
mod guard;
mod handle;
mod lock;
mod object;
mod options;
mod pending_write;
#[cfg(feature = "persistence")]
mod redb;
mod refusals;
mod replica;
mod settings;
mod state;
mod store;
mod store_writer;
mod subscriptions;
mod sync_event;
mod value;
mod watch;

pub use error::SharedObjectError;
pub use guard::{SharedObjectAccess, SharedObjectGuard, SlotWrite};
pub use handle::SharedObject;
pub use lock::SharedObjectLock;
pub use options::SharedObjectOptions;
pub use pending_write::PendingWrite;
#[cfg(feature = "persistence")]
pub use redb::RedbStore;
pub(crate) use replica::{JoinOutcome, Replica};
pub use settings::SharedObjects;
pub(crate) use state::encoded::EncodedValue;
pub use state::limits::{LimitError, SharedObjectLimits};
pub use state::persistence_limits::PersistenceLimits;
pub use store::{SharedObjectStore, StoreUsage, StoredCommit, StoredName, StoredObject, StoredSlot};
pub(crate) use subscriptions::ConnectionSubscriptions;
pub use sync_event::{SyncChange, SyncEvent};
pub use value::SlotValue;
pub use watch::{SharedObjectUpdate, SharedObjectWatch, SlotChange};
