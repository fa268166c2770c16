//! Keys of maps, which are encoded as names.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_core::de::Visitor;
use serde_core::de::value::CowStrDeserializer;
use serde_core::{Serialize, forward_to_deserialize_any};

use super::write::Unsupported;
use crate::Decoder;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};

/// Serializer that writes a key as text: text, numbers, unit variants.
pub(super) struct KeySerializer<'a>(pub(super) &'a mut String);

fn unsupported_key(found: &str) -> EncodeError {
    EncodeError::custom(format!("the key of a map must be text or a number, not {found}"))
}

macro_rules! displayed_keys {
    ($($method:ident $type:ty;)*) => {$(
        fn $method(self, key: $type) -> Result<(), EncodeError> {
            // Writing to a `String` cannot fail.
            let _ = write!(self.0, "{key}");
            Ok(())
        }
    )*};
}

macro_rules! unsupported_keys {
    ($($method:ident($($type:ty),*) -> $answer:ty, $found:literal;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$answer, EncodeError> {
            Err(unsupported_key($found))
        }
    )*};
}

impl serde_core::Serializer for KeySerializer<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Unsupported;
    type SerializeTuple = Unsupported;
    type SerializeTupleStruct = Unsupported;
    type SerializeTupleVariant = Unsupported;
    type SerializeMap = Unsupported;
    type SerializeStruct = Unsupported;
    type SerializeStructVariant = Unsupported;

    displayed_keys! {
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_i128 i128;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_char char;
        serialize_str &str;
    }

    unsupported_keys! {
        serialize_bool(bool) -> (), "a Boolean";
        serialize_bytes(&[u8]) -> (), "bytes";
        serialize_none() -> (), "null";
        serialize_unit() -> (), "null";
        serialize_unit_struct(&'static str) -> (), "null";
        serialize_seq(Option<usize>) -> Unsupported, "a list";
        serialize_tuple(usize) -> Unsupported, "a list";
        serialize_tuple_struct(&'static str, usize) -> Unsupported, "a list";
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Unsupported, "an object";
        serialize_map(Option<usize>) -> Unsupported, "an object";
        serialize_struct(&'static str, usize) -> Unsupported, "an object";
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Unsupported, "an object";
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<(), EncodeError> {
        key.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        key: &T,
    ) -> Result<(), EncodeError> {
        key.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _key: &T,
    ) -> Result<(), EncodeError> {
        Err(unsupported_key("an object"))
    }
}

/// Deserializer of a name as the requested type of key.
pub(super) struct KeyDeserializer<'a, 'de> {
    pub(super) decoder: &'a mut Decoder<'de>,
    pub(super) name: Cow<'de, str>,
}

macro_rules! parsed_keys {
    ($($method:ident $visit:ident $type:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.name.parse::<$type>() {
                Ok(key) => visitor.$visit(key),
                Err(_) => Err(self.decoder.error(DecodeErrorKind::Type {
                    expected: stringify!($type).into(),
                    found: format!("the name `{}`", self.name).into(),
                })),
            }
        }
    )*};
}

impl<'de> serde_core::Deserializer<'de> for KeyDeserializer<'_, 'de> {
    type Error = DecodeError;

    parsed_keys! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.name {
            Cow::Borrowed(name) => visitor.visit_borrowed_str(name),
            Cow::Owned(name) => visitor.visit_string(name),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.decoder.charge(self.name.len())?;
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(CowStrDeserializer::new(self.name))
    }

    forward_to_deserialize_any! {
        bool char str bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
