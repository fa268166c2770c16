//! The strings written so far, found by content. The table points into the output and copies nothing.
//!
//! A table of its own, because a miss is allowed: what is not found is written again. So nothing is random, the
//! same values always give the same bytes, and a peer that chooses strings that collide gains nothing but their
//! repetition.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

#[derive(Debug)]
pub(crate) struct StringTable {
    /// A power of two of buckets, more than half of them empty; or none.
    buckets: Vec<StringEntry>,
    len: usize,
    hasher: FixedState,
    next: u32,
    /// Bytes of the longest string that is looked up.
    pub(crate) max_len: usize,
}

/// Nothing, where the length is 0: the empty string is never entered.
#[derive(Clone, Copy, Debug, Default)]
struct StringEntry {
    hash: u32,
    start: u32,
    length: u32,
    index: u32,
}

/// A longer string is told by its ends. The whole is compared before it is taken for the same.
const HASHED_END_BYTES: usize = 64;
/// How many places are tried for an entry.
const MAX_PROBES: usize = 16;
const MIN_BUCKETS: usize = 64;

impl Default for StringTable {
    fn default() -> Self {
        Self { buckets: Vec::new(), len: 0, hasher: FixedState::default(), next: 0, max_len: usize::MAX }
    }
}

impl StringTable {
    /// The place of text that was written before; otherwise the text takes the next one, and its bytes must be
    /// written at `start`.
    #[inline]
    pub(crate) fn find_or_insert(&mut self, out: &[u8], start: usize, text: &str) -> Option<u32> {
        let index = self.next;
        self.next += 1;
        if text.len() > self.max_len {
            return None;
        }
        if self.len * 2 >= self.buckets.len() {
            self.grow();
        }
        let hash = self.hash(text.as_bytes());
        let mask = self.buckets.len() - 1;
        for distance in probe_offsets() {
            let place = self.buckets.get_mut((hash as usize).wrapping_add(distance) & mask)?;
            if place.hash == hash && place.matches(text, out) {
                self.next = index;
                return Some(place.index);
            }
            if place.length == 0 {
                let (start, length) = (u32::try_from(start).ok()?, text.len() as u32);
                *place = StringEntry { hash, start, length, index };
                self.len += 1;
                return None;
            }
        }
        self.insert_crowded(StringEntry {
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
    fn insert_crowded(&mut self, entry: StringEntry) {
        if self.len * 16 >= self.buckets.len() {
            self.grow();
            self.insert(entry);
        }
    }

    fn insert(&mut self, entry: StringEntry) {
        let mask = self.buckets.len() - 1;
        let mut tried = probe_offsets().map(|distance| (entry.hash as usize).wrapping_add(distance) & mask);
        let free = tried.find(|place| self.buckets.get(*place).is_some_and(|place| place.length == 0));
        if let Some(place) = free.and_then(|place| self.buckets.get_mut(place)) {
            *place = entry;
            self.len += 1;
        }
    }

    /// Forgets every string, and keeps the room for others.
    pub(crate) fn clear(&mut self) {
        self.buckets.fill(StringEntry::default());
        self.len = 0;
        self.next = 0;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let buckets = (self.buckets.len() * 4).max(MIN_BUCKETS);
        let before = std::mem::replace(&mut self.buckets, vec![StringEntry::default(); buckets]);
        self.len = 0;
        for entry in before.into_iter().filter(|entry| entry.length > 0) {
            self.insert(entry);
        }
    }

    #[inline]
    fn hash(&self, text: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        match (text.first_chunk::<HASHED_END_BYTES>(), text.last_chunk::<HASHED_END_BYTES>()) {
            (Some(first), Some(last)) if text.len() > 2 * HASHED_END_BYTES => {
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
fn probe_offsets() -> impl Iterator<Item = usize> {
    (0..MAX_PROBES).map(|step| step * (step + 1) / 2)
}

impl StringEntry {
    #[inline]
    fn matches(&self, text: &str, out: &[u8]) -> bool {
        let written = out.get(self.start as usize..).and_then(|rest| rest.get(..self.length as usize));
        written == Some(text.as_bytes())
    }
}
