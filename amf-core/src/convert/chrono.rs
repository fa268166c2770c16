//! Conversion between dates and the types of chrono (feature `chrono`).
//!
//! An AMF date is an instant, so only `DateTime` is supported. `NaiveDateTime` is not an instant; convert it with a
//! time zone first (`naive.and_utc()`).

use chrono::{DateTime, TimeZone, Utc};

use crate::error::{DecodeError, EncodeError};
use crate::{Date, Decoder, Encoder, FromAmf, ToAmf};

/// Converts to the same instant in whole milliseconds. Fractions of a millisecond are truncated.
///
/// ```
/// use amf_core::Date;
/// use chrono::{DateTime, FixedOffset, Utc};
///
/// let noon: DateTime<FixedOffset> = "2024-05-01T12:00:00+02:00".parse()?;
/// let date = Date::from(noon);
/// assert_eq!(date.as_millis(), 1_714_557_600_000.0);
/// assert_eq!(DateTime::<Utc>::try_from(date)?.to_rfc3339(), "2024-05-01T10:00:00+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<Tz: TimeZone> From<DateTime<Tz>> for Date {
    fn from(moment: DateTime<Tz>) -> Self {
        Self::from_millis(moment.timestamp_millis() as f64)
    }
}

/// Error for a date that `DateTime` cannot represent: an invalid date, or one beyond the year ±262,000.
///
/// ```
/// use amf_core::{Date, DateOutOfRangeError};
/// use chrono::{DateTime, Utc};
///
/// let invalid = Date::from_millis(f64::NAN);
/// let DateOutOfRangeError(date) = DateTime::<Utc>::try_from(invalid).unwrap_err();
/// assert!(date.as_millis().is_nan());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DateOutOfRangeError(
    /// The date that was converted.
    pub Date,
);

impl std::fmt::Display for DateOutOfRangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected a moment, got the date {}", self.0.as_millis())
    }
}

impl std::error::Error for DateOutOfRangeError {}

/// Converts to the same instant, rounded to the nearest millisecond.
impl TryFrom<Date> for DateTime<Utc> {
    type Error = DateOutOfRangeError;

    fn try_from(date: Date) -> Result<Self, DateOutOfRangeError> {
        let millis = date.as_millis().round();
        // The cast saturates beyond the range of `DateTime`. It turns NaN into 0, which the filter rejects.
        let moment = DateTime::from_timestamp_millis(millis as i64);
        moment.filter(|_| !millis.is_nan()).ok_or(DateOutOfRangeError(date))
    }
}

impl FromAmf<'_> for DateTime<Utc> {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Self::try_from(Date::from_amf(decoder)?).map_err(|error| decoder.custom_error(error.to_string()))
    }
}

impl<Tz: TimeZone> ToAmf for DateTime<Tz> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.date(Date::from(self.clone()));
        Ok(())
    }
}
