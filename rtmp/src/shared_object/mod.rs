//! Remote shared objects.

mod error;
mod guard;
mod handle;
mod lock;
mod object;
mod pending_write;
#[cfg(feature = "persistence")]
mod redb;
mod registry;
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
pub use pending_write::Written;
#[cfg(feature = "persistence")]
pub use redb::RedbStore;
pub(crate) use replica::{Copy, Decided};
pub use settings::SharedObjects;
pub(crate) use state::encoded::Encoded;
pub use state::limits::{LimitPassed, SharedObjectLimits};
pub use store::{SharedObjectStore, StoredCommit, StoredName, StoredObject, StoredSlot};
pub(crate) use subscriptions::Joined;
pub use sync_event::{RemoteEvent, SyncChange};
pub use value::SlotValue;
pub use watch::{SharedObjectUpdate, SharedObjectWatch, SlotChange};
