//! Outcomes of calls whose replies are not with the protocol yet.

use std::collections::VecDeque;

/// Outcomes in the order in which their calls completed, with the bytes that they hold.
///
/// An outcome is charged from the moment at which it exists. A peer that sends calls and reads no replies would
/// otherwise make the connection hold as many replies as there are calls in flight, of any size.
#[derive(Debug)]
pub(super) struct CompletedCalls<T> {
    outcomes: VecDeque<(T, usize)>,
    bytes: usize,
    max_bytes: usize,
}

impl<T> CompletedCalls<T> {
    /// Returns an empty queue, which is full as soon as it holds more than `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { outcomes: VecDeque::new(), bytes: 0, max_bytes }
    }

    pub(super) fn len(&self) -> usize {
        self.outcomes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// Returns the bytes that the outcomes hold.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns `true` if no further call should be run and no further input be read until replies have been written.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > self.max_bytes
    }

    pub(super) fn push(&mut self, outcome: T, bytes: usize) {
        self.bytes += bytes;
        self.outcomes.push_back((outcome, bytes));
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let (outcome, bytes) = self.outcomes.pop_front()?;
        self.bytes -= bytes;
        Some(outcome)
    }

    pub(super) fn clear(&mut self) {
        self.outcomes.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_full_from_the_first_byte_over_the_limit() {
        let mut completed = CompletedCalls::new(10);
        completed.push('a', 4);
        completed.push('b', 6);
        assert_eq!((completed.bytes(), completed.is_full()), (10, false));
        completed.push('c', 1);
        assert!(completed.is_full());
        assert_eq!((completed.pop(), completed.bytes(), completed.is_full()), (Some('a'), 7, false));
        completed.clear();
        assert_eq!((completed.pop(), completed.bytes()), (None, 0));
    }
}
