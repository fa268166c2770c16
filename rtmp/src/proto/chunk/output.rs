//! What waits to be sent.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Pieces up to this length are copied together; longer ones are passed on as they are.
const COPY_LIMIT: usize = 512;
/// No more than this is copied together: growing further would copy it again.
const COALESCE_LIMIT: usize = 16 << 10;

/// A queue of bytes to be sent, in pieces that fit a vectored write.
///
/// Small pieces are put together; large ones are shared, not copied.
#[derive(Debug, Default)]
pub struct Output {
    ready: VecDeque<Bytes>,
    tail: BytesMut,
    len: usize,
    taken: u64,
}

impl Output {
    /// Nothing to send.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none do.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes have been taken in all.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Where in all that was ever sent the queue ends.
    pub(crate) fn end_offset(&self) -> u64 {
        self.taken + self.len as u64
    }

    /// Adds bytes. They are copied.
    pub fn put(&mut self, bytes: &[u8]) {
        self.write(|tail| tail.extend_from_slice(bytes));
    }

    /// Adds bytes that are shared, unless there are so few that copying them is cheaper.
    pub fn put_shared(&mut self, bytes: Bytes) {
        if bytes.len() <= COPY_LIMIT {
            return self.put(&bytes);
        }
        self.push(bytes);
    }

    /// Adds bytes that are shared, however few.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.flush_tail();
        self.len += bytes.len();
        self.ready.push_back(bytes);
    }

    /// Adds a part of shared bytes.
    pub(super) fn put_range(&mut self, bytes: &Bytes, from: usize, to: usize) {
        if to - from <= COPY_LIMIT {
            self.put(bytes.get(from..to).unwrap_or_default());
        } else {
            self.put_shared(bytes.slice(from..to));
        }
    }

    /// Makes room at once for so many bytes that are about to be written, if they will be copied.
    pub(super) fn reserve_for_copy(&mut self, bytes: usize) {
        if bytes <= COPY_LIMIT {
            self.write(|tail| tail.reserve(bytes));
        }
    }

    /// The next piece, to be sent before all others.
    pub fn take(&mut self) -> Option<Bytes> {
        let piece = match self.ready.pop_front() {
            Some(piece) => piece,
            None if self.tail.is_empty() => return None,
            // Whole, so that an idle connection holds no buffer.
            None => std::mem::take(&mut self.tail).freeze(),
        };
        self.len -= piece.len();
        self.taken += piece.len() as u64;
        Some(piece)
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        *self = Self { taken: self.taken, ..Self::default() };
    }

    /// Adds what is written to the end.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut BytesMut)) {
        if self.tail.len() >= COALESCE_LIMIT {
            self.flush_tail();
        }
        let before = self.tail.len();
        write(&mut self.tail);
        self.len += self.tail.len() - before;
    }

    fn flush_tail(&mut self) {
        if !self.tail.is_empty() {
            self.ready.push_back(self.tail.split().freeze());
        }
    }
}
