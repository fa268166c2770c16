//! Formatting of dates as ISO 8601.

use std::fmt;

const MILLIS_PER_DAY: i64 = 86_400_000;
/// Range of ActionScript's `Date` around 1970, in milliseconds.
const MAX_DATE_MILLIS: f64 = 8.64e15;

/// Milliseconds since 1970, displayed as ISO 8601 in UTC, such as `2005-03-18T01:58:31.120Z`. An invalid date, and
/// one with a fraction of a millisecond, is displayed as a number.
pub(crate) struct Iso8601(pub(crate) f64);

impl fmt::Display for Iso8601 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Comparisons with NaN are false.
        let is_exact = self.0.abs() <= MAX_DATE_MILLIS && self.0.fract() == 0.0;
        if !is_exact {
            return write!(f, "{:?} ms", self.0);
        }
        let millis = self.0 as i64;
        let (year, month, day) = civil_from_days(millis.div_euclid(MILLIS_PER_DAY));
        match year {
            0..=9_999 => write!(f, "{year:04}")?,
            _ => write!(f, "{year:+07}")?,
        }
        let time = millis.rem_euclid(MILLIS_PER_DAY);
        let (hours, minutes, seconds) = (time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60);
        write!(f, "-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")?;
        match time % 1_000 {
            0 => f.write_str("Z"),
            rest => write!(f, ".{rest:03}Z"),
        }
    }
}

/// Converts a number of days since 1970-01-01 to year, month and day.
///
/// Years begin in March here, so that the leap day is the last day of a year. All periods of 400 years have the same
/// length.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    /// Days from 0000-03-01 to 1970-01-01.
    const EPOCH_DAYS: i64 = 719_468;
    let (era, day) =
        ((days + EPOCH_DAYS).div_euclid(DAYS_PER_ERA), (days + EPOCH_DAYS).rem_euclid(DAYS_PER_ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `date --utc --date=@SECONDS --iso-8601=seconds`, and ECMA-262 §21.4.1.1 for the ends.
    #[test]
    fn dates_are_formatted_as_iso_8601() {
        for (millis, expected) in [
            (0.0, "1970-01-01T00:00:00Z"),
            (-1.0, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000.0, "2000-02-29T00:00:00Z"),
            (951_868_799_000.0, "2000-02-29T23:59:59Z"),
            (951_868_800_000.0, "2000-03-01T00:00:00Z"),
            (1_111_111_111_120.0, "2005-03-18T01:58:31.120Z"),
            (4_107_542_400_000.0, "2100-03-01T00:00:00Z"),
            (-62_167_219_200_000.0, "0000-01-01T00:00:00Z"),
            (-62_167_219_200_001.0, "-000001-12-31T23:59:59.999Z"),
            (8.64e15, "+275760-09-13T00:00:00Z"),
            (-8.64e15, "-271821-04-20T00:00:00Z"),
            (0.5, "0.5 ms"),
            (8.7e15, "8700000000000000.0 ms"),
            (f64::NAN, "NaN ms"),
            (f64::INFINITY, "inf ms"),
        ] {
            assert_eq!(Iso8601(millis).to_string(), expected);
        }
    }
}
