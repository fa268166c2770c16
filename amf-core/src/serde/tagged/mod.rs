//! Tagged form of dynamic values, which preserves all details.

mod read;
mod shared_objects;
mod write;

use std::borrow::Borrow;

use serde_core::de::Error as _;
use serde_core::ser::Error as _;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

use super::limited::DEFAULT_OUTPUT_LIMIT;
use super::{any_value, plain};
use crate::{OutputLimit, Value};

/// Member that marks an object as the representation of another type.
const TAG: &str = "$amf";

/// Maximum depth of the form of a value with 64 levels. A Dictionary takes three levels of the form for each of its
/// own.
const MAX_TAGGED_DEPTH: usize = 200;

/// Dynamic value in a form that preserves all details, for JSON and other formats of serde.
///
/// Null, Booleans, strings, finite numbers, arrays without named members, and anonymous objects are written as such.
/// An integer is written without a fraction (`2`), a Number with one (`2.0`). Every other value is an object whose
/// member `$amf` denotes the type:
///
/// | `$amf` | other members |
/// |---|---|
/// | `undefined`, `unsupported` | |
/// | `number` | `value`: `"NaN"`, `"Infinity"`, `"-Infinity"`, `"-0"` |
/// | `date` | `millis` |
/// | `xml`, `xmlDocument` | `text` |
/// | `bytes` | `base64` |
/// | `array` | `items`; `members`: the named elements |
/// | `ecmaArray` | `length`, `members` |
/// | `object` | `alias`; `sealed`: the names of the sealed members; `dynamic` beside `sealed`: true if other members are allowed; `members`: the sealed ones first |
/// | `vector` | `of`: `int`, `uint`, `Number`, `Object`; `class`, for `Object`; `fixed`; `items` |
/// | `dictionary` | `weak`; `entries`: pairs of key and value |
/// | `external` | `alias`; `parts`: each `{"base64": …}` or `{"value": …}` |
/// | `ref` | `id`: the object with this `id` |
/// | `ancestor` | `id`: the enclosing object with this `id` |
///
/// Members with default values are omitted. An object that is referred to also has an `id`; plain arrays and objects
/// are written in their tagged form then. An anonymous object with a member named `$amf` is written in the tagged
/// form too. If two members have the same name, `members` is a list of pairs.
///
/// Reading restores the value that was written, including the order of members if the format preserves it. In formats
/// that sort members, as `serde_json::Value` does, a reference may precede its object, and is resolved all the same.
/// Only a cycle that is referred to from outside may then be broken at another place.
///
/// The format must distinguish `2` from `2.0` and represent doubles exactly; `serde_json` needs its feature
/// `float_roundtrip`. More than 64 levels are an error in both directions, and so is an output of more than 16 MiB
/// ([`Limited`](super::Limited) sets another limit). `serde_json` reads at most 128 levels of JSON, which a value of
/// 43 levels may need.
///
/// ```
/// use amf_core::{Date, Object, Value, serde::Tagged};
///
/// let value = Value::from(Object::typed("Room").with("opened", Date::from_millis(0.0)));
/// let json = serde_json::to_string(&Tagged(&value))?;
/// assert_eq!(
///     json,
///     r#"{"$amf":"object","alias":"Room","members":{"opened":{"$amf":"date","millis":0}}}"#,
/// );
/// let Tagged(back) = serde_json::from_str::<Tagged<Value>>(&json)?;
/// assert_eq!(back, value);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tagged<T>(pub T);

impl<T: Borrow<Value>> Serialize for Tagged<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.0.borrow(), DEFAULT_OUTPUT_LIMIT, serializer)
    }
}

/// Serializes the tagged form of a value within a limit.
pub(super) fn serialize<S: Serializer>(
    value: &Value,
    limit: OutputLimit,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let form = write::tagged(value, limit).map_err(S::Error::custom)?;
    plain::serialize_exactly(&form, MAX_TAGGED_DEPTH, limit, serializer)
}

impl<'de> Deserialize<'de> for Tagged<Value> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = any_value::deserialize_with_depth(MAX_TAGGED_DEPTH, deserializer)?;
        read::untagged(&form).map(Tagged).map_err(D::Error::custom)
    }
}
