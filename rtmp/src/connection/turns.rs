//! Turns between the peer, the program, and the clock, so that none of them can starve another.

/// Steps after which the clock is checked: a peer that always has something to read must not put off what is due.
const STEPS_PER_CLOCK_CHECK: u8 = 64;
/// Bytes that are read before other tasks have their turn: a peer that floods must not hold up the connections on the
/// same thread.
const READ_BUDGET: usize = 32 << 10;

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turns {
    is_outbound_first: bool,
    /// Since the clock was checked.
    steps: u8,
    /// Bytes since other tasks had their turn.
    read: usize,
}

impl Turns {
    /// Returns `true` if the program's messages come before the peer's, which is so every other time.
    pub(super) fn is_outbound_first(&mut self) -> bool {
        self.is_outbound_first = !self.is_outbound_first;
        self.is_outbound_first
    }

    /// Returns `true` if other tasks have their turn now.
    pub(super) fn has_read(&mut self, bytes: usize) -> bool {
        self.read += bytes;
        let is_spent = self.read >= READ_BUDGET;
        if is_spent {
            self.read = 0;
        }
        is_spent
    }

    /// Returns `true` if the clock is to be checked now.
    pub(super) fn has_stepped(&mut self) -> bool {
        self.steps += 1;
        self.steps >= STEPS_PER_CLOCK_CHECK
    }

    /// Records that the clock was checked.
    pub(super) fn clock_checked(&mut self) {
        self.steps = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_and_peer_take_turns() {
        let mut turns = Turns::default();
        assert_eq!([(); 3].map(|()| turns.is_outbound_first()), [true, false, true]);
    }

    #[test]
    fn others_have_their_turn_after_32_kib() {
        let mut turns = Turns::default();
        assert_eq!([READ_BUDGET - 1, 1, 1].map(|bytes| turns.has_read(bytes)), [false, true, false]);
    }

    #[test]
    fn the_clock_is_checked_every_64_steps() {
        let mut turns = Turns::default();
        assert!(!(1..STEPS_PER_CLOCK_CHECK).any(|_| turns.has_stepped()));
        assert!(turns.has_stepped());
        turns.clock_checked();
        assert!(!turns.has_stepped());
    }
}
