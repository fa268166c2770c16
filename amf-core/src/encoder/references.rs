//! Table of the objects written so far, found by the address of the pointer that shares them.
//!
//! An address identifies an object only while the object is alive: a new object may receive the address of a dropped
//! one. The table therefore keeps a clone of every pointer until the message ends.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::error::EncodeError;
use crate::{Amf0Numbering, Encoder, Version, amf0, work};

/// Objects of one message by address.
#[derive(Debug, Default)]
pub(crate) struct ObjectTable {
    /// Objects by address and version.
    written: HashMap<(usize, Version), WrittenObject>,
    kept_alive: Vec<KeepAlive>,
    amf0_objects: u32,
    amf3_objects: u32,
    /// Number of dates written in AMF0.
    amf0_dates: u32,
    /// Whether the first AMF0 object is an array of arguments.
    has_amf0_arguments: bool,
    /// Numbering of AMF0 references that the reader is known to use.
    numbering: Option<Amf0Numbering>,
    /// Addresses of the pointers whose objects are being written in AMF0, the innermost last.
    open: Vec<usize>,
    /// Pointer to the object that receives the next index of a table.
    pending: Option<usize>,
}

const MIN_KEPT_CAPACITY: usize = 64;

/// Object that was written to this message.
#[derive(Clone, Copy, Debug)]
struct WrittenObject {
    marker: u8,
    /// Number of dates that were written before an AMF0 object. Some readers count them.
    dates_before: u16,
    index: u32,
}

/// Clone of a pointer, which keeps its address in use.
#[derive(Debug)]
#[expect(dead_code, reason = "held, never read")]
pub(crate) enum KeepAlive {
    Arc(Arc<dyn Any + Send + Sync>),
    Rc(Rc<dyn Any>),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
}

impl ObjectTable {
    /// Removes all objects and keeps the capacity.
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
        // Clearing a table takes time in proportion to its capacity, so that of a large message is not kept
        // for small ones.
        if self.written.capacity() > MIN_KEPT_CAPACITY.max(self.written.len() * 16) {
            self.written = HashMap::new();
        }
        self.written.clear();
        self.kept_alive.clear();
        self.open.clear();
    }

    /// Returns the number of an object for AMF0 references. Returns `None` if the object must be written again.
    ///
    /// Readers number objects differently, and a reader that counts otherwise would silently find another object. A
    /// reference is therefore written if its number is the same in all numberings, or if the numbering of the reader
    /// is known. Only enclosing objects are always referred to, because writing them again would not terminate.
    fn amf0_number(&self, address: usize) -> Option<u16> {
        let WrittenObject { index, dates_before, .. } = *self.written.get(&(address, Version::Amf0))?;
        // Numbers have 16 bits (AMF0 §2.9).
        let index = u16::try_from(index).ok()?;
        if dates_before == 0 && !self.has_amf0_arguments {
            return Some(index);
        }
        // Flash Player counts the array of arguments. Other readers of calls are not known, so a configured
        // numbering does not apply to calls.
        if let Some(numbering) = self.numbering.filter(|_| !self.has_amf0_arguments) {
            return index.checked_add(if numbering.dates_count { dates_before } else { 0 });
        }
        self.open.contains(&address).then_some(index)
    }
}

impl Encoder {
    /// Sets the numbering of AMF0 references that the reader is known to use.
    ///
    /// By default the reader is unknown, and a reference is written only if every [numbering](Amf0Numbering) finds
    /// the same object. Numberings differ behind a date and in an array of arguments. In these places a shared object
    /// is written again in full, and a reference to an enclosing object is written under
    /// [`Amf0Numbering::FLASH_PLAYER`].
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
    /// Readers differ in whether the array has a number among the objects that AMF0 references name. In such an array
    /// only references to enclosing objects are written.
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`begin_list`](Self::begin_list).
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

    /// Writes the target of a shared pointer: through `write` the first time, as a reference afterwards.
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
        // A scalar has no index and leaves `pending` set. Without this reset the next object would be
        // registered under the address of the scalar.
        self.objects.pending = None;
        result
    }

    /// Assigns the next index of its table to the object that is being written.
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
            // Behind 65,535 dates no references are written: a number that counts the dates would not fit.
            Version::Amf0 => u16::try_from(self.objects.amf0_dates),
            Version::Amf3 => Ok(0),
        };
        let Ok(dates_before) = dates_before else { return };
        self.objects.written.insert((address, version), WrittenObject { marker, dates_before, index });
    }

    /// Writes a reference and returns `true`, if the object can be referred to from here.
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
