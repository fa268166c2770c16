//! Integers that a Number cannot hold exactly, written as strings or as doubles.

use std::str::FromStr;

use crate::decoder::Token;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::{Decoder, Encoder, FromAmf};

/// Integer types, and `Option` and `Vec` of them, that [`as_string`](crate::as_string) and
/// [`as_double`](crate::as_double) read and write. The trait is sealed.
///
/// ```
/// use amf_core::{DecodeError, Decoder, Integers, Version, as_string};
///
/// /// Reads identifiers that a peer sends as strings or as numbers.
/// fn read_ids<T: Integers>(decoder: &mut Decoder<'_>) -> Result<Vec<T>, DecodeError> {
///     as_string::from_amf(decoder)
/// }
///
/// // AMF3 ["7", 8]
/// let bytes = [0x09, 0x05, 0x01, 0x06, 0x03, b'7', 0x04, 8];
/// assert_eq!(read_ids::<u64>(&mut Decoder::new(Version::Amf3, &bytes))?, [7, 8]);
/// # Ok::<(), DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no integer",
    label = "neither an integer, nor an `Option` or a `Vec` of them",
    note = "for other types, write a module with `from_amf` and `to_amf`, and `#[amf(with = \"module\")]`"
)]
pub trait Integers: Sealed + Sized {
    #[doc(hidden)]
    fn read(decoder: &mut Decoder<'_>, form: IntegerForm) -> Result<Self, DecodeError>;
    #[doc(hidden)]
    fn write(&self, encoder: &mut Encoder, form: IntegerForm) -> Result<(), EncodeError>;
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerForm {
    String,
    Double,
}

macro_rules! integers {
    ($($type:ident)*) => {$(
        impl Sealed for $type {}

        impl Integers for $type {
            fn read(decoder: &mut Decoder<'_>, form: IntegerForm) -> Result<Self, DecodeError> {
                decoder.integer(form, stringify!($type), |value| {
                    let integer = value as $type;
                    // The cast saturates, so a value out of range differs after the cast back. The only
                    // exception is the double to which the maximum of the type is rounded.
                    #[allow(clippy::float_cmp, reason = "exact by intent")]
                    (integer as f64 == value).then_some(integer)
                })
            }

            fn write(&self, encoder: &mut Encoder, form: IntegerForm) -> Result<(), EncodeError> {
                match form {
                    IntegerForm::String => encoder.string(&self.to_string()),
                    IntegerForm::Double => {
                        encoder.number(*self as f64);
                        Ok(())
                    }
                }
            }
        }
    )*};
}
integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

impl Decoder<'_> {
    fn integer<T: FromStr>(
        &mut self,
        form: IntegerForm,
        expected: &'static str,
        from_number: impl FnOnce(f64) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let start = self.offset();
        let number = match self.token()? {
            Token::Number(number) => number,
            Token::Integer(number) => f64::from(number),
            Token::Unsigned(number) => f64::from(number),
            Token::String(text) if form == IntegerForm::String => {
                return text.content.parse().map_err(|_| {
                    let text: String = text.content.chars().take(64).collect();
                    let found = format!("the string \"{text}\"").into();
                    DecodeError::new(DecodeErrorKind::Type { expected: expected.into(), found }, start)
                });
            }
            other => {
                let expected = match form {
                    IntegerForm::String => format!("{expected} as a string"),
                    IntegerForm::Double => expected.to_owned(),
                };
                return Err(self.mismatch(expected, &other));
            }
        };
        let exact = form == IntegerForm::Double || number.abs() <= super::primitives::MAX_EXACT_INTEGER;
        from_number(number)
            .filter(|_| exact)
            .ok_or_else(|| DecodeError::new(DecodeErrorKind::Range { value: number, expected }, start))
    }
}

impl<T: Integers> Sealed for Option<T> {}

impl<T: Integers> Integers for Option<T> {
    fn read(decoder: &mut Decoder<'_>, form: IntegerForm) -> Result<Self, DecodeError> {
        if decoder.take_null() { Ok(None) } else { T::read(decoder, form).map(Some) }
    }

    fn write(&self, encoder: &mut Encoder, form: IntegerForm) -> Result<(), EncodeError> {
        if let Some(value) = self {
            return value.write(encoder, form);
        }
        encoder.null();
        Ok(())
    }
}

impl<T: Integers> Sealed for Vec<T> {}

impl<T: Integers> Integers for Vec<T> {
    fn read(decoder: &mut Decoder<'_>, form: IntegerForm) -> Result<Self, DecodeError> {
        Ok(match form {
            IntegerForm::String => {
                decoder.read_list::<FormElement<T, true>>()?.into_iter().map(|item| item.0).collect()
            }
            IntegerForm::Double => {
                decoder.read_list::<FormElement<T, false>>()?.into_iter().map(|item| item.0).collect()
            }
        })
    }

    fn write(&self, encoder: &mut Encoder, form: IntegerForm) -> Result<(), EncodeError> {
        encoder.begin_list(self.len())?;
        for item in self {
            item.write(encoder, form)?;
        }
        encoder.end_list();
        Ok(())
    }
}

/// Element of a list of integers in one of the forms.
struct FormElement<T, const STRING: bool>(T);

impl<T: Integers, const STRING: bool> FromAmf<'_> for FormElement<T, STRING> {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        T::read(decoder, if STRING { IntegerForm::String } else { IntegerForm::Double }).map(Self)
    }
}

/// Integers as decimal strings, for `#[amf(as = "string")]`. The conversion is exact, and the client receives a
/// `String`.
///
/// Numbers up to ±2^53 are accepted as well.
///
/// ```
/// use amf_core::{from_slice, to_vec, AmfObject, Version};
///
/// #[derive(AmfObject, Debug, PartialEq)]
/// struct Account {
///     #[amf(as = "string")]
///     id: u64,
///     #[amf(as = "string")]
///     friends: Vec<u64>,
/// }
///
/// let account = Account { id: u64::MAX, friends: vec![1 << 60] };
/// let bytes = to_vec(Version::Amf3, &account)?;
/// assert!(bytes.windows(20).any(|window| window == b"18446744073709551615"));
/// assert_eq!(from_slice::<Account>(Version::Amf3, &bytes)?, account);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub mod as_string {
    use super::{DecodeError, Decoder, EncodeError, Encoder, IntegerForm, Integers};

    /// Reads integers from strings, or from numbers up to ±2^53.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is neither, or out of the range of `T`.
    pub fn from_amf<T: Integers>(decoder: &mut Decoder<'_>) -> Result<T, DecodeError> {
        T::read(decoder, IntegerForm::String)
    }

    /// Writes integers as strings.
    ///
    /// # Errors
    ///
    /// Returns an error if an output limit is exceeded.
    pub fn to_amf<T: Integers>(value: &T, encoder: &mut Encoder) -> Result<(), EncodeError> {
        value.write(encoder, IntegerForm::String)
    }
}

/// Integers as the nearest doubles, for `#[amf(as = "double")]`. Beyond ±2^53 the last digits are lost.
///
/// ```
/// use amf_core::{from_slice, to_vec, AmfObject, Version};
///
/// #[derive(AmfObject)]
/// struct Account {
///     #[amf(as = "double")]
///     id: u64,
/// }
///
/// let bytes = to_vec(Version::Amf3, &Account { id: (1 << 60) + 1 })?;
/// assert_eq!(from_slice::<Account>(Version::Amf3, &bytes)?.id, 1 << 60);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub mod as_double {
    use super::{DecodeError, Decoder, EncodeError, Encoder, IntegerForm, Integers};

    /// Reads integers from integral numbers of any magnitude in the range of the type.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is not such a number.
    pub fn from_amf<T: Integers>(decoder: &mut Decoder<'_>) -> Result<T, DecodeError> {
        T::read(decoder, IntegerForm::Double)
    }

    /// Writes integers as the nearest doubles.
    ///
    /// # Errors
    ///
    /// Returns an error if an output limit is exceeded.
    pub fn to_amf<T: Integers>(value: &T, encoder: &mut Encoder) -> Result<(), EncodeError> {
        value.write(encoder, IntegerForm::Double)
    }
}
