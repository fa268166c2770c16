//! Date of a dynamic value, which may have identity.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::Date;

/// Date in a [`Value`](super::Value).
///
/// In AMF3 a date is an object (AMF3 §3.10). A sender that holds one `Date` in two places sends the date once,
/// followed by a reference. Clones of a date that was read from such a message are written the same way. Dates
/// without references, dates of AMF0, and dates created from a [`Date`] have no identity.
///
/// Dates are equal if their instants are equal.
///
/// ```
/// use amf_core::{Date, SharedDate, Value, Version, from_slice, to_vec};
///
/// // AMF3: an array of a date and a reference to it.
/// let bytes = [0x09, 0x05, 0x01, 0x08, 0x01, 0xBF, 0xF0, 0, 0, 0, 0, 0, 0, 0x08, 0x02];
/// let value: Value = from_slice(Version::Amf3, &bytes)?;
/// let items = value.as_list().unwrap_or_default();
/// assert_eq!(items[0], Value::Date(SharedDate::from(Date::from_millis(-1.0))));
/// assert_eq!(to_vec(Version::Amf3, &value)?, bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct SharedDate {
    date: Date,
    /// Allocation whose address identifies the date. Most dates have none.
    identity: Option<Arc<()>>,
}

impl SharedDate {
    /// Creates a date whose clones are written as references to one object.
    pub(crate) fn with_identity(date: Date) -> Self {
        Self { date, identity: Some(Arc::new(())) }
    }

    #[inline]
    pub(crate) fn identity(&self) -> Option<&Arc<()>> {
        self.identity.as_ref()
    }

    /// Returns the date, without identity.
    pub fn date(&self) -> Date {
        self.date
    }
}

impl From<Date> for SharedDate {
    fn from(date: Date) -> Self {
        Self { date, identity: None }
    }
}

impl Deref for SharedDate {
    type Target = Date;

    fn deref(&self) -> &Date {
        &self.date
    }
}

impl PartialEq for SharedDate {
    fn eq(&self, other: &Self) -> bool {
        self.date == other.date
    }
}

impl fmt::Debug for SharedDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)
    }
}
