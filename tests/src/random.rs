//! Values chosen when a test runs, so that no answer can be known beforehand.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A small generator (`SplitMix64`). It prints its seed, which a failed test shows.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator with a seed of the operating system.
    pub fn new() -> Self {
        let seed = RandomState::new().build_hasher().finish();
        println!("random seed {seed:#x}");
        Self::from_seed(seed)
    }

    /// The generator that printed `seed`.
    pub fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low) + 1;
        low.wrapping_add_unsigned(self.bits() % span)
    }

    /// A number that is not whole.
    pub fn fraction(&mut self) -> f64 {
        (self.between(-1_000_000_000, 1_000_000_000) * 2 + 1) as f64 / 1024.0
    }

    /// Milliseconds since 1970 of some moment between 1900 and 2100.
    pub fn millis(&mut self) -> i64 {
        self.between(-2_208_988_800_000, 4_102_444_800_000)
    }

    /// Text of `length` characters out of several scripts, with an emoji, which takes four bytes.
    pub fn text(&mut self, length: usize) -> String {
        const LETTERS: [char; 12] = ['a', 'Z', '7', ' ', 'é', 'ß', 'Ω', 'ж', 'ש', '語', '\u{301}', '😀'];
        (0..length).map(|_| LETTERS[self.bits() as usize % LETTERS.len()]).collect()
    }

    /// A name of lower-case letters that no other player is likely to have.
    pub fn name(&mut self) -> String {
        (0..12).map(|_| char::from(b'a' + (self.bits() % 26) as u8)).collect()
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}
