//! The slots of an object, and the way back to what is on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::encoded::EncodedValue;
use super::limits::{LimitError, SharedObjectLimits};
use super::quota::{Creator, ObjectCharge, SlotSizes, Writer};

/// A slot's value, and the object's version with which it was last changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) value: Arc<EncodedValue>,
    pub(crate) version: u32,
}

/// The slots, their size, and the object's version.
#[derive(Debug)]
pub(crate) struct Slots {
    by_key: BTreeMap<Arc<str>, Slot>,
    bytes: usize,
    /// Where they are counted. A replica is not.
    charge: Option<ObjectCharge>,
    version: u32,
    /// What the slots were that changed since the last commit, and the version then.
    undo: Undo,
}

#[derive(Debug, Default)]
struct Undo {
    slots: BTreeMap<Arc<str>, Option<Slot>>,
    version: Option<u32>,
    /// Slots of which nobody knows what is on disk, as a commit failed.
    uncertain: BTreeSet<Arc<str>>,
}

impl Default for Slots {
    fn default() -> Self {
        Self::restore(1, [])
    }
}

impl Slots {
    pub(crate) fn restore(version: u32, slots: impl IntoIterator<Item = (Arc<str>, Slot)>) -> Self {
        let by_key: BTreeMap<_, _> = slots.into_iter().collect();
        let bytes = by_key.iter().map(|(key, slot)| size(key, slot)).sum();
        Self { by_key, bytes, charge: None, version: version.max(1), undo: Undo::default() }
    }

    /// No slots yet, which are counted here.
    pub(super) fn new(charge: Option<ObjectCharge>) -> Self {
        Self { charge, ..Self::default() }
    }

    /// Counts the slots here from now on.
    pub(super) fn count_in(mut self, charge: Option<ObjectCharge>) -> Self {
        self.charge = charge;
        let sizes = self.sizes();
        if let Some(charge) = &mut self.charge {
            charge.set_loaded(sizes);
        }
        self
    }

    pub(super) fn take_charge(&mut self) -> Option<ObjectCharge> {
        self.charge.take()
    }

    pub(super) fn set_creator(&mut self, creator: Option<&Creator>) {
        if let Some(charge) = &mut self.charge {
            charge.set_creator(creator);
        }
    }

    fn sizes(&self) -> SlotSizes {
        SlotSizes::new(self.by_key.len(), self.bytes)
    }

    fn update_charge(&mut self) {
        let sizes = self.sizes();
        if let Some(charge) = &mut self.charge {
            charge.set(sizes);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Slot> {
        self.by_key.get(key)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Slot)> {
        self.by_key.iter()
    }

    /// The version that changes get which are made now.
    fn next_version(&self) -> u32 {
        self.version.checked_add(1).unwrap_or(1)
    }

    /// Ends a batch of changes.
    pub(crate) fn advance_version(&mut self) {
        self.undo.version.get_or_insert(self.version);
        self.version = self.next_version();
    }

    pub(crate) fn set(
        &mut self,
        key: &Arc<str>,
        value: Arc<EncodedValue>,
        limits: &SharedObjectLimits,
        writer: Writer,
    ) -> Result<(), LimitError> {
        let slot = Slot { value, version: self.next_version() };
        let old = self.by_key.get(key);
        if old.is_none() && self.by_key.len() >= limits.slots {
            return Err(LimitError::new(SharedObjectLimits::NAMES.slots, limits.slots));
        }
        let old_size = old.map_or(0, |old| size(key, old));
        let bytes = self.bytes - old_size + size(key, &slot);
        if bytes > limits.bytes && size(key, &slot) > old_size {
            return Err(LimitError::new(SharedObjectLimits::NAMES.bytes, limits.bytes));
        }
        let sizes = SlotSizes::new(self.by_key.len() + usize::from(old.is_none()), bytes);
        if let Some(charge) = &mut self.charge {
            charge.try_set(sizes, limits, writer)?;
        }
        self.bytes = bytes;
        let old = self.by_key.insert(Arc::clone(key), slot);
        self.undo.slots.entry(Arc::clone(key)).or_insert(old);
        Ok(())
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let Some((key, old)) = self.by_key.remove_entry(key) else { return false };
        self.bytes -= size(&key, &old);
        self.undo.slots.entry(key).or_insert(Some(old));
        self.update_charge();
        true
    }

    /// Whether there was anything.
    pub(crate) fn clear(&mut self) -> bool {
        let is_change = !self.by_key.is_empty();
        for (key, old) in std::mem::take(&mut self.by_key) {
            self.undo.slots.entry(key).or_insert(Some(old));
        }
        self.bytes = 0;
        self.update_charge();
        is_change
    }

    /// What is to be written so that the disk is as this is: each slot that changed, and what it is now. Nothing,
    /// if nothing changed.
    pub(crate) fn unwritten(&self) -> Vec<(Arc<str>, Option<Slot>)> {
        if self.undo.version.is_none() {
            return Vec::new();
        }
        let keys: BTreeSet<_> = self.undo.slots.keys().chain(&self.undo.uncertain).collect();
        self.current(keys)
    }

    /// Slots of which nobody knows what is on disk.
    pub(crate) fn uncertain_slots(&self) -> Vec<(Arc<str>, Option<Slot>)> {
        self.current(&self.undo.uncertain)
    }

    /// Those are on disk, as they were.
    pub(crate) fn clear_uncertain(&mut self) {
        self.undo.uncertain.clear();
    }

    fn current<'a>(&self, keys: impl IntoIterator<Item = &'a Arc<str>>) -> Vec<(Arc<str>, Option<Slot>)> {
        keys.into_iter().map(|key| (Arc::clone(key), self.by_key.get(key).cloned())).collect()
    }

    /// What is here now is on disk, or need not be.
    pub(crate) fn commit_finished(&mut self) {
        self.undo = Undo::default();
    }

    /// What changed since the last commit did not come to the disk: goes back. `is_uncertain` where it was tried, so that
    /// nobody knows what is on disk.
    pub(crate) fn revert(&mut self, is_uncertain: bool) {
        let Undo { slots, version, mut uncertain } = std::mem::take(&mut self.undo);
        for (key, old) in slots {
            if let Some(slot) = self.by_key.remove(&key) {
                self.bytes -= size(&key, &slot);
            }
            if is_uncertain {
                uncertain.insert(Arc::clone(&key));
            }
            if let Some(old) = old {
                self.bytes += size(&key, &old);
                self.by_key.insert(key, old);
            }
        }
        self.version = version.unwrap_or(self.version);
        self.undo.uncertain = uncertain;
        self.update_charge();
    }
}

fn size(key: &str, slot: &Slot) -> usize {
    key.len() + slot.value.bytes().len()
}
