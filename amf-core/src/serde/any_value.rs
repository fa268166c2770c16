//! Deserialization of a dynamic value from any format.

use std::fmt;

use serde_core::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_core::{Deserialize, Deserializer};

use super::plain::key_name;
use crate::Limits;
use crate::value::{DynamicMembers, Value};

/// Deserializes any data. Integers that fit in 32 bits become integers, and larger ones become doubles; an integer
/// beyond 2^53 is an error. Sequences become arrays, and maps become anonymous objects. The maximum depth is 64
/// levels.
///
/// ```
/// use amf_core::{Value, Version, to_vec};
///
/// let value: Value = serde_json::from_str(r#"{"seats": 8}"#)?;
/// assert_eq!(to_vec(Version::Amf3, &value)?, b"\x0A\x0B\x01\x0Bseats\x04\x08\x01");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_with_depth(Limits::default().depth, deserializer)
    }
}

/// Deserializes a value with at most `depth` levels.
pub(super) fn deserialize_with_depth<'de, D: Deserializer<'de>>(
    depth: usize,
    deserializer: D,
) -> Result<Value, D::Error> {
    AnyValue { depth }.deserialize(deserializer)
}

/// Seed for any value with at most `depth` levels.
#[derive(Clone, Copy)]
struct AnyValue {
    depth: usize,
}

impl AnyValue {
    fn descend<E: serde_core::de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => Err(E::custom("the value is nested too deeply")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde_core::de::Error>(self, value: i64) -> Result<Value, E> {
        self.visit_i128(value.into())
    }

    fn visit_u64<E: serde_core::de::Error>(self, value: u64) -> Result<Value, E> {
        self.visit_i128(value.into())
    }

    fn visit_i128<E: serde_core::de::Error>(self, value: i128) -> Result<Value, E> {
        if let Ok(integer) = i32::try_from(value) {
            return Ok(Value::Integer(integer));
        }
        if value.unsigned_abs() > 1 << 53 {
            return Err(E::custom(format_args!(
                "{value} is beyond 2^53, where a Number is no longer exact; send it as a string"
            )));
        }
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::from(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::from(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut members = DynamicMembers::new();
        while let Some(key) = map.next_key_seed(inner)? {
            let Some(name) = key_name(&key) else {
                let kind = key.type_name();
                return Err(A::Error::custom(format_args!("expected a key that can be a name, got {kind}")));
            };
            members.insert(name, map.next_value_seed(inner)?);
        }
        Ok(Value::from(members))
    }
}
