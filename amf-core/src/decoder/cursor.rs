//! Places in the input, and the tables of what was read so far.
//!
//! A reference may be wanted as a value of its own. Then the decoder goes back to where the object
//! began and reads the same bytes again, with its tables' positions set back too: entries that are met
//! again are there already, so nothing is entered twice and every inline object keeps its number.

use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Decoder, Version};

use super::Mode;

/// A reference table with a position: what lies before `next` has been sent at this place of the input.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    entries: Vec<T>,
    next: usize,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), next: 0 }
    }
}

impl<T> Table<T> {
    /// The index that the next entry takes.
    #[inline]
    pub(crate) fn next(&self) -> usize {
        self.next
    }

    /// Enters what is met at this place, unless it is met again. Returns its index.
    #[inline]
    pub(crate) fn enter(&mut self, make: impl FnOnce() -> T) -> usize {
        let index = self.next;
        if index == self.entries.len() {
            self.entries.push(make());
        }
        self.next += 1;
        index
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.entries.get(..self.next).and_then(|sent| sent.get(index))
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.entries.get_mut(index)
    }

    #[cold]
    pub(crate) fn out_of_range(&self, table: &'static str, index: usize) -> DecodeErrorKind {
        DecodeErrorKind::Reference { table, index, len: self.next }
    }
}

/// A place in the input and in every table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    position: usize,
    amf0_objects: usize,
    amf3_objects: usize,
    strings: usize,
    traits: usize,
}

impl Cursor {
    /// How many objects of a version began before this place.
    pub(crate) fn objects(&self, version: Version) -> usize {
        match version {
            Version::Amf0 => self.amf0_objects,
            Version::Amf3 => self.amf3_objects,
        }
    }
}

/// An entry of an object table: where the object's bytes begin, marker included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    start: Cursor,
    open: bool,
}

/// The number of an object in the table of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SlotId {
    pub(crate) version: Version,
    pub(crate) index: usize,
}

/// What has to be put back when an object ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) slot: SlotId,
    pub(crate) outer: Mode,
    /// The object is read again through a reference, and reading goes on behind the reference.
    pub(crate) replay: bool,
}

impl Decoder<'_> {
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            position: self.reader.position(),
            amf0_objects: self.amf0_objects.next,
            amf3_objects: self.amf3_objects.next,
            strings: self.strings.next,
            traits: self.traits.next,
        }
    }

    pub(crate) fn go_to(&mut self, cursor: Cursor) {
        self.reader.seek(cursor.position);
        self.amf0_objects.next = cursor.amf0_objects;
        self.amf3_objects.next = cursor.amf3_objects;
        self.strings.next = cursor.strings;
        self.traits.next = cursor.traits;
    }

    /// The place of a value whose first `read` bytes were read already, none of which entered a table.
    #[inline]
    pub(crate) fn cursor_before(&self, start: usize) -> Cursor {
        Cursor { position: start, ..self.cursor() }
    }

    #[inline]
    pub(crate) fn objects(&mut self, version: Version) -> &mut Table<Slot> {
        match version {
            Version::Amf0 => &mut self.amf0_objects,
            Version::Amf3 => &mut self.amf3_objects,
        }
    }

    /// Enters an object that is complete at once: a date, a byte array, a document.
    #[inline]
    pub(crate) fn enter_leaf(&mut self, version: Version, start: usize) {
        let start = self.cursor_before(start);
        self.objects(version).enter(|| Slot { start, open: false });
    }

    /// Enters an object whose members follow; it counts against the depth until it is closed.
    #[inline]
    pub(crate) fn open(&mut self, version: Version, start: usize) -> Result<Frame, DecodeError> {
        if self.depth >= self.limits.depth {
            let kind = DecodeErrorKind::Limit { limit: "depth", max: self.limits.depth };
            return Err(DecodeError::new(kind, start));
        }
        self.depth += 1;
        let start = self.cursor_before(start);
        let objects = self.objects(version);
        let index = objects.enter(|| Slot { start, open: true });
        if let Some(slot) = objects.get_mut(index) {
            slot.open = true;
        }
        Ok(Frame { slot: SlotId { version, index }, outer: self.mode, replay: false })
    }

    /// Ends an object that [`open`](Self::open) began.
    #[inline]
    pub(crate) fn close(&mut self, frame: Frame) {
        self.depth -= 1;
        self.mode = frame.outer;
        if let Some(slot) = self.objects(frame.slot.version).get_mut(frame.slot.index) {
            slot.open = false;
        }
        if frame.replay {
            self.end_replay();
        }
    }

    /// Goes back to the object that a reference names; the reference itself has been read.
    pub(crate) fn begin_replay(&mut self, slot: SlotId) -> Result<(), DecodeError> {
        let start = match self.objects(slot.version).get(slot.index) {
            None => return Err(self.unknown_object(slot)),
            Some(Slot { open: true, .. }) => return Err(self.error(DecodeErrorKind::Cycle)),
            Some(Slot { start, .. }) => *start,
        };
        let resume = self.cursor();
        self.resumes.push(resume);
        self.go_to(start);
        Ok(())
    }

    pub(crate) fn end_replay(&mut self) {
        if let Some(resume) = self.resumes.pop() {
            self.go_to(resume);
        }
    }

    pub(crate) fn is_open(&self, slot: SlotId) -> Option<bool> {
        let objects = match slot.version {
            Version::Amf0 => &self.amf0_objects,
            Version::Amf3 => &self.amf3_objects,
        };
        objects.get(slot.index).map(|slot| slot.open)
    }

    #[cold]
    pub(crate) fn unknown_object(&mut self, slot: SlotId) -> DecodeError {
        let kind = self.objects(slot.version).out_of_range("object", slot.index);
        self.error(kind)
    }

    /// Reads bytes again that were read before: `read` starts at `start`, and reading goes on here.
    pub(crate) fn replay_from<T>(
        &mut self,
        start: Cursor,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let resume = self.cursor();
        self.resumes.push(resume);
        self.go_to(start);
        let result = read(self)?;
        self.end_replay();
        Ok(result)
    }
}
