//! Resolution of AMF0 references, and repeated reading of a message under another numbering.
//!
//! Senders differ in which objects they number; see [`Amf0Numbering`]. The decoder keeps the objects, including the
//! array of arguments, in its table of AMF0 objects, and the dates in a separate list with their position among the
//! objects. So a number can be resolved under any numbering, and no numbering has to be chosen before a reference
//! occurs.
//!
//! One numbering applies to the whole message. A decision for each reference could mix the numberings of two senders,
//! and would silently produce a wrong object in cases where one numbering reports an error.

use super::{Mode, SlotId};
use crate::amf0::marker;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::numbering::NumberingSet;
use crate::{Amf0Numbering, Decoder, Version};

/// Numbering of the AMF0 references of a message, and evidence from its references about other numberings.
#[derive(Debug)]
pub(crate) struct Amf0References {
    numbering: Amf0Numbering,
    container: Option<Container>,
    /// Dates in the order of the input. Replayed dates are not entered again.
    dates: Vec<DateEntry>,
    /// Numberings under which some reference so far names another object than under the current one.
    differing: NumberingSet,
    /// Numberings under which some reference so far names nothing.
    excluded: NumberingSet,
    /// Numberings that may succeed where those tried so far failed.
    untried: NumberingSet,
    accepts_any: bool,
}

/// First object of the message. Some senders do not count it, because it encloses the whole message.
#[derive(Clone, Copy, Debug)]
struct Container {
    /// Whether a reference may name the object. References to the array of arguments never occur.
    may_be_referenced: bool,
}

#[derive(Clone, Copy, Debug)]
struct DateEntry {
    /// Position in the order of objects and dates.
    place: u32,
    /// Offset of the marker.
    position: u32,
}

/// Referent of an AMF0 reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amf0Referent {
    /// An object, or nothing; see [`SlotId::unresolved`].
    Object(SlotId),
    /// The date whose marker is at this offset.
    Date(u32),
}

impl Default for Amf0References {
    fn default() -> Self {
        Self::new(Amf0Numbering::FLASH_PLAYER)
    }
}

impl Amf0References {
    /// Creates the state for a new message, with the numbering that is tried first.
    #[inline]
    pub(crate) fn new(numbering: Amf0Numbering) -> Self {
        Self {
            numbering,
            container: None,
            dates: Vec::new(),
            differing: NumberingSet::default(),
            excluded: NumberingSet::default(),
            untried: NumberingSet::ALL,
            accepts_any: false,
        }
    }

    /// Marks the first object as the one that encloses the whole message.
    pub(crate) fn set_container(&mut self, may_be_referenced: bool) {
        self.container = Some(Container { may_be_referenced });
    }

    /// Enters a date that begins at `start` behind this number of objects.
    #[inline]
    pub(crate) fn register_date(&mut self, start: usize, objects: u32) {
        let position = start as u32;
        // A replayed date is in the list already.
        if self.dates.last().is_none_or(|last| last.position < position) {
            self.dates.push(DateEntry { place: objects + self.dates.len() as u32, position });
        }
    }

    /// Returns the referent of a number under a numbering, among the first `objects` objects and the dates that begin
    /// before `offset`.
    pub(crate) fn referent(
        &self,
        numbering: Amf0Numbering,
        number: u32,
        objects: u32,
        offset: usize,
    ) -> Option<Amf0Referent> {
        let Self { container, dates, .. } = self;
        let uncounted = u32::from(container.is_some() && !numbering.arguments_count);
        let index = if numbering.dates_count {
            let place = number + uncounted;
            let dates_before = dates.partition_point(|date| date.place < place);
            if let Some(date) = dates.get(dates_before).filter(|date| date.place == place) {
                let was_sent = (date.position as usize) < offset;
                return was_sent.then_some(Amf0Referent::Date(date.position));
            }
            place - dates_before as u32
        } else {
            number + uncounted
        };
        let is_excluded = index == 0 && container.is_some_and(|container| !container.may_be_referenced);
        (index < objects && !is_excluded)
            .then_some(Amf0Referent::Object(SlotId { version: Version::Amf0, index }))
    }
}

impl SlotId {
    /// Bit that marks a number as unresolved. No table reaches this index, because it has at most one entry for each
    /// byte of the input.
    const UNRESOLVED_BIT: u32 = 1 << 31;

    /// Creates the slot of a number that names nothing. No table contains it.
    fn unresolved(number: u32) -> Self {
        Self { version: Version::Amf0, index: number | Self::UNRESOLVED_BIT }
    }

    /// Returns the number of the reference that produced this slot, if the number names nothing.
    pub(crate) fn unresolved_number(self) -> Option<u32> {
        (self.version == Version::Amf0 && self.index & Self::UNRESOLVED_BIT != 0)
            .then_some(self.index & !Self::UNRESOLVED_BIT)
    }
}

impl Decoder<'_> {
    /// Sets the numbering under which AMF0 references are resolved first. Default: [`Amf0Numbering::FLASH_PLAYER`].
    #[inline]
    #[must_use]
    pub fn with_amf0_numbering(mut self, numbering: Amf0Numbering) -> Self {
        self.prefer_amf0_numbering(numbering);
        self
    }

    /// Sets the numbering in place. The decoder must not have read anything yet.
    #[inline]
    pub(crate) fn prefer_amf0_numbering(&mut self, numbering: Amf0Numbering) {
        self.amf0_references.numbering = numbering;
    }

    /// Accepts every AMF0 reference that names something under any numbering.
    ///
    /// This mode is for skipping values, of which only the end is needed. A value that is read in this mode may
    /// contain a wrong object.
    #[must_use]
    pub fn with_any_amf0_numbering(mut self) -> Self {
        self.amf0_references.accepts_any = true;
        self
    }

    /// Returns the numbering under which AMF0 references are resolved.
    pub fn amf0_numbering(&self) -> Amf0Numbering {
        self.amf0_references.numbering
    }

    /// Returns the current numbering if the message so far proves that the sender uses it. This is the case if
    /// another numbering was tried and failed, or if a reference occurred that names nothing under every numbering
    /// that would resolve it differently.
    pub fn shown_amf0_numbering(&self) -> Option<Amf0Numbering> {
        let references = &self.amf0_references;
        let was_retried = references.untried != NumberingSet::ALL;
        let is_proven =
            !references.differing.is_empty() && references.differing.without(references.excluded).is_empty();
        (was_retried || is_proven).then_some(references.numbering)
    }

    /// Reads a message with `read`, and repeats that under another [numbering](Amf0Numbering) of AMF0 references if
    /// the message cannot be read under the first one.
    ///
    /// `read` is called up to four times, each time with the decoder at the start of its input. All calls share one
    /// budget of [`Limits`](crate::Limits). A message whose references mean the same under every numbering is read
    /// once.
    ///
    /// # Errors
    ///
    /// Returns the error of the first call, if no call succeeds.
    pub fn read_message<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let first = match read(self) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        while self.restart_under_next_numbering() {
            if let Ok(value) = read(self) {
                return Ok(value);
            }
        }
        Err(first)
    }

    /// Returns to the start of the input, to read the message under another [numbering](Amf0Numbering) of AMF0
    /// references. Returns `false`, and does nothing, if no other numbering can read more than those tried so far.
    ///
    /// This method is for readers that [`read_message`](Self::read_message) does not fit. The budgets of the
    /// [`Limits`](crate::Limits) are not restored.
    #[cold]
    pub fn restart_under_next_numbering(&mut self) -> bool {
        let references = &mut self.amf0_references;
        references.untried.remove(references.numbering);
        references.untried =
            references.untried.intersection(references.differing).without(references.excluded);
        // Only numberings under which some reference means something else can lead to another result.
        let Some(next) = references.untried.first() else { return false };
        references.numbering = next;
        references.container = None;
        references.dates.clear();
        references.differing = NumberingSet::default();
        self.restart();
        true
    }

    /// Marks the AMF0 object with this index as the one that encloses the whole message, if nothing precedes it. The
    /// arguments of a Flex message, for example, lie within an array of arguments of their own.
    pub(crate) fn set_amf0_container(&mut self, index: u32, may_be_referenced: bool) {
        if index == 0 && self.amf0_references.dates.is_empty() {
            self.amf0_references.set_container(may_be_referenced);
        }
    }

    /// Enters an AMF0 date that begins at `start`.
    #[inline]
    pub(crate) fn register_amf0_date(&mut self, start: usize) {
        self.amf0_references.register_date(start, self.amf0_objects.next_index());
    }

    /// Resolves the number of an AMF0 reference that was just read.
    #[inline]
    pub(crate) fn resolve_amf0_reference(&mut self, number: u32) -> Amf0Referent {
        // Without dates and arguments all numberings agree. Most messages take this path.
        if self.amf0_references.dates.is_empty() && self.amf0_references.container.is_none() {
            return Amf0Referent::Object(SlotId { version: Version::Amf0, index: number });
        }
        self.resolve_ambiguous(number)
    }

    /// Resolves a number, and records its meaning under each other numbering.
    #[inline(never)]
    fn resolve_ambiguous(&mut self, number: u32) -> Amf0Referent {
        let mut referent = self.referent(self.amf0_references.numbering, number);
        let current = referent;
        for numbering in Amf0Numbering::ALL {
            let other = self.referent(numbering, number);
            if other.is_none() {
                self.amf0_references.excluded.insert(numbering);
            }
            if other != current {
                self.amf0_references.differing.insert(numbering);
            }
            if self.amf0_references.accepts_any {
                referent = referent.or(other);
            }
        }
        referent.unwrap_or_else(|| Amf0Referent::Object(SlotId::unresolved(number)))
    }

    /// Returns the referent of a number under a numbering, among the objects sent before the current offset.
    fn referent(&self, numbering: Amf0Numbering, number: u32) -> Option<Amf0Referent> {
        let objects = self.amf0_objects.next_index();
        self.amf0_references.referent(numbering, number, objects, self.offset())
    }

    /// Reads the date whose marker is at this offset.
    pub(crate) fn date_at(&self, position: u32) -> Result<f64, DecodeError> {
        let start = position as usize;
        match self.reader.slice(start, start + 1 + size_of::<f64>()) {
            [marker::DATE, millis @ ..] => {
                millis.try_into().map(f64::from_be_bytes).map_err(|_| missing_date(start))
            }
            _ => Err(missing_date(start)),
        }
    }

    /// Returns the error for a number that names nothing.
    #[cold]
    pub(crate) fn unresolved_error(&self, number: u32) -> DecodeError {
        let Amf0References { numbering, container, dates, .. } = &self.amf0_references;
        if number == 0 && container.is_some() && numbering.arguments_count {
            return self
                .custom_error("the reference leads to the array of arguments, which encloses all of them");
        }
        let dates = if numbering.dates_count {
            dates.partition_point(|date| (date.position as usize) < self.offset())
        } else {
            0
        };
        let uncounted = usize::from(container.is_some() && !numbering.arguments_count);
        let len = (self.amf0_objects.next_index() as usize + dates).saturating_sub(uncounted);
        self.error(DecodeErrorKind::Reference { table: "object", index: number as usize, len })
    }

    /// Discards everything that was read, except for the spent budgets.
    fn restart(&mut self) {
        while !self.resume_cursors.is_empty() {
            self.end_replay();
        }
        self.reader.seek(0);
        // Only messages that begin in AMF0 contain AMF0 references.
        self.mode = Mode::Amf0;
        self.amf0_objects = super::ReferenceTable::default();
        self.amf3_objects = super::ReferenceTable::default();
        self.strings = super::ReferenceTable::default();
        self.traits = super::ReferenceTable::default();
        self.cesu8_strings = super::Lazy::default();
        self.shared_objects = super::Lazy::default();
        self.reached_depth = 0;
        self.is_dry_run = false;
        self.switched = false;
        self.depth_left = self.limits().depth;
        self.replay_mark = 0;
    }
}

impl Mode {
    pub(crate) fn of(version: Version) -> Self {
        match version {
            Version::Amf0 => Self::Amf0,
            Version::Amf3 => Self::Amf3,
        }
    }
}

#[cold]
fn missing_date(start: usize) -> DecodeError {
    DecodeError::new(DecodeErrorKind::UnexpectedEnd { missing: 1 }, start)
}
