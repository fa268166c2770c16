//! The tagged form in which the foreign clients take and give values: what JSON has stands for
//! itself, the rest is an object with one tag. `Tagged.hx` and `tagged.py` say all of it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// `undefined`.
pub fn undefined() -> Value {
    json!({"$undefined": true})
}

/// A number by its bits, as numbers that are not whole are given.
pub fn double(number: f64) -> Value {
    if number.is_nan() {
        return json!({"$double": "nan"});
    }
    json!({"$double": format!("{:016x}", number.to_bits())})
}

/// The time in milliseconds, as [`date`] takes it.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

/// A date.
pub fn date(millis: i64) -> Value {
    json!({"$date": millis})
}

/// A byte array.
pub fn bytes(bytes: &[u8]) -> Value {
    json!({"$bytes": hex(bytes)})
}

/// An object with an alias or, in the report of a movie, of one of its classes.
pub fn class(name: &str, members: &Value) -> Value {
    json!({"$class": name, "members": members})
}

/// An array that has members by name.
pub fn ecma(members: &Value) -> Value {
    json!({"$ecma": members})
}

/// An array, object or collection that was met before.
pub fn same(number: usize) -> Value {
    json!({"$same": number})
}

/// Bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| DIGITS[usize::from(digit)]).collect()
}

/// Bytes out of hex, as packets are reported.
pub fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|index| u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).unwrap()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_bit() {
        assert_eq!(double(1.5), json!({"$double": "3ff8000000000000"}));
        assert_eq!(double(-0.0), json!({"$double": "8000000000000000"}));
        assert_eq!(double(-f64::NAN), json!({"$double": "nan"}));
    }

    #[test]
    fn hex_comes_back() {
        assert_eq!(unhex(&hex(&[0, 255, 16])), [0, 255, 16]);
    }
}
