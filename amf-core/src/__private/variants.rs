//! Selection of the variant of an enum that the next value belongs to.

use std::borrow::Cow;

use crate::decoder::Token;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Class, Decoder};

/// Returns the index of the class that the next object belongs to. Reads nothing.
///
/// # Errors
///
/// Returns an error if the head of the next value cannot be read.
pub fn match_class(
    decoder: &mut Decoder<'_>,
    classes: &[&'static Class],
) -> Result<Option<usize>, DecodeError> {
    let alias = decoder.peek_alias()?;
    Ok(alias.and_then(|alias| classes.iter().position(|class| class.is_called(&alias))))
}

/// Returns the error for a value that belongs to none of the classes.
#[cold]
pub fn no_such_class(decoder: &mut Decoder<'_>, classes: &[&'static Class]) -> DecodeError {
    let start = decoder.offset();
    let expected =
        format!("an object of class {}", list_alternatives(classes.iter().map(|class| class.alias())));
    let found = decoder.peek_alias().map(|alias| match alias.as_deref() {
        None => None,
        Some("") => Some("an object without a class, which alone says what it is".to_owned()),
        Some(alias) => Some(format!("one of class {alias}")),
    });
    mismatch(decoder, start, expected, found)
}

/// Reads a string and returns its index in `names`. Returns `None`, and reads nothing, if another value follows.
///
/// # Errors
///
/// Returns an error if the next value cannot be read.
pub fn match_name(decoder: &mut Decoder<'_>, names: &[&str]) -> Result<Option<usize>, DecodeError> {
    decoder.take_scalar(|token| match token {
        Token::String(text) => names.iter().position(|name| *name == text.content),
        _ => None,
    })
}

/// Returns the error for a value that is none of the names.
#[cold]
pub fn no_such_name(decoder: &mut Decoder<'_>, names: &[&str]) -> DecodeError {
    const MAX_CHARS: usize = 64;
    let start = decoder.offset();
    let found = decoder.take_scalar(|token| match token {
        Token::String(text) => {
            let start: String = text.content.chars().take(MAX_CHARS).collect();
            Some(format!("\"{start}\""))
        }
        _ => None,
    });
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    mismatch(decoder, start, list_alternatives(names.iter().map(String::as_str)), found)
}

/// Reads a number and returns its index in `numbers`. Returns `None`, and reads nothing, if another value follows.
///
/// # Errors
///
/// Returns an error if the next value cannot be read.
pub fn match_number(decoder: &mut Decoder<'_>, numbers: &[i128]) -> Result<Option<usize>, DecodeError> {
    decoder.take_scalar(|token| {
        let found = number(&token)?;
        #[allow(clippy::float_cmp, reason = "exact by intent")]
        numbers.iter().position(|number| *number as f64 == found)
    })
}

/// Returns the error for a value that is none of the numbers.
#[cold]
pub fn no_such_number(decoder: &mut Decoder<'_>, numbers: &[i128]) -> DecodeError {
    let start = decoder.offset();
    let found = decoder.take_scalar(|token| number(&token).map(|number| number.to_string()));
    let numbers: Vec<String> = numbers.iter().map(i128::to_string).collect();
    mismatch(decoder, start, list_alternatives(numbers.iter().map(String::as_str)), found)
}

/// Returns `true` if all aliases are different.
pub const fn aliases_are_distinct(classes: &[&Class]) -> bool {
    let mut rest = classes;
    while let [class, others @ ..] = rest {
        let mut after = others;
        while let [other, others @ ..] = after {
            if str_eq(class.alias(), other.alias()) {
                return false;
            }
            after = others;
        }
        rest = others;
    }
    true
}

/// Compares two strings in a constant context, where `==` is not available.
pub(super) const fn str_eq(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([first, rest @ ..], [second, others @ ..]) = (one, other) {
        if *first != *second {
            return false;
        }
        (one, other) = (rest, others);
    }
    one.is_empty() && other.is_empty()
}

fn number(token: &Token<'_>) -> Option<f64> {
    match token {
        Token::Number(value) => Some(*value),
        Token::Integer(value) => Some(f64::from(*value)),
        Token::Unsigned(value) => Some(f64::from(*value)),
        _ => None,
    }
}

/// Returns a type error at offset `start`. Without a description in `found`, the error describes the next token.
fn mismatch(
    decoder: &mut Decoder<'_>,
    start: usize,
    expected: String,
    found: Result<Option<String>, DecodeError>,
) -> DecodeError {
    let found = match found {
        Ok(Some(found)) => Cow::Owned(found),
        Ok(None) => match decoder.token() {
            Ok(token) => token.describe(),
            Err(error) => return error,
        },
        Err(error) => return error,
    };
    DecodeError::new(DecodeErrorKind::Type { expected: expected.into(), found }, start)
}

/// Joins names as in a sentence: `A, B or C`.
fn list_alternatives<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => names.concat(),
    }
}
