//! Short ways for objects whose members stand on the wire as their class has them: what a derive asks first.
//!
//! Each opens such an object, or reads nothing and leaves it to [`begin_object`](Decoder::begin_object), which
//! knows all else. Expansions reach these through functions of [`__private`](crate::__private).

use crate::class::Class;
use crate::decoder::object::MemberState;
use crate::decoder::{Frame, Mode, ObjectReader, SlotId};
use crate::{Decoder, Version, amf0, amf3};

/// Open AMF3 object of a class's own traits; made by `begin_in_order`.
#[derive(Clone, Copy, Debug)]
pub struct InOrderReader {
    index: u32,
}

/// Open AMF0 object; made by `begin_named`.
#[derive(Clone, Copy, Debug)]
pub struct NamedReader {
    index: u32,
}

impl Decoder<'_> {
    /// Opens an AMF3 object whose traits were met before, and are those of the class: its members stand there
    /// one after the other, and nothing else, until [`end_in_order`](Self::end_in_order).
    #[inline]
    pub(crate) fn begin_in_order(&mut self, class: &'static Class) -> Option<InOrderReader> {
        let (Mode::Amf3, [amf3::marker::OBJECT, head @ 0..0x80, rest @ ..]) = (self.mode, self.reader.rest())
        else {
            return None;
        };
        // Inline, with traits by reference (AMF3 §3.12).
        if head & 3 != 1 || !self.traits.get(u32::from(head >> 2))?.is_in_order_for(class) {
            return None;
        }
        let index = self.open_without_frame(Version::Amf3)?;
        self.reader.advance_to(rest);
        Some(InOrderReader { index })
    }

    /// Ends it.
    #[inline]
    pub(crate) fn end_in_order(&mut self, object: InOrderReader) {
        self.close_without_frame(SlotId { version: Version::Amf3, index: object.index });
    }

    /// Opens an AMF0 object that is anonymous or of this class. Then, for one member after the other in the
    /// order of the class: where [`take_name`](Self::take_name), its value is read; and last, where not
    /// [`end_named`](Self::end_named), [`resume`](NamedReader::resume).
    #[inline]
    pub(crate) fn begin_named(&mut self, class: &'static Class) -> Option<NamedReader> {
        let rest = match (self.mode, self.reader.rest()) {
            (Mode::Amf0, [amf0::marker::TYPED_OBJECT, rest @ ..]) => strip_text(rest, class.alias())?,
            (Mode::Amf0, [amf0::marker::OBJECT, rest @ ..]) => rest,
            _ => return None,
        };
        let index = self.open_without_frame(Version::Amf0)?;
        self.reader.advance_to(rest);
        Some(NamedReader { index })
    }

    /// Passes this name, if it is that of the next member.
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

    /// Ends the object, if nothing is left of it.
    #[inline]
    pub(crate) fn end_named(&mut self, object: NamedReader) -> bool {
        let is_end = self.take_object_end();
        if is_end {
            self.close_without_frame(SlotId { version: Version::Amf0, index: object.index });
        }
        is_end
    }

    /// Passes the end of an AMF0 object: an empty name, then `09` (AMF0 §2.5).
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
    /// Returns a reader of the members that are left.
    pub(crate) fn resume<'de>(self, class: &'static Class) -> ObjectReader<'de> {
        let slot = SlotId { version: Version::Amf0, index: self.index };
        let frame = Frame { slot, outer: Mode::Amf0, replay: false };
        ObjectReader { class, frame, wrapper: None, members: MemberState::Named, expected: 0 }
    }
}

/// What follows this short text of AMF0, if it stands there.
#[inline]
fn strip_text<'de>(bytes: &'de [u8], text: &str) -> Option<&'de [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    if usize::from(u16::from_be_bytes(*length)) == text.len() {
        rest.strip_prefix(text.as_bytes())
    } else {
        None
    }
}
