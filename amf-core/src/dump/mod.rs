//! Readable dumps of packets, values and shared objects: each byte with its offset, its meaning, and its index in the
//! reference tables.
//!
//! # Examples
//!
//! ```
//! use amf_core::dump::{Dump, Kind};
//!
//! // A list that contains one string twice.
//! let dump = Dump::new(Kind::Amf3, b"\x09\x05\x01\x06\x05hi\x06\x00");
//! assert_eq!(dump.to_string(), "\
//! 0000  09 05                     Array of 2  = object 0
//! 0002  01                          end of names
//! 0003  06 05 68 69                 [0] String \"hi\"  = string 0
//! 0007  06 00                       [1] String \"hi\"  -> string 0
//! ");
//! ```
//!
//! If the bytes cannot be read to the end, the dump reports the error and shows the bytes that follow:
//!
//! ```
//! use amf_core::dump::{Dump, Kind};
//!
//! let dump = Dump::new(Kind::Amf0, b"\x03\x00\x02hp\x02\x00\x05Ann");
//! assert_eq!(dump.to_string(), "\
//! 0000  03                        Object  = AMF0 object 0
//! 0001  00 02 68 70                 hp:
//! 0005  02 00 05                      String (breaks off)
//!       ** at byte 8: the input ends here; at least 2 more bytes are needed
//! 0008  41 6e 6e                  3 bytes follow
//! ");
//! assert_eq!(dump.first_error().unwrap().offset(), 8);
//! ```
//!
//! # Format
//!
//! | notation | meaning |
//! |---|---|
//! | `= object 0`, `= string 3`, `= traits 1` | the index of this item in its table, to which references refer |
//! | `-> object 0` | a reference to that index |
//! | `AMF0 object 0` | an index in the table of AMF0, which is separate from the tables of AMF3 |
//! | `-> AMF0 object 2 …, or -> Date at 0005` | the meaning of a reference for Flash Player, and for senders of another [numbering](crate::Amf0Numbering) |
//! | `hp:` | a name; its value follows in the next row |
//! | `hp: Integer 7` | a value whose name is in the traits |
//! | `…` behind bytes | the row has more bytes than are shown |
//!
//! Values that were sent by reference are not repeated. Declared counts reserve no memory, because rows are written
//! while the input is read. An object that is enclosed by more than 256 others is an error. Externalizable objects
//! can be read only if they are those of Flex (`ArrayCollection`, `ArrayList`, `ObjectProxy`, `ManagedObjectProxy`,
//! `DSA`, `DSC`, `DSK`). Any other one is an error, because only its class determines where its body ends.
//!
//! The format is intended for human readers and may change in any version.

mod amf0;
mod amf3;
mod external;
mod packet;
mod rows;
mod sol;
mod walker;

use std::fmt;

use crate::{DecodeError, OutputLimit, TextEncoding, Version};

use walker::{Step, StopReason, Walker};

/// Format of a whole input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Remoting packet: the body of an HTTP request or response.
    Packet,
    /// Sequence of AMF0 values, which may switch to AMF3.
    Amf0,
    /// Sequence of AMF3 values.
    Amf3,
    /// File of a local shared object.
    Sol,
}

/// Bytes that [`Display`](fmt::Display) prints as a dump; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Dump<'a> {
    kind: Kind,
    input: &'a [u8],
    limit: OutputLimit,
    text_encoding: TextEncoding,
}

const DEFAULT_OUTPUT_LIMIT: OutputLimit = OutputLimit::new("dump_bytes", 16 << 20);

impl<'a> Dump<'a> {
    /// Creates a dump of bytes in a known format.
    pub fn new(kind: Kind, input: &'a [u8]) -> Self {
        Self { kind, input, limit: DEFAULT_OUTPUT_LIMIT, text_encoding: TextEncoding::Utf8 }
    }

    /// Sets the limit on the text of the dump. Default: 16 MiB, named `dump_bytes`.
    ///
    /// A value of one byte produces a row of fifty bytes and more. The dump ends with the last row that fits,
    /// followed by a row that reports the limit.
    ///
    /// ```
    /// use amf_core::{OutputLimit, dump::{Dump, Kind}};
    ///
    /// let dump = Dump::new(Kind::Amf3, &[0x01, 0x03]).with_output_limit(OutputLimit::new("dump_bytes", 50));
    /// assert_eq!(dump.to_string(), "\
    /// 0000  01                        null
    ///       ** cut at the limit `dump_bytes` of 50 bytes
    /// ");
    /// ```
    #[must_use]
    pub fn with_output_limit(mut self, limit: OutputLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the interpretation of text that is not UTF-8. Default: [`TextEncoding::Utf8`]. Such text is shown with
    /// U+FFFD and reported as an error, and the dump continues.
    ///
    /// ```
    /// use amf_core::{TextEncoding, dump::{Dump, Kind}};
    ///
    /// let dump = Dump::new(Kind::Amf0, b"\x02\0\x04caf\xE9").with_text_encoding(TextEncoding::Latin1);
    /// assert_eq!(dump.to_string(), "0000  02 00 04 63 61 66 e9      String \"café\"\n");
    /// ```
    #[must_use]
    pub fn with_text_encoding(mut self, text_encoding: TextEncoding) -> Self {
        self.text_encoding = text_encoding;
        self
    }

    /// Creates a dump of bytes in an unknown format.
    ///
    /// The format is chosen in this order: a shared object, if the bytes begin like one; the first of packet, AMF0
    /// and AMF3 that can be read to the end; a packet, if the bytes begin like one; the format that can be read
    /// farthest.
    ///
    /// ```
    /// use amf_core::dump::{Dump, Kind};
    ///
    /// assert_eq!(Dump::guess(b"\x00\x03\x00\x00\x00\x00").kind(), Kind::Packet);
    /// assert_eq!(Dump::guess(b"\x02\x00\x02hi").kind(), Kind::Amf0);
    /// assert_eq!(Dump::guess(b"\x06\x05hi").kind(), Kind::Amf3);
    /// ```
    pub fn guess(input: &'a [u8]) -> Self {
        let new = |kind| Self::new(kind, input);
        if input.starts_with(&crate::sol::FILE_TAG) {
            return new(Kind::Sol);
        }
        let mut best = new(Kind::Packet);
        let mut farthest = 0;
        for dump in [Kind::Packet, Kind::Amf0, Kind::Amf3].map(new) {
            match dump.first_error() {
                None => return dump,
                Some(error) if error.offset() > farthest => {
                    farthest = error.offset();
                    best = dump;
                }
                Some(_) => {}
            }
        }
        if packet::looks_like_packet(input) { new(Kind::Packet) } else { best }
    }

    /// Returns the format of the bytes.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the first error in the bytes.
    ///
    /// ```
    /// use amf_core::dump::{Dump, Kind};
    ///
    /// assert_eq!(Dump::new(Kind::Amf3, &[0x01]).first_error(), None);
    /// let error = Dump::new(Kind::Amf3, &[0x01, 0x12]).first_error().unwrap();
    /// assert_eq!(error.to_string(), "0x12 introduces no AMF3 value (at byte 1)");
    /// ```
    pub fn first_error(&self) -> Option<DecodeError> {
        // The output is discarded, so its limit does not apply.
        let limit = OutputLimit { max: usize::MAX, ..self.limit };
        self.with_output_limit(limit).write(&mut NullWriter).unwrap_or_default()
    }

    /// Writes all rows and returns the first error in the bytes.
    fn write(&self, out: &mut dyn fmt::Write) -> Result<Option<DecodeError>, fmt::Error> {
        let mut walker = Walker::new(self.input, self.limit, self.text_encoding, out);
        let written = self.write_rows(&mut walker);
        if walker.rows.is_full() {
            walker.rows.write_cut()?;
        } else {
            written?;
        }
        Ok(walker.first_error)
    }

    fn write_rows(&self, walker: &mut Walker<'a, '_>) -> fmt::Result {
        let result = match self.kind {
            Kind::Packet => walker.packet(),
            Kind::Amf0 => walker.walk(0, Step::Stream(Version::Amf0)),
            Kind::Amf3 => walker.walk(0, Step::Stream(Version::Amf3)),
            Kind::Sol => walker.sol(self.input),
        };
        match result {
            Ok(()) => Ok(()),
            Err(StopReason::Malformed(error)) => walker.report_fatal(error),
            Err(StopReason::Output(error)) => Err(error),
        }
    }
}

impl fmt::Display for Dump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f).map(drop)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Packet => "remoting packet",
            Self::Amf0 => "AMF0",
            Self::Amf3 => "AMF3",
            Self::Sol => "shared object",
        })
    }
}

struct NullWriter;

impl fmt::Write for NullWriter {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
