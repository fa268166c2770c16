//! Conversion of serde's errors to those of this crate.

use std::fmt::Display;

use serde_core::de::{Expected, Unexpected};
use serde_core::{de, ser};

use crate::error::{DecodeError, DecodeErrorKind, EncodeError};

impl de::Error for DecodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::with_unknown_offset(DecodeErrorKind::Custom(message.to_string().into()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Bool(_) => "Boolean".into(),
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "Integer".into(),
            Unexpected::Float(_) => "Number".into(),
            Unexpected::Str(_) => "String".into(),
            Unexpected::Bytes(_) => "ByteArray".into(),
            Unexpected::Unit | Unexpected::Option => "null".into(),
            Unexpected::Seq => "a list".into(),
            Unexpected::Map => "an object".into(),
            other => other.to_string().into(),
        };
        Self::with_unknown_offset(DecodeErrorKind::Type { expected: expected.to_string().into(), found })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::with_unknown_offset(DecodeErrorKind::MissingMember { class: "", member: field })
    }
}

impl ser::Error for EncodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::custom(message.to_string())
    }
}
