//! Output buffer of a message, bounded by an output limit.
//!
//! A request of a few hundred kilobytes can decode to a value that takes gigabytes when it is written, because AMF0
//! repeats each string that AMF3 refers to. Every write is therefore checked before the buffer grows, and the buffer
//! never exceeds the limit. The check has no cost of its own: the capacity of the buffer never exceeds the limit, so
//! a write that fits the capacity also fits the limit, and only growing compares with it.
//!
//! Scalars are written by functions that cannot fail. A write that does not fit is dropped and recorded. The next
//! fallible function returns the error, at the latest the one that returns the bytes.

use std::mem;

use crate::OutputLimit;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::wire::u29;

/// Initial capacity, large enough for most messages.
const INITIAL_CAPACITY: usize = 512;

#[derive(Debug)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    limit: OutputLimit,
    /// Bytes of `limit` that are used outside of this buffer.
    reserved: usize,
    overflowed: bool,
}

impl Output {
    pub(super) fn new(limit: OutputLimit) -> Self {
        let bytes = Vec::with_capacity(INITIAL_CAPACITY.min(limit.max));
        Self { bytes, limit, reserved: 0, overflowed: false }
    }

    /// Clears the buffer and sets another limit, of which `reserved` bytes are used elsewhere. The buffer is kept if
    /// the limit allows its capacity: most encoders receive a limit immediately after their creation.
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

    /// Returns the number of bytes in this buffer and in those that share its limit.
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

    /// Returns an error if a write did not fit.
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

    /// Clears the buffer and keeps its capacity.
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

    /// Returns the remaining capacity. Inlined writes check it once, and the code that grows the buffer stays out of
    /// line.
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

    /// Reserves capacity for a large value, as far as the limit allows.
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

    /// Grows the buffer by at least `bytes`. Returns `false` and records the overflow if the limit does not allow
    /// that.
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
            // A large value is often the only one. The values before and after it are small, so doubling
            // would waste memory.
            bytes + INITIAL_CAPACITY
        } else {
            let ahead = if len < FAST_GROWTH_LIMIT { len * 3 } else { len };
            bytes.max(ahead).max(INITIAL_CAPACITY)
        };
        self.bytes.reserve_exact(wanted.min(left));
        true
    }
}
