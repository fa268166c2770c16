//! Attempts to log in of one packet, or of one connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A packet takes less time, and a connection may last.
const WINDOW: Duration = Duration::from_mins(1);

/// Counter of the attempts that the clones of one caller make.
#[derive(Default)]
pub(super) struct LoginAttempts(Mutex<Window>);

#[derive(Default)]
struct Window {
    start: Option<Instant>,
    attempts: usize,
}

impl LoginAttempts {
    /// Counts an attempt.
    ///
    /// # Errors
    /// The time after which to try again, if there were as many as `max` within a minute.
    pub(super) fn begin(&self, max: usize) -> Result<(), Duration> {
        let now = Instant::now();
        let mut window = self.lock();
        let elapsed = window.start.map_or(WINDOW, |start| now.saturating_duration_since(start));
        if elapsed >= WINDOW {
            *window = Window { start: Some(now), attempts: 0 };
        }
        if window.attempts >= max {
            return Err(WINDOW.saturating_sub(elapsed.min(WINDOW)).max(Duration::from_secs(1)));
        }
        window.attempts += 1;
        Ok(())
    }

    /// Takes back an attempt that was refused for another reason.
    pub(super) fn take_back(&self) {
        let mut window = self.lock();
        window.attempts = window.attempts.saturating_sub(1);
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
