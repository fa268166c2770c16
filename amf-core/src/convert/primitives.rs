//! Conversion of scalars, text and dates.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use crate::decoder::{Token, VectorElements};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
use crate::{Classes, Date, Decoder, Encoder, FromAmf, ToAmf};

impl FromAmf<'_> for bool {
    #[inline]
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match decoder.take_bool() {
            Some(value) => Ok(value),
            None => decoder.bool_from_token(),
        }
    }
}

impl Decoder<'_> {
    fn bool_from_token(&mut self) -> Result<bool, DecodeError> {
        match self.token()? {
            Token::Bool(value) => Ok(value),
            other => Err(self.mismatch("Boolean", &other)),
        }
    }
}

impl ToAmf for bool {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.bool(*self);
        Ok(())
    }
}

impl Decoder<'_> {
    /// Reads a number in any encoding.
    #[inline]
    fn number(&mut self, expected: &'static str) -> Result<f64, DecodeError> {
        match self.take_double() {
            Some(value) => Ok(value),
            None => self.number_from_token(expected),
        }
    }

    fn number_from_token(&mut self, expected: &'static str) -> Result<f64, DecodeError> {
        if let Some(value) = self.take_integer() {
            return Ok(f64::from(value));
        }
        match self.token()? {
            Token::Number(value) => Ok(value),
            Token::Integer(value) => Ok(f64::from(value)),
            Token::Unsigned(value) => Ok(f64::from(value)),
            other => Err(self.mismatch(expected, &other)),
        }
    }

    #[cold]
    fn out_of_range(&self, value: f64, expected: &'static str) -> DecodeError {
        self.error(DecodeErrorKind::Range { value, expected })
    }
}

/// Largest magnitude up to which a double represents every integer exactly.
pub(super) const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

macro_rules! integers {
    ($($type:ident)*) => {$(
        impl FromAmf<'_> for $type {
            #[inline]
            fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                fn from_number(decoder: &Decoder<'_>, value: f64) -> Result<$type, DecodeError> {
                    // Beyond 2^53 a double may stand for several integers, so larger values are refused. The
                    // cast saturates, so a value out of range differs after the cast back.
                    let integer = value as $type;
                    #[allow(clippy::float_cmp, reason = "exact by intent")]
                    if integer as f64 == value && value.abs() <= MAX_EXACT_INTEGER {
                        Ok(integer)
                    } else {
                        Err(decoder.out_of_range(value, stringify!($type)))
                    }
                }
                match decoder.take_integer() {
                    Some(value) => match $type::try_from(value) {
                        Ok(value) => Ok(value),
                        Err(_) => from_number(decoder, f64::from(value)),
                    },
                    None => decoder.number(stringify!($type)).and_then(|value| from_number(decoder, value)),
                }
            }

            integers!(@vec $type);
        }

        impl ToAmf for $type {
            #[inline]
            fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                #[allow(irrefutable_let_patterns, reason = "for the types that always fit")]
                if let Ok(small) = i32::try_from(*self) {
                    encoder.integer(small);
                    return Ok(());
                }
                let number = *self as f64;
                if number.abs() > MAX_EXACT_INTEGER || number as $type != *self {
                    return Err(EncodeError::new(EncodeErrorKind::Integer(*self as i128)));
                }
                encoder.number(number);
                Ok(())
            }

            integers!(@slice $type);
        }
    )*};
    (@vec u8) => {
        fn vec_from_amf(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, DecodeError> {
            decoder.bytes_or_list()
        }
    };
    (@vec i32) => {
        fn vec_from_amf(decoder: &mut Decoder<'_>) -> Result<Vec<i32>, DecodeError> {
            decoder.read_number_list(|numbers| match numbers {
                VectorElements::Int(items) => Some(items.iter().map(|item| i32::from_be_bytes(*item)).collect()),
                _ => None,
            })
        }
    };
    (@vec u32) => {
        fn vec_from_amf(decoder: &mut Decoder<'_>) -> Result<Vec<u32>, DecodeError> {
            decoder.read_number_list(|numbers| match numbers {
                VectorElements::Uint(items) => Some(items.iter().map(|item| u32::from_be_bytes(*item)).collect()),
                _ => None,
            })
        }
    };
    (@vec $type:ident) => {};
    (@slice u8) => {
        fn slice_to_amf(slice: &[u8], encoder: &mut Encoder) -> Result<(), EncodeError> {
            encoder.byte_array(slice)
        }
    };
    (@slice $type:ident) => {};
}
integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

impl<'de> Decoder<'de> {
    fn bytes_or_list(&mut self) -> Result<Vec<u8>, DecodeError> {
        match self.take_byte_array()? {
            Some(bytes) => {
                self.charge(bytes.len())?;
                Ok(bytes.to_vec())
            }
            None => self.read_list(),
        }
    }

    /// Reads a `ByteArray`. Returns `None`, and reads nothing, if a list or an object follows.
    fn take_byte_array(&mut self) -> Result<Option<&'de [u8]>, DecodeError> {
        let start = self.cursor();
        let mode = self.mode;
        match self.token()? {
            Token::ByteArray(bytes) => Ok(Some(bytes)),
            Token::Open(container) => {
                self.close(container.frame);
                self.seek_to(start);
                self.mode = mode;
                Ok(None)
            }
            other => Err(self.mismatch("ByteArray", &other)),
        }
    }
}

impl FromAmf<'_> for f64 {
    #[inline]
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder.number("Number")
    }

    fn vec_from_amf(decoder: &mut Decoder<'_>) -> Result<Vec<Self>, DecodeError> {
        decoder.read_number_list(|numbers| match numbers {
            VectorElements::Int(items) => {
                Some(items.iter().map(|item| f64::from(i32::from_be_bytes(*item))).collect())
            }
            VectorElements::Uint(items) => {
                Some(items.iter().map(|item| f64::from(u32::from_be_bytes(*item))).collect())
            }
            VectorElements::Number(items) => {
                Some(items.iter().map(|item| f64::from_be_bytes(*item)).collect())
            }
        })
    }
}

impl ToAmf for f64 {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.number(*self);
        Ok(())
    }

    fn slice_to_amf(slice: &[Self], encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.write_doubles(slice)
    }
}

impl FromAmf<'_> for f32 {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder.number("Number").map(|value| value as f32)
    }
}

impl ToAmf for f32 {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.number(f64::from(*self));
        Ok(())
    }
}

impl FromAmf<'_> for () {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match decoder.token()? {
            Token::Null | Token::Undefined => Ok(()),
            other => Err(decoder.mismatch("null", &other)),
        }
    }

    fn missing() -> Option<Self> {
        Some(())
    }
}

impl ToAmf for () {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.null();
        Ok(())
    }
}

impl<'de> Decoder<'de> {
    #[inline]
    fn any_text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        match self.take_str() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.text_from_token(),
        }
    }

    fn borrowed_text_from_token(&mut self) -> Result<&'de str, DecodeError> {
        if let Cow::Borrowed(text) = self.text_from_token()? {
            return Ok(text);
        }
        let error = self.custom_error("expected text in UTF-8, got CESU-8");
        Err(error.with_advice("it cannot be borrowed: take it as `Cow<str>` or `String`"))
    }

    fn text_from_token(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        match self.token()? {
            Token::String(text) => Ok(text.content),
            Token::Xml(text) | Token::XmlDocument(text) => Ok(text),
            other => Err(self.mismatch("String", &other)),
        }
    }
}

impl<'de: 'a, 'a> FromAmf<'de> for Cow<'a, str> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.any_text()
    }
}

impl<'de: 'a, 'a> FromAmf<'de> for &'a str {
    #[inline]
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        match decoder.take_str() {
            Some(text) => Ok(text),
            None => decoder.borrowed_text_from_token(),
        }
    }
}

impl FromAmf<'_> for String {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match decoder.any_text()? {
            Cow::Borrowed(text) => {
                decoder.charge(text.len())?;
                Ok(text.to_owned())
            }
            Cow::Owned(text) => Ok(text),
        }
    }
}

impl FromAmf<'_> for Box<str> {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        String::from_amf(decoder).map(String::into_boxed_str)
    }
}

impl FromAmf<'_> for Arc<str> {
    /// References to one string share one allocation.
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match decoder.token()? {
            Token::String(text) => decoder.interned_text(&text),
            Token::Xml(text) | Token::XmlDocument(text) => {
                decoder.charge(text.len())?;
                Ok(text.into())
            }
            other => Err(decoder.mismatch("String", &other)),
        }
    }
}

impl FromAmf<'_> for Rc<str> {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        String::from_amf(decoder).map(Rc::from)
    }
}

impl FromAmf<'_> for char {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let text = decoder.any_text()?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(decoder.custom_error(format!("expected one character, got {}", text.chars().count()))),
        }
    }
}

impl ToAmf for str {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.string(self)
    }
}

macro_rules! text {
    ($($type:ty)*) => {$(
        impl ToAmf for $type {
            #[inline]
            fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                encoder.string(self)
            }
        }
    )*};
}
text! { String Box<str> Rc<str> Cow<'_, str> }

impl ToAmf for Arc<str> {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.shared_string(self)
    }
}

impl ToAmf for char {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.string(self.encode_utf8(&mut [0; 4]))
    }
}

impl<'de: 'a, 'a> FromAmf<'de> for &'a [u8] {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        match decoder.token()? {
            Token::ByteArray(bytes) => Ok(bytes),
            other => Err(decoder.mismatch("ByteArray", &other)),
        }
    }
}

impl FromAmf<'_> for Date {
    #[inline]
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        if let Some(millis) = decoder.take_date() {
            return Ok(Date::from_millis(millis));
        }
        match decoder.token()? {
            Token::Date(millis) => Ok(Date::from_millis(millis)),
            other => Err(decoder.mismatch("Date", &other)),
        }
    }
}

impl ToAmf for Date {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.date(*self);
        Ok(())
    }
}

impl FromAmf<'_> for SystemTime {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let date = Date::from_amf(decoder)?;
        date.to_system_time().ok_or_else(|| {
            decoder.custom_error(format!("expected a moment, got the date {}", date.as_millis()))
        })
    }
}

impl ToAmf for SystemTime {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.date(Date::from(*self));
        Ok(())
    }
}

impl<'de, T: FromAmf<'de>> FromAmf<'de> for Option<T> {
    #[inline]
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        if decoder.take_null() { Ok(None) } else { T::from_amf(decoder).map(Some) }
    }

    fn missing() -> Option<Self> {
        Some(None)
    }

    fn classes(classes: &mut Classes) {
        T::classes(classes);
    }
}

impl<T: ToAmf> ToAmf for Option<T> {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        if let Some(value) = self {
            return value.to_amf(encoder);
        }
        encoder.null();
        Ok(())
    }
}

impl<T: ToAmf + ?Sized> ToAmf for &T {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (**self).to_amf(encoder)
    }
}

impl<T: ToAmf + ?Sized> ToAmf for &mut T {
    #[inline]
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (**self).to_amf(encoder)
    }
}
