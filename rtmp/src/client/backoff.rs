//! How long to wait before the next try.

use std::time::Duration;

/// How a client tries again when its connection was lost.
///
/// The first try comes after `initial_delay`; each one after that waits twice as long, but no longer than `max_delay`. Of each time
/// a random part of up to a half is left out, so that the clients of a server that was away do not all come at once.
///
/// ```
/// use std::time::Duration;
///
/// use amf_rtmp::Backoff;
///
/// let patient = Backoff::new().initial_delay(Duration::from_secs(1)).max_delay(Duration::from_mins(2)).max_attempts(20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    initial_delay: Duration,
    max_delay: Duration,
    max_attempts: u32,
}

impl Backoff {
    /// Half a second, one, two, and so on up to 30 s, for ever.
    pub fn new() -> Self {
        Self {
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_attempts: u32::MAX,
        }
    }

    /// What the first try waits for, at most. Default 0.5 s.
    #[must_use]
    pub fn initial_delay(self, initial_delay: Duration) -> Self {
        Self { initial_delay, ..self }
    }

    /// What any try waits for, at most. Default 30 s.
    #[must_use]
    pub fn max_delay(self, max_delay: Duration) -> Self {
        Self { max_delay, ..self }
    }

    /// How many tries there are before the client gives up. They are counted anew when a connection lasted for
    /// [`max_delay`](Self::max_delay). Default `u32::MAX`, which is for ever.
    #[must_use]
    pub fn max_attempts(self, max_attempts: u32) -> Self {
        Self { max_attempts, ..self }
    }

    /// Whether a connection that lasted for so long was a success.
    pub(super) fn is_success(&self, lasted: Duration) -> bool {
        lasted >= self.max_delay
    }

    /// How long this try waits, counted from 1; nothing where it is one too many. `random` is from 0 up to 1.
    pub(super) fn delay(&self, attempt: u32, random: f64) -> Option<Duration> {
        if attempt > self.max_attempts && self.max_attempts < u32::MAX {
            return None;
        }
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let max = self.initial_delay.saturating_mul(doubled).min(self.max_delay);
        Some(max.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let backoff = Backoff::new()
            .initial_delay(Duration::from_secs(1))
            .max_delay(Duration::from_secs(5))
            .max_attempts(5);
        let delays = |random| (1..=6).map(|attempt| backoff.delay(attempt, random)).collect::<Vec<_>>();
        assert_eq!(
            delays(0.0),
            [1, 2, 4, 5, 5].map(Duration::from_secs).map(Some).into_iter().chain([None]).collect::<Vec<_>>()
        );
        let halves = [500, 1000, 2000, 2500, 2500].map(Duration::from_millis).map(Some);
        assert_eq!(delays(1.0), halves.into_iter().chain([None]).collect::<Vec<_>>());
        let unlimited = Backoff::new();
        assert_eq!(unlimited.delay(u32::MAX, 0.0), Some(Duration::from_secs(30)));
    }
}
