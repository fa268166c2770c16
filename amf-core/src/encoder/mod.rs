//! Encoding of AMF by one concrete encoder, which tracks the current version.

mod object;
mod output;
mod references;
mod strings;
mod to_amf;
mod traits;
mod vector;

use std::sync::Arc;

use crate::date::Date;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::limits::{Limits, OutputLimit};
use crate::wire::u29;
use crate::{Version, amf0, amf3};

use output::Output;
pub(crate) use references::KeepAlive;
use references::ObjectTable;
use strings::StringTable;
pub use to_amf::{ToAmf, to_vec};
use traits::{TraitsKey, TraitsTable};
pub use vector::VectorItem;
pub(crate) use vector::write_object_vector;

/// Encoder that writes the values of one message.
///
/// The reference tables belong to the encoder. One encoder therefore writes exactly one message body, one header, or
/// one RTMP command; [`clear`](Self::clear) begins the next message.
///
/// ```
/// use amf_core::{Encoder, ToAmf, Version};
///
/// let mut encoder = Encoder::new(Version::Amf3);
/// encoder.begin_list(2)?;
/// true.to_amf(&mut encoder)?;
/// "hi".to_amf(&mut encoder)?;
/// encoder.end_list();
/// assert_eq!(encoder.finish()?, [0x09, 0x05, 0x01, 0x03, 0x06, 0x05, b'h', b'i']);
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Encoder {
    out: Output,
    mode: OutputMode,
    /// Mode to which `clear` returns.
    outermost: OutputMode,
    depth: usize,
    max_depth: usize,
    /// Depth at which an AMF3 value began within another mode, and that mode.
    switch: Option<VersionSwitch>,
    strings: StringTable,
    traits: TraitsTable,
    objects: ObjectTable,
    omitted_members: usize,
}

/// Context of the next value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutputMode {
    Amf0,
    Amf3,
    /// AMF0 in which every value is switched to AMF3.
    Envelope,
}

/// Switch from AMF0 to AMF3 within one value.
#[derive(Clone, Copy, Debug)]
struct VersionSwitch {
    depth: usize,
    outer: OutputMode,
}

/// Default output limit, equal to the default limit on the memory of decoded values.
const DEFAULT_OUTPUT_LIMIT: OutputLimit = OutputLimit::new("output_bytes", 64 << 20);
/// Minimum length of text for which capacity is reserved at once.
const RESERVE_THRESHOLD: usize = 1024;

impl Encoder {
    /// Creates an encoder of bare values.
    pub fn new(version: Version) -> Self {
        Self::in_mode(match version {
            Version::Amf0 => OutputMode::Amf0,
            Version::Amf3 => OutputMode::Amf3,
        })
    }

    /// Creates an encoder for the contents of a remoting packet or an RTMP command, which are AMF0 themselves. For
    /// AMF3, each top-level value is preceded by the marker 0x11, which switches to AMF3 (AMF0 §3.1).
    #[inline]
    pub fn in_envelope(version: Version) -> Self {
        Self::in_mode(match version {
            Version::Amf0 => OutputMode::Amf0,
            Version::Amf3 => OutputMode::Envelope,
        })
    }

    /// Creates an encoder as [`in_envelope`](Self::in_envelope) does, with the output limit that
    /// [`with_output_limit`](Self::with_output_limit) would set. The encoder is constructed in place and not moved.
    #[inline]
    pub fn in_envelope_within(version: Version, limit: OutputLimit) -> Self {
        Self::within(
            match version {
                Version::Amf0 => OutputMode::Amf0,
                Version::Amf3 => OutputMode::Envelope,
            },
            limit,
        )
    }

    #[inline]
    fn in_mode(mode: OutputMode) -> Self {
        Self::within(mode, DEFAULT_OUTPUT_LIMIT)
    }

    #[inline]
    fn within(mode: OutputMode, limit: OutputLimit) -> Self {
        Self {
            out: Output::new(limit),
            mode,
            outermost: mode,
            depth: 0,
            max_depth: Limits::default().depth,
            switch: None,
            strings: StringTable::default(),
            traits: TraitsTable::default(),
            objects: ObjectTable::default(),
            omitted_members: 0,
        }
    }

    /// Sets the maximum depth of nested values. Default: 64, as for decoding, so that a written message can be read.
    #[must_use]
    pub fn with_max_depth(mut self, depth: usize) -> Self {
        self.max_depth = depth;
        self
    }

    /// Sets the maximum number of bytes of one message. Default: 64 MiB, named `output_bytes`.
    ///
    /// A value that was read from a small input may be far longer when it is written, because AMF0 repeats each
    /// string that AMF3 refers to. Every write is checked before the buffer grows, so the buffer never exceeds the
    /// limit. A message that does not fit results in the error [`OutputTooLarge`](EncodeErrorKind::OutputTooLarge)
    /// with the name of the limit. The excess is dropped, and the error is returned when the next list or object
    /// begins, at the latest by [`finish`](Self::finish) or [`bytes`](Self::bytes).
    ///
    /// Bytes written so far are discarded.
    ///
    /// ```
    /// use amf_core::{Encoder, EncodeErrorKind, OutputLimit, ToAmf, Version};
    ///
    /// let limit = OutputLimit::new("reply_bytes", 5);
    /// let mut encoder = Encoder::new(Version::Amf0).with_output_limit(limit);
    /// "hi".to_amf(&mut encoder)?;
    /// assert_eq!(encoder.bytes()?, [0x02, 0, 2, b'h', b'i']);
    ///
    /// encoder.null(); // the sixth byte
    /// let error = encoder.finish().unwrap_err();
    /// assert_eq!(*error.kind(), EncodeErrorKind::OutputTooLarge { limit: "reply_bytes", max: 5 });
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn with_output_limit(self, limit: OutputLimit) -> Self {
        self.with_reserved_output(limit, 0)
    }

    /// Sets the limit, of which `reserved` bytes are used by another encoder.
    #[inline]
    pub(crate) fn with_reserved_output(mut self, limit: OutputLimit, reserved: usize) -> Self {
        self.out.set_limit(limit, reserved);
        self.clear();
        self
    }

    /// Returns the limit on the bytes of one message.
    pub fn output_limit(&self) -> OutputLimit {
        self.out.limit()
    }

    /// Sets the maximum length in bytes of strings that are written by reference. 0 disables references. Default: no
    /// maximum.
    ///
    /// AMF3 sends a string once and refers to it afterwards (AMF3 §1.3.2), and the same holds for the names in an
    /// object. The lookup takes about half of the time of encoding, and pays off if strings repeat. The output has
    /// the same meaning with every setting.
    ///
    /// ```
    /// use amf_core::{Encoder, ToAmf, Version};
    ///
    /// let twice = ["hi", "hi"];
    /// let mut encoder = Encoder::new(Version::Amf3);
    /// twice.to_amf(&mut encoder)?;
    /// assert_eq!(encoder.finish()?, [0x09, 0x05, 0x01, 0x06, 0x05, b'h', b'i', 0x06, 0x00]);
    ///
    /// let mut encoder = Encoder::new(Version::Amf3).with_string_references(0);
    /// twice.to_amf(&mut encoder)?;
    /// assert_eq!(encoder.finish()?, [0x09, 0x05, 0x01, 0x06, 0x05, b'h', b'i', 0x06, 0x05, b'h', b'i']);
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    #[must_use]
    pub fn with_string_references(mut self, max_len: usize) -> Self {
        self.strings.max_len = max_len;
        self
    }

    /// Creates an encoder for values that are copied into this one once their number is known.
    #[cfg(feature = "serde")]
    pub(crate) fn detached(&self) -> Self {
        Self::new(self.current_version())
            .with_max_depth(self.max_depth.saturating_sub(self.depth))
            .with_reserved_output(self.out.limit(), self.out.total_len())
    }

    /// Returns the message.
    ///
    /// # Errors
    ///
    /// Returns [`OutputTooLarge`](EncodeErrorKind::OutputTooLarge) if the message exceeds the [output
    /// limit](Self::with_output_limit).
    #[inline]
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        self.out.into_bytes()
    }

    /// Does the same as [`finish`](Self::finish) without moving the encoder, whose tables take some 400 bytes.
    #[inline]
    pub(crate) fn finish_in_place(&mut self) -> Result<Vec<u8>, EncodeError> {
        self.out.take()
    }

    /// Returns the message so far. Used with encoders that are reused by [`clear`](Self::clear).
    ///
    /// # Errors
    ///
    /// Returns [`OutputTooLarge`](EncodeErrorKind::OutputTooLarge) if the message exceeds the [output
    /// limit](Self::with_output_limit).
    #[inline]
    pub fn bytes(&self) -> Result<&[u8], EncodeError> {
        self.out.check().map(|()| self.out.as_slice())
    }

    /// Begins a new message. The bytes and the reference tables are discarded, their capacity and the settings are
    /// kept. The encoder can be cleared and reused after an error too.
    ///
    /// ```
    /// use amf_core::{Encoder, ToAmf, Version};
    ///
    /// let mut encoder = Encoder::new(Version::Amf3);
    /// for text in ["a", "b", "a"] {
    ///     encoder.clear();
    ///     text.to_amf(&mut encoder)?;
    ///     assert_eq!(encoder.bytes()?, [0x06, 0x03, text.as_bytes()[0]]);
    /// }
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    pub fn clear(&mut self) {
        self.out.clear();
        self.mode = self.outermost;
        self.depth = 0;
        self.switch = None;
        self.strings.clear();
        self.traits.clear();
        self.objects.clear();
        self.omitted_members = 0;
    }

    /// Returns the number of members of this message that were omitted because AMF3 cannot represent them.
    ///
    /// An empty name ends the members of an AMF3 object (AMF3 §3.12). AMF0 allows a dynamic member with an empty
    /// name. Such a member is omitted together with its value, as in Flash Player.
    ///
    /// ```
    /// use amf_core::{DynamicMembers, Encoder, ToAmf, Version};
    ///
    /// let members: DynamicMembers = [("a", 1), ("", 2)].into_iter().collect();
    /// let mut encoder = Encoder::new(Version::Amf3);
    /// members.to_amf(&mut encoder)?;
    /// assert_eq!(encoder.bytes()?, [0x0A, 0x0B, 0x01, 0x03, b'a', 0x04, 0x01, 0x01]);
    /// assert_eq!(encoder.omitted_members(), 1);
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    pub fn omitted_members(&self) -> usize {
        self.omitted_members
    }

    /// Returns the number of bytes written so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Returns `true` if nothing was written so far.
    pub fn is_empty(&self) -> bool {
        self.out.len() == 0
    }

    /// Writes null.
    #[inline]
    pub fn null(&mut self) {
        self.write_marker(amf0::marker::NULL, amf3::marker::NULL);
    }

    /// Writes undefined.
    pub fn undefined(&mut self) {
        self.write_marker(amf0::marker::UNDEFINED, amf3::marker::UNDEFINED);
    }

    /// Writes the AMF0 value "unsupported". AMF3 has no such value, and undefined is written instead.
    pub fn unsupported(&mut self) {
        self.write_marker(amf0::marker::UNSUPPORTED, amf3::marker::UNDEFINED);
    }

    /// Writes a Boolean.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        match self.begin_scalar() {
            Version::Amf0 => self.raw(&[amf0::marker::BOOLEAN, u8::from(value)]),
            Version::Amf3 => self.byte(if value { amf3::marker::TRUE } else { amf3::marker::FALSE }),
        }
    }

    /// Writes a number as a double, in both versions.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "it is most of what is written, and not much more than the call")]
    pub fn number(&mut self, value: f64) {
        let marker = match self.begin_scalar() {
            Version::Amf0 => amf0::marker::NUMBER,
            Version::Amf3 => amf3::marker::DOUBLE,
        };
        self.raw(&marker_and_double(marker, value));
    }

    /// Writes an integer. AMF3 integers have 29 bits; larger ones, and all integers of AMF0, are written as doubles.
    #[inline]
    pub fn integer(&mut self, value: i32) {
        match self.begin_scalar() {
            Version::Amf3 if (u29::INTEGER_MIN..=u29::INTEGER_MAX).contains(&value) => {
                self.amf3_integer(value as u32);
            }
            Version::Amf3 => self.raw(&marker_and_double(amf3::marker::DOUBLE, f64::from(value))),
            Version::Amf0 => self.raw(&marker_and_double(amf0::marker::NUMBER, f64::from(value))),
        }
    }

    #[inline]
    fn amf3_integer(&mut self, bits: u32) {
        match bits {
            0..0x80 => self.raw(&[amf3::marker::INTEGER, bits as u8]),
            0x80..0x4000 => self.raw(&[amf3::marker::INTEGER, (bits >> 7) as u8 | 0x80, bits as u8 & 0x7F]),
            _ => {
                self.byte(amf3::marker::INTEGER);
                self.out.u29(bits);
            }
        }
    }

    /// Writes a string.
    ///
    /// # Errors
    ///
    /// Returns an error if the string is longer than the format or the output limit allows.
    pub fn string(&mut self, text: &str) -> Result<(), EncodeError> {
        match self.mode {
            OutputMode::Amf0 => self.amf0_string(text),
            OutputMode::Amf3 => self.amf3_text(&[amf3::marker::STRING], text),
            OutputMode::Envelope => self.amf3_text(&[amf0::marker::AVMPLUS, amf3::marker::STRING], text),
        }
    }

    /// Writes a date, in UTC.
    #[inline]
    pub fn date(&mut self, date: Date) {
        match self.begin_scalar() {
            Version::Amf0 => {
                self.register_amf0_date();
                self.raw(&marker_and_double(amf0::marker::DATE, date.as_millis()));
                self.raw(&[0, 0]);
            }
            Version::Amf3 => {
                self.register_object(Version::Amf3, amf3::marker::DATE);
                self.byte(amf3::marker::DATE);
                self.raw(&marker_and_double(0x01, date.as_millis()));
            }
        }
    }

    /// Writes a `ByteArray`. AMF0 has no such type, so the value is switched to AMF3 there.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are longer than the format or the output limit allows.
    pub fn byte_array(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.amf3_leaf(amf3::marker::BYTE_ARRAY, bytes, "a ByteArray")
    }

    /// Writes XML: the E4X type in AMF3, and `XMLDocument` in AMF0, which has no other type of XML.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is longer than the format or the output limit allows.
    pub fn xml(&mut self, text: &str) -> Result<(), EncodeError> {
        match self.current_version() {
            Version::Amf0 => self.xml_document(text),
            Version::Amf3 => self.amf3_leaf(amf3::marker::XML, text.as_bytes(), "XML"),
        }
    }

    /// Writes XML as the legacy type of ActionScript 2, `XMLDocument` in ActionScript 3.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is longer than the format or the output limit allows.
    pub fn xml_document(&mut self, text: &str) -> Result<(), EncodeError> {
        match self.current_version() {
            Version::Amf0 => {
                self.register_object(Version::Amf0, amf0::marker::XML_DOCUMENT);
                self.byte(amf0::marker::XML_DOCUMENT);
                self.amf0_long_text(text)
            }
            Version::Amf3 => self.amf3_leaf(amf3::marker::XML_DOCUMENT, text.as_bytes(), "XML"),
        }
    }

    /// Begins a list of `len` elements. The elements are written next, followed by [`end_list`](Self::end_list).
    ///
    /// # Errors
    ///
    /// Returns an error if the list is longer than the format allows, or if the depth limit or the output limit is
    /// exceeded.
    pub fn begin_list(&mut self, len: usize) -> Result<(), EncodeError> {
        match self.begin_container()? {
            Version::Amf0 => {
                self.register_object(Version::Amf0, amf0::marker::STRICT_ARRAY);
                self.byte(amf0::marker::STRICT_ARRAY);
                self.amf0_length("an array", len)
            }
            Version::Amf3 => {
                self.register_object(Version::Amf3, amf3::marker::ARRAY);
                self.byte(amf3::marker::ARRAY);
                self.amf3_length("an array", len)?;
                self.amf3_string("")
            }
        }
    }

    /// Ends a list.
    pub fn end_list(&mut self) {
        self.end_container();
    }

    #[inline]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.raw(bytes);
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.out.byte(byte);
    }

    /// Reserves capacity for a large value.
    #[inline]
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// Returns an error if the message exceeds the output limit.
    #[inline]
    pub(crate) fn check_output(&self) -> Result<(), EncodeError> {
        self.out.check()
    }

    /// Returns the version of the next value.
    pub(crate) fn current_version(&self) -> Version {
        match self.mode {
            OutputMode::Amf0 => Version::Amf0,
            OutputMode::Amf3 | OutputMode::Envelope => Version::Amf3,
        }
    }

    /// Writes the switch to AMF3 if necessary, and returns the version of the next value.
    #[inline]
    fn begin_scalar(&mut self) -> Version {
        match self.mode {
            OutputMode::Amf0 => Version::Amf0,
            OutputMode::Amf3 => Version::Amf3,
            OutputMode::Envelope => {
                self.byte(amf0::marker::AVMPLUS);
                Version::Amf3
            }
        }
    }

    #[inline]
    fn write_marker(&mut self, amf0: u8, amf3: u8) {
        let marker = match self.begin_scalar() {
            Version::Amf0 => amf0,
            Version::Amf3 => amf3,
        };
        self.byte(marker);
    }

    /// Begins a value with members, and returns its version.
    #[inline]
    pub(crate) fn begin_container(&mut self) -> Result<Version, EncodeError> {
        self.check_output()?;
        if self.depth >= self.max_depth {
            return Err(self.too_deep());
        }
        match self.mode {
            OutputMode::Amf0 => {
                self.depth += 1;
                Ok(Version::Amf0)
            }
            OutputMode::Amf3 => {
                self.depth += 1;
                Ok(Version::Amf3)
            }
            OutputMode::Envelope => {
                self.begin_switched();
                Ok(Version::Amf3)
            }
        }
    }

    /// Begins a value with members that only AMF3 can represent.
    pub(crate) fn begin_amf3_container(&mut self) -> Result<(), EncodeError> {
        if self.mode != OutputMode::Amf0 {
            return self.begin_container().map(drop);
        }
        if self.depth >= self.max_depth {
            return Err(self.too_deep());
        }
        self.begin_switched();
        Ok(())
    }

    fn begin_switched(&mut self) {
        self.byte(amf0::marker::AVMPLUS);
        self.switch = Some(VersionSwitch { depth: self.depth, outer: self.mode });
        self.mode = OutputMode::Amf3;
        self.depth += 1;
    }

    #[inline]
    pub(crate) fn end_container(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(VersionSwitch { depth, outer }) = self.switch
            && depth == self.depth
        {
            self.mode = outer;
            self.switch = None;
        }
    }

    #[cold]
    fn too_deep(&self) -> EncodeError {
        EncodeError::new(EncodeErrorKind::Depth { max: self.max_depth })
    }

    fn amf3_leaf(&mut self, marker: u8, bytes: &[u8], what: &'static str) -> Result<(), EncodeError> {
        if self.begin_scalar() == Version::Amf0 {
            self.byte(amf0::marker::AVMPLUS);
        }
        self.register_object(Version::Amf3, marker);
        self.reserve(1 + u29::MAX_WIDTH + bytes.len());
        self.byte(marker);
        self.amf3_length(what, bytes.len())?;
        self.raw(bytes);
        self.check_output()
    }

    fn amf0_string(&mut self, text: &str) -> Result<(), EncodeError> {
        let Ok(length) = u16::try_from(text.len()) else {
            self.byte(amf0::marker::LONG_STRING);
            return self.amf0_long_text(text);
        };
        let [high, low] = length.to_be_bytes();
        if text.len() >= RESERVE_THRESHOLD {
            self.check_output()?;
            self.reserve(3 + text.len());
        }
        self.raw(&[amf0::marker::STRING, high, low]);
        self.raw(text.as_bytes());
        Ok(())
    }

    /// Writes a name or an alias: a length of 16 bits, then UTF-8 (AMF0 §1.3.1).
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
        self.check_output()
    }

    pub(crate) fn amf0_length(&mut self, what: &'static str, len: usize) -> Result<(), EncodeError> {
        let Ok(length) = u32::try_from(len) else {
            return Err(too_long(what, len, u32::MAX as usize));
        };
        self.raw(&length.to_be_bytes());
        Ok(())
    }

    /// Writes a length with the bit that distinguishes it from a reference.
    pub(crate) fn amf3_length(&mut self, what: &'static str, len: usize) -> Result<(), EncodeError> {
        if len > MAX_AMF3_LEN {
            return Err(too_long(what, len, MAX_AMF3_LEN));
        }
        self.out.u29((len as u32) << 1 | 1);
        Ok(())
    }

    /// Writes a string that may be shared.
    pub(crate) fn amf3_shared_string(&mut self, text: &Arc<str>) -> Result<(), EncodeError> {
        self.amf3_shared_text(&[], text)
    }

    /// Writes a string without a marker, by reference if it was written before.
    pub(crate) fn amf3_string(&mut self, text: &str) -> Result<(), EncodeError> {
        self.amf3_text(&[], text)
    }

    #[inline]
    fn amf3_text<const N: usize>(&mut self, markers: &[u8; N], text: &str) -> Result<(), EncodeError> {
        if text.is_empty() {
            self.raw(markers);
            self.byte(0x01);
            return Ok(());
        }
        if text.len() > MAX_AMF3_LEN {
            return Err(too_long("a string", text.len(), MAX_AMF3_LEN));
        }
        // Reports an overflow before a long text is hashed: `raw` drops what does not fit without an error.
        if text.len() >= RESERVE_THRESHOLD {
            self.check_output()?;
            self.reserve(N + u29::MAX_WIDTH + text.len());
        }
        self.raw(markers);
        let head = (text.len() as u32) << 1 | 1;
        let start = self.out.len() + u29::width(head);
        if let Some(index) = self.strings.find_or_insert(self.out.as_slice(), start, text) {
            self.out.u29(index << 1);
        } else {
            self.out.u29(head);
            self.raw(text.as_bytes());
        }
        Ok(())
    }

    /// Writes a string that may be shared. Long shared strings are found by their address, so that a text that occurs
    /// a million times is hashed once.
    pub(crate) fn shared_string(&mut self, text: &Arc<str>) -> Result<(), EncodeError> {
        match self.mode {
            OutputMode::Amf0 => self.amf0_string(text),
            OutputMode::Amf3 => self.amf3_shared_text(&[amf3::marker::STRING], text),
            OutputMode::Envelope => {
                self.amf3_shared_text(&[amf0::marker::AVMPLUS, amf3::marker::STRING], text)
            }
        }
    }

    #[inline]
    fn amf3_shared_text<const N: usize>(
        &mut self,
        markers: &[u8; N],
        text: &Arc<str>,
    ) -> Result<(), EncodeError> {
        if self.strings.is_found_by_address(text) {
            self.amf3_long_shared_text(markers, text)
        } else {
            self.amf3_text(markers, text)
        }
    }

    #[inline(never)]
    fn amf3_long_shared_text(&mut self, markers: &[u8], text: &Arc<str>) -> Result<(), EncodeError> {
        self.raw(markers);
        if let Some(index) = self.strings.find_shared(text) {
            self.out.u29(index << 1);
            return self.check_output();
        }
        if text.len() > MAX_AMF3_LEN {
            return Err(too_long("a string", text.len(), MAX_AMF3_LEN));
        }
        let next = self.strings.next_index();
        let head = (text.len() as u32) << 1 | 1;
        let start = self.out.len() + u29::width(head);
        let found = self.strings.find_or_insert(self.out.as_slice(), start, text);
        self.strings.insert_shared(text, found.unwrap_or(next));
        if let Some(index) = found {
            self.out.u29(index << 1);
        } else {
            self.reserve(u29::MAX_WIDTH + text.len());
            self.out.u29(head);
            self.raw(text.as_bytes());
        }
        self.check_output()
    }
}

/// Maximum length that fits in 29 bits beside the reference bit.
const MAX_AMF3_LEN: usize = (u29::MAX >> 1) as usize;

/// Returns a byte, usually a marker, followed by a double.
#[inline]
fn marker_and_double(first: u8, value: f64) -> [u8; 9] {
    let mut bytes = [first; 9];
    let (_, number) = bytes.split_at_mut(1);
    number.copy_from_slice(&value.to_be_bytes());
    bytes
}

fn too_long(what: &'static str, len: usize, max: usize) -> EncodeError {
    EncodeError::new(EncodeErrorKind::Length { what, len, max })
}
