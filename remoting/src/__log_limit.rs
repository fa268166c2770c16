//! Rate limits on log lines that a peer can cause.
//!
//! A client in a loop would otherwise fill the disk, and hide every other line.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use crate::{
    __error_limited as error_limited, __info_limited as info_limited, __warn_limited as warn_limited,
};

/// Rate limit on the lines of one place: ten at once, then one every ten seconds.
#[derive(Debug, Default)]
pub struct LogLimiter {
    /// Until when the lines so far take up the rate, in nanoseconds since the first use of any limiter.
    busy_until: AtomicU64,
    suppressed: AtomicU64,
}

impl LogLimiter {
    /// Lines that are written at once.
    pub const BURST: u64 = 10;
    /// Time after which a further line is written.
    pub const INTERVAL: Duration = Duration::from_secs(10);

    /// Creates a limiter that has written no line.
    pub const fn new() -> Self {
        Self { busy_until: AtomicU64::new(0), suppressed: AtomicU64::new(0) }
    }

    /// Decides on a line. If it is to be written, returns how many were suppressed since the last one.
    pub fn admit(&self) -> Option<u64> {
        static START: OnceLock<Instant> = OnceLock::new();
        self.admit_at(START.get_or_init(Instant::now).elapsed())
    }

    /// The same at a time, which no earlier call exceeded by much.
    fn admit_at(&self, now: Duration) -> Option<u64> {
        const INTERVAL: u64 = nanos(LogLimiter::INTERVAL);
        const TOLERANCE: u64 = INTERVAL * (LogLimiter::BURST - 1);
        let now = nanos(now);
        let admitted = self.busy_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |busy_until| {
            let start = busy_until.max(now);
            (start - now <= TOLERANCE).then(|| start.saturating_add(INTERVAL))
        });
        if admitted.is_ok() {
            return Some(self.suppressed.swap(0, Ordering::Relaxed));
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// Enough for 584 years.
const fn nanos(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos() as u64)
}

/// Writes a line as `tracing::warn!` does, at the rate of a [`LogLimiter`] of this place. The field `suppressed` is the
/// number of lines that were left out since the last one.
#[doc(hidden)]
#[macro_export]
macro_rules! __warn_limited {
    ($($line:tt)+) => { $crate::__log_limited!(warn, $($line)+) };
}

/// The same for `tracing::error!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __error_limited {
    ($($line:tt)+) => { $crate::__log_limited!(error, $($line)+) };
}

/// The same for `tracing::info!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __info_limited {
    ($($line:tt)+) => { $crate::__log_limited!(info, $($line)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __log_limited {
    (after $suppressed:ident, $level:ident, $($line:tt)+) => {
        // No field where nothing was suppressed.
        ::tracing::$level!(suppressed = ($suppressed > 0).then_some($suppressed), $($line)+)
    };
    ($level:ident, $($line:tt)+) => {{
        static LIMITER: $crate::__log_limit::LogLimiter = $crate::__log_limit::LogLimiter::new();
        if let ::core::option::Option::Some(suppressed) = LIMITER.admit() {
            $crate::__log_limited!(after suppressed, $level, $($line)+);
        }
    }};
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000 + seconds)
    }

    #[test]
    fn ten_lines_at_once_then_one_in_ten_seconds() {
        let limiter = LogLimiter::new();
        for _ in 0..LogLimiter::BURST {
            assert_eq!(limiter.admit_at(at(0)), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(limiter.admit_at(at(0)), None);
        }
        assert_eq!(limiter.admit_at(at(9)), None);
        assert_eq!(limiter.admit_at(at(10)), Some(6), "the lines that were left out");
        assert_eq!(limiter.admit_at(at(10)), None);
        assert_eq!(limiter.admit_at(at(20)), Some(1));
        assert_eq!(limiter.admit_at(at(30)), Some(0));
    }

    #[test]
    fn after_a_rest_there_are_ten_again() {
        let limiter = LogLimiter::new();
        while limiter.admit_at(at(0)).is_some() {}
        let admitted = (0..20).filter(|_| limiter.admit_at(at(1_000)).is_some()).count();
        assert_eq!(admitted as u64, LogLimiter::BURST);
    }

    #[test]
    fn a_line_says_how_many_were_suppressed_before_it() {
        let log = Arc::<Mutex<Vec<u8>>>::default();
        let writer = Arc::clone(&log);
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || Writer(Arc::clone(&writer)));
        tracing::subscriber::with_default(subscriber.finish(), || {
            for suppressed in [0, 7] {
                __log_limited!(after suppressed, warn, number = 3, "a line");
            }
        });
        let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = log.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(lines, ["a line number=3", "a line suppressed=7 number=3"]);
    }

    struct Writer(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn threads_together_write_no_more() {
        let limiter = LogLimiter::new();
        let lines = || (0..1_000).filter_map(|_| limiter.admit_at(at(0))).count() as u64;
        let written: u64 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(lines)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(written, LogLimiter::BURST);
    }
}
