//! Counters that several objects change at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Time over which rates are averaged, in seconds. A client may write as much at once, so that an object of the largest
/// size can be written after a pause.
pub(super) const RATE_WINDOW: usize = 8;

/// Something that is there in a number.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicUsize);

impl Counter {
    /// Returns `false`, and adds nothing, if there would be more than `max`. Two objects that grow at the same time never
    /// exceed it together.
    pub(super) fn try_add(&self, count: usize, max: usize) -> bool {
        count == 0
            || self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                    now.checked_add(count).filter(|sum| *sum <= max)
                })
                .is_ok()
    }

    pub(super) fn add(&self, count: usize) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn subtract(&self, count: usize) {
        let subtracted = |now: usize| Some(now.saturating_sub(count));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, subtracted);
    }

    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes that were written lately.
#[derive(Debug, Default)]
pub(super) struct WriteRate {
    pub(super) bytes: f64,
    pub(super) at: Option<Instant>,
}

impl WriteRate {
    fn advance(&mut self, rate: usize, now: Instant) {
        let elapsed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.bytes = (self.bytes - elapsed * rate as f64).max(0.0);
        self.at = Some(now);
    }

    pub(super) fn try_add(&mut self, bytes: usize, rate: usize, now: Instant) -> bool {
        self.advance(rate, now);
        let sum = self.bytes + bytes as f64;
        let fits = sum <= rate.saturating_mul(RATE_WINDOW) as f64;
        if fits {
            self.bytes = sum;
        }
        fits
    }
}
