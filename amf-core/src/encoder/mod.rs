//! Writing: one concrete encoder that knows which version it is in.

mod identity;
mod object;
mod strings;

use std::collections::HashMap;
use std::sync::Arc;

use crate::class::Class;
use crate::date::Date;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::limits::Limits;
use crate::wire::u29;
use crate::{Version, amf0, amf3, value};

use identity::Identities;
pub(crate) use identity::Keep;
use strings::Strings;

/// Writes the values of one message.
///
/// The reference tables live as long as the encoder, so one encoder writes one message body (or one
/// header, or one RTMP command).
///
/// ```
/// use amf_core::{Encoder, ToAmf, Version};
///
/// let mut encoder = Encoder::new(Version::Amf3);
/// encoder.begin_list(2)?;
/// true.to_amf(&mut encoder)?;
/// "hi".to_amf(&mut encoder)?;
/// encoder.end_list();
/// assert_eq!(encoder.finish(), [0x09, 0x05, 0x01, 0x03, 0x06, 0x05, b'h', b'i']);
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Encoder {
    out: Vec<u8>,
    version: Version,
    /// Every outermost value is switched from AMF0 to AMF3.
    switching: bool,
    /// The version around each open object.
    outer: Vec<Version>,
    max_depth: usize,
    strings: Strings,
    traits: HashMap<TraitsKey, u32>,
    identities: Identities,
}

/// Whose traits were written.
#[derive(Debug, PartialEq, Eq, Hash)]
enum TraitsKey {
    /// The dynamic class without an alias.
    Anonymous,
    /// By address: classes are statics.
    Class(usize),
    Value(Arc<value::Traits>),
    /// Another record than that of an ordinary object of the same alias.
    ExternalValue(Arc<value::Traits>),
}

impl Encoder {
    /// An encoder of bare values.
    pub fn new(version: Version) -> Self {
        Self {
            out: Vec::new(),
            version,
            switching: false,
            outer: Vec::new(),
            max_depth: Limits::default().depth,
            strings: Strings::default(),
            traits: HashMap::new(),
            identities: Identities::default(),
        }
    }

    /// An encoder of what stands in a remoting packet or an RTMP command, which are AMF0 themselves: for
    /// AMF3, each outermost value comes behind the marker 0x11 that switches to it (AMF0 §3.1).
    pub fn in_envelope(version: Version) -> Self {
        Self { switching: version == Version::Amf3, ..Self::new(Version::Amf0) }
    }

    /// The same encoder with another limit on values that enclose one another. The default is that of
    /// decoding, 64: what is written can be read.
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> Self {
        self.max_depth = depth;
        self
    }

    /// The bytes written.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// How many bytes were written so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written so far.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Writes null.
    pub fn null(&mut self) {
        self.marker(amf0::marker::NULL, amf3::marker::NULL);
    }

    /// Writes undefined.
    pub fn undefined(&mut self) {
        self.marker(amf0::marker::UNDEFINED, amf3::marker::UNDEFINED);
    }

    /// Writes AMF0's "unsupported"; undefined in AMF3, which has no such type.
    pub fn unsupported(&mut self) {
        self.marker(amf0::marker::UNSUPPORTED, amf3::marker::UNDEFINED);
    }

    /// Writes a Boolean.
    pub fn bool(&mut self, value: bool) {
        match self.scalar() {
            Version::Amf0 => self.raw(&[amf0::marker::BOOLEAN, u8::from(value)]),
            Version::Amf3 => self.out.push(if value { amf3::marker::TRUE } else { amf3::marker::FALSE }),
        }
    }

    /// Writes a number as a double, in AMF3 too.
    #[inline]
    pub fn number(&mut self, value: f64) {
        self.marker(amf0::marker::NUMBER, amf3::marker::DOUBLE);
        self.raw(&value.to_be_bytes());
    }

    /// Writes an integer: in AMF3 as such where 29 bits hold it, as a double otherwise.
    #[inline]
    pub fn integer(&mut self, value: i32) {
        let small = (u29::INTEGER_MIN..=u29::INTEGER_MAX).contains(&value);
        match self.scalar() {
            Version::Amf3 if small => {
                self.out.push(amf3::marker::INTEGER);
                u29::write(&mut self.out, value as u32);
            }
            Version::Amf3 => {
                self.out.push(amf3::marker::DOUBLE);
                self.raw(&f64::from(value).to_be_bytes());
            }
            Version::Amf0 => {
                self.out.push(amf0::marker::NUMBER);
                self.raw(&f64::from(value).to_be_bytes());
            }
        }
    }

    /// Writes a string.
    #[inline]
    pub fn string(&mut self, text: &str) -> Result<(), EncodeError> {
        match self.scalar() {
            Version::Amf3 => {
                self.out.push(amf3::marker::STRING);
                self.amf3_string(text)
            }
            Version::Amf0 if u16::try_from(text.len()).is_ok() => {
                self.out.push(amf0::marker::STRING);
                self.amf0_name(text)
            }
            Version::Amf0 => {
                self.out.push(amf0::marker::LONG_STRING);
                self.amf0_long_text(text)
            }
        }
    }

    /// Writes a date, in UTC.
    pub fn date(&mut self, date: Date) {
        match self.scalar() {
            Version::Amf0 => {
                self.out.push(amf0::marker::DATE);
                self.raw(&date.millis().to_be_bytes());
                self.raw(&[0, 0]);
            }
            Version::Amf3 => {
                self.enter(Version::Amf3, amf3::marker::DATE);
                self.raw(&[amf3::marker::DATE, 0x01]);
                self.raw(&date.millis().to_be_bytes());
            }
        }
    }

    /// Writes a `ByteArray`; AMF0 has none, so it is switched to AMF3 there.
    pub fn byte_array(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.amf3_leaf(amf3::marker::BYTE_ARRAY, bytes, "a ByteArray")
    }

    /// Writes XML, E4X in AMF3; AMF0 knows the older kind alone.
    pub fn xml(&mut self, text: &str) -> Result<(), EncodeError> {
        match self.version_here() {
            Version::Amf0 => self.xml_document(text),
            Version::Amf3 => self.amf3_leaf(amf3::marker::XML, text.as_bytes(), "XML"),
        }
    }

    /// Writes XML of the kind that ActionScript 2 had, and 3 calls `XMLDocument`.
    pub fn xml_document(&mut self, text: &str) -> Result<(), EncodeError> {
        match self.version_here() {
            Version::Amf0 => {
                self.enter(Version::Amf0, amf0::marker::XML_DOCUMENT);
                self.out.push(amf0::marker::XML_DOCUMENT);
                self.amf0_long_text(text)
            }
            Version::Amf3 => self.amf3_leaf(amf3::marker::XML_DOCUMENT, text.as_bytes(), "XML"),
        }
    }

    /// Begins a list of so many elements, which are written then; see [`end_list`](Self::end_list).
    pub fn begin_list(&mut self, len: usize) -> Result<(), EncodeError> {
        match self.begin()? {
            Version::Amf0 => {
                self.enter(Version::Amf0, amf0::marker::STRICT_ARRAY);
                self.out.push(amf0::marker::STRICT_ARRAY);
                self.amf0_length("an array", len)
            }
            Version::Amf3 => {
                self.enter(Version::Amf3, amf3::marker::ARRAY);
                self.out.push(amf3::marker::ARRAY);
                self.amf3_length("an array", len)?;
                self.amf3_string("")
            }
        }
    }

    /// Ends a list.
    pub fn end_list(&mut self) {
        self.end();
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    /// The version in which the next value will stand.
    pub(crate) fn version_here(&self) -> Version {
        if self.switching && self.outer.is_empty() { Version::Amf3 } else { self.version }
    }

    /// The same, with the switch to it written.
    #[inline]
    fn scalar(&mut self) -> Version {
        if self.switching && self.outer.is_empty() {
            self.out.push(amf0::marker::AVMPLUS);
            return Version::Amf3;
        }
        self.version
    }

    #[inline]
    fn marker(&mut self, amf0: u8, amf3: u8) {
        let marker = match self.scalar() {
            Version::Amf0 => amf0,
            Version::Amf3 => amf3,
        };
        self.out.push(marker);
    }

    /// Begins something with members, and tells in which version.
    pub(crate) fn begin(&mut self) -> Result<Version, EncodeError> {
        if self.outer.len() >= self.max_depth {
            return Err(EncodeError::new(EncodeErrorKind::Depth { max: self.max_depth }));
        }
        let version = self.scalar();
        self.outer.push(self.version);
        self.version = version;
        Ok(version)
    }

    /// Begins something that only AMF3 has.
    pub(crate) fn begin_amf3(&mut self) -> Result<(), EncodeError> {
        if self.begin()? == Version::Amf0 {
            self.out.push(amf0::marker::AVMPLUS);
            self.version = Version::Amf3;
        }
        Ok(())
    }

    pub(crate) fn end(&mut self) {
        if let Some(outer) = self.outer.pop() {
            self.version = outer;
        }
    }

    fn amf3_leaf(&mut self, marker: u8, bytes: &[u8], what: &'static str) -> Result<(), EncodeError> {
        if self.scalar() == Version::Amf0 {
            self.out.push(amf0::marker::AVMPLUS);
        }
        self.enter(Version::Amf3, marker);
        self.out.push(marker);
        self.amf3_length(what, bytes.len())?;
        self.raw(bytes);
        Ok(())
    }

    /// A name or an alias: 16 bits of length, then UTF-8 (AMF0 §1.3.1).
    pub(crate) fn amf0_name(&mut self, name: &str) -> Result<(), EncodeError> {
        let Ok(length) = u16::try_from(name.len()) else {
            return Err(too_long("a member's name", name.len(), usize::from(u16::MAX)));
        };
        self.raw(&length.to_be_bytes());
        self.raw(name.as_bytes());
        Ok(())
    }

    fn amf0_long_text(&mut self, text: &str) -> Result<(), EncodeError> {
        self.amf0_length("a string", text.len())?;
        self.raw(text.as_bytes());
        Ok(())
    }

    pub(crate) fn amf0_length(&mut self, what: &'static str, len: usize) -> Result<(), EncodeError> {
        let Ok(length) = u32::try_from(len) else {
            return Err(too_long(what, len, u32::MAX as usize));
        };
        self.raw(&length.to_be_bytes());
        Ok(())
    }

    /// A length with the bit that says "here it comes, this is no reference".
    pub(crate) fn amf3_length(&mut self, what: &'static str, len: usize) -> Result<(), EncodeError> {
        const MAX: usize = (u29::MAX >> 1) as usize;
        if len > MAX {
            return Err(too_long(what, len, MAX));
        }
        u29::write(&mut self.out, (len as u32) << 1 | 1);
        Ok(())
    }

    /// A string without its marker, by reference where it was written before.
    pub(crate) fn amf3_string(&mut self, text: &str) -> Result<(), EncodeError> {
        if text.is_empty() {
            self.out.push(0x01);
            return Ok(());
        }
        if let Some(index) = self.strings.find(&self.out, text) {
            u29::write(&mut self.out, index << 1);
            return Ok(());
        }
        self.amf3_length("a string", text.len())?;
        self.strings.enter(&self.out, text);
        self.raw(text.as_bytes());
        Ok(())
    }
}

fn too_long(what: &'static str, len: usize, max: usize) -> EncodeError {
    EncodeError::new(EncodeErrorKind::Length { what, len, max })
}

fn address_of(class: &'static Class) -> usize {
    std::ptr::from_ref(class).addr()
}
