//! The replica that a client has of an object, without I/O: what it asks for goes in, and what the server says.

use std::mem;
use std::sync::Arc;

use amf_core::Version;
use amf_remoting::__private::log_limit::warn_limited;

use super::state::encoded::EncodedValue;
use super::state::limits::SharedObjectLimits;
use super::state::quota::Writer;
use super::state::slots::Slots;
use super::sync_event::{SyncChange, SyncEvent};
use super::value::SlotValue;
use crate::proto::{SharedObjectEvent, SharedObjectMessage};

/// What a server may make a replica hold: more than ours would. In the other encoding values may be longer here than
/// there.
const REPLICA_LIMITS: SharedObjectLimits =
    SharedObjectLimits::new().with_slots(65_536).with_bytes(16 << 20).with_total_memory(usize::MAX);

#[derive(Debug, Default)]
pub(crate) struct Replica {
    slots: Slots,
    version: u32,
    /// What was set here and is not answered yet.
    pending: Vec<(Arc<str>, Arc<EncodedValue>)>,
}

/// What became of the wish to use the object.
#[derive(Debug)]
pub(crate) enum JoinOutcome {
    Joined,
    Refused(Arc<str>),
}

impl Replica {
    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// The server was asked to give a slot this value, or none.
    pub(crate) fn set(&mut self, key: Arc<str>, value: Arc<EncodedValue>) {
        self.apply_value(&key, &value);
        self.pending.push((key, value));
    }

    /// Whether there is nothing to wait for.
    #[cfg(test)]
    pub(crate) fn has_no_pending(&self) -> bool {
        self.pending.is_empty()
    }

    /// What was asked for will not be answered.
    pub(crate) fn clear_pending(&mut self) {
        self.pending.clear();
    }

    /// What the server says, and what those are told who listen.
    pub(crate) fn receive(&mut self, message: SharedObjectMessage) -> (Vec<SyncEvent>, Option<JoinOutcome>) {
        let SharedObjectMessage { encoding, version, events, .. } = message;
        self.version = version;
        let (mut sync_events, mut changes, mut join_outcome) = (Vec::new(), Vec::new(), None);
        let mut is_refused = false;
        for event in events {
            let was_refused = mem::take(&mut is_refused);
            match event {
                SharedObjectEvent::UseSuccess => join_outcome = Some(JoinOutcome::Joined),
                SharedObjectEvent::SendMessage(message) => {
                    push_sync(&mut changes, &mut sync_events);
                    sync_events.push(SyncEvent::Message(message));
                }
                SharedObjectEvent::Status { code, level } => {
                    is_refused = true;
                    join_outcome.get_or_insert_with(|| JoinOutcome::Refused(Arc::clone(&code)));
                    push_sync(&mut changes, &mut sync_events);
                    sync_events.push(SyncEvent::Status { code, level });
                }
                event => changes.extend(self.change(event, encoding, was_refused)),
            }
        }
        self.slots.commit_finished();
        push_sync(&mut changes, &mut sync_events);
        (sync_events, join_outcome)
    }

    fn apply_value(&mut self, key: &Arc<str>, value: &Arc<EncodedValue>) {
        if value.is_null() {
            self.slots.remove(key);
        } else if let Err(limit) = self.slots.set(key, Arc::clone(value), &REPLICA_LIMITS, Writer::Client) {
            warn_limited!(?key, %limit, "a slot of a shared object is not kept");
        }
        self.slots.commit_finished();
    }

    fn slot_value(&self, key: &str) -> Option<SlotValue> {
        self.slots.get(key).map(|slot| SlotValue(Arc::clone(&slot.value)))
    }

    /// What was set here of this slot, and is answered now.
    fn take_pending(&mut self, key: &str) -> Option<Arc<EncodedValue>> {
        let at = self.pending.iter().position(|(pending, _)| **pending == *key)?;
        Some(self.pending.remove(at).1)
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
                let is_reject = was_refused && self.take_pending(&key).is_some();
                let old = self.slot_value(&key);
                self.apply_value(&key, &Arc::new(EncodedValue::new(encoding, value)));
                if is_reject { SyncChange::Reject { key, old } } else { SyncChange::Change { key, old } }
            }
            SharedObjectEvent::Remove { key } => {
                let is_reject = was_refused && self.take_pending(&key).is_some();
                let old = self.slot_value(&key);
                self.slots.remove(&key);
                if is_reject { SyncChange::Reject { key, old } } else { SyncChange::Delete { key, old } }
            }
            SharedObjectEvent::Success { key } => {
                // Somebody else's change may have come before it.
                let value = self.take_pending(&key)?;
                if !self.pending.iter().any(|(pending, _)| *pending == key) {
                    self.apply_value(&key, &value);
                }
                SyncChange::Success { key }
            }
            SharedObjectEvent::ChangeEcho { key, value } => {
                let is_own = self.take_pending(&key).is_some();
                let old = self.slot_value(&key);
                if !self.pending.iter().any(|(pending, _)| *pending == key) {
                    self.apply_value(&key, &Arc::new(EncodedValue::new(encoding, value)));
                }
                if is_own { SyncChange::Success { key } } else { SyncChange::Change { key, old } }
            }
            SharedObjectEvent::Clear => {
                self.slots.clear();
                SyncChange::Clear
            }
            _ => return None,
        })
    }
}

fn push_sync(changes: &mut Vec<SyncChange>, sync_events: &mut Vec<SyncEvent>) {
    if !changes.is_empty() {
        sync_events.push(SyncEvent::Sync(mem::take(changes).into()));
    }
}
