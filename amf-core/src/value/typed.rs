//! Conversion between dynamic values and Rust types.

use super::Value;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::{Classes, Decoder, Encoder, FromAmf, Limits, ToAmf, Version};

/// Converts a dynamic value to a Rust type, as if it had just been received.
///
/// Values that are shared within `value` are shared by the `Arc`s of the type. The value is encoded as AMF3 and
/// decoded again, so the conversion costs as much as both, and nothing can be borrowed.
///
/// ```
/// use amf_core::{AmfObject, Object, Value, from_value};
///
/// #[derive(AmfObject, Debug, PartialEq)]
/// struct Player {
///     level: u8,
/// }
///
/// let value = Value::from(Object::typed("com.example.Player").with("level", 7));
/// assert_eq!(from_value::<Player>(&value)?, Player { level: 7 });
///
/// let wrong = Value::from(Object::new().with("level", "high"));
/// let error = from_value::<Player>(&wrong).unwrap_err();
/// assert_eq!(error.to_string(), "level: expected u8, got String");
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the value does not fit the type, or if it has more than 64 levels. The error has a path, but
/// no offset.
pub fn from_value<T: for<'de> FromAmf<'de>>(value: &Value) -> Result<T, DecodeError> {
    let bytes = crate::to_vec(Version::Amf3, value).map_err(|error| {
        DecodeError::new(DecodeErrorKind::Custom(error.to_string().into()), 0).without_offset()
    })?;
    let mut classes = Classes::new();
    T::classes(&mut classes);
    let mut decoder = Decoder::new(Version::Amf3, &bytes)
        .with_limits(Limits::for_trusted_input())
        .with_classes(classes.into());
    T::from_amf(&mut decoder).map_err(DecodeError::without_offset)
}

/// Converts a Rust type to a dynamic value, as a peer would receive it in AMF3.
///
/// Shared `Arc`s become shared objects. The value is encoded as AMF3 and decoded again, so the conversion costs as
/// much as both.
///
/// ```
/// use amf_core::{AmfObject, Value, to_value};
///
/// #[derive(AmfObject)]
/// #[amf(alias = "com.example.Player")]
/// struct Player {
///     level: u8,
/// }
///
/// let value = to_value(&Player { level: 7 })?;
/// let object = value.as_object().unwrap();
/// assert_eq!((object.alias(), object.get("level")), ("com.example.Player", Some(&Value::Integer(7))));
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the value cannot be encoded, or if it contains an object of an externalizable class that is
/// not built in: the encoded form does not declare where its body ends.
pub fn to_value<T: ToAmf + ?Sized>(value: &T) -> Result<Value, EncodeError> {
    let mut encoder = Encoder::new(Version::Amf3);
    value.to_amf(&mut encoder)?;
    let bytes = encoder.finish()?;
    let mut decoder = Decoder::new(Version::Amf3, &bytes).with_limits(Limits::for_trusted_input());
    Value::from_amf(&mut decoder).map_err(|error| EncodeError::custom(error.without_offset().to_string()))
}
