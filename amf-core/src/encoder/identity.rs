//! Objects that were written before, found by the address of the pointer that shares them.
//!
//! An address says who an object is only as long as nothing else can take it, so every pointer that was
//! entered is kept until the message ends.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::error::EncodeError;
use crate::wire::u29;
use crate::{Encoder, Version, amf0};

#[derive(Debug, Default)]
pub(crate) struct Identities {
    written: HashMap<(usize, Version), Written>,
    kept: Vec<Keep>,
    amf0_objects: u32,
    amf3_objects: u32,
    /// The pointer whose object takes the next place in a table.
    pending: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Written {
    marker: u8,
    index: u32,
}

/// Holds a pointer, so that its address stays its own.
#[derive(Debug)]
#[expect(dead_code, reason = "held, never read")]
pub(crate) enum Keep {
    Arc(Arc<dyn Any + Send + Sync>),
    Rc(Rc<dyn Any>),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
}

impl Identities {
    /// Forgets every object, and keeps the room for others.
    pub(crate) fn clear(&mut self) {
        self.written.clear();
        self.kept.clear();
        self.amf0_objects = 0;
        self.amf3_objects = 0;
        self.pending = None;
    }
}

impl Encoder {
    /// Writes what a pointer at `address` shares: by `write` the first time, by reference from then on.
    pub(crate) fn shared(
        &mut self,
        address: usize,
        keep: impl FnOnce() -> Keep,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if self.reference(address) {
            return Ok(());
        }
        self.identities.kept.push(keep());
        self.identities.pending = Some(address);
        let result = write(self);
        // A scalar takes no place; nobody else may take this one for it.
        self.identities.pending = None;
        result
    }

    /// Gives an object that is written now the next place in its table.
    #[inline]
    pub(crate) fn enter(&mut self, version: Version, marker: u8) {
        let next = match version {
            Version::Amf0 => &mut self.identities.amf0_objects,
            Version::Amf3 => &mut self.identities.amf3_objects,
        };
        let index = *next;
        *next += 1;
        if self.identities.pending.is_some() {
            self.enter_pending(version, Written { marker, index });
        }
    }

    fn enter_pending(&mut self, version: Version, written: Written) {
        if let Some(address) = self.identities.pending.take() {
            self.identities.written.insert((address, version), written);
        }
    }

    /// Writes a reference, if the object can be reached by one from here.
    fn reference(&mut self, address: usize) -> bool {
        let here = self.version_here();
        if here == Version::Amf0
            && let Some(written) = self.identities.written.get(&(address, Version::Amf0))
            && let Ok(index) = u16::try_from(written.index)
        {
            self.byte(amf0::marker::REFERENCE);
            self.raw(&index.to_be_bytes());
            return true;
        }
        let Some(&Written { marker, index }) = self.identities.written.get(&(address, Version::Amf3)) else {
            return false;
        };
        if self.scalar() == Version::Amf0 {
            self.byte(amf0::marker::AVMPLUS);
        }
        self.byte(marker);
        u29::write(&mut self.out, index << 1);
        true
    }
}
