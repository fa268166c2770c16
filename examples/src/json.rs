//! Conversion of JSON to AMF values, for arguments on the command line.

use amf_remoting::{DynamicMembers, Value};

/// Converts JSON to an AMF value. Whole numbers that fit into an `i32` become [`Value::Integer`].
pub fn to_value(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number
            .as_i64()
            .and_then(|number| i32::try_from(number).ok())
            .map_or_else(|| Value::Number(number.as_f64().unwrap_or(f64::NAN)), Value::Integer),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(to_value).collect(),
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (name.as_str(), to_value(value)))
            .collect::<DynamicMembers>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_every_kind_of_json() {
        let json = serde_json::json!([null, true, 7, 2.5, 5_000_000_000_u64, "x", {"a": [1]}]);
        let value = to_value(&json);
        assert_eq!(format!("{value:?}"), r#"[null, true, 7, 2.5, 5000000000.0, "x", {a: [1]}]"#);
    }
}
