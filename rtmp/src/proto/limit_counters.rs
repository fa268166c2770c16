//! How often limits were exceeded.

/// Counts by the names of limits. Nearly all connections pass none, and then this takes no memory.
#[derive(Debug, Default)]
pub(super) struct LimitCounters(Vec<(&'static str, u64)>);

impl LimitCounters {
    #[cold]
    pub(super) fn add(&mut self, limit: &'static str) {
        match self.0.iter_mut().find(|(name, _)| *name == limit) {
            Some((_, count)) => *count += 1,
            None => self.0.push((limit, 1)),
        }
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().copied()
    }
}
