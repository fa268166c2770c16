//! Files of local shared objects; their layout is in [`crate::sol`].

use super::rows::{Ascii, Name, Quoted};
use super::walker::{Step, Stop, Walker};
use crate::Version;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::sol::{MEMBER_END, PADDING, SIGNATURE, TAG};
use crate::wire::Reader;

impl<'de> Walker<'de, '_> {
    pub(super) fn sol(&mut self, input: &'de [u8]) -> Result<(), Stop> {
        self.constant(TAG, "tag of a shared object")?;
        self.begin(0);
        self.say(format_args!("length "));
        let length = self.reader.u32()? as usize;
        self.say(format_args!("{length}"));
        let start = self.reader.position();
        let data = start.checked_add(length).and_then(|end| input.get(..end));
        if data.is_none() {
            let missing = length.saturating_sub(self.reader.remaining());
            self.flaw(custom(format!("the declared length goes {missing} bytes beyond the end"), start));
        }
        self.end()?;
        // What stands behind the declared length is no member.
        let data = data.unwrap_or(input);
        self.reader = Reader::new(data);
        self.reader.seek(start);
        self.sol_data()?;
        self.reader = Reader::new(input);
        self.reader.seek(data.len());
        self.rest()
    }

    fn sol_data(&mut self) -> Result<(), Stop> {
        self.constant(SIGNATURE, "signature")?;
        self.begin(0);
        self.say(format_args!("name "));
        let name = self.amf0_text()?;
        self.say(format_args!("{}", Quoted(&name)));
        self.end()?;
        self.constant(PADDING, "padding")?;
        self.begin(0);
        let start = self.reader.position();
        self.say(format_args!("version "));
        let version = match self.reader.u8()? {
            0 => Version::Amf0,
            3 => Version::Amf3,
            _ => return Err(custom("the version of a shared object is 0 or 3", start).into()),
        };
        self.say(format_args!("{version}"));
        if version == Version::Amf0 {
            self.say(format_args!(", data"));
            self.register(version, start + 1, "data", None);
        }
        self.end()?;
        self.walk(0, Step::Sol(version))
    }

    pub(super) fn sol_name(&mut self, version: Version, indent: usize) -> Result<(), Stop> {
        if version == Version::Amf3 {
            return self.amf3_sol_name(indent);
        }
        self.begin(indent);
        let name = self.amf0_text()?;
        self.say(format_args!("{}:", Name(&name)));
        self.end()
    }

    pub(super) fn sol_member_end(&mut self, indent: usize) -> Result<(), Stop> {
        self.begin(indent);
        let start = self.reader.position();
        if self.reader.u8()? != MEMBER_END {
            return Err(custom("a member of a shared object ends with 00", start).into());
        }
        self.say(format_args!("end of member"));
        self.end()
    }

    /// Bytes that every file has. Others are told, and passed over.
    fn constant<const N: usize>(&mut self, expected: [u8; N], what: &'static str) -> Result<(), Stop> {
        self.begin(0);
        self.say(format_args!("{what}"));
        let start = self.reader.position();
        if self.reader.array()? != expected {
            let expected: Vec<_> = expected.iter().map(|byte| format!("{byte:02x}")).collect();
            self.flaw(custom(format!("the {what} should be {}", expected.join(" ")), start));
        }
        self.end()
    }

    fn rest(&mut self) -> Result<(), Stop> {
        let rest = self.reader.rest();
        if rest.is_empty() {
            return Ok(());
        }
        self.begin(0);
        self.reader.bytes(rest.len())?;
        self.say(format_args!("{} bytes behind the declared length: {}", rest.len(), Ascii(rest)));
        self.end()
    }
}

fn custom(words: impl Into<std::borrow::Cow<'static, str>>, offset: usize) -> DecodeError {
    DecodeError::new(DecodeErrorKind::Custom(words.into()), offset)
}
