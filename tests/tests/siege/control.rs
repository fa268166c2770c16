//! How late this process itself is, so that a stalled machine is not taken for a stalled server.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(10);

/// A thread that sleeps in a loop, and notes how much later than it should it went on.
pub(crate) struct Control {
    late: Arc<Mutex<Vec<(Instant, Duration)>>>,
}

impl Control {
    pub(crate) fn start() -> Self {
        let late = Arc::<Mutex<Vec<_>>>::default();
        let control = Self { late: Arc::clone(&late) };
        thread::spawn(move || {
            // Ends with the test.
            while Arc::strong_count(&late) > 1 {
                let start = Instant::now();
                thread::sleep(INTERVAL);
                let lateness = start.elapsed().saturating_sub(INTERVAL);
                if lateness > INTERVAL {
                    late.lock().unwrap().push((Instant::now(), lateness));
                }
            }
        });
        control
    }

    /// The longest delay that ended after `start`.
    pub(crate) fn latest_since(&self, start: Instant) -> Duration {
        let late = self.late.lock().unwrap();
        let since = late.iter().filter(|(end, _)| *end >= start).map(|(_, lateness)| *lateness);
        since.max().unwrap_or_default()
    }
}
