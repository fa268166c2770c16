//! Parsing of `timeout = "5m"`, the timeout of a method.

use std::time::Duration;

use syn::LitStr;

use crate::attr::Setting;
use crate::errors::Errors;

/// Units and their factors in milliseconds. `ms` precedes `s`, which is a suffix of it.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

const EXAMPLES: &str = "`\"250ms\"`, `\"30s\"`, `\"5m\"`, `\"1h\"`, or `\"none\"` for no limit";

/// Returns the value of the setting, or [`Duration::MAX`] for no limit.
pub(crate) fn parse(setting: &Setting, errors: &mut Errors) -> Option<Duration> {
    let literal = setting.string(errors)?;
    match duration(&literal) {
        Ok(timeout) => Some(timeout),
        Err(message) => {
            errors.at(&literal, message);
            None
        }
    }
}

fn duration(literal: &LitStr) -> Result<Duration, String> {
    let text = literal.value();
    if text == "none" {
        return Ok(Duration::MAX);
    }
    let unreadable =
        || format!("`{text}` is not a timeout: write a whole number and its unit, as in {EXAMPLES}");
    let (digits, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| text.strip_suffix(name).map(|digits| (digits, *unit)))
        .ok_or_else(unreadable)?;
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(unreadable());
    }
    let too_long = || format!("`{text}` is too long for a timeout: write `\"none\"` for no limit");
    let number: u64 = digits.parse().map_err(|_overflow| too_long())?;
    match number.checked_mul(unit).ok_or_else(too_long)? {
        0 => Err(format!("a call that waits needs some time: write {EXAMPLES}")),
        milliseconds => Ok(Duration::from_millis(milliseconds)),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn of(text: &str) -> Result<Duration, String> {
        duration(&LitStr::new(text, Span::call_site()))
    }

    #[test]
    fn units() {
        assert_eq!(of("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(of("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(of("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(of("1h"), Ok(Duration::from_hours(1)));
        assert_eq!(of("none"), Ok(Duration::MAX));
    }

    #[test]
    fn what_is_no_timeout() {
        for text in ["", "30", "s", "ms", "-1s", "+1s", "1.5s", "1 s", "5min", "1m30s", "1d", "None", "١s"] {
            let message = of(text).unwrap_err();
            assert!(message.starts_with(&format!("`{text}` is not a timeout")), "{message}");
        }
        // 2^64 is 18,446,744,073,709,551,616: the first text has too many milliseconds, the second too many
        // hours.
        for text in ["18446744073709551616ms", "18446744073709551615h"] {
            let message = of(text).unwrap_err();
            assert!(message.contains("too long"), "{message}");
        }
        assert!(of("0s").unwrap_err().starts_with("a call that waits needs some time"));
    }
}
