//! The strings written so far, found by content. The table points into the output and copies nothing.
//!
//! A table of its own, because a miss is allowed: what is not found is written again. So nothing is random, the
//! same values always give the same bytes, and a peer that chooses strings that collide gains nothing but their
//! repetition.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

#[derive(Debug)]
pub(crate) struct Strings {
    /// A power of two of places, more than half of them empty; or none.
    places: Vec<Entry>,
    entered: usize,
    hasher: FixedState,
    next: u32,
    /// Bytes of the longest string that is looked up.
    pub(crate) longest: usize,
}

/// Nothing, where the length is 0: the empty string is never entered.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    hash: u32,
    start: u32,
    length: u32,
    index: u32,
}

/// A longer string is told by its ends. The whole is compared before it is taken for the same.
const ENDS: usize = 64;
/// How many places are tried for an entry.
const TRIES: usize = 16;
const FEWEST_PLACES: usize = 64;

impl Default for Strings {
    fn default() -> Self {
        Self { places: Vec::new(), entered: 0, hasher: FixedState::default(), next: 0, longest: usize::MAX }
    }
}

impl Strings {
    /// The place of text that was written before; otherwise the text takes the next one, and its bytes must be
    /// written at `start`.
    #[inline]
    pub(crate) fn find_or_enter(&mut self, out: &[u8], start: usize, text: &str) -> Option<u32> {
        let index = self.next;
        self.next += 1;
        if text.len() > self.longest {
            return None;
        }
        if self.entered * 2 >= self.places.len() {
            self.grow();
        }
        let hash = self.hash(text.as_bytes());
        let mask = self.places.len() - 1;
        for distance in distances() {
            let place = self.places.get_mut((hash as usize).wrapping_add(distance) & mask)?;
            if place.hash == hash && place.is(text, out) {
                self.next = index;
                return Some(place.index);
            }
            if place.length == 0 {
                let (start, length) = (u32::try_from(start).ok()?, text.len() as u32);
                *place = Entry { hash, start, length, index };
                self.entered += 1;
                return None;
            }
        }
        self.enter_crowded(Entry {
            hash,
            start: u32::try_from(start).ok()?,
            length: text.len() as u32,
            index,
        });
        None
    }

    /// Enters what found no place. Where that is not because the table is rather full, the strings were chosen
    /// to collide, and this one is left out.
    #[cold]
    #[inline(never)]
    fn enter_crowded(&mut self, entry: Entry) {
        if self.entered * 16 >= self.places.len() {
            self.grow();
            self.enter(entry);
        }
    }

    fn enter(&mut self, entry: Entry) {
        let mask = self.places.len() - 1;
        let mut tried = distances().map(|distance| (entry.hash as usize).wrapping_add(distance) & mask);
        let free = tried.find(|place| self.places.get(*place).is_some_and(|place| place.length == 0));
        if let Some(place) = free.and_then(|place| self.places.get_mut(place)) {
            *place = entry;
            self.entered += 1;
        }
    }

    /// Forgets every string, and keeps the room for others.
    pub(crate) fn clear(&mut self) {
        self.places.fill(Entry::default());
        self.entered = 0;
        self.next = 0;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let places = (self.places.len() * 4).max(FEWEST_PLACES);
        let before = std::mem::replace(&mut self.places, vec![Entry::default(); places]);
        self.entered = 0;
        for entry in before.into_iter().filter(|entry| entry.length > 0) {
            self.enter(entry);
        }
    }

    #[inline]
    fn hash(&self, text: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        match (text.first_chunk::<ENDS>(), text.last_chunk::<ENDS>()) {
            (Some(first), Some(last)) if text.len() > 2 * ENDS => {
                hasher.write(first);
                hasher.write(last);
                hasher.write_usize(text.len());
            }
            _ => hasher.write(text),
        }
        hasher.finish() as u32
    }
}

/// From where the hash points: farther each time, so that full places do not lie side by side.
#[inline]
fn distances() -> impl Iterator<Item = usize> {
    (0..TRIES).map(|step| step * (step + 1) / 2)
}

impl Entry {
    #[inline]
    fn is(&self, text: &str, out: &[u8]) -> bool {
        let written = out.get(self.start as usize..).and_then(|rest| rest.get(..self.length as usize));
        written == Some(text.as_bytes())
    }
}
