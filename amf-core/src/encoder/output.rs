//! Bytes of a message, bounded by an output limit.
//!
//! A request of a few hundred kilobytes can decode to a value that takes gigabytes when it is written: AMF0 repeats
//! each string that AMF3 refers to. The limit is therefore checked by every write, before the buffer grows, and the
//! buffer never takes more than the limit. The check costs nothing extra: the capacity of the buffer never exceeds
//! the limit, so a write that fits the capacity fits the limit too, and only growing looks at it.
//!
//! Scalars are written by functions that cannot fail. A write that does not fit is dropped and remembered; the next
//! function that can fail reports it, at the latest the one that hands out the bytes.

use std::mem;

use crate::OutputLimit;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::wire::u29;

/// What most messages fit in, so that they are written without growing.
const INITIAL_CAPACITY: usize = 512;

#[derive(Debug)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    limit: OutputLimit,
    /// Bytes of `limit` that stand outside of this buffer.
    reserved: usize,
    overflowed: bool,
}

impl Output {
    pub(super) fn new(limit: OutputLimit) -> Self {
        let bytes = Vec::with_capacity(INITIAL_CAPACITY.min(limit.max));
        Self { bytes, limit, reserved: 0, overflowed: false }
    }

    /// Empties the buffer and sets another limit, which is shared with this many bytes elsewhere. The buffer is kept
    /// if the limit allows its capacity: most encoders are given a limit right after they were made.
    #[inline]
    pub(super) fn set_limit(&mut self, limit: OutputLimit, reserved: usize) {
        (self.limit, self.reserved) = (limit, reserved);
        let max = limit.max.saturating_sub(reserved);
        if self.bytes.capacity() > max {
            self.bytes = Vec::with_capacity(max);
        }
        self.clear();
    }

    pub(super) fn limit(&self) -> OutputLimit {
        self.limit
    }

    /// Bytes that are written here, and those that share the limit.
    #[cfg(feature = "serde")]
    pub(super) fn total_len(&self) -> usize {
        self.reserved + self.bytes.len()
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// An error if a write did not fit.
    #[inline]
    pub(super) fn check(&self) -> Result<(), EncodeError> {
        if self.overflowed { Err(self.too_large()) } else { Ok(()) }
    }

    #[cold]
    #[inline(never)]
    fn too_large(&self) -> EncodeError {
        EncodeError::new(EncodeErrorKind::OutputTooLarge { limit: self.limit.name, max: self.limit.max })
    }

    pub(super) fn into_bytes(self) -> Result<Vec<u8>, EncodeError> {
        self.check().map(|()| self.bytes)
    }

    /// Returns the bytes and leaves an empty buffer.
    #[inline]
    pub(super) fn take(&mut self) -> Result<Vec<u8>, EncodeError> {
        self.check().map(|()| mem::take(&mut self.bytes))
    }

    /// Empties the buffer and keeps its capacity.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.overflowed = self.reserved > self.limit.max;
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "it is most of what is written, and not much more than the call")]
    pub(super) fn byte(&mut self, byte: u8) {
        if self.room() >= 1 {
            self.bytes.push(byte);
        } else {
            self.grow_and_write(&[byte]);
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as `byte`; where the length is known, little more than a store")]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        if self.room() >= bytes.len() {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.grow_and_write(bytes);
        }
    }

    /// Writes the low 29 bits of a number.
    #[inline]
    pub(super) fn u29(&mut self, value: u32) {
        if self.room() >= u29::MAX_WIDTH {
            u29::write(&mut self.bytes, value);
        } else {
            self.grow_and_write_u29(value);
        }
    }

    /// What is left of the capacity. Writes in line check it once, so that what grows stays out of their way.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a subtraction")]
    fn room(&self) -> usize {
        self.bytes.capacity().wrapping_sub(self.bytes.len())
    }

    #[cold]
    #[inline(never)]
    fn grow_and_write(&mut self, bytes: &[u8]) {
        if self.grow(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_and_write_u29(&mut self, value: u32) {
        let width = u29::width(value);
        if self.room() >= width || self.grow(width) {
            u29::write(&mut self.bytes, value);
        }
    }

    /// Makes room for something large, as far as the limit allows.
    #[inline]
    pub(super) fn reserve(&mut self, bytes: usize) {
        if self.room() < bytes {
            let bytes = bytes.min(self.left());
            if self.room() < bytes {
                self.grow(bytes);
            }
        }
    }

    fn left(&self) -> usize {
        (self.limit.max.saturating_sub(self.reserved)).saturating_sub(self.bytes.len())
    }

    /// Grows by at least this much, or remembers that the limit does not allow it.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: usize) -> bool {
        const FAST_GROWTH_LIMIT: usize = 1 << 15;
        let left = self.left();
        if bytes > left {
            self.overflowed = true;
            return false;
        }
        let len = self.bytes.len();
        let wanted = if bytes / 4 > len.max(INITIAL_CAPACITY) {
            // A large value is often all that is to come; what stands before it and behind it is small.
            bytes + INITIAL_CAPACITY
        } else {
            let ahead = if len < FAST_GROWTH_LIMIT { len * 3 } else { len };
            bytes.max(ahead).max(INITIAL_CAPACITY)
        };
        self.bytes.reserve_exact(wanted.min(left));
        true
    }
}
