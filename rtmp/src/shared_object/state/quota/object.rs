//! What one object takes, in memory and in the store.

use std::mem;
use std::sync::Arc;

use amf_remoting::memory::{MemoryBudget, MemoryCharge};
use amf_remoting::service::NamedLimit;

use super::{AtRest, Creator, Ledger, Share, Writer, row_bytes};
use crate::shared_object::state::limits::{LimitError, SharedObjectLimits};
use crate::shared_object::state::persistence_limits::PersistenceLimits;

/// What an object takes in memory beside its slots, approximately.
const OBJECT_OVERHEAD: usize = 2 << 10;
/// What a slot takes in memory beside its name and value, approximately.
const SLOT_OVERHEAD: usize = 192;

/// What one object takes.
#[derive(Debug)]
pub(crate) struct ObjectCharge {
    ledger: Arc<Ledger>,
    creator: Option<Creator>,
    memory: usize,
    budget: MemoryBudget,
    charge: MemoryCharge,
    stored: Option<StoredCharge>,
}

impl ObjectCharge {
    /// Counts a new object, of the client that asked for it or of the server's own side.
    ///
    /// # Errors
    /// If a limit would be exceeded.
    pub(crate) fn new(
        ledger: &Arc<Ledger>,
        creator: Option<&Creator>,
        limits: &SharedObjectLimits,
        budget: &MemoryBudget,
    ) -> Result<Self, LimitError> {
        let names = SharedObjectLimits::NAMES;
        if let Some(Creator { client, address }) = creator {
            if !client.objects.try_add(1, limits.objects_per_client) {
                return Err(LimitError::new(names.objects_per_client, limits.objects_per_client));
            }
            if let Some(address) = address
                && !address.objects.try_add(1, limits.objects_per_address)
            {
                client.objects.subtract(1);
                return Err(LimitError::new(names.objects_per_address, limits.objects_per_address));
            }
        }
        // From here on dropping the charge frees what is counted.
        let mut charge = Self {
            ledger: Arc::clone(ledger),
            creator: creator.cloned(),
            memory: 0,
            budget: budget.clone(),
            charge: budget.charge(0),
            stored: None,
        };
        let writer = if creator.is_some() { Writer::Client } else { Writer::Server };
        charge.try_set_memory(OBJECT_OVERHEAD, limits, writer)?;
        Ok(charge)
    }

    /// Counts what the object takes in the store, too. `key` is its name there, which has no more bytes than
    /// `name_bytes` in a row.
    pub(crate) fn persistent(mut self, key: Arc<str>, name_bytes: usize, limits: PersistenceLimits) -> Self {
        let ledger = Arc::clone(&self.ledger);
        let at_rest = ledger.at_rest().remove(&key);
        let stored = StoredCharge {
            ledger,
            limits,
            key,
            name_bytes,
            creator: None,
            bytes: 0,
            at_rest,
            is_loaded: false,
        };
        self.stored = Some(stored);
        self
    }

    /// Counts the object in the store as one of this client, if nobody has created it before.
    pub(in crate::shared_object::state) fn set_creator(&mut self, creator: Option<&Creator>) {
        if let Some(stored) = &mut self.stored
            && stored.bytes == 0
        {
            stored.creator = creator.cloned();
        }
    }

    /// Changes the charge to that of slots of these bytes.
    ///
    /// # Errors
    /// If a limit would be exceeded, and the object grows. The charge is as it was then.
    pub(in crate::shared_object::state) fn try_set(
        &mut self,
        slots: SlotSizes,
        limits: &SharedObjectLimits,
        writer: Writer,
    ) -> Result<(), LimitError> {
        let before = self.memory;
        self.try_set_memory(OBJECT_OVERHEAD + slots.memory, limits, writer)?;
        let stored = self.stored.as_mut().map_or(Ok(()), |stored| stored.try_set(slots, writer));
        if stored.is_err() {
            self.set_memory(before);
        }
        stored
    }

    /// Changes the charge to that of slots that are there already.
    pub(in crate::shared_object::state) fn set(&mut self, slots: SlotSizes) {
        self.set_memory(OBJECT_OVERHEAD + slots.memory);
        if let Some(stored) = &mut self.stored {
            stored.set(slots);
        }
    }

    /// Sets the charge to that of slots that were read from the store, where they are counted already.
    pub(in crate::shared_object::state) fn set_loaded(&mut self, slots: SlotSizes) {
        self.set_memory(OBJECT_OVERHEAD + slots.memory);
        if let Some(stored) = &mut self.stored {
            stored.set_loaded(slots);
        }
    }

    fn try_set_memory(
        &mut self,
        memory: usize,
        limits: &SharedObjectLimits,
        writer: Writer,
    ) -> Result<(), LimitError> {
        let Some(growth) = memory.checked_sub(self.memory).filter(|growth| *growth > 0) else {
            self.set_memory(memory);
            return Ok(());
        };
        let names = SharedObjectLimits::NAMES;
        let max = limits.total_memory.min(self.budget.max_bytes() / 2);
        let address = self.creator.as_ref().and_then(|creator| creator.address.as_ref());
        if writer == Writer::Client {
            // The budget counts its refusals itself.
            self.budget
                .try_charge(growth)
                .map_err(|error| LimitError { limit: MemoryBudget::NAME, max: error.max })?;
        }
        if !self.ledger.total.memory.try_add(growth, max) {
            return Err(LimitError::new(names.total_memory, max));
        }
        if let Some(address) = address {
            let max = limits.memory_per_address.min(max / 4);
            if writer == Writer::Server {
                address.memory.add(growth);
            } else if !address.memory.try_add(growth, max) {
                self.ledger.total.memory.subtract(growth);
                return Err(LimitError::new(names.memory_per_address, max));
            }
        }
        self.memory = memory;
        self.charge.set(memory);
        Ok(())
    }

    fn set_memory(&mut self, memory: usize) {
        let address = self.creator.as_ref().and_then(|creator| creator.address.as_ref());
        for counter in [Some(&self.ledger.total), address.map(|address| &**address)].into_iter().flatten() {
            counter.memory.add(memory);
            counter.memory.subtract(self.memory);
        }
        self.memory = memory;
        self.charge.set(memory);
    }
}

impl Drop for ObjectCharge {
    fn drop(&mut self) {
        self.set_memory(0);
        if let Some(Creator { client, address }) = &self.creator {
            client.objects.subtract(1);
            if let Some(address) = address {
                address.objects.subtract(1);
            }
        }
    }
}

/// Sizes of the slots of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::shared_object::state) struct SlotSizes {
    count: usize,
    /// Names and values.
    bytes: usize,
    /// In memory.
    memory: usize,
}

impl SlotSizes {
    pub(in crate::shared_object::state) const fn new(count: usize, bytes: usize) -> Self {
        Self { count, bytes, memory: bytes.saturating_add(SLOT_OVERHEAD.saturating_mul(count)) }
    }
}

/// What one object takes in the store. That goes on after the object is dropped.
#[derive(Debug)]
struct StoredCharge {
    ledger: Arc<Ledger>,
    limits: PersistenceLimits,
    key: Arc<str>,
    name_bytes: usize,
    creator: Option<Creator>,
    /// Zero where it is not in the store.
    bytes: usize,
    /// What it was before it was loaded.
    at_rest: Option<AtRest>,
    is_loaded: bool,
}

/// One of the shares that an object in the store counts for.
struct Level<'a> {
    share: &'a Share,
    objects: NamedLimit,
    bytes: NamedLimit,
}

impl Level<'_> {
    fn try_add(&self, objects: usize, bytes: usize) -> Result<(), LimitError> {
        let exceeded = |limit: NamedLimit| LimitError::new(limit.name, limit.max);
        if !self.share.stored_objects.try_add(objects, self.objects.max) {
            return Err(exceeded(self.objects));
        }
        if !self.share.stored_bytes.try_add(bytes, self.bytes.max) {
            self.share.stored_objects.subtract(objects);
            return Err(exceeded(self.bytes));
        }
        Ok(())
    }
}

impl StoredCharge {
    fn bytes_of(&self, slots: SlotSizes) -> usize {
        // A row for the object and one for each slot; none without slots.
        let names = row_bytes(self.name_bytes, 0).saturating_mul(slots.count + 1);
        if slots.count == 0 { 0 } else { names.saturating_add(slots.bytes) }
    }

    /// The levels at which the object counts. The first one binds the server's own side too.
    fn levels(&self) -> [Option<Level<'_>>; 3] {
        let (limits, names) = (&self.limits, PersistenceLimits::NAMES);
        let creator = self.creator.as_ref();
        let address = creator.and_then(|creator| creator.address.as_deref());
        [
            Some(Level {
                share: &self.ledger.total,
                objects: NamedLimit::new(names.persistent_objects, limits.persistent_objects),
                bytes: NamedLimit::new(names.persistent_bytes, limits.persistent_bytes),
            }),
            address.map(|share| Level {
                share,
                objects: NamedLimit::new(
                    names.persistent_objects_per_address,
                    limits.persistent_objects_per_address,
                ),
                bytes: NamedLimit::new(
                    names.persistent_bytes_per_address,
                    limits.persistent_bytes_per_address,
                ),
            }),
            creator.map(|creator| Level {
                share: &creator.client,
                objects: NamedLimit::new(
                    names.persistent_objects_per_client,
                    limits.persistent_objects_per_client,
                ),
                bytes: NamedLimit::new(names.persistent_bytes_per_client, limits.persistent_bytes_per_client),
            }),
        ]
    }

    fn try_set(&mut self, slots: SlotSizes, writer: Writer) -> Result<(), LimitError> {
        let bytes = self.bytes_of(slots);
        if bytes <= self.bytes {
            self.set(slots);
            return Ok(());
        }
        let (objects, growth) = (usize::from(self.bytes == 0), bytes - self.bytes);
        let levels = self.levels();
        for (index, level) in levels.iter().enumerate() {
            let Some(level) = level else { continue };
            if writer == Writer::Server && index > 0 {
                level.share.stored_objects.add(objects);
                level.share.stored_bytes.add(growth);
            } else if let Err(limit) = level.try_add(objects, growth) {
                for level in levels.iter().take(index).flatten() {
                    level.share.stored_objects.subtract(objects);
                    level.share.stored_bytes.subtract(growth);
                }
                return Err(limit);
            }
        }
        self.bytes = bytes;
        Ok(())
    }

    fn set(&mut self, slots: SlotSizes) {
        let bytes = self.bytes_of(slots);
        for level in self.levels().into_iter().flatten() {
            change(level.share, self.bytes, bytes);
        }
        self.bytes = bytes;
    }

    fn set_loaded(&mut self, slots: SlotSizes) {
        self.bytes = self.bytes_of(slots);
        self.is_loaded = true;
        let Some(AtRest { creator, bytes }) = self.at_rest.take() else { return };
        for share in [Some(&*creator.client), creator.address.as_deref()].into_iter().flatten() {
            change(share, bytes, self.bytes);
        }
        self.creator = Some(creator);
    }
}

/// Counts an object in the store that has other bytes now.
fn change(share: &Share, before: usize, now: usize) {
    share.stored_objects.add(usize::from(now > 0));
    share.stored_objects.subtract(usize::from(before > 0));
    share.stored_bytes.add(now);
    share.stored_bytes.subtract(before);
}

impl Drop for StoredCharge {
    fn drop(&mut self) {
        let (bytes, mut objects) = (self.bytes, self.ledger.at_rest());
        let unloaded = self.creator.take().filter(|_| bytes > 0).map(|creator| AtRest { creator, bytes });
        // Where it was never loaded, it is what it was before.
        if let Some(at_rest) = unloaded.or_else(|| self.at_rest.take()) {
            objects.insert(mem::take(&mut self.key), at_rest);
        } else if self.is_loaded
            && bytes == 0
            // The one before was dropped so late that this one did not find what it left.
            && let Some(AtRest { creator, bytes }) = objects.remove(&self.key)
        {
            for share in [Some(&*creator.client), creator.address.as_deref()].into_iter().flatten() {
                change(share, bytes, 0);
            }
        }
    }
}
