//! The slots of an object, and the way back to what is on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::encoded::EncodedValue;
use super::limits::{LimitError, SharedObjectLimits};

/// A slot's value, and the object's version with which it was last changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) value: Arc<EncodedValue>,
    pub(crate) version: u32,
}

/// What a slot takes in memory beside its name and value, about.
const SLOT_OVERHEAD: usize = 192;

/// Bytes that all objects of a server take together.
pub(crate) type MemoryCounter = Arc<AtomicUsize>;

/// The slots, their size, and the object's version.
#[derive(Debug)]
pub(crate) struct Slots {
    by_key: BTreeMap<Arc<str>, Slot>,
    bytes: usize,
    /// Where it is counted, and what was.
    memory: MemoryCounter,
    counted: usize,
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
        let memory = MemoryCounter::default();
        Self { by_key, bytes, memory, counted: 0, version: version.max(1), undo: Undo::default() }
    }

    /// Counts the bytes here from now on.
    pub(crate) fn count_in(mut self, memory: MemoryCounter) -> Self {
        self.memory = memory;
        self.update_memory();
        self
    }

    fn update_memory(&mut self) {
        let bytes = self.bytes + SLOT_OVERHEAD * self.by_key.len();
        if bytes > self.counted {
            self.memory.fetch_add(bytes - self.counted, Ordering::Relaxed);
        } else {
            self.memory.fetch_sub(self.counted - bytes, Ordering::Relaxed);
        }
        self.counted = bytes;
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
        let growth = size(key, &slot).saturating_sub(old_size);
        if growth > 0 && self.memory.load(Ordering::Relaxed).saturating_add(growth) > limits.total_memory {
            return Err(LimitError::new(SharedObjectLimits::NAMES.total_memory, limits.total_memory));
        }
        self.bytes = bytes;
        let old = self.by_key.insert(Arc::clone(key), slot);
        self.undo.slots.entry(Arc::clone(key)).or_insert(old);
        self.update_memory();
        Ok(())
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let Some((key, old)) = self.by_key.remove_entry(key) else { return false };
        self.bytes -= size(&key, &old);
        self.undo.slots.entry(key).or_insert(Some(old));
        self.update_memory();
        true
    }

    /// Whether there was anything.
    pub(crate) fn clear(&mut self) -> bool {
        let is_change = !self.by_key.is_empty();
        for (key, old) in std::mem::take(&mut self.by_key) {
            self.undo.slots.entry(key).or_insert(Some(old));
        }
        self.bytes = 0;
        self.update_memory();
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

    /// What changed since the last commit did not come to the disk: goes back.
    pub(crate) fn revert(&mut self) {
        let Undo { slots, version, mut uncertain } = std::mem::take(&mut self.undo);
        for (key, old) in slots {
            if let Some(slot) = self.by_key.remove(&key) {
                self.bytes -= size(&key, &slot);
            }
            uncertain.insert(Arc::clone(&key));
            if let Some(old) = old {
                self.bytes += size(&key, &old);
                self.by_key.insert(key, old);
            }
        }
        self.version = version.unwrap_or(self.version);
        self.undo.uncertain = uncertain;
        self.update_memory();
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        self.memory.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

fn size(key: &str, slot: &Slot) -> usize {
    key.len() + slot.value.bytes().len()
}
