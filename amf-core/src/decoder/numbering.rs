//! Resolution of AMF0 references, and reading of a message again under another numbering.
//!
//! Senders differ in what they count; see [`Amf0Numbering`]. Objects stand in the decoder's table of AMF0 objects,
//! the array of arguments among them, and dates in a list of their own, each with its place in the order of
//! everything. So a number can be resolved under any numbering, and nothing is numbered when it is met.
//!
//! The decision is one for the whole message. A decision for each reference could mix the numberings of two senders,
//! and would make silent mistakes where one numbering gives an error.

use super::{Mode, SlotId};
use crate::amf0::marker;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::numbering::NumberingSet;
use crate::{Amf0Numbering, Decoder, Version};

/// How the AMF0 references of a message are resolved, and what those that were met say about other numberings.
#[derive(Debug)]
pub(crate) struct Amf0References {
    numbering: Amf0Numbering,
    container: Option<Container>,
    /// In the order of the input. What is read again is not entered again.
    dates: Vec<DateEntry>,
    /// Numberings under which a reference so far names another object than under the one in force.
    differing: NumberingSet,
    /// Numberings under which a reference so far names nothing.
    excluded: NumberingSet,
    /// Numberings that may read what those tried so far could not.
    untried: NumberingSet,
    accepts_any: bool,
}

/// The first object, which some senders do not count, because it encloses the whole message.
#[derive(Clone, Copy, Debug)]
struct Container {
    /// Whether a reference may name it. One to the array of arguments is never meant.
    may_be_referenced: bool,
}

#[derive(Clone, Copy, Debug)]
struct DateEntry {
    /// The place in the order of objects and dates.
    place: u32,
    /// Where its marker stands.
    position: u32,
}

/// What an AMF0 reference names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amf0Referent {
    /// An object, or nothing: see [`SlotId::unresolved`].
    Object(SlotId),
    /// The date whose marker stands here.
    Date(u32),
}

impl Default for Amf0References {
    fn default() -> Self {
        Self::new(Amf0Numbering::FLASH_PLAYER)
    }
}

impl Amf0References {
    /// Creates the state before a message, with the numbering that is tried first.
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

    /// Says that the first object encloses the whole message.
    pub(crate) fn set_container(&mut self, may_be_referenced: bool) {
        self.container = Some(Container { may_be_referenced });
    }

    /// Enters a date that begins at `start`, behind so many objects.
    #[inline]
    pub(crate) fn register_date(&mut self, start: usize, objects: u32) {
        let position = start as u32;
        if self.dates.last().is_none_or(|last| last.position < position) {
            self.dates.push(DateEntry { place: objects + self.dates.len() as u32, position });
        }
    }

    /// What a number names under a numbering, of so many objects and of the dates that begin before `offset`.
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
    /// A table holds no more entries than the input has bytes.
    const UNRESOLVED_BIT: u32 = 1 << 31;

    /// The slot of a number that names nothing: no table has it.
    fn unresolved(number: u32) -> Self {
        Self { version: Version::Amf0, index: number | Self::UNRESOLVED_BIT }
    }

    /// The number in the reference that gave this slot, if it named nothing.
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

    /// The same without moving the decoder, which has read nothing yet.
    #[inline]
    pub(crate) fn prefer_amf0_numbering(&mut self, numbering: Amf0Numbering) {
        self.amf0_references.numbering = numbering;
    }

    /// Accepts each AMF0 reference that names something under any numbering.
    ///
    /// This is for passing over values, of which only the end is needed. A value that such a decoder reads may hold the
    /// wrong object.
    #[must_use]
    pub fn with_any_amf0_numbering(mut self) -> Self {
        self.amf0_references.accepts_any = true;
        self
    }

    /// Returns the numbering under which AMF0 references are resolved.
    pub fn amf0_numbering(&self) -> Amf0Numbering {
        self.amf0_references.numbering
    }

    /// Returns the numbering in force if the message so far shows that the sender uses it: another was tried before
    /// and failed, or a reference was met that means nothing under every numbering that would resolve it differently.
    pub fn shown_amf0_numbering(&self) -> Option<Amf0Numbering> {
        let references = &self.amf0_references;
        let was_retried = references.untried != NumberingSet::ALL;
        let is_proven =
            !references.differing.is_empty() && references.differing.without(references.excluded).is_empty();
        (was_retried || is_proven).then_some(references.numbering)
    }

    /// Reads a message with `read`, and again under another [numbering](Amf0Numbering) of AMF0 references if the
    /// message cannot be read under the first.
    ///
    /// `read` is called up to four times, each time with the decoder at the start of its input. All calls share one
    /// budget of [`Limits`](crate::Limits). A message whose references mean the same under every numbering is read
    /// once.
    ///
    /// # Errors
    /// The error of the first call, if none of them succeeds.
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

    /// Goes back to the start of the input, to read the message under another [numbering](Amf0Numbering) of AMF0
    /// references. Returns `false`, and does nothing, if no other numbering can read more than those tried so far.
    ///
    /// This is for readers that [`read_message`](Self::read_message) does not fit. The budgets of the
    /// [`Limits`](crate::Limits) are not restored.
    #[cold]
    pub fn restart_under_next_numbering(&mut self) -> bool {
        let references = &mut self.amf0_references;
        references.untried.remove(references.numbering);
        references.untried =
            references.untried.intersection(references.differing).without(references.excluded);
        let Some(next) = references.untried.first() else { return false };
        references.numbering = next;
        references.container = None;
        references.dates.clear();
        references.differing = NumberingSet::default();
        self.restart();
        true
    }

    /// Says that the AMF0 object of this index encloses the whole message, unless something stands before it: the
    /// arguments of a message of Flex are within an array of arguments of their own.
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
        if self.amf0_references.dates.is_empty() && self.amf0_references.container.is_none() {
            return Amf0Referent::Object(SlotId { version: Version::Amf0, index: number });
        }
        self.resolve_ambiguous(number)
    }

    /// Notes what the reference would mean under each other numbering.
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

    /// What a number names under a numbering, of what was sent before this place of the input.
    fn referent(&self, numbering: Amf0Numbering, number: u32) -> Option<Amf0Referent> {
        let objects = self.amf0_objects.next_index();
        self.amf0_references.referent(numbering, number, objects, self.offset())
    }

    /// Reads the date whose marker stands at this position.
    pub(crate) fn date_at(&self, position: u32) -> Result<f64, DecodeError> {
        let start = position as usize;
        match self.reader.slice(start, start + 1 + size_of::<f64>()) {
            [marker::DATE, millis @ ..] => {
                millis.try_into().map(f64::from_be_bytes).map_err(|_| missing_date(start))
            }
            _ => Err(missing_date(start)),
        }
    }

    /// Why a number names nothing.
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

    /// Forgets all that was read, but not what it cost.
    fn restart(&mut self) {
        while !self.resume_cursors.is_empty() {
            self.end_replay();
        }
        self.reader.seek(0);
        // Only a message that begins in AMF0 has AMF0 references.
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
