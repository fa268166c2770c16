//! The strings written so far, found by content or by the address of their `Arc`. The table points into the output
//! and copies nothing.
//!
//! At first a long string is hashed by its ends alone, with a fixed seed, which is enough for strings that nobody
//! chose. A peer can choose strings that have one hash and differ in the middle. Were such a string written again at
//! each mention, a request of 190 kB would get a reply of 246 MB; were all of them compared at each mention, the
//! processor would be busy for seconds. So the first time that two different strings of one hash and one length meet,
//! or that strings crowd a table that is nearly empty, the table is hashed anew: whole strings, with a random key
//! that no peer knows. From then on every repetition is found again, with one hash and one comparison.
//!
//! How a string is hashed decides where it is searched and never what is written, so the same values always give the
//! same bytes.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::work;

#[derive(Debug)]
pub(crate) struct StringTable {
    /// A power of two of buckets, more than half of them empty; or none.
    buckets: Vec<StringEntry>,
    len: usize,
    hasher: FixedState,
    /// Hashes whole strings, once strings have collided in this message.
    keyed_hasher: Option<RandomState>,
    next: u32,
    /// Bytes of the longest string that is looked up.
    pub(crate) max_len: usize,
    /// Long shared strings by address, with their places. They are kept, so that each address stays its own.
    ///
    /// Boxed, because most messages have none.
    shared: Option<Box<SharedStrings>>,
}

type SharedStrings = HashMap<usize, (u32, Arc<str>)>;

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
/// Shorter strings are found by content in no more time than by address.
const MIN_SHARED_LEN: usize = 2 * HASHED_END_BYTES;
/// How many places are tried for an entry before the table is hashed anew.
const MAX_PROBES: usize = 16;
const MIN_BUCKETS: usize = 64;
/// Tables above this size double, so that they stay in proportion to the output.
const FAST_GROWTH_BUCKETS: usize = 1 << 12;
/// A table that is larger than this times its entries is not kept for the next message: emptying it would cost more
/// than writing a small message does.
const MAX_KEPT_BUCKETS_PER_ENTRY: usize = 16;

impl Default for StringTable {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            len: 0,
            hasher: FixedState::default(),
            keyed_hasher: None,
            next: 0,
            max_len: usize::MAX,
            shared: None,
        }
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
        if self.keyed_hasher.is_some() {
            return self.find_or_insert_keyed(out, start, text, index);
        }
        let hash = self.hash(text.as_bytes());
        let mask = self.buckets.len() - 1;
        let mut collides = false;
        for distance in probe_offsets().take(MAX_PROBES) {
            work::count(1);
            let place = self.buckets.get_mut((hash as usize).wrapping_add(distance) & mask)?;
            if place.hash == hash && place.length as usize == text.len() {
                if !place.matches(text, out) {
                    collides = true;
                    break;
                }
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
        self.next = index;
        if !collides && self.len * MAX_KEPT_BUCKETS_PER_ENTRY >= self.buckets.len() {
            // By chance: the table is rather full.
            self.grow();
            return self.find_or_insert(out, start, text);
        }
        self.resolve_collision(out, start, text)
    }

    /// Finds or enters what found no place by the cheap hash.
    #[cold]
    #[inline(never)]
    fn resolve_collision(&mut self, out: &[u8], start: usize, text: &str) -> Option<u32> {
        let index = self.next;
        self.next += 1;
        self.hash_anew(out);
        self.find_or_insert_keyed(out, start, text, index)
    }

    /// Replaces the hash of each entry by that of its whole content. Each string is read once, so the cost is bounded
    /// by what has been written; it is paid at most once for each message.
    fn hash_anew(&mut self, out: &[u8]) {
        let hasher = RandomState::new();
        let buckets = self.buckets.len();
        let entries = std::mem::replace(&mut self.buckets, vec![StringEntry::default(); buckets]);
        work::count(buckets);
        self.len = 0;
        for mut entry in entries.into_iter().filter(|entry| entry.length > 0) {
            entry.hash = hash_whole(&hasher, entry.content(out));
            self.insert(entry);
        }
        self.keyed_hasher = Some(hasher);
    }

    /// The same as [`find_or_insert`](Self::find_or_insert) by the hash of whole strings.
    fn find_or_insert_keyed(&mut self, out: &[u8], start: usize, text: &str, index: u32) -> Option<u32> {
        let hash = hash_whole(self.keyed_hasher.as_ref()?, text.as_bytes());
        let mask = self.buckets.len().checked_sub(1)?;
        // There is always an empty bucket, and every bucket is tried before one is tried again.
        for distance in probe_offsets() {
            work::count(1);
            let place = self.buckets.get_mut((hash as usize).wrapping_add(distance) & mask)?;
            if place.hash == hash && place.length as usize == text.len() && place.matches(text, out) {
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
        None
    }

    /// The place of a long shared string, by its address.
    pub(crate) fn find_shared(&self, text: &Arc<str>) -> Option<u32> {
        work::count(1);
        self.shared.as_ref()?.get(&Arc::as_ptr(text).addr()).map(|(index, _)| *index)
    }

    /// Remembers the address of a shared string that was just found or entered at this place.
    pub(crate) fn insert_shared(&mut self, text: &Arc<str>, index: u32) {
        self.shared.get_or_insert_default().insert(Arc::as_ptr(text).addr(), (index, Arc::clone(text)));
    }

    /// Whether a shared string is better found by address than by content.
    #[inline]
    pub(crate) fn is_found_by_address(&self, text: &str) -> bool {
        text.len() > MIN_SHARED_LEN && text.len() <= self.max_len
    }

    /// The place that the next new string takes.
    pub(crate) fn next_index(&self) -> u32 {
        self.next
    }

    fn insert(&mut self, entry: StringEntry) {
        let mask = self.buckets.len() - 1;
        let mut tried = probe_offsets().map(|distance| (entry.hash as usize).wrapping_add(distance) & mask);
        let free = tried.find(|place| {
            work::count(1);
            self.buckets.get(*place).is_none_or(|place| place.length == 0)
        });
        if let Some(place) = free.and_then(|place| self.buckets.get_mut(place)) {
            *place = entry;
            self.len += 1;
        }
    }

    /// Forgets every string, and keeps the room for others, unless there is far more than was needed.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.next > 0 {
            self.clear_tables();
        }
    }

    fn clear_tables(&mut self) {
        if self.buckets.len() > MIN_BUCKETS.max(self.len * MAX_KEPT_BUCKETS_PER_ENTRY) {
            self.buckets = Vec::new();
        }
        work::count(self.buckets.len());
        self.buckets.fill(StringEntry::default());
        self.len = 0;
        self.next = 0;
        self.keyed_hasher = None;
        self.shared = None;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let factor = if self.buckets.len() < FAST_GROWTH_BUCKETS { 4 } else { 2 };
        let buckets = (self.buckets.len() * factor).max(MIN_BUCKETS);
        work::count(self.buckets.len());
        let before = std::mem::replace(&mut self.buckets, vec![StringEntry::default(); buckets]);
        self.len = 0;
        for entry in before.into_iter().filter(|entry| entry.length > 0) {
            self.insert(entry);
        }
    }

    #[inline]
    fn hash(&self, text: &[u8]) -> u32 {
        work::count_bytes(text.len().min(2 * HASHED_END_BYTES));
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

fn hash_whole(hasher: &RandomState, text: &[u8]) -> u32 {
    work::count_bytes(text.len());
    hasher.hash_one(text) as u32
}

/// From where the hash points: farther each time, so that full places do not lie side by side. In a table of a power
/// of two of buckets these are all of them.
#[inline]
fn probe_offsets() -> impl Iterator<Item = usize> {
    (0_usize..).scan(0_usize, |offset, step| {
        *offset = offset.wrapping_add(step);
        Some(*offset)
    })
}

impl StringEntry {
    fn content<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        out.get(self.start as usize..).and_then(|rest| rest.get(..self.length as usize)).unwrap_or_default()
    }

    #[inline]
    fn matches(&self, text: &str, out: &[u8]) -> bool {
        work::count_bytes(text.len());
        let written = out.get(self.start as usize..).and_then(|rest| rest.get(..self.length as usize));
        written == Some(text.as_bytes())
    }
}
