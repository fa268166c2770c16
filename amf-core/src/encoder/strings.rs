//! Table of the strings written so far, found by content or by the address of their `Arc`. The table points into the
//! output and copies no text.
//!
//! At first a long string is hashed by its two ends only, with a fixed seed, which suffices for ordinary data. A peer
//! can choose strings that have the same hash and differ in the middle. If such strings were written again at each
//! occurrence, a request of 190 kB would cause a reply of 246 MB. If all of them were compared at each occurrence,
//! the request would occupy the processor for seconds. The table is therefore rehashed when two different strings of
//! the same hash and length meet, or when strings crowd a nearly empty table: over whole strings, with a random key
//! that no peer knows. From then on every repetition is found with one hash and one comparison.
//!
//! The hash determines only where a string is searched, and never what is written. The same values therefore always
//! produce the same bytes.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::work;

/// Strings of one message, in an open-addressing hash table.
#[derive(Debug)]
pub(crate) struct StringTable {
    /// Entries. The length is a power of two, or zero before the first string. At most half of the entries are used.
    buckets: Vec<StringEntry>,
    len: usize,
    hasher: FixedState,
    /// Keyed hasher of whole strings. Present after strings collided in this message.
    keyed_hasher: Option<RandomState>,
    next: u32,
    /// Maximum length in bytes of strings that are looked up.
    pub(crate) max_len: usize,
    /// Long shared strings and their indices by address. The strings are held, so that no other string can receive an
    /// address.
    ///
    /// Boxed, because most messages have none, and the encoder is moved.
    shared: Option<Box<SharedStrings>>,
}

type SharedStrings = HashMap<usize, (u32, Arc<str>)>;

/// String of the output. A length of 0 marks a free entry, because the empty string has no index.
#[derive(Clone, Copy, Debug, Default)]
struct StringEntry {
    hash: u32,
    start: u32,
    length: u32,
    index: u32,
}

/// Number of bytes hashed at each end of a long string. Strings of equal hash are compared as a whole.
const HASHED_END_BYTES: usize = 64;
/// Minimum length of shared strings that are found by address. Shorter strings are found by content in the same time.
const MIN_SHARED_LEN: usize = 2 * HASHED_END_BYTES;
/// Maximum number of entries that are probed before the table is rehashed.
const MAX_PROBES: usize = 16;
const MIN_BUCKETS: usize = 64;
/// Size up to which tables grow by a factor of four. Larger ones double, so that they stay in proportion to the
/// output.
const FAST_GROWTH_BUCKETS: usize = 1 << 12;
/// Maximum ratio of size to entries of a table that is kept for the next message. Clearing a larger table would take
/// longer than writing a small message.
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
    /// Returns the index of a string that was written before. Otherwise inserts it with the next index and returns
    /// `None`; the caller must then write the bytes of the string at offset `start` of the output.
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
                // Two different strings of one hash and length: with a hash of 32 bits this is rare in
                // ordinary data, and cheap for an attacker to construct.
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
        // The string is looked up again below, so its index is returned first.
        self.next = index;
        if !collides && self.len * MAX_KEPT_BUCKETS_PER_ENTRY >= self.buckets.len() {
            // Probing took long because the table is nearly half full, which happens in ordinary data too.
            // Rehashing would cost more than growing.
            self.grow();
            return self.find_or_insert(out, start, text);
        }
        self.resolve_collision(out, start, text)
    }

    /// Finds or inserts a string for which the cheap hash is not sufficient.
    #[cold]
    #[inline(never)]
    fn resolve_collision(&mut self, out: &[u8], start: usize, text: &str) -> Option<u32> {
        let index = self.next;
        self.next += 1;
        self.hash_anew(out);
        self.find_or_insert_keyed(out, start, text, index)
    }

    /// Replaces the hash of each entry by the keyed hash of its whole content.
    ///
    /// Each string is read once, so the cost is bounded by the bytes written so far. It occurs at most once for each
    /// message.
    fn hash_anew(&mut self, out: &[u8]) {
        // `RandomState` has a random key: collisions under it cannot be computed in advance.
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

    /// Does the same as [`find_or_insert`](Self::find_or_insert), with the keyed hash of whole strings.
    fn find_or_insert_keyed(&mut self, out: &[u8], start: usize, text: &str, index: u32) -> Option<u32> {
        let hash = hash_whole(self.keyed_hasher.as_ref()?, text.as_bytes());
        let mask = self.buckets.len().checked_sub(1)?;
        // Terminates: half of the entries are free, and the probes visit every entry before they repeat one.
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

    /// Returns the index of a long shared string that was written before.
    pub(crate) fn find_shared(&self, text: &Arc<str>) -> Option<u32> {
        work::count(1);
        self.shared.as_ref()?.get(&Arc::as_ptr(text).addr()).map(|(index, _)| *index)
    }

    /// Records the address of a shared string that was just found or inserted with this index.
    pub(crate) fn insert_shared(&mut self, text: &Arc<str>, index: u32) {
        self.shared.get_or_insert_default().insert(Arc::as_ptr(text).addr(), (index, Arc::clone(text)));
    }

    /// Returns `true` if a shared string is looked up by address instead of content.
    #[inline]
    pub(crate) fn is_found_by_address(&self, text: &str) -> bool {
        text.len() > MIN_SHARED_LEN && text.len() <= self.max_len
    }

    /// Returns the index of the next new string.
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

    /// Removes all strings. The capacity is kept, unless it is far larger than was needed.
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
            // All texts of one length that differ only in the middle have the same hash here; `find_or_insert`
            // detects that.
        }
        hasher.finish() as u32
    }
}

fn hash_whole(hasher: &RandomState, text: &[u8]) -> u32 {
    work::count_bytes(text.len());
    hasher.hash_one(text) as u32
}

/// Returns the distances of the probes from the hashed position: 0, 1, 3, 6, … Growing steps keep used entries from
/// clustering. In a table whose size is a power of two, these triangular numbers visit every entry.
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
