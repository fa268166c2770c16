//! What a client is told of a shared object, in the words of Flash's `SyncEvent`.

use std::sync::Arc;

use super::value::SlotValue;
use crate::proto::SentMessage;

/// What happens to an object, in the words of Flash's `SyncEvent`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SyncEvent {
    /// Slots changed together, in this order; the replica has it already.
    Sync(Arc<[SyncChange]>),
    /// A handler is called, by this client or another, or by the server.
    Message(SentMessage),
    /// The server refused something: `SharedObject.NoWriteAccess` and its like.
    Status {
        /// What.
        code: Arc<str>,
        /// `error`, mostly.
        level: Arc<str>,
    },
    /// So many events were not told, as nobody took them.
    Missed(u64),
}

/// What became of a slot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SyncChange {
    /// "change": somebody else gave the slot a value.
    Change {
        /// The slot.
        key: Arc<str>,
        /// What it was.
        old: Option<SlotValue>,
    },
    /// "success": the server took what was set or removed here.
    Success {
        /// The slot.
        key: Arc<str>,
    },
    /// "reject": the server refused what was set or removed here; the slot is what the server has again.
    Reject {
        /// The slot.
        key: Arc<str>,
        /// What was wanted.
        old: Option<SlotValue>,
    },
    /// "delete": somebody else removed the slot.
    Delete {
        /// The slot.
        key: Arc<str>,
        /// What it was.
        old: Option<SlotValue>,
    },
    /// "clear": all slots are gone.
    Clear,
}
