//! Rows of AMF3 values.

use std::fmt;
use std::rc::Rc;

use super::rows::{AsciiPreview, MemberName, Quoted};
use super::walker::{Step, StopReason, TableText, TraitsRecord, Walker, check_depth};
use crate::Version;
use crate::amf3::marker;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::iso8601::Iso8601;
use crate::wire::u29;

/// Numbers of a Vector in each row.
const NUMBERS_PER_ROW: usize = 8;

impl<'de> Walker<'de, '_> {
    pub(super) fn amf3_value(&mut self, depth: usize, indent: usize) -> Result<(), StopReason> {
        let start = self.reader.position();
        match self.reader.u8()? {
            marker::UNDEFINED => self.append(format_args!("undefined")),
            marker::NULL => self.append(format_args!("null")),
            marker::FALSE => self.append(format_args!("false")),
            marker::TRUE => self.append(format_args!("true")),
            marker::INTEGER => {
                self.append(format_args!("Integer "));
                let value = u29::signed(u29::read(&mut self.reader)?);
                self.append(format_args!("{value}"));
            }
            marker::DOUBLE => {
                self.append(format_args!("Number "));
                let value = self.reader.f64()?;
                self.append(format_args!("{value:?}"));
            }
            marker::STRING => {
                self.append(format_args!("String "));
                let text = self.amf3_string()?;
                self.append(format_args!("{}", Quoted(&text)));
            }
            marker @ marker::XML_DOCUMENT..=marker::DICTIONARY => {
                return self.amf3_object(marker, start, depth, indent);
            }
            marker => {
                let kind = DecodeErrorKind::UnknownMarker { version: Version::Amf3, marker };
                return Err(DecodeError::new(kind, start).into());
            }
        }
        self.end()
    }

    /// Writes a value that has an index in the table of objects.
    fn amf3_object(
        &mut self,
        marker: u8,
        start: usize,
        depth: usize,
        indent: usize,
    ) -> Result<(), StopReason> {
        self.append(format_args!("{}", type_name(marker)));
        let head = u29::read(&mut self.reader)?;
        let size = (head >> 1) as usize;
        if head & 1 == 0 {
            self.append(format_args!(" "));
            return self.reference(Version::Amf3, size, type_name(marker), start);
        }
        match marker {
            marker::DATE => {
                let millis = self.reader.f64()?;
                self.append(format_args!(" {}", Iso8601(millis)));
                self.register_amf3(start, marker);
                self.end()
            }
            marker::XML | marker::XML_DOCUMENT => {
                let text = self.text(size)?;
                self.append(format_args!(" {}", Quoted(&text)));
                self.register_amf3(start, marker);
                self.end()
            }
            marker::BYTE_ARRAY => self.byte_array(size, start, indent),
            _ => {
                check_depth(depth, start)?;
                self.amf3_container((marker, head), start, depth, indent)
            }
        }
    }

    fn amf3_container(
        &mut self,
        (marker, head): (u8, u32),
        start: usize,
        depth: usize,
        indent: usize,
    ) -> Result<(), StopReason> {
        let version = Version::Amf3;
        let count = (head >> 1) as usize;
        match marker {
            marker::OBJECT => return self.object(head, start, depth, indent),
            marker::ARRAY => {
                self.append(format_args!(" of {count}"));
                self.register_amf3(start, marker);
                self.end()?;
                self.push_inner_step(depth, indent, Step::Items { version, next: 0, count });
                self.push_inner_step(depth, indent, Step::Dynamic);
            }
            marker::DICTIONARY => {
                self.append(format_args!(" of {count}"));
                let weak = self.reader.u8()? != 0;
                self.append(format_args!("{}", if weak { ", weak keys" } else { "" }));
                self.register_amf3(start, marker);
                self.end()?;
                self.push_inner_step(depth, indent, Step::Pairs { next: 0, count: count.saturating_mul(2) });
            }
            _ => {
                self.append(format_args!(" of {count}"));
                let fixed = self.reader.u8()? != 0;
                self.append(format_args!("{}", if fixed { ", fixed" } else { "" }));
                if marker != marker::VECTOR_OBJECT {
                    self.register_amf3(start, marker);
                    self.end()?;
                    return self.numbers(marker, count, indent + 1);
                }
                self.register_amf3(start, marker);
                let class = self.amf3_string()?;
                self.append(format_args!(", class {}", Quoted(&class)));
                self.end()?;
                self.push_inner_step(depth, indent, Step::Items { version, next: 0, count });
            }
        }
        Ok(())
    }

    fn register_amf3(&mut self, start: usize, marker: u8) {
        self.register(Version::Amf3, start, type_name(marker), None);
    }

    fn byte_array(&mut self, size: usize, start: usize, indent: usize) -> Result<(), StopReason> {
        self.append(format_args!(" of {size}"));
        self.register_amf3(start, marker::BYTE_ARRAY);
        self.end()?;
        if size == 0 {
            return Ok(());
        }
        self.begin(indent + 1);
        let bytes = self.reader.bytes(size)?;
        self.append(format_args!("{}", AsciiPreview(bytes)));
        self.end()
    }

    /// Writes the bare elements of a Vector.
    fn numbers(&mut self, marker: u8, count: usize, indent: usize) -> Result<(), StopReason> {
        for first in (0..count).step_by(NUMBERS_PER_ROW) {
            self.begin(indent);
            self.append(format_args!("[{first}]"));
            for index in first..count.min(first + NUMBERS_PER_ROW) {
                self.append(format_args!("{}", if index == first { " " } else { ", " }));
                match marker {
                    marker::VECTOR_INT => {
                        let number = self.reader.u32()? as i32;
                        self.append(format_args!("{number}"));
                    }
                    marker::VECTOR_UINT => {
                        let number = self.reader.u32()?;
                        self.append(format_args!("{number}"));
                    }
                    _ => {
                        let number = self.reader.f64()?;
                        self.append(format_args!("{number:?}"));
                    }
                }
            }
            self.end()?;
        }
        Ok(())
    }

    fn object(&mut self, head: u32, start: usize, depth: usize, indent: usize) -> Result<(), StopReason> {
        let traits = if head & 2 == 0 {
            self.traits_by_reference((head >> 2) as usize, start)?
        } else {
            self.inline_traits(head, start, indent)?
        };
        if traits.externalizable {
            return self.external(&traits.alias, depth, indent);
        }
        if traits.dynamic {
            self.push_inner_step(depth, indent, Step::Dynamic);
        }
        self.push_inner_step(depth, indent, Step::Sealed { traits, next: 0 });
        Ok(())
    }

    fn traits_by_reference(
        &mut self,
        index: usize,
        start: usize,
    ) -> Result<Rc<TraitsRecord<'de>>, StopReason> {
        let Some(traits) = self.tables.traits.get(index).map(Rc::clone) else {
            let len = self.tables.traits.len();
            let kind = DecodeErrorKind::Reference { table: "traits", index, len };
            return Err(DecodeError::new(kind, start).into());
        };
        self.append(format_args!("{}", AliasSuffix(&traits.alias)));
        self.register(Version::Amf3, start, "Object", Some(Rc::clone(&traits.alias)));
        self.append_place(format_args!("-> traits {index}"));
        self.end()?;
        Ok(traits)
    }

    fn inline_traits(
        &mut self,
        head: u32,
        start: usize,
        indent: usize,
    ) -> Result<Rc<TraitsRecord<'de>>, StopReason> {
        let (externalizable, dynamic) = (head & 4 != 0, head & 8 != 0);
        let count = if externalizable { 0 } else { (head >> 4) as usize };
        self.register(Version::Amf3, start, "Object", None);
        self.append_place(format_args!("= traits {}", self.tables.traits.len()));
        let alias = self.amf3_string()?;
        self.set_last_alias(&alias);
        self.append(format_args!("{}", AliasSuffix(&alias)));
        match (externalizable, dynamic) {
            (true, _) => self.append(format_args!(", externalizable")),
            (false, true) if count == 0 => self.append(format_args!(", dynamic")),
            (false, true) => self.append(format_args!(", {count} sealed, dynamic")),
            (false, false) => self.append(format_args!(", {count} sealed")),
        }
        self.end()?;
        let mut members = Vec::new();
        for _ in 0..count {
            self.begin(indent + 1);
            self.append(format_args!("sealed "));
            let name = self.amf3_string()?;
            self.append(format_args!("{}", MemberName(&name)));
            self.end()?;
            members.push(name);
        }
        let traits =
            Rc::new(TraitsRecord { alias, members, dynamic: dynamic && !externalizable, externalizable });
        self.tables.traits.push(Rc::clone(&traits));
        Ok(traits)
    }

    /// Writes the row of a dynamic member's name. Returns `false` at the empty name that ends the members.
    pub(super) fn amf3_name(&mut self, indent: usize, at_end: &str) -> Result<bool, StopReason> {
        self.begin(indent);
        let name = self.amf3_string()?;
        if name.is_empty() {
            self.append(format_args!("{at_end}"));
        } else {
            self.append(format_args!("{}:", MemberName(&name)));
        }
        self.end()?;
        Ok(!name.is_empty())
    }

    /// Writes the row of a member's name in a shared object. The name may be empty.
    pub(super) fn amf3_sol_name(&mut self, indent: usize) -> Result<(), StopReason> {
        self.begin(indent);
        let name = self.amf3_string()?;
        self.append(format_args!("{}:", MemberName(&name)));
        self.end()
    }

    /// Reads a string without a marker, and adds its index in the table of strings to the row.
    fn amf3_string(&mut self) -> Result<TableText<'de>, DecodeError> {
        let start = self.reader.position();
        let head = u29::read(&mut self.reader)?;
        let size = (head >> 1) as usize;
        if head & 1 == 0 {
            if let Some(text) = self.tables.strings.get(size).map(Rc::clone) {
                self.append_place(format_args!("-> string {size}"));
                return Ok(text);
            }
            let len = self.tables.strings.len();
            let kind = DecodeErrorKind::Reference { table: "string", index: size, len };
            return Err(DecodeError::new(kind, start));
        }
        let text = self.text(size)?;
        // The empty string has no index (AMF3 §1.3.2).
        if size > 0 {
            self.append_place(format_args!("= string {}", self.tables.strings.len()));
            self.tables.strings.push(Rc::clone(&text));
        }
        Ok(text)
    }
}

/// Alias of an object in quotes, with a space before it. Empty for anonymous objects.
struct AliasSuffix<'a>(&'a str);

impl fmt::Display for AliasSuffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " {}", Quoted(self.0)) }
    }
}

fn type_name(marker: u8) -> &'static str {
    match marker {
        marker::XML_DOCUMENT => "XMLDocument",
        marker::DATE => "Date",
        marker::ARRAY => "Array",
        marker::XML => "XML",
        marker::BYTE_ARRAY => "ByteArray",
        marker::VECTOR_INT => "Vector.<int>",
        marker::VECTOR_UINT => "Vector.<uint>",
        marker::VECTOR_DOUBLE => "Vector.<Number>",
        marker::VECTOR_OBJECT => "Vector.<Object>",
        marker::DICTIONARY => "Dictionary",
        _ => "Object",
    }
}
