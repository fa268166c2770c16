//! Part of a value that keeps the enclosing value alive.

use std::fmt;
use std::ops::Deref;

use super::Value;
use crate::error::EncodeError;
use crate::{Encoder, ToAmf};

/// Part of a value, together with the value that it was taken from.
///
/// A reference to an enclosing object ([`Value::Ancestor`]) does not keep that object alive. A part of a cyclic
/// value, such as the child in `{child: {parent: ^}}`, can therefore not be written once the rest was dropped
/// ([`EncodeErrorKind::Dangling`](crate::EncodeErrorKind::Dangling)). This type holds the rest. It is written as the
/// part, from which the reader reaches the enclosing object as the sender sent it.
///
/// ```
/// use amf_core::{Value, ValuePart, Version, from_slice, to_vec};
///
/// // AMF3 `{child: {parent: ^}}`.
/// let bytes = b"\x0A\x0B\x01\x0Bchild\x0A\x01\x0Dparent\x0A\0\x01\x01";
/// let whole: Value = from_slice(Version::Amf3, bytes)?;
/// let child = whole.get("child").cloned().unwrap_or_default();
///
/// let part = ValuePart::new(child.clone(), whole);
/// // `{parent: {child: ^}}`
/// let written = b"\x0A\x0B\x01\x0Dparent\x0A\x01\x0Bchild\x0A\0\x01\x01";
/// assert_eq!(to_vec(Version::Amf3, &part)?, written);
///
/// drop(part);
/// assert!(to_vec(Version::Amf3, &child).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct ValuePart {
    part: Value,
    /// Held, but never read: references within the part lead into it.
    _whole: Value,
}

impl ValuePart {
    /// Creates a part that holds the whole value: the outermost one that the part refers to.
    pub fn new(part: impl Into<Value>, whole: impl Into<Value>) -> Self {
        Self { part: part.into(), _whole: whole.into() }
    }
}

impl Deref for ValuePart {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.part
    }
}

impl fmt::Debug for ValuePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.part.fmt(f)
    }
}

impl ToAmf for ValuePart {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.part.to_amf(encoder)
    }
}
