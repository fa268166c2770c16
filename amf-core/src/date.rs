//! A moment, as ActionScript's `Date` holds it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01 UTC; negative before it, not a number for an invalid date.
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
    /// A date of this many milliseconds since the epoch.
    pub const fn from_millis(millis: f64) -> Self {
        Self(millis)
    }

    /// The current time, in whole milliseconds.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> f64 {
        self.0
    }

    /// The same moment as a `SystemTime`; `None` where it is invalid or out of that type's range.
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
