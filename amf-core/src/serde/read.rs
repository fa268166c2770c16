//! Deserializer of AMF.

use std::borrow::Cow;

use serde_core::de::Visitor;
use serde_core::de::value::CowStrDeserializer;

use super::lists::{ByteAccess, ListAccess};
use super::members::{MemberAccess, SingleMemberVariant};
use crate::decoder::{Container, LENGTH_MEMBER, Shape, Token, parse_index};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Decoder, FromAmf, external};

/// Deserializer of one value. Several values of one [`Decoder`] can be deserialized one after the other.
///
/// ```
/// use amf_core::{Decoder, Version, serde::Deserializer};
/// use serde::Deserialize;
///
/// // AMF3: an integer, then a string.
/// let mut decoder = Decoder::new(Version::Amf3, &[0x04, 5, 0x06, 0x05, b'h', b'i']);
/// assert_eq!(u8::deserialize(Deserializer::new(&mut decoder))?, 5);
/// assert_eq!(<&str>::deserialize(Deserializer::new(&mut decoder))?, "hi");
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Deserializer<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
}

impl<'a, 'de> Deserializer<'a, 'de> {
    /// Creates a deserializer of the next value.
    pub fn new(decoder: &'a mut Decoder<'de>) -> Self {
        Self { decoder }
    }

    /// Calls `read`. An error without an offset receives the current one.
    fn with_offset<T>(
        self,
        read: impl FnOnce(&mut Decoder<'de>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let decoder = self.decoder;
        read(decoder).map_err(|error| error.with_default_offset(decoder.offset()))
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $type:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.with_offset(|decoder| visitor.$visit($type::from_amf(decoder)?))
        }
    )*};
}

macro_rules! as_any {
    ($($method:ident($($type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $type,)* visitor: V) -> Result<V::Value, DecodeError> {
            self.deserialize_any(visitor)
        }
    )*};
}

macro_rules! as_list {
    ($($method:ident($($type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $type,)* visitor: V) -> Result<V::Value, DecodeError> {
            self.with_offset(|decoder| match decoder.token()? {
                Token::ByteArray(bytes) => visitor.visit_seq(ByteAccess { decoder, bytes: bytes.iter() }),
                token => visit_list(decoder, token, visitor),
            })
        }
    )*};
}

impl<'de> serde_core::Deserializer<'de> for Deserializer<'_, 'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| {
            let token = decoder.token()?;
            visit_any(decoder, token, visitor)
        })
    }

    scalars! {
        deserialize_bool visit_bool bool;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_char visit_char char;
    }

    /// Accepts dates too, because milliseconds are often stored as `i64`.
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| {
            let number = read_number(decoder, "i64")?;
            match exact_integer(number + 0.0) {
                Some(integer) => visitor.visit_i64(integer),
                None => Err(decoder.error(DecodeErrorKind::Range { value: number, expected: "i64" })),
            }
        })
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| visitor.visit_f64(read_number(decoder, "Number")?))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| {
            let text = Cow::<'de, str>::from_amf(decoder)?;
            visit_text(decoder, text, visitor)
        })
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    as_any! {
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_identifier();
    }

    as_list! {
        deserialize_seq();
        deserialize_tuple(usize);
        deserialize_tuple_struct(&'static str, usize);
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| {
            if decoder.take_null() {
                visitor.visit_none()
            } else {
                visitor.visit_some(Deserializer::new(decoder))
            }
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| {
            <()>::from_amf(decoder)?;
            visitor.visit_unit()
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| visitor.visit_newtype_struct(Deserializer::new(decoder)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| match decoder.token()? {
            Token::Open(container) => visit_members(decoder, container, visitor),
            other => Err(decoder.mismatch("an object", &other)),
        })
    }

    /// Accepts an object, or a list of its members in order. An empty list stands for an object without members,
    /// because PHP encodes such an object as an empty array.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| match decoder.token()? {
            Token::Open(container) if has_no_elements(&container.shape) => {
                visit_members(decoder, container, visitor)
            }
            token => visit_any(decoder, token, visitor),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| match decoder.token()? {
            Token::String(text) => visitor.visit_enum(CowStrDeserializer::new(text.content)),
            Token::Open(container) => {
                let object = decoder.map_from_container(container)?;
                SingleMemberVariant::read(decoder, object, visitor)
            }
            other => Err(decoder.mismatch("a variant's name, or an object with one member", &other)),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.with_offset(|decoder| {
            decoder.skip()?;
            visitor.visit_unit()
        })
    }
}

fn visit_any<'de, V: Visitor<'de>>(
    decoder: &mut Decoder<'de>,
    token: Token<'de>,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    match token {
        Token::Undefined | Token::Null | Token::Unsupported => visitor.visit_unit(),
        Token::Bool(value) => visitor.visit_bool(value),
        Token::Integer(value) => visitor.visit_i64(value.into()),
        Token::Unsigned(value) => visitor.visit_i64(value.into()),
        Token::Number(value) | Token::Date(value) => match exact_integer(value) {
            Some(integer) => visitor.visit_i64(integer),
            None => visitor.visit_f64(value),
        },
        Token::String(text) => visit_text(decoder, text.content, visitor),
        Token::Xml(text) | Token::XmlDocument(text) => visit_text(decoder, text, visitor),
        Token::ByteArray(bytes) => {
            decoder.charge(bytes.len())?;
            visitor.visit_borrowed_bytes(bytes)
        }
        Token::Open(container) => {
            if is_list(decoder, &container.shape)? {
                visit_list(decoder, Token::Open(container), visitor)
            } else {
                visit_members(decoder, container, visitor)
            }
        }
    }
}

/// Returns `true` if the value is a list regardless of the requested type.
fn is_list(decoder: &mut Decoder<'_>, shape: &Shape<'_>) -> Result<bool, DecodeError> {
    Ok(match shape {
        Shape::StrictArray { .. } | Shape::Vector { .. } => true,
        // The array has no named members if an empty name follows.
        Shape::Array { .. } => decoder.reader.peek() == Some(0x01),
        Shape::EcmaArray { .. } => has_index_names(decoder)?,
        Shape::External(traits) => external::is_collection(&traits.alias),
        Shape::Object { .. } | Shape::Traits(_) | Shape::Dictionary { .. } => false,
    })
}

/// Returns `true` if the following members are named 0, 1, …, optionally followed by the length. Flash Player sends
/// arrays in this form.
fn has_index_names(decoder: &mut Decoder<'_>) -> Result<bool, DecodeError> {
    let start = decoder.cursor();
    let mut count = 0;
    let counts_up = loop {
        match decoder.amf0_name()? {
            None => break true,
            Some(name) if parse_index(&name) == Some(count) => count += 1,
            Some(name) if count > 0 && name == LENGTH_MEMBER => {}
            Some(_) => break false,
        }
        decoder.skip()?;
    };
    decoder.seek_to(start);
    Ok(counts_up)
}

fn has_no_elements(shape: &Shape<'_>) -> bool {
    matches!(shape, Shape::EcmaArray { .. } | Shape::StrictArray { count: 0 } | Shape::Array { dense: 0 })
}

fn visit_list<'de, V: Visitor<'de>>(
    decoder: &mut Decoder<'de>,
    token: Token<'de>,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    let list = decoder.list_from_token(token)?;
    let mut access = ListAccess::new(decoder, list);
    let value = visitor.visit_seq(&mut access)?;
    access.end()?;
    Ok(value)
}

fn visit_members<'de, V: Visitor<'de>>(
    decoder: &mut Decoder<'de>,
    container: Container<'de>,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    let object = decoder.map_from_container(container)?;
    let mut access = MemberAccess::new(decoder, object);
    let value = visitor.visit_map(&mut access)?;
    access.end()?;
    Ok(value)
}

fn visit_text<'de, V: Visitor<'de>>(
    decoder: &mut Decoder<'de>,
    text: Cow<'de, str>,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    match text {
        Cow::Borrowed(text) => {
            decoder.charge(text.len())?;
            visitor.visit_borrowed_str(text)
        }
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

fn read_number(decoder: &mut Decoder<'_>, expected: &'static str) -> Result<f64, DecodeError> {
    match decoder.token()? {
        Token::Number(value) | Token::Date(value) => Ok(value),
        Token::Integer(value) => Ok(value.into()),
        Token::Unsigned(value) => Ok(value.into()),
        other => Err(decoder.mismatch(expected, &other)),
    }
}

/// Returns the integer that a double represents, if it represents exactly one. Returns `None` for -0.
pub(super) fn exact_integer(value: f64) -> Option<i64> {
    /// 2^53.
    const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;
    let is_whole = value.fract() == 0.0 && value.abs() <= MAX_EXACT_INTEGER;
    let is_minus_zero = value == 0.0 && value.is_sign_negative();
    (is_whole && !is_minus_zero).then_some(value as i64)
}
