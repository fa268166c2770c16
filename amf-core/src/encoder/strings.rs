//! The strings written so far, found by content. The table points into the output and copies nothing.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

#[derive(Debug, Default)]
pub(crate) struct Strings {
    table: HashTable<Entry>,
    // Seeded at random: a peer that chooses strings cannot choose where they collide.
    hasher: DefaultHashBuilder,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: usize,
    length: usize,
    hash: u64,
    index: u32,
}

impl Strings {
    #[inline]
    pub(crate) fn find(&self, out: &[u8], text: &str) -> Option<u32> {
        let found = self.table.find(self.hasher.hash_one(text), |entry| {
            out.get(entry.start..entry.start + entry.length) == Some(text.as_bytes())
        });
        found.map(|entry| entry.index)
    }

    /// Enters text whose bytes are about to be written at the end of `out`.
    #[inline]
    pub(crate) fn enter(&mut self, out: &[u8], text: &str) {
        let hash = self.hasher.hash_one(text);
        let entry = Entry { start: out.len(), length: text.len(), hash, index: self.next };
        self.table.insert_unique(hash, entry, |entry| entry.hash);
        self.next += 1;
    }
}
