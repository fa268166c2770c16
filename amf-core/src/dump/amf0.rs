//! Rows of AMF0 values.

use super::rows::{MemberName, Quoted};
use super::walker::{Step, StopReason, TableText, Walker, check_depth};
use crate::Version;
use crate::amf0::marker;
use crate::decoder::Amf0Referent;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::iso8601::Iso8601;

impl<'de> Walker<'de, '_> {
    pub(super) fn amf0_value(&mut self, depth: usize, indent: usize) -> Result<(), StopReason> {
        let start = self.reader.position();
        match self.reader.u8()? {
            marker::NUMBER => {
                self.append(format_args!("Number "));
                let number = self.reader.f64()?;
                self.append(format_args!("{number:?}"));
            }
            marker::BOOLEAN => {
                self.append(format_args!("Boolean "));
                let value = self.reader.u8()? != 0;
                self.append(format_args!("{value}"));
            }
            marker::STRING => {
                self.append(format_args!("String "));
                let text = self.amf0_text()?;
                self.append(format_args!("{}", Quoted(&text)));
            }
            marker::LONG_STRING => {
                self.append(format_args!("long String "));
                let text = self.amf0_long_text()?;
                self.append(format_args!("{}", Quoted(&text)));
            }
            marker::NULL => self.append(format_args!("null")),
            marker::UNDEFINED => self.append(format_args!("undefined")),
            marker::UNSUPPORTED => self.append(format_args!("unsupported")),
            marker::DATE => self.amf0_date(start)?,
            marker::XML_DOCUMENT => {
                self.append(format_args!("XMLDocument "));
                let text = self.amf0_long_text()?;
                self.append(format_args!("{}", Quoted(&text)));
                self.register(Version::Amf0, start, "XMLDocument", None);
            }
            marker::REFERENCE => {
                let number = self.reader.u16()?;
                return self.amf0_reference(number.into(), start);
            }
            marker::AVMPLUS => {
                self.append(format_args!("AMF3 "));
                return self.amf3_value(depth, indent);
            }
            marker @ (marker::OBJECT | marker::TYPED_OBJECT | marker::ECMA_ARRAY | marker::STRICT_ARRAY) => {
                check_depth(depth, start)?;
                return self.amf0_container(marker, start, depth, indent);
            }
            marker => {
                let kind = DecodeErrorKind::UnknownMarker { version: Version::Amf0, marker };
                return Err(DecodeError::new(kind, start).into());
            }
        }
        self.end()
    }

    fn amf0_container(
        &mut self,
        marker: u8,
        start: usize,
        depth: usize,
        indent: usize,
    ) -> Result<(), StopReason> {
        let version = Version::Amf0;
        let step = match marker {
            marker::STRICT_ARRAY => {
                self.append(format_args!("Array "));
                let count = self.reader.u32()? as usize;
                self.append(format_args!("of {count}"));
                self.register(version, start, "Array", None);
                Step::Items { version, next: 0, count }
            }
            marker::ECMA_ARRAY => {
                self.append(format_args!("ECMA array "));
                let length = self.reader.u32()?;
                self.append(format_args!("of length {length}"));
                Step::Named(self.register(version, start, "ECMA array", None))
            }
            marker::TYPED_OBJECT => {
                self.append(format_args!("Object "));
                let alias = self.amf0_text()?;
                self.append(format_args!("{}", Quoted(&alias)));
                Step::Named(self.register(version, start, "Object", Some(alias)))
            }
            _ => {
                self.append(format_args!("Object"));
                Step::Named(self.register(version, start, "Object", None))
            }
        };
        self.end()?;
        self.push_inner_step(depth, indent, step);
        Ok(())
    }

    /// Writes a date with its time zone. The zone is reserved (AMF0 §2.13), but a dump shows it all the same.
    fn amf0_date(&mut self, start: usize) -> Result<(), DecodeError> {
        self.tables.register_amf0_date(start);
        self.append(format_args!("Date "));
        let millis = self.reader.f64()?;
        self.append(format_args!("{}", Iso8601(millis)));
        let zone = self.reader.u16()? as i16;
        if zone != 0 {
            self.append(format_args!(", zone {zone}, which is to be ignored"));
        }
        Ok(())
    }

    /// Writes a reference with its meaning under the numbering of Flash Player and under that of other senders,
    /// because a capture may come from any of them.
    fn amf0_reference(&mut self, number: u32, start: usize) -> Result<(), StopReason> {
        let referents = self.tables.amf0_referents(number, start);
        if referents.is_empty() {
            return self.reference(Version::Amf0, number as usize, "", start);
        }
        for (index, referent) in referents.into_iter().enumerate() {
            if index > 0 {
                self.append(format_args!(", or "));
            }
            match referent {
                Amf0Referent::Object(slot) => {
                    self.referent(Version::Amf0, slot.index as usize, "", start)?;
                }
                Amf0Referent::Date(position) => self.append(format_args!("-> Date at {position:04x}")),
            }
        }
        self.end()
    }

    /// Writes the row of a member's name. Returns `false` at the end marker of the object.
    pub(super) fn amf0_name(&mut self, indent: usize, object: usize) -> Result<bool, StopReason> {
        self.begin(indent);
        let name = self.amf0_text()?;
        if name.is_empty() && self.reader.peek() == Some(marker::OBJECT_END) {
            self.reader.u8()?;
            self.append(format_args!("end of AMF0 object {object}"));
            self.end()?;
            return Ok(false);
        }
        self.append(format_args!("{}:", MemberName(&name)));
        self.end()?;
        Ok(true)
    }

    /// Reads text with a length of 16 bits.
    pub(super) fn amf0_text(&mut self) -> Result<TableText<'de>, DecodeError> {
        let length = self.reader.u16()?;
        self.text(usize::from(length))
    }

    fn amf0_long_text(&mut self) -> Result<TableText<'de>, DecodeError> {
        let length = self.reader.u32()?;
        self.text(length as usize)
    }
}
