//! Positions in the input, and the reference tables as they were at a position.
//!
//! A reference may have to be decoded as a value of its own type. The decoder then seeks to the start of the object
//! and reads the same bytes again ("replays" them), with the positions of its tables set back too. Entries that are
//! encountered again are already in the tables, so nothing is entered twice and every inline object keeps its index.
//!
//! Positions and indices have 32 bits, because the tables have an entry for every object of the input. A decoder
//! therefore reads at most [`MAX_INPUT`] bytes.

use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Decoder, Limits, Version};

use super::Mode;

/// Maximum number of bytes that a decoder reads. Positions have 31 bits, because the highest bit of a slot marks it
/// as open.
pub(crate) const MAX_INPUT: usize = (1 << 31) - 1;

/// Reference table with a position. Entries before `next` were sent before the current position of the input.
#[derive(Clone, Debug)]
pub(crate) struct ReferenceTable<T> {
    entries: Vec<T>,
    next: u32,
}

impl<T> Default for ReferenceTable<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), next: 0 }
    }
}

/// Number of bytes of the input that were read, and that remain.
#[derive(Clone, Copy)]
pub(crate) struct Progress {
    pub(crate) read: usize,
    pub(crate) remaining: usize,
}

impl<T> ReferenceTable<T> {
    /// Returns the index of the next entry.
    #[inline]
    pub(crate) fn next_index(&self) -> u32 {
        self.next
    }

    /// Inserts an entry, unless it is already present because its bytes are being replayed. Returns its index.
    #[inline]
    pub(crate) fn insert(&mut self, progress: Progress, entry: T) -> u32 {
        let index = self.next;
        if index as usize == self.entries.len() {
            if self.entries.len() == self.entries.capacity() {
                self.grow(progress);
            }
            self.entries.push(entry);
        }
        self.next += 1;
        index
    }

    /// Reserves capacity for the entries of the whole input, assuming that the rest of the input resembles the part
    /// that was read.
    ///
    /// Doubling would leave up to half of the table unused, and the tables take most of the memory that a message of
    /// many small objects needs.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, Progress { read, remaining }: Progress) {
        const MIN_GROWTH: usize = 16;
        let entries = self.entries.len();
        let expected = entries.saturating_mul(remaining) / read.max(1) + 1;
        let least = (entries / 2).max(MIN_GROWTH);
        let additional =
            if entries < MIN_GROWTH { MIN_GROWTH } else { expected.clamp(least, remaining.max(least)) };
        self.entries.reserve_exact(additional);
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        if index < self.next { self.entries.get(index as usize) } else { None }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.entries.get_mut(index as usize)
    }

    #[cold]
    pub(crate) fn out_of_range(&self, table: &'static str, index: u32) -> DecodeErrorKind {
        DecodeErrorKind::Reference { table, index: index as usize, len: self.next as usize }
    }
}

/// Position in the input and in every table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    position: u32,
    amf0_objects: u32,
    amf3_objects: u32,
    strings: u32,
    traits: u32,
}

impl Cursor {
    /// Returns the number of objects of a version that began before this position.
    pub(crate) fn objects(&self, version: Version) -> u32 {
        match version {
            Version::Amf0 => self.amf0_objects,
            Version::Amf3 => self.amf3_objects,
        }
    }
}

/// Entry of a table of objects: the position of the object, marker included, and whether the object is still open.
///
/// The position in the table of AMF0 objects is not stored. For an AMF0 object it is the index of the entry itself,
/// and within AMF3 no AMF0 object can occur.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    position_and_open: u32,
    amf3_objects: u32,
    strings: u32,
    traits: u32,
}

impl Slot {
    const OPEN_BIT: u32 = 1 << 31;

    #[inline]
    fn position(self) -> u32 {
        self.position_and_open & !Self::OPEN_BIT
    }

    #[inline]
    fn is_open(self) -> bool {
        self.position_and_open & Self::OPEN_BIT != 0
    }

    #[inline]
    fn open(&mut self) {
        self.position_and_open |= Self::OPEN_BIT;
    }

    #[inline]
    fn close(&mut self) {
        self.position_and_open &= !Self::OPEN_BIT;
    }
}

/// Index of an object in the table of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SlotId {
    pub(crate) version: Version,
    pub(crate) index: u32,
}

/// State that is restored at the end of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) slot: SlotId,
    pub(crate) outer: Mode,
    /// Whether the object is being replayed through a reference. Reading then continues behind the reference.
    pub(crate) replay: bool,
}

impl Decoder<'_> {
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            position: self.reader.position() as u32,
            amf0_objects: self.amf0_objects.next,
            amf3_objects: self.amf3_objects.next,
            strings: self.strings.next,
            traits: self.traits.next,
        }
    }

    pub(crate) fn seek_to(&mut self, cursor: Cursor) {
        self.reader.seek(cursor.position as usize);
        self.amf0_objects.next = cursor.amf0_objects;
        self.amf3_objects.next = cursor.amf3_objects;
        self.strings.next = cursor.strings;
        self.traits.next = cursor.traits;
    }

    #[inline]
    pub(crate) fn progress(&self) -> Progress {
        Progress { read: self.reader.position(), remaining: self.reader.remaining() }
    }

    /// Returns a slot for a value that begins at `position`, and of which nothing was entered into a table yet.
    #[inline]
    fn slot_at(&self, position: usize) -> Slot {
        Slot {
            position_and_open: position as u32,
            amf3_objects: self.amf3_objects.next,
            strings: self.strings.next,
            traits: self.traits.next,
        }
    }

    #[inline]
    pub(crate) fn objects(&mut self, version: Version) -> &mut ReferenceTable<Slot> {
        match version {
            Version::Amf0 => &mut self.amf0_objects,
            Version::Amf3 => &mut self.amf3_objects,
        }
    }

    /// Enters an object without members: a date, a byte array, a document.
    #[inline]
    pub(crate) fn register_leaf(&mut self, version: Version, start: usize) {
        let (slot, progress) = (self.slot_at(start), self.progress());
        self.objects(version).insert(progress, slot);
    }

    /// Enters an object whose members follow. The object counts against the depth limit until it is closed.
    #[inline]
    pub(crate) fn open(&mut self, version: Version, start: usize) -> Result<Frame, DecodeError> {
        match self.register_open(version, start) {
            Some(index) => Ok(Frame { slot: SlotId { version, index }, outer: self.mode, replay: false }),
            None => Err(self.too_deep(start)),
        }
    }

    /// Counts and enters the next object, which has the version of the surrounding mode, so that no mode has to be
    /// restored at its end. Returns `None` if a limit would be exceeded.
    #[inline]
    pub(crate) fn open_without_frame(&mut self, version: Version) -> Option<u32> {
        self.nodes_left = self.nodes_left.checked_sub(1)?;
        self.register_open(version, self.offset())
    }

    #[inline]
    fn register_open(&mut self, version: Version, start: usize) -> Option<u32> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        let (mut slot, progress) = (self.slot_at(start), self.progress());
        slot.open();
        let objects = self.objects(version);
        // In a replay the slot exists already, and the first reading closed it. It must be open, or a
        // reference to it from inside would be followed without end.
        if let Some(met_again) = objects.get_mut(objects.next) {
            met_again.open();
        }
        Some(objects.insert(progress, slot))
    }

    /// Closes an object that [`open_without_frame`](Self::open_without_frame) opened.
    #[inline]
    pub(crate) fn close_without_frame(&mut self, slot: SlotId) {
        self.depth_left += 1;
        if let Some(slot) = self.objects(slot.version).get_mut(slot.index) {
            slot.close();
        }
    }

    /// Closes an object that [`open`](Self::open) opened.
    #[inline]
    pub(crate) fn close(&mut self, frame: Frame) {
        self.close_without_frame(frame.slot);
        self.mode = frame.outer;
        if frame.replay {
            self.end_replay();
        }
    }

    /// Seeks to the object that a reference names. The reference itself was already read.
    pub(crate) fn begin_replay(&mut self, slot: SlotId) -> Result<(), DecodeError> {
        let start = self.start_cursor(slot)?;
        if self.is_open(slot) == Some(true) {
            return Err(self.error(DecodeErrorKind::Cycle));
        }
        self.start_replay_at(start)
    }

    /// Returns the position at which an object of the table begins, whether the object is complete or open.
    pub(crate) fn start_cursor(&mut self, slot: SlotId) -> Result<Cursor, DecodeError> {
        let Some(start) = self.objects(slot.version).get(slot.index).copied() else {
            return Err(self.unknown_object(slot));
        };
        Ok(Cursor {
            position: start.position(),
            amf0_objects: match slot.version {
                Version::Amf0 => slot.index,
                Version::Amf3 => self.amf0_objects.next,
            },
            amf3_objects: start.amf3_objects,
            strings: start.strings,
            traits: start.traits,
        })
    }

    /// Calls `read` at the position `start`, and returns to the current position afterwards.
    pub(crate) fn replay_from<T>(
        &mut self,
        start: Cursor,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.start_replay_at(start)?;
        let result = read(self)?;
        self.end_replay();
        Ok(result)
    }

    /// Seeks to bytes that were read before, and charges replays against [`Limits::replayed_bytes`].
    ///
    /// A reference of two bytes may name an object of a megabyte, so a replay costs the number of bytes that it
    /// reads. The bytes since the last charge are charged when a nested replay begins and when a replay ends. So at
    /// most one input length is read before it is charged.
    fn start_replay_at(&mut self, start: Cursor) -> Result<(), DecodeError> {
        if !self.resume_cursors.is_empty() {
            self.charge_replayed_span();
        }
        // The charge of a span cannot fail (see `charge_replayed_span`), so an exhausted budget is reported
        // here, before more bytes are read.
        if self.replayed_bytes_left == 0 {
            return Err(self.limit_error(Limits::NAMES.replayed_bytes, self.limits().replayed_bytes));
        }
        if self.resume_cursors.is_empty() {
            // Replayed values have a budget of their own, so that references in legitimate messages do not
            // use up `Limits::nodes`.
            std::mem::swap(&mut self.nodes_left, &mut self.suspended_nodes_left);
        }
        let resume = self.cursor();
        self.resume_cursors.push(resume);
        self.seek_to(start);
        self.replay_mark = self.offset();
        Ok(())
    }

    pub(crate) fn end_replay(&mut self) {
        let Some(resume) = self.resume_cursors.pop() else {
            return;
        };
        self.charge_replayed_span();
        self.seek_to(resume);
        self.replay_mark = self.offset();
        if self.resume_cursors.is_empty() {
            std::mem::swap(&mut self.nodes_left, &mut self.suspended_nodes_left);
        }
    }

    pub(crate) fn is_open(&self, slot: SlotId) -> Option<bool> {
        self.slot(slot).map(|slot| slot.is_open())
    }

    /// Marks an object as open again, after its bytes were replayed while it was open.
    pub(crate) fn reopen(&mut self, slot: SlotId) {
        if let Some(slot) = self.objects(slot.version).get_mut(slot.index) {
            slot.open();
        }
    }

    /// Returns the offset of an object of the table.
    pub(crate) fn start_offset(&self, slot: SlotId) -> Option<usize> {
        self.slot(slot).map(|slot| slot.position() as usize)
    }

    fn slot(&self, slot: SlotId) -> Option<&Slot> {
        match slot.version {
            Version::Amf0 => self.amf0_objects.get(slot.index),
            Version::Amf3 => self.amf3_objects.get(slot.index),
        }
    }

    #[cold]
    #[inline(never)]
    fn too_deep(&self, start: usize) -> DecodeError {
        DecodeError::new(
            DecodeErrorKind::Limit { limit: Limits::NAMES.depth, max: self.limits().depth },
            start,
        )
    }

    #[cold]
    pub(crate) fn unknown_object(&mut self, slot: SlotId) -> DecodeError {
        if let Some(number) = slot.unresolved_number() {
            return self.unresolved_error(number);
        }
        let kind = self.objects(slot.version).out_of_range("object", slot.index);
        self.error(kind)
    }
}
