//! Serialization of dynamic values with a limit that the program sets.

use serde_core::{Serialize, Serializer};

use super::{Tagged, plain};
use crate::{OutputLimit, Value};

/// Default limit on the output of a dynamic value in a format of serde.
pub(super) const DEFAULT_OUTPUT_LIMIT: OutputLimit = OutputLimit::new("json_bytes", 16 << 20);

/// Dynamic value that is serialized with a limit on its size.
///
/// A small AMF message can become a large document, because names are repeated in every object and shared values at
/// every reference. [`Value`] and [`Tagged`] have a limit of 16 MiB, named `json_bytes`; `Limited` sets another one.
/// The size is counted as that of compact JSON in which a number takes eight bytes. A value that exceeds the limit
/// results in an error of the format with the name of the limit. At most the name of the member that exceeds the
/// limit is written beyond it.
///
/// ```
/// use amf_core::{OutputLimit, Value, serde::{Limited, Tagged}};
///
/// let value = Value::from(vec!["hi".into(), "ho".into()]);
/// let limit = OutputLimit::new("log_bytes", 12);
/// assert_eq!(serde_json::to_string(&Limited::new(&value, limit))?, r#"["hi","ho"]"#);
///
/// let limit = OutputLimit::new("log_bytes", 8);
/// let error = serde_json::to_string(&Limited::new(Tagged(&value), limit)).unwrap_err();
/// assert_eq!(error.to_string(), "the output is larger than the limit `log_bytes` of 8 bytes");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Limited<T> {
    value: T,
    limit: OutputLimit,
}

impl<T> Limited<T> {
    /// Creates a value that is serialized within `limit`.
    pub fn new(value: T, limit: OutputLimit) -> Self {
        Self { value, limit }
    }
}

impl Serialize for Limited<&Value> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        plain::serialize_plainly(self.value, self.limit, serializer)
    }
}

impl Serialize for Limited<Tagged<&Value>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::tagged::serialize(self.value.0, self.limit, serializer)
    }
}
