//! Table of the traits records written so far, found by their owner.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::class::Class;
use crate::{value, work};

/// Traits records of one message.
#[derive(Debug, Default)]
pub(super) struct TraitsTable {
    /// Classes that were written last, each in the slot that its address maps to. Most objects of a message belong to
    /// a few classes, and the lookup here needs no hash.
    recent: [RecentClass; RECENT_CLASSES],
    indices: HashMap<TraitsKey, u32>,
    /// Records of dynamic values by address, and whether the object is externalizable. The records are held, so that
    /// no other record can receive an address.
    ///
    /// Boxed, because most messages have none.
    values: Option<Box<ValueTraits>>,
}

type ValueTraits = HashMap<(usize, bool), (u32, Arc<value::Traits>)>;

const RECENT_CLASSES: usize = 4;
const MIN_KEPT_CAPACITY: usize = 64;

/// Class that was written recently. Address 0 marks a free slot.
#[derive(Clone, Copy, Debug, Default)]
struct RecentClass {
    address: usize,
    index: u32,
}

/// Owner of a traits record.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum TraitsKey {
    /// Dynamic class without an alias.
    Anonymous,
    /// Class by address; classes are statics.
    Class(usize),
    Value(Arc<value::Traits>),
    /// Externalizable class. Its record differs from that of an ordinary object with the same alias.
    ExternalValue(Arc<value::Traits>),
}

impl TraitsTable {
    /// Returns the index of a record that was written before. Otherwise inserts it with the next index and returns
    /// `None`.
    pub(super) fn find_or_insert(&mut self, key: TraitsKey) -> Option<u32> {
        let next = self.indices.len() as u32;
        let index = *self.indices.entry(key).or_insert(next);
        (index != next).then_some(index)
    }

    /// Does the same as [`find_or_insert`](Self::find_or_insert) for a record of a dynamic value.
    ///
    /// The content of the record is hashed once for each `Arc`, not for each object: an object takes two bytes on the
    /// wire, and its alias may take a megabyte.
    pub(super) fn find_or_insert_value(
        &mut self,
        traits: &Arc<value::Traits>,
        key: fn(Arc<value::Traits>) -> TraitsKey,
    ) -> Option<u32> {
        work::count(1);
        let key = key(Arc::clone(traits));
        let is_external = matches!(key, TraitsKey::ExternalValue(_));
        let address = (Arc::as_ptr(traits).addr(), is_external);
        if let Some((index, _)) = self.values.as_ref().and_then(|values| values.get(&address)) {
            return Some(*index);
        }
        let bytes = |text: &Arc<str>| 1 + text.len().div_ceil(8);
        work::count(bytes(traits.shared_alias()) + traits.members().iter().map(bytes).sum::<usize>());
        let next = self.indices.len() as u32;
        let known = self.find_or_insert(key);
        self.values.get_or_insert_default().insert(address, (known.unwrap_or(next), Arc::clone(traits)));
        known
    }

    /// Does the same as [`find_or_insert`](Self::find_or_insert) for a class.
    pub(super) fn find_or_insert_class(&mut self, class: &'static Class) -> Option<u32> {
        let next = self.indices.len() as u32;
        let address = address_of(class);
        let index = *self.indices.entry(TraitsKey::Class(address)).or_insert(next);
        if let Some(recent) = self.recent.get_mut(recent_slot(address)) {
            *recent = RecentClass { address, index };
        }
        (index != next).then_some(index)
    }

    /// Returns the index of a class's record, if the class was written recently.
    #[inline]
    pub(super) fn recent(&self, class: &'static Class) -> Option<u32> {
        let address = address_of(class);
        let recent = self.recent.get(recent_slot(address))?;
        (recent.address == address).then_some(recent.index)
    }

    /// Removes all records and keeps the capacity.
    pub(super) fn clear(&mut self) {
        if !self.indices.is_empty() {
            self.recent = [RecentClass::default(); RECENT_CLASSES];
            self.clear_tables();
        }
    }

    fn clear_tables(&mut self) {
        if self.indices.capacity() > MIN_KEPT_CAPACITY.max(self.indices.len() * 16) {
            self.indices = HashMap::new();
        }
        self.indices.clear();
        self.values = None;
    }
}

#[inline]
fn address_of(class: &'static Class) -> usize {
    std::ptr::from_ref(class).addr()
}

#[inline]
fn recent_slot(address: usize) -> usize {
    (address / size_of::<Class>()) % RECENT_CLASSES
}
