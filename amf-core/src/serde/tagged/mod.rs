//! The form of dynamic values that keeps everything.

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

/// The member that says that an object stands for something else.
const TAG: &str = "$amf";

/// Levels that the form of a value of 64 levels takes: a Dictionary takes three for one of its own.
const MAX_TAGGED_DEPTH: usize = 200;

/// A dynamic value in a form that keeps everything, for JSON and every other format of serde.
///
/// Null, Booleans, strings, finite numbers, arrays without named members and anonymous objects stand for
/// themselves; an integer is written without a fraction (`2`), a Number with one (`2.0`). Everything else is
/// an object whose member `$amf` says what it is:
///
/// | `$amf` | other members |
/// |---|---|
/// | `undefined`, `unsupported` | |
/// | `number` | `value`: `"NaN"`, `"Infinity"`, `"-Infinity"`, `"-0"` |
/// | `date` | `millis` |
/// | `xml`, `xmlDocument` | `text` |
/// | `bytes` | `base64` |
/// | `array` | `items`; `members`, the named ones |
/// | `ecmaArray` | `length`, `members` |
/// | `object` | `alias`; `sealed`, the names of the sealed members; `dynamic` beside `sealed`, true if there can be others; `members`, the sealed ones first |
/// | `vector` | `of`: `int`, `uint`, `Number`, `Object`; `class` of the latter; `fixed`; `items` |
/// | `dictionary` | `weak`; `entries`: pairs of key and value |
/// | `external` | `alias`; `parts`: each `{"base64": …}` or `{"value": …}` |
/// | `ref` | `id`: the same object as the one that has this `id` |
/// | `ancestor` | `id`: the object around this one that has this `id` |
///
/// Members that would say nothing are left out. An object that is referred to has an `id` besides, plain
/// arrays and objects too, in long form then; so has an anonymous object with a member of the name `$amf`.
/// Where two members have one name, `members` is a list of pairs.
///
/// Reading gives back what was written, order of members included where the format keeps it. Where it sorts
/// them, as `serde_json::Value` does, a reference may stand before its object, which is found all the same; only
/// a cycle that is referred to from before it may then be cut at another place. It expects a
/// format that tells `2` from `2.0`, and exact doubles: `serde_json` needs its feature `float_roundtrip`. More
/// than 64 levels are an error both ways, and so are more than 16 MiB in writing ([`Limited`](super::Limited)); note that `serde_json` reads 128 levels of JSON alone, which a value
/// of 43 levels may need.
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

/// Writes the tagged form of a value within a limit.
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
