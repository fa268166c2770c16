//! Objects that were written before, found by the address of the pointer that shares them.
//!
//! An address says who an object is only as long as nothing else can take it, so every pointer that was
//! entered is kept until the message ends.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::error::EncodeError;
use crate::{Amf0Numbering, Encoder, Version, amf0, work};

#[derive(Debug, Default)]
pub(crate) struct ObjectTable {
    /// By address.
    written: HashMap<(usize, Version), WrittenObject>,
    kept_alive: Vec<KeepAlive>,
    amf0_objects: u32,
    amf3_objects: u32,
    /// How many dates were written in AMF0.
    amf0_dates: u32,
    /// Whether the first AMF0 object is an array of arguments.
    has_amf0_arguments: bool,
    /// The numbering of AMF0 references that the reader is known to use.
    numbering: Option<Amf0Numbering>,
    /// The addresses of the pointers whose objects are being written in AMF0, the innermost last.
    open: Vec<usize>,
    /// The pointer whose object takes the next place in a table.
    pending: Option<usize>,
}

const MIN_KEPT_CAPACITY: usize = 64;

#[derive(Clone, Copy, Debug)]
struct WrittenObject {
    marker: u8,
    /// Of an object in AMF0: how many dates were written before it. Some readers count them.
    dates_before: u16,
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
        self.amf0_dates = 0;
        self.has_amf0_arguments = false;
        self.pending = None;
    }

    fn clear_tables(&mut self) {
        // Emptying a table costs as much as it has room for: that of a large message is not kept for small ones.
        if self.written.capacity() > MIN_KEPT_CAPACITY.max(self.written.len() * 16) {
            self.written = HashMap::new();
        }
        self.written.clear();
        self.kept_alive.clear();
        self.open.clear();
    }

    /// The number by which an object can be referred to in AMF0; `None` if it has to be written again.
    ///
    /// Readers number objects in different ways, and one that counts otherwise would silently find another object. So
    /// a reference is written where it means the same to all of them, or where the reader's numbering is known. An
    /// enclosing object cannot be written again, since there would be no end to it.
    fn amf0_number(&self, address: usize) -> Option<u16> {
        let WrittenObject { index, dates_before, .. } = *self.written.get(&(address, Version::Amf0))?;
        // Numbers have 16 bits (AMF0 §2.9).
        let index = u16::try_from(index).ok()?;
        if dates_before == 0 && !self.has_amf0_arguments {
            return Some(index);
        }
        // To Flash Player the arguments of a call count, but other readers of calls do not say how they count.
        if let Some(numbering) = self.numbering.filter(|_| !self.has_amf0_arguments) {
            return index.checked_add(if numbering.dates_count { dates_before } else { 0 });
        }
        self.open.contains(&address).then_some(index)
    }
}

impl Encoder {
    /// Sets the numbering of AMF0 references that the reader is known to use.
    ///
    /// By default nothing is known of the reader, and a reference is written only where every
    /// [numbering](Amf0Numbering) finds the same object. Where numberings differ, which is behind a date and in an array
    /// of arguments, an object that is shared is written again in full. A reference to an enclosing object is written
    /// under [`Amf0Numbering::FLASH_PLAYER`] there.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use amf_core::{Amf0Numbering, Date, Encoder, ToAmf, Version};
    ///
    /// let list = Arc::new(vec![true]);
    /// let value = (Date::from_millis(0.0), list.clone(), list);
    /// let mut encoder = Encoder::new(Version::Amf0).with_amf0_numbering(Amf0Numbering::PY3AMF);
    /// value.to_amf(&mut encoder)?;
    /// // The outer array is 0, the date 1, and the list 2.
    /// assert!(encoder.finish()?.ends_with(&[0x07, 0, 2]));
    ///
    /// let mut encoder = Encoder::new(Version::Amf0);
    /// value.to_amf(&mut encoder)?;
    /// assert!(encoder.finish()?.ends_with(&[0x0A, 0, 0, 0, 1, 1, 1]));
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    #[must_use]
    pub fn with_amf0_numbering(mut self, numbering: Amf0Numbering) -> Self {
        self.objects.numbering = Some(numbering);
        self
    }

    /// Begins the array of a call's arguments, as [`begin_list`](Self::begin_list) begins a list.
    ///
    /// Readers differ in whether the array has a number among the objects that AMF0 references name, so references
    /// in it are written to enclosing objects only.
    ///
    /// # Errors
    /// Those of [`begin_list`](Self::begin_list).
    pub fn begin_arguments(&mut self, len: usize) -> Result<(), EncodeError> {
        if self.current_version() == Version::Amf0 && self.is_empty() {
            self.objects.has_amf0_arguments = true;
        }
        self.begin_list(len)
    }

    /// Counts a date that is written in AMF0.
    #[inline]
    pub(crate) fn register_amf0_date(&mut self) {
        self.objects.amf0_dates = self.objects.amf0_dates.saturating_add(1);
    }

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
        let is_amf0 = self.current_version() == Version::Amf0;
        if is_amf0 {
            self.objects.open.push(address);
        }
        let result = write(self);
        if is_amf0 {
            self.objects.open.pop();
        }
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
            self.register_pending(version, marker, index);
        }
    }

    fn register_pending(&mut self, version: Version, marker: u8, index: u32) {
        let Some(address) = self.objects.pending.take() else { return };
        let dates_before = match version {
            // Behind 65,535 dates no reference is written: a number that counts them would not fit.
            Version::Amf0 => u16::try_from(self.objects.amf0_dates),
            Version::Amf3 => Ok(0),
        };
        let Ok(dates_before) = dates_before else { return };
        self.objects.written.insert((address, version), WrittenObject { marker, dates_before, index });
    }

    /// Writes a reference, if the object can be reached by one from here.
    fn write_reference(&mut self, address: usize) -> bool {
        let here = self.current_version();
        if here == Version::Amf0
            && let Some(number) = self.objects.amf0_number(address)
        {
            self.byte(amf0::marker::REFERENCE);
            self.raw(&number.to_be_bytes());
            return true;
        }
        let Some(&WrittenObject { marker, index, .. }) = self.objects.written.get(&(address, Version::Amf3))
        else {
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
