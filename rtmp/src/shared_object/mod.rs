//! Remote shared objects.

mod encoded;
mod guard;
mod handle;
mod keeper;
mod limits;
mod lock;
mod machine;
mod object;
#[cfg(feature = "persistence")]
mod redb;
mod registry;
mod settings;
mod slots;
mod store;
mod told;
mod watch;

pub(crate) use encoded::Encoded;
pub use guard::{SharedObjectAccess, SharedObjectGuard, SlotWrite};
pub use handle::{SharedObject, SharedObjectError, Written};
pub use limits::{LimitPassed, SharedObjectLimits};
pub use lock::SharedObjectLock;
#[cfg(feature = "persistence")]
pub use redb::RedbStore;
pub(crate) use registry::{Joined, Registry};
pub use settings::SharedObjects;
pub(crate) use slots::Slots;
pub use store::{SharedObjectStore, StoredCommit, StoredName, StoredObject, StoredSlot};
pub use watch::{SharedObjectUpdate, SharedObjectWatch, SlotChange, SlotValue};
