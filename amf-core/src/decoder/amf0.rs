//! Reading of the head of one AMF0 value.

use std::borrow::Cow;

use crate::amf0::marker;
use crate::decoder::{Amf0Referent, Container, Mode, Shape, Token, WireString};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Decoder, Version};

impl<'de> Decoder<'de> {
    pub(crate) fn amf0_token(&mut self) -> Result<Token<'de>, DecodeError> {
        self.mode = Mode::Amf0;
        let start = self.offset();
        let token = match self.reader.u8()? {
            marker::NUMBER => Token::Number(self.reader.f64()?),
            marker::BOOLEAN => Token::Bool(self.reader.u8()? != 0),
            marker::STRING => Token::String(WireString::inline(self.amf0_text()?)),
            marker::LONG_STRING => Token::String(WireString::inline(self.amf0_long_text()?)),
            marker::NULL => Token::Null,
            marker::UNDEFINED => Token::Undefined,
            marker::UNSUPPORTED => Token::Unsupported,
            marker::DATE => {
                let millis = self.amf0_date()?;
                self.register_amf0_date(start);
                Token::Date(millis)
            }
            marker::XML_DOCUMENT => {
                self.register_leaf(Version::Amf0, start);
                Token::XmlDocument(self.amf0_long_text()?)
            }
            marker::REFERENCE => {
                let number = u32::from(self.reader.u16()?);
                match self.resolve_amf0_reference(number) {
                    Amf0Referent::Object(slot) => return self.replayed_token(slot),
                    Amf0Referent::Date(position) => Token::Date(self.date_at(position)?),
                }
            }
            // AMF0 §3.1: the switch holds for this one value. The caller restores the mode afterwards.
            marker::AVMPLUS => {
                self.switched = true;
                return self.amf3_token();
            }
            marker::OBJECT => {
                return self.amf0_container(start, |_| Ok(Shape::Object { alias: Cow::Borrowed("") }));
            }
            marker::TYPED_OBJECT => {
                return self
                    .amf0_container(start, |decoder| Ok(Shape::Object { alias: decoder.amf0_text()? }));
            }
            marker::ECMA_ARRAY => {
                return self
                    .amf0_container(start, |decoder| Ok(Shape::EcmaArray { length: decoder.reader.u32()? }));
            }
            marker::STRICT_ARRAY => {
                return self.amf0_container(start, |decoder| {
                    Ok(Shape::StrictArray { count: decoder.reader.u32()? as usize })
                });
            }
            marker => {
                let kind = DecodeErrorKind::UnknownMarker { version: Version::Amf0, marker };
                return Err(DecodeError::new(kind, start));
            }
        };
        Ok(token)
    }

    fn amf0_container(
        &mut self,
        start: usize,
        head: impl FnOnce(&mut Self) -> Result<Shape<'de>, DecodeError>,
    ) -> Result<Token<'de>, DecodeError> {
        let frame = self.open(Version::Amf0, start)?;
        let shape = head(self)?;
        Ok(Token::Open(Container { frame, shape }))
    }

    /// Reads text with a length of 16 bits: the name of a member, the alias of a class, or a string.
    #[inline]
    pub(crate) fn amf0_text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        let length = self.reader.u16()?;
        self.text(usize::from(length))
    }

    fn amf0_long_text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        let length = self.reader.u32()?;
        self.text(length as usize)
    }

    /// Reads a date and discards its time zone, which is reserved (AMF0 §2.13).
    fn amf0_date(&mut self) -> Result<f64, DecodeError> {
        let millis = self.reader.f64()?;
        self.reader.u16()?;
        Ok(millis)
    }
}
