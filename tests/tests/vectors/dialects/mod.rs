//! How each source says in JSON what a vector holds.

pub(crate) mod amfphp;
pub(crate) mod blazeds;
pub(crate) mod flash_lso;
pub(crate) mod py3amf;
pub(crate) mod pyamf;
pub(crate) mod rocketamf;

use serde_json::{Map, Value as Json};

use crate::expected::Expected;

/// What all dialects have in common.
fn plain(json: &Json, other: impl Fn(&Map<String, Json>) -> Expected + Copy) -> Expected {
    match json {
        Json::Null => Expected::Null,
        Json::Bool(value) => Expected::Bool(*value),
        Json::Number(number) => Expected::Number(number.as_f64().unwrap()),
        Json::String(text) => Expected::Text(text.clone()),
        Json::Array(items) => Expected::List(items.iter().map(|item| plain(item, other)).collect()),
        Json::Object(object) => other(object),
    }
}

/// Milliseconds since 1970 of `2005-03-18T01:58:31.123456`, which is UTC.
fn millis(date: &str) -> f64 {
    let numbers: Vec<f64> = date
        .split(['-', 'T', ':', '.'])
        .map(|number| number.parse().unwrap_or_else(|_| panic!("{date} is no date")))
        .collect();
    let [year, month, day, hour, minute, second, ..] = numbers[..] else { panic!("{date} is no date") };
    let fraction = date.split_once('.').map_or(0.0, |(_, digits)| format!("0.{digits}").parse().unwrap());
    let seconds = ((days(year as i64, month as i64, day as i64) as f64 * 24.0 + hour) * 60.0 + minute) * 60.0;
    (seconds + second + fraction) * 1_000.0
}

/// Days since 1970-01-01: those of whole years, which begin in March so that the leap day is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[test]
fn dates_are_milliseconds() {
    assert_eq!(millis("1970-01-01T00:00:00"), 0.0);
    assert_eq!(millis("2000-03-01T00:00:01.5"), 951_868_801_500.0);
    assert_eq!(millis("1969-12-31T23:59:59"), -1_000.0);
}
