//! The copy that a client has of an object, without I/O: what it asks for goes in, and what the server says.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use amf_core::Version;

use super::state::encoded::Encoded;
use super::state::limits::SharedObjectLimits;
use super::state::slots::Slots;
use super::sync_event::{RemoteEvent, SyncChange};
use super::value::SlotValue;
use crate::proto::{SharedObjectEvent, SharedObjectMessage};

/// What a server may make a copy hold: more than ours would. In the other encoding values may be longer here than
/// there.
const COPY: SharedObjectLimits = SharedObjectLimits {
    slots: 65_536,
    bytes: 16 << 20,
    total_memory: usize::MAX,
    objects: usize::MAX,
    waiting: usize::MAX,
    linger: Duration::ZERO,
};

#[derive(Debug, Default)]
pub(crate) struct Copy {
    slots: Slots,
    version: u32,
    /// What was set here and is not answered yet.
    asked: Vec<(Arc<str>, Arc<Encoded>)>,
}

/// What became of the wish to use the object.
#[derive(Debug)]
pub(crate) enum Decided {
    In,
    Refused(Arc<str>),
}

impl Copy {
    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// The server was asked to give a slot this value, or none.
    pub(crate) fn set(&mut self, key: Arc<str>, value: Arc<Encoded>) {
        self.put(&key, &value);
        self.asked.push((key, value));
    }

    /// Whether there is nothing to wait for.
    #[cfg(test)]
    pub(crate) fn is_answered(&self) -> bool {
        self.asked.is_empty()
    }

    /// What was asked for will not be answered.
    pub(crate) fn forget(&mut self) {
        self.asked.clear();
    }

    /// What the server says, and what those are told who listen.
    pub(crate) fn receive(&mut self, message: SharedObjectMessage) -> (Vec<RemoteEvent>, Option<Decided>) {
        let SharedObjectMessage { encoding, version, events, .. } = message;
        self.version = version;
        let (mut told, mut syncs, mut decided) = (Vec::new(), Vec::new(), None);
        let mut is_refused = false;
        for event in events {
            let was_refused = mem::take(&mut is_refused);
            match event {
                SharedObjectEvent::UseSuccess => decided = Some(Decided::In),
                SharedObjectEvent::SendMessage(message) => {
                    sync(&mut syncs, &mut told);
                    told.push(RemoteEvent::Message(message));
                }
                SharedObjectEvent::Status { code, level } => {
                    is_refused = true;
                    decided.get_or_insert_with(|| Decided::Refused(Arc::clone(&code)));
                    sync(&mut syncs, &mut told);
                    told.push(RemoteEvent::Status { code, level });
                }
                event => syncs.extend(self.change(event, encoding, was_refused)),
            }
        }
        self.slots.committed();
        sync(&mut syncs, &mut told);
        (told, decided)
    }

    fn put(&mut self, key: &Arc<str>, value: &Arc<Encoded>) {
        if value.is_nothing() {
            self.slots.remove(key);
        } else if let Err(limit) = self.slots.set(key, Arc::clone(value), &COPY) {
            tracing::warn!(%key, %limit, "a slot of a shared object is not kept");
        }
        self.slots.committed();
    }

    fn old(&self, key: &str) -> Option<SlotValue> {
        self.slots.get(key).map(|slot| SlotValue(Arc::clone(&slot.value)))
    }

    /// What was set here of this slot, and is answered now.
    fn answered(&mut self, key: &str) -> Option<Arc<Encoded>> {
        let at = self.asked.iter().position(|(asked, _)| **asked == *key)?;
        Some(self.asked.remove(at).1)
    }

    /// Nothing where nothing is to be told.
    fn change(
        &mut self,
        event: SharedObjectEvent,
        encoding: Version,
        was_refused: bool,
    ) -> Option<SyncChange> {
        Some(match event {
            SharedObjectEvent::Change { key, value } => {
                let is_reject = was_refused && self.answered(&key).is_some();
                let old = self.old(&key);
                self.put(&key, &Arc::new(Encoded::new(encoding, value)));
                if is_reject { SyncChange::Reject { key, old } } else { SyncChange::Change { key, old } }
            }
            SharedObjectEvent::Remove { key } => {
                let is_reject = was_refused && self.answered(&key).is_some();
                let old = self.old(&key);
                self.slots.remove(&key);
                if is_reject { SyncChange::Reject { key, old } } else { SyncChange::Delete { key, old } }
            }
            SharedObjectEvent::Success { key } => {
                // Somebody else's change may have come before it.
                let value = self.answered(&key)?;
                if !self.asked.iter().any(|(asked, _)| *asked == key) {
                    self.put(&key, &value);
                }
                SyncChange::Success { key }
            }
            SharedObjectEvent::Clear => {
                self.slots.clear();
                SyncChange::Clear
            }
            _ => return None,
        })
    }
}

fn sync(changes: &mut Vec<SyncChange>, told: &mut Vec<RemoteEvent>) {
    if !changes.is_empty() {
        told.push(RemoteEvent::Sync(mem::take(changes).into()));
    }
}
