//! References back to an object that encloses them and is being read as a type of the program's own: a list, a map, a
//! struct with a member of type [`Value`].
//!
//! There is no [`Value`] of that object that the reference could lead to, so one is made from the object's bytes. It is a
//! copy, complete in itself: its own cycle is an [`Ancestor`](Value::Ancestor) inside of it.

use super::Value;
use crate::decoder::{Cursor, Mode, SlotId};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Decoder, Version, work};

/// What is known of the objects inside of one that is read once more.
struct Suspended {
    start: Cursor,
    values: Vec<(SlotId, (Value, usize))>,
    open: Vec<SlotId>,
}

impl Decoder<'_> {
    /// Reads the object of an open slot once more, as a value, and goes on at `reference_end`. The caller enters the
    /// value for the slot, so that it is made once however often it is referred to.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::Cycle`] for the array of a call's arguments: no sender means that, but one whose numbering of
    /// references differs from the one in force. Otherwise the errors of reading a value; it counts against the limits
    /// on what is read again.
    pub(super) fn copy_enclosing_object(
        &mut self,
        slot: SlotId,
        reference_end: usize,
    ) -> Result<Value, DecodeError> {
        if self.arguments == Some(slot) {
            return Err(self.error(DecodeErrorKind::Cycle));
        }
        self.count_node()?;
        let start = self.start_cursor(slot)?;
        self.reader.seek(reference_end);
        let outer = self.mode;
        self.mode = Mode::of(slot.version);
        let suspended = self.suspend_objects(start);
        let (value, end) = self.replay_from(start, |decoder| {
            let value = decoder.read_new_value(Some(slot))?;
            Ok((value, decoder.cursor()))
        })?;
        self.resume_objects(suspended, end);
        self.mode = outer;
        Ok(value)
    }

    /// Takes away what was made of the objects from `start` to here: the copy shall have values of its own, not lead to
    /// those that are still being made around the reference.
    fn suspend_objects(&mut self, start: Cursor) -> Suspended {
        let mut suspended = Suspended { start, values: Vec::new(), open: Vec::new() };
        for slot in slots_between(start, self.cursor()) {
            work::count(1);
            if let Some(value) = self.shared_objects.get_mut().values.remove(&slot) {
                suspended.values.push((slot, value));
            }
            if self.is_open(slot) == Some(true) {
                suspended.open.push(slot);
            }
        }
        suspended
    }

    /// Puts back what was taken away, in place of what was made until `end`.
    fn resume_objects(&mut self, suspended: Suspended, end: Cursor) {
        let values = &mut self.shared_objects.get_mut().values;
        for slot in slots_between(suspended.start, end) {
            work::count(1);
            values.remove(&slot);
        }
        values.extend(suspended.values);
        for slot in suspended.open {
            self.reopen(slot);
        }
    }
}

fn slots_between(start: Cursor, end: Cursor) -> impl Iterator<Item = SlotId> {
    [Version::Amf0, Version::Amf3].into_iter().flat_map(move |version| {
        (start.objects(version)..end.objects(version)).map(move |index| SlotId { version, index })
    })
}
