//! Between dynamic values and a program's own types.

use super::Value;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::{Classes, Decoder, Encoder, FromAmf, Limits, ToAmf, Version};

/// Makes a type of a dynamic value, as if the value had just arrived.
///
/// What is shared in the value is shared among the `Arc`s of the type. The value is written as AMF3 and read
/// again, so it costs as much as both; nothing can be borrowed from it. An error has the path to what did not
/// fit, and no offset. A value of more than 64 levels is an error.
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

/// Makes a dynamic value of a type, as a peer would receive it in AMF3.
///
/// `Arc`s that are shared become shared objects. The type is written as AMF3 and read again, so it costs as
/// much as both. An object of an externalizable class of the program's own is an error: the value alone does
/// not say where its body ends.
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
pub fn to_value<T: ToAmf + ?Sized>(value: &T) -> Result<Value, EncodeError> {
    let mut encoder = Encoder::new(Version::Amf3);
    value.to_amf(&mut encoder)?;
    let bytes = encoder.finish()?;
    let mut decoder = Decoder::new(Version::Amf3, &bytes).with_limits(Limits::for_trusted_input());
    Value::from_amf(&mut decoder).map_err(|error| EncodeError::custom(error.without_offset().to_string()))
}
