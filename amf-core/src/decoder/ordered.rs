//! Fast paths for objects whose members arrive in the order of their class. Derived code tries them first.
//!
//! Each function either opens such an object, or reads nothing; the caller then falls back to
//! [`begin_object`](Decoder::begin_object), which handles every case. Expansions call the functions of
//! [`__private`](crate::__private), which forward to these methods.

use crate::class::Class;
use crate::decoder::object::MemberState;
use crate::decoder::{Frame, Mode, ObjectReader, SlotId};
use crate::{Decoder, Version, amf0, amf3};

/// Open AMF3 object with the traits of its class; returned by `begin_in_order`.
#[derive(Clone, Copy, Debug)]
pub struct InOrderReader {
    index: u32,
}

/// Open AMF0 object; returned by `begin_named`.
#[derive(Clone, Copy, Debug)]
pub struct NamedReader {
    index: u32,
}

impl Decoder<'_> {
    /// Opens an AMF3 object whose traits record was sent before and is that of the class. The object consists of
    /// exactly the members of the class, in order; [`end_in_order`](Self::end_in_order) closes it.
    #[inline]
    pub(crate) fn begin_in_order(&mut self, class: &'static Class) -> Option<InOrderReader> {
        let (Mode::Amf3, [amf3::marker::OBJECT, head @ 0..0x80, rest @ ..]) = (self.mode, self.reader.rest())
        else {
            return None;
        };
        // An inline object with its traits by reference (AMF3 §3.12). The first object of a class sends its
        // traits inline and takes the general path, which records whether they match the class; lists of
        // objects profit from the second element on.
        if head & 3 != 1 || !self.traits.get(u32::from(head >> 2))?.is_in_order_for(class) {
            return None;
        }
        // A spent limit returns `None` as well: the general path reports the error with its offset.
        let index = self.open_without_frame(Version::Amf3)?;
        self.reader.advance_to(rest);
        Some(InOrderReader { index })
    }

    /// Closes the object.
    #[inline]
    pub(crate) fn end_in_order(&mut self, object: InOrderReader) {
        self.close_without_frame(SlotId { version: Version::Amf3, index: object.index });
    }

    /// Opens an AMF0 object that is anonymous or of the class.
    ///
    /// The caller then goes through the members in the order of the class: if [`take_name`](Self::take_name) returns
    /// `true`, it reads the value. At the end it calls [`end_named`](Self::end_named), and if that returns `false`,
    /// [`resume`](NamedReader::resume) for the remaining members.
    #[inline]
    pub(crate) fn begin_named(&mut self, class: &'static Class) -> Option<NamedReader> {
        let rest = match (self.mode, self.reader.rest()) {
            (Mode::Amf0, [amf0::marker::TYPED_OBJECT, rest @ ..]) => strip_text(rest, class.alias())?,
            // AMF0 repeats all names in every object, so there is no traits record to check. Each name is
            // compared where it is expected instead.
            (Mode::Amf0, [amf0::marker::OBJECT, rest @ ..]) => rest,
            _ => return None,
        };
        let index = self.open_without_frame(Version::Amf0)?;
        self.reader.advance_to(rest);
        Some(NamedReader { index })
    }

    /// Consumes the name of the next member and returns `true`, if the name is `name`.
    #[inline]
    pub(crate) fn take_name(&mut self, name: &'static str) -> bool {
        match strip_text(self.reader.rest(), name) {
            Some(rest) => {
                self.reader.advance_to(rest);
                true
            }
            None => false,
        }
    }

    /// Closes the object and returns `true`, if no member is left.
    #[inline]
    pub(crate) fn end_named(&mut self, object: NamedReader) -> bool {
        let is_end = self.take_object_end();
        if is_end {
            self.close_without_frame(SlotId { version: Version::Amf0, index: object.index });
        }
        is_end
    }

    /// Consumes the end of an AMF0 object, if it follows: an empty name, then `09` (AMF0 §2.5).
    #[inline]
    pub(crate) fn take_object_end(&mut self) -> bool {
        let [0, 0, amf0::marker::OBJECT_END, rest @ ..] = self.reader.rest() else {
            return false;
        };
        self.reader.advance_to(rest);
        true
    }
}

impl NamedReader {
    /// Returns a reader of the remaining members.
    pub(crate) fn resume<'de>(self, class: &'static Class) -> ObjectReader<'de> {
        let slot = SlotId { version: Version::Amf0, index: self.index };
        let frame = Frame { slot, outer: Mode::Amf0, replay: false };
        ObjectReader { class, frame, wrapper: None, members: MemberState::Named, expected: 0 }
    }
}

/// Returns the bytes behind the AMF0 text `text` with a length of 16 bits, if `bytes` begins with it.
#[inline]
fn strip_text<'de>(bytes: &'de [u8], text: &str) -> Option<&'de [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    if usize::from(u16::from_be_bytes(*length)) == text.len() {
        rest.strip_prefix(text.as_bytes())
    } else {
        None
    }
}
