//! References to an enclosing object that is being read as a Rust type: a list, a map, or a struct with a member of
//! type [`Value`].
//!
//! No [`Value`] of that object exists that the reference could lead to, so one is created from the bytes of the
//! object. It is a complete copy. Its own cycle is an [`Ancestor`](Value::Ancestor) within the copy.

use super::Value;
use crate::decoder::{Cursor, Mode, SlotId};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Decoder, Version, work};

/// State of the objects within an object that is read once more.
struct Suspended {
    start: Cursor,
    values: Vec<(SlotId, (Value, usize))>,
    open: Vec<SlotId>,
}

impl Decoder<'_> {
    /// Reads the object of an open slot once more, as a value, and continues at `reference_end`. The caller stores
    /// the value for the slot, so that it is created once for all references.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeErrorKind::Cycle`] for the array of a call's arguments: senders do not refer to it, so such a
    /// reference shows that the sender uses another numbering. Otherwise returns the errors of reading a value, which
    /// counts against the limits on replays.
    pub(super) fn copy_enclosing_object(
        &mut self,
        slot: SlotId,
        reference_end: usize,
    ) -> Result<Value, DecodeError> {
        // The error lets `read_message` try the next numbering.
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

    /// Removes the values of the objects from `start` to the current position. The copy needs values of its own, and
    /// must not refer to those that are still being created around the reference.
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

    /// Restores the removed values, and drops those that were created up to `end`.
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
