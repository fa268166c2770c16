//! Reading of the head of one AMF3 value, and of strings and traits that may be references.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::amf3::marker;
use crate::decoder::{Container, Mode, Shape, SlotId, Token, VectorKind, WireString, WireTraits};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::wire::u29;
use crate::{Decoder, Limits, Version};

impl<'de> Decoder<'de> {
    pub(crate) fn amf3_token(&mut self) -> Result<Token<'de>, DecodeError> {
        self.mode = Mode::Amf3;
        let start = self.offset();
        let marker = self.reader.u8()?;
        Ok(match marker {
            marker::UNDEFINED => Token::Undefined,
            marker::NULL => Token::Null,
            marker::FALSE => Token::Bool(false),
            marker::TRUE => Token::Bool(true),
            marker::INTEGER => Token::Integer(u29::signed(u29::read(&mut self.reader)?)),
            marker::DOUBLE => Token::Number(self.reader.f64()?),
            marker::STRING => Token::String(self.amf3_text()?),
            marker::XML_DOCUMENT..=marker::DICTIONARY => return self.amf3_object(marker, start),
            marker => {
                let kind = DecodeErrorKind::UnknownMarker { version: Version::Amf3, marker };
                return Err(DecodeError::new(kind, start));
            }
        })
    }

    /// Reads a value that has an index in the table of objects: a reference, or the head of the value with its size.
    fn amf3_object(&mut self, marker: u8, start: usize) -> Result<Token<'de>, DecodeError> {
        let head = u29::read(&mut self.reader)?;
        let size = (head >> 1) as usize;
        if head & 1 == 0 {
            return self.replayed_token(SlotId { version: Version::Amf3, index: head >> 1 });
        }
        match marker {
            marker::DATE => {
                self.register_leaf(Version::Amf3, start);
                return self.reader.f64().map(Token::Date);
            }
            marker::BYTE_ARRAY => {
                self.register_leaf(Version::Amf3, start);
                return self.reader.bytes(size).map(Token::ByteArray);
            }
            marker::XML => {
                self.register_leaf(Version::Amf3, start);
                return self.text(size).map(Token::Xml);
            }
            marker::XML_DOCUMENT => {
                self.register_leaf(Version::Amf3, start);
                return self.text(size).map(Token::XmlDocument);
            }
            _ => {}
        }
        let frame = self.open(Version::Amf3, start)?;
        let shape = match marker {
            marker::OBJECT => self.amf3_traits(head)?,
            marker::ARRAY => Shape::Array { dense: size },
            marker::DICTIONARY => Shape::Dictionary { count: size, weak: self.reader.u8()? != 0 },
            marker::VECTOR_INT => self.amf3_vector(VectorKind::Int, size)?,
            marker::VECTOR_UINT => self.amf3_vector(VectorKind::Uint, size)?,
            marker::VECTOR_DOUBLE => self.amf3_vector(VectorKind::Number, size)?,
            _ => self.amf3_vector(VectorKind::Object, size)?,
        };
        Ok(Token::Open(Container { frame, shape }))
    }

    fn amf3_vector(&mut self, kind: VectorKind, count: usize) -> Result<Shape<'de>, DecodeError> {
        let fixed = self.reader.u8()? != 0;
        let class = match kind {
            VectorKind::Object => self.amf3_string()?,
            _ => Cow::Borrowed(""),
        };
        Ok(Shape::Vector { kind, count, fixed, class })
    }

    pub(crate) fn amf3_traits(&mut self, head: u32) -> Result<Shape<'de>, DecodeError> {
        let traits = if head & 2 == 0 {
            let index = head >> 2;
            match self.traits.get(index) {
                Some(traits) => Rc::clone(traits),
                None => return Err(self.error(self.traits.out_of_range("traits", index))),
            }
        } else {
            let traits = Rc::new(self.amf3_inline_traits(head)?);
            // If these bytes are replayed through a reference, the record of the first reading is kept: it
            // may already have layouts for the requested classes.
            let progress = self.progress();
            let index = self.traits.insert(progress, Rc::clone(&traits));
            self.traits.get(index).map_or(traits, Rc::clone)
        };
        Ok(if traits.externalizable { Shape::External(traits) } else { Shape::Traits(traits) })
    }

    fn amf3_inline_traits(&mut self, head: u32) -> Result<WireTraits<'de>, DecodeError> {
        let externalizable = head & 4 != 0;
        let dynamic = !externalizable && head & 8 != 0;
        let count = if externalizable { 0 } else { (head >> 4) as usize };
        let alias = self.amf3_string()?;
        if count > self.limits().sealed_members {
            return Err(self.limit_error(Limits::NAMES.sealed_members, self.limits().sealed_members));
        }
        // The count is charged before the names are read. One byte per name, a reference to a string, would
        // otherwise buy 24 bytes of memory.
        let mut members = Vec::with_capacity(self.bounded_capacity::<Cow<'_, str>>(count, 1));
        self.charge(count * size_of::<Cow<'_, str>>())?;
        for _ in 0..count {
            members.push(self.amf3_string()?);
        }
        Ok(WireTraits {
            alias,
            members,
            dynamic,
            externalizable,
            in_order: Cell::default(),
            layouts: RefCell::default(),
            value_traits: RefCell::default(),
        })
    }

    /// Reads a string without a marker, and its index in the table of strings.
    pub(crate) fn amf3_text(&mut self) -> Result<WireString<'de>, DecodeError> {
        let (content, entry) = self.amf3_string_entry()?;
        let entry = if content.is_empty() { None } else { Some(entry) };
        Ok(WireString { content, entry })
    }

    /// Reads a string without a marker, such as a name or an alias.
    #[inline]
    pub(crate) fn amf3_string(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        self.amf3_string_entry().map(|(text, _)| text)
    }

    /// Skips a string without a marker, and returns `true` if it is empty. A string that is sent by reference is not
    /// copied.
    pub(crate) fn skip_amf3_string(&mut self) -> Result<bool, DecodeError> {
        let start = self.offset();
        let head = u29::read(&mut self.reader)?;
        if head & 1 == 0 {
            let index = head >> 1;
            return match self.strings.get(index) {
                Some(_) => Ok(false),
                None => Err(self.error(self.strings.out_of_range("string", index))),
            };
        }
        self.reader.seek(start);
        self.amf3_string().map(|text| text.is_empty())
    }

    fn amf3_string_entry(&mut self) -> Result<(Cow<'de, str>, u32), DecodeError> {
        let head = u29::read(&mut self.reader)?;
        if head & 1 == 0 {
            let index = head >> 1;
            return Ok((self.amf3_string_by_reference(index)?, index));
        }
        let text = self.text((head >> 1) as usize)?;
        let entry = self.strings.next_index();
        // The empty string has no index (AMF3 §1.3.2).
        match &text {
            Cow::Borrowed(text) if !text.is_empty() => {
                self.strings.insert(self.progress(), text);
            }
            Cow::Borrowed(_) => {}
            Cow::Owned(text) => {
                // The decoded text cannot be borrowed from the input, so the table holds the empty string as
                // a placeholder and `cesu8_strings` the text.
                self.strings.insert(self.progress(), "");
                self.cesu8_strings.get_mut().entry(entry).or_insert_with(|| text.clone());
            }
        }
        Ok((text, entry))
    }

    fn amf3_string_by_reference(&mut self, index: u32) -> Result<Cow<'de, str>, DecodeError> {
        match self.strings.get(index) {
            Some(&"") => {
                // The copy is charged before it is made: a reference of two bytes may name a string of a
                // megabyte.
                let text = self.cesu8_strings.get().and_then(|strings| strings.get(&index));
                self.charge_copy(text.map_or(0, String::len))?;
                let text = self.cesu8_strings.get().and_then(|strings| strings.get(&index));
                Ok(Cow::Owned(text.cloned().unwrap_or_default()))
            }
            Some(text) => Ok(Cow::Borrowed(text)),
            None => Err(self.error(self.strings.out_of_range("string", index))),
        }
    }
}
