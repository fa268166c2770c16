//! Instant in time, as represented by ActionScript's `Date`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Instant in milliseconds since 1970-01-01 UTC. Negative values are earlier; NaN is an invalid date.
///
/// ```
/// use amf_core::Date;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let date = Date::from(UNIX_EPOCH + Duration::from_millis(1_500));
/// assert_eq!(date.as_millis(), 1_500.0);
/// assert_eq!(date.to_system_time(), Some(UNIX_EPOCH + Duration::from_millis(1_500)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Date(f64);

impl Date {
    /// Creates a date from milliseconds since the epoch.
    pub const fn from_millis(millis: f64) -> Self {
        Self(millis)
    }

    /// Returns the current time, in whole milliseconds.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Returns the milliseconds since the epoch.
    pub const fn as_millis(self) -> f64 {
        self.0
    }

    /// Converts to a `SystemTime`. Returns `None` if the date is invalid or out of range.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::try_from_secs_f64((self.0 / 1_000.0).abs()).ok()?;
        let millis = Duration::from_millis(u64::try_from((distance.as_micros() + 500) / 1_000).ok()?);
        if self.0 < 0.0 { UNIX_EPOCH.checked_sub(millis) } else { UNIX_EPOCH.checked_add(millis) }
    }
}

impl From<SystemTime> for Date {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(after.as_millis() as f64),
            Err(before) => Self(-(before.duration().as_millis() as f64)),
        }
    }
}
