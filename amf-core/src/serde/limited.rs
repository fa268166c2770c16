//! Dynamic values in serde's formats with a limit of the program's own.

use serde_core::{Serialize, Serializer};

use super::{Tagged, plain};
use crate::{OutputLimit, Value};

/// What a dynamic value may come to in a format of serde where nothing else is said.
pub(super) const DEFAULT_OUTPUT_LIMIT: OutputLimit = OutputLimit::new("json_bytes", 16 << 20);

/// A dynamic value that is written in a format of serde with a limit on its size.
///
/// A small message can be a large document: names stand with every object, and what is shared is written each time.
/// [`Value`] and [`Tagged`] have a limit of 16 MiB by themselves, named `json_bytes`; `Limited` sets another one. The
/// size is counted as that of compact JSON in which a number takes eight bytes. A value that is too large is an error
/// of the format with the limit's name, and nothing is written beyond it but the name of the member that exceeds it.
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
    /// Creates a value that is written within the limit.
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
