//! Dates in the formats of serde.

use std::fmt;

use serde_core::de::Visitor;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

use super::plain;
use crate::Date;

/// Name of a newtype whose number is encoded as an AMF date. Other formats encode the number.
pub(super) const DATE_NEWTYPE: &str = "amf_core::Date";

/// Serializes the milliseconds since 1970 as a number. The serializer of this crate writes a date.
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(DATE_NEWTYPE, &plain::IntegerIfWhole(self.as_millis()))
    }
}

/// Deserializes milliseconds since 1970. The deserializer of this crate accepts dates as well.
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(DATE_NEWTYPE, DateVisitor)
    }
}

struct DateVisitor;

impl<'de> Visitor<'de> for DateVisitor {
    type Value = Date;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("milliseconds since 1970")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Date, D::Error> {
        f64::deserialize(deserializer).map(Date::from_millis)
    }

    fn visit_f64<E>(self, millis: f64) -> Result<Date, E> {
        Ok(Date::from_millis(millis))
    }

    fn visit_i64<E>(self, millis: i64) -> Result<Date, E> {
        Ok(Date::from_millis(millis as f64))
    }

    fn visit_u64<E>(self, millis: u64) -> Result<Date, E> {
        Ok(Date::from_millis(millis as f64))
    }
}
