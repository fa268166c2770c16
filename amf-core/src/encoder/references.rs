//! Objects that were written before, found by the address of the pointer that shares them.
//!
//! An address says who an object is only as long as nothing else can take it, so every pointer that was
//! entered is kept until the message ends.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::error::EncodeError;
use crate::{Encoder, Version, amf0, work};

#[derive(Debug, Default)]
pub(crate) struct ObjectTable {
    /// By address: the reference numbers of objects that were written in AMF0.
    written_amf0: HashMap<usize, u16>,
    /// By address: the objects that were written in AMF3. A table for each version keeps entries small: a message may
    /// have 200,000 of them, and looking them up takes as long as fetching them from memory.
    written_amf3: HashMap<usize, WrittenObject>,
    kept_alive: Vec<KeepAlive>,
    amf0_objects: u32,
    amf3_objects: u32,
    /// The pointer whose object takes the next place in a table.
    pending: Option<usize>,
}

const MIN_KEPT_CAPACITY: usize = 64;

#[derive(Clone, Copy, Debug)]
struct WrittenObject {
    marker: u8,
    index: u32,
}

/// Holds a pointer, so that its address stays its own.
#[derive(Debug)]
#[expect(dead_code, reason = "held, never read")]
pub(crate) enum KeepAlive {
    Arc(Arc<dyn Any + Send + Sync>),
    Rc(Rc<dyn Any>),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
}

impl ObjectTable {
    /// Forgets every object, and keeps the room for others.
    pub(crate) fn clear(&mut self) {
        if !self.kept_alive.is_empty() {
            self.clear_tables();
        }
        self.amf0_objects = 0;
        self.amf3_objects = 0;
        self.pending = None;
    }

    fn clear_tables(&mut self) {
        clear_map(&mut self.written_amf0);
        clear_map(&mut self.written_amf3);
        self.kept_alive.clear();
    }
}

/// Emptying a table costs as much as it has room for: that of a large message is not kept for small ones.
fn clear_map<V>(map: &mut HashMap<usize, V>) {
    if map.capacity() > MIN_KEPT_CAPACITY.max(map.len() * 16) {
        *map = HashMap::new();
    }
    map.clear();
}

impl Encoder {
    /// Writes what a pointer at `address` shares: by `write` the first time, by reference from then on.
    pub(crate) fn write_shared(
        &mut self,
        address: usize,
        keep: impl FnOnce() -> KeepAlive,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        work::count(1);
        if self.write_reference(address) {
            return self.check_output();
        }
        self.objects.kept_alive.push(keep());
        self.objects.pending = Some(address);
        let result = write(self);
        // A scalar takes no place; nobody else may take this one for it.
        self.objects.pending = None;
        result
    }

    /// Gives an object that is written now the next place in its table.
    #[inline]
    pub(crate) fn register_object(&mut self, version: Version, marker: u8) {
        let next = match version {
            Version::Amf0 => &mut self.objects.amf0_objects,
            Version::Amf3 => &mut self.objects.amf3_objects,
        };
        let index = *next;
        *next += 1;
        if self.objects.pending.is_some() {
            self.register_pending(version, WrittenObject { marker, index });
        }
    }

    fn register_pending(&mut self, version: Version, written: WrittenObject) {
        let Some(address) = self.objects.pending.take() else { return };
        match version {
            // Objects beyond cannot be referred to (AMF0 §2.9).
            Version::Amf0 => {
                if let Ok(index) = u16::try_from(written.index) {
                    self.objects.written_amf0.insert(address, index);
                }
            }
            Version::Amf3 => drop(self.objects.written_amf3.insert(address, written)),
        }
    }

    /// Writes a reference, if the object can be reached by one from here.
    fn write_reference(&mut self, address: usize) -> bool {
        let here = self.current_version();
        if here == Version::Amf0
            && let Some(&index) = self.objects.written_amf0.get(&address)
        {
            self.byte(amf0::marker::REFERENCE);
            self.raw(&index.to_be_bytes());
            return true;
        }
        let Some(&WrittenObject { marker, index }) = self.objects.written_amf3.get(&address) else {
            return false;
        };
        if self.begin_scalar() == Version::Amf0 {
            self.byte(amf0::marker::AVMPLUS);
        }
        self.byte(marker);
        self.out.u29(index << 1);
        true
    }
}
