//! Fast paths for scalars and text whose markers match the requested type, which most values are.
//!
//! Each function either takes the value, or reads nothing; the caller then falls back to [`token`](Decoder::token),
//! which handles references, the switch to AMF3 behind 0x11, exhausted budgets, and errors. Rare cases are therefore
//! decided in one place.

use crate::decoder::Mode;
use crate::wire::{u29, utf8};
use crate::{Decoder, Version, amf0, amf3, work};

impl<'de> Decoder<'de> {
    #[inline]
    pub(crate) fn take_bool(&mut self) -> Option<bool> {
        let (value, rest) = match (self.mode, self.reader.rest()) {
            (Mode::Amf3, [marker @ (amf3::marker::FALSE | amf3::marker::TRUE), rest @ ..]) => {
                (*marker == amf3::marker::TRUE, rest)
            }
            (Mode::Amf0, [amf0::marker::BOOLEAN, value, rest @ ..]) => (*value != 0, rest),
            _ => return None,
        };
        self.take(value, rest)
    }

    /// Takes an AMF3 integer.
    #[inline]
    pub(crate) fn take_integer(&mut self) -> Option<i32> {
        let (Mode::Amf3, [amf3::marker::INTEGER, rest @ ..]) = (self.mode, self.reader.rest()) else {
            return None;
        };
        let (bits, rest) = u29::split(rest)?;
        self.take(u29::signed(bits), rest)
    }

    #[inline]
    pub(crate) fn take_double(&mut self) -> Option<f64> {
        let ((Mode::Amf3, [amf3::marker::DOUBLE, rest @ ..])
        | (Mode::Amf0, [amf0::marker::NUMBER, rest @ ..])) = (self.mode, self.reader.rest())
        else {
            return None;
        };
        let (bytes, rest) = rest.split_first_chunk()?;
        self.take(f64::from_be_bytes(*bytes), rest)
    }

    #[inline]
    pub(crate) fn take_date(&mut self) -> Option<f64> {
        match (self.mode, self.reader.rest()) {
            (Mode::Amf3, [amf3::marker::DATE, 0x01, rest @ ..]) => {
                let (millis, rest) = rest.split_first_chunk()?;
                let start = self.offset();
                let millis = self.take(f64::from_be_bytes(*millis), rest)?;
                self.register_leaf(Version::Amf3, start);
                Some(millis)
            }
            (Mode::Amf0, [amf0::marker::DATE, rest @ ..]) => {
                let (millis, [_, _, rest @ ..]) = rest.split_first_chunk()? else {
                    return None;
                };
                let start = self.offset();
                let millis = self.take(f64::from_be_bytes(*millis), rest)?;
                self.register_amf0_date(start);
                Some(millis)
            }
            _ => None,
        }
    }

    /// Takes null or undefined.
    #[inline]
    pub(crate) fn take_null(&mut self) -> bool {
        let rest = match (self.mode, self.reader.rest()) {
            (Mode::Amf3, [0..=amf3::marker::NULL, rest @ ..])
            | (Mode::Amf0, [amf0::marker::NULL | amf0::marker::UNDEFINED, rest @ ..]) => rest,
            (Mode::Amf0, [amf0::marker::AVMPLUS, ..]) => return self.take_switched_null(),
            _ => return false,
        };
        self.take((), rest).is_some()
    }

    fn take_switched_null(&mut self) -> bool {
        let [amf0::marker::AVMPLUS, 0..=amf3::marker::NULL, rest @ ..] = self.reader.rest() else {
            return false;
        };
        self.switched = true;
        self.take((), rest).is_some()
    }

    /// Takes a string that can be borrowed from the input.
    pub(crate) fn take_str(&mut self) -> Option<&'de str> {
        match (self.mode, self.reader.rest()) {
            (Mode::Amf3, [amf3::marker::STRING, rest @ ..]) => {
                let (head, rest) = u29::split(rest)?;
                if head & 1 == 0 {
                    let text = *self.strings.get(head >> 1)?;
                    // The empty string marks an entry that is not valid UTF-8 and has to be copied.
                    return if text.is_empty() { None } else { self.take(text, rest) };
                }
                let (text, rest) = self.split_str((head >> 1) as usize, rest)?;
                let text = self.take(text, rest)?;
                if !text.is_empty() {
                    let progress = self.progress();
                    self.strings.insert(progress, text);
                }
                Some(text)
            }
            (Mode::Amf0, [amf0::marker::STRING, high, low, rest @ ..]) => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let (text, rest) = self.split_str(length, rest)?;
                self.take(text, rest)
            }
            _ => None,
        }
    }

    #[inline]
    fn split_str(&self, length: usize, rest: &'de [u8]) -> Option<(&'de str, &'de [u8])> {
        let (bytes, rest) = rest.split_at_checked(length)?;
        work::count_bytes(length);
        if length > self.limits().string_len {
            return None;
        }
        utf8::read_utf8(bytes).map(|text| (text, rest))
    }

    #[inline]
    fn take<T>(&mut self, value: T, rest: &'de [u8]) -> Option<T> {
        work::count(1);
        self.nodes_left = self.nodes_left.checked_sub(1)?;
        self.reader.advance_to(rest);
        Some(value)
    }
}
