//! The value of a slot.

use std::fmt;
use std::sync::Arc;

use amf_core::{DecodeError, FromAmf};

use super::state::encoded::EncodedValue;

/// A slot's value. It is bytes until it is read.
#[derive(Clone)]
pub struct SlotValue(pub(crate) Arc<EncodedValue>);

impl SlotValue {
    /// The value.
    pub fn read<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        self.0.read()
    }
}

impl fmt::Debug for SlotValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotValue({} bytes of {:?})", self.0.bytes().len(), self.0.version())
    }
}
