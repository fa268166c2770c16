//! What the program is told of changes.

use std::sync::Arc;

use amf_remoting::service::ClientId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::value::SlotValue;
use crate::proto::SentMessage;

/// Changes that were made together, or messages that were sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SharedObjectUpdate {
    /// The object's version after them.
    pub version: u32,
    /// The client that made them; `None` where it was the server, or the client has gone since.
    pub client: Option<ClientId>,
    /// What happened, in this order.
    pub changes: Arc<[SlotChange]>,
    /// How many updates before this one were not told, as nobody took them: what the object is now has to be read
    /// from the object.
    pub missed: u64,
}

/// One change of an object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SlotChange {
    /// A slot has this value now.
    Set {
        /// The slot.
        key: Arc<str>,
        /// Its value.
        value: SlotValue,
    },
    /// A slot is gone.
    Removed {
        /// The slot.
        key: Arc<str>,
    },
    /// All slots are gone.
    Cleared,
    /// A handler of everybody was called; nothing changed.
    Message(SentMessage),
}

/// The changes of an object as they are made, from the moment that it was asked for.
///
/// It does not keep the object.
#[derive(Debug)]
pub struct SharedObjectWatch(pub(super) broadcast::Receiver<SharedObjectUpdate>);

impl SharedObjectWatch {
    /// The next update; `None` when the object is gone. At most 256 updates wait here; then the oldest are
    /// [missed](SharedObjectUpdate::missed).
    pub async fn recv(&mut self) -> Option<SharedObjectUpdate> {
        let mut missed = 0;
        loop {
            match self.0.recv().await {
                Ok(update) => return Some(SharedObjectUpdate { missed, ..update }),
                Err(RecvError::Lagged(updates)) => missed += updates,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
