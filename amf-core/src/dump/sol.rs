//! Rows of files of local shared objects. The format is described in [`crate::sol`].

use super::rows::{AsciiPreview, MemberName, Quoted};
use super::walker::{Step, StopReason, Walker};
use crate::Version;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::sol::{FILE_TAG, MEMBER_END, PADDING, SIGNATURE};
use crate::wire::Reader;

impl<'de> Walker<'de, '_> {
    pub(super) fn sol(&mut self, input: &'de [u8]) -> Result<(), StopReason> {
        self.expect_bytes(FILE_TAG, "tag of a shared object")?;
        self.begin(0);
        self.append(format_args!("length "));
        let length = self.reader.u32()? as usize;
        self.append(format_args!("{length}"));
        let start = self.reader.position();
        let data = start.checked_add(length).and_then(|end| input.get(..end));
        if data.is_none() {
            let missing = length.saturating_sub(self.reader.remaining());
            self.report_recoverable(custom(
                format!("the declared length goes {missing} bytes beyond the end"),
                start,
            ));
        }
        self.end()?;
        // Bytes behind the declared length are not members.
        let data = data.unwrap_or(input);
        self.reader = Reader::new(data);
        self.reader.seek(start);
        self.sol_data()?;
        self.reader = Reader::new(input);
        self.reader.seek(data.len());
        self.trailing_bytes()
    }

    fn sol_data(&mut self) -> Result<(), StopReason> {
        self.expect_bytes(SIGNATURE, "signature")?;
        self.begin(0);
        self.append(format_args!("name "));
        let name = self.amf0_text()?;
        self.append(format_args!("{}", Quoted(&name)));
        self.end()?;
        self.expect_bytes(PADDING, "padding")?;
        self.begin(0);
        let start = self.reader.position();
        self.append(format_args!("version "));
        let version = match self.reader.u8()? {
            0 => Version::Amf0,
            3 => Version::Amf3,
            _ => return Err(custom("the version of a shared object is 0 or 3", start).into()),
        };
        self.append(format_args!("{version}"));
        if version == Version::Amf0 {
            self.append(format_args!(", data"));
            self.register(version, start + 1, "data", None);
            self.tables.set_amf0_container();
        }
        self.end()?;
        self.walk(0, Step::Sol(version))
    }

    pub(super) fn sol_name(&mut self, version: Version, indent: usize) -> Result<(), StopReason> {
        if version == Version::Amf3 {
            return self.amf3_sol_name(indent);
        }
        self.begin(indent);
        let name = self.amf0_text()?;
        self.append(format_args!("{}:", MemberName(&name)));
        self.end()
    }

    pub(super) fn sol_member_end(&mut self, indent: usize) -> Result<(), StopReason> {
        self.begin(indent);
        let start = self.reader.position();
        if self.reader.u8()? != MEMBER_END {
            return Err(custom("a member of a shared object ends with 00", start).into());
        }
        self.append(format_args!("end of member"));
        self.end()
    }

    /// Reads bytes that are the same in every file. Other bytes are reported and skipped.
    fn expect_bytes<const N: usize>(
        &mut self,
        expected: [u8; N],
        what: &'static str,
    ) -> Result<(), StopReason> {
        self.begin(0);
        self.append(format_args!("{what}"));
        let start = self.reader.position();
        if self.reader.array()? != expected {
            let expected: Vec<_> = expected.iter().map(|byte| format!("{byte:02x}")).collect();
            self.report_recoverable(custom(format!("the {what} should be {}", expected.join(" ")), start));
        }
        self.end()
    }

    fn trailing_bytes(&mut self) -> Result<(), StopReason> {
        let rest = self.reader.rest();
        if rest.is_empty() {
            return Ok(());
        }
        self.begin(0);
        self.reader.bytes(rest.len())?;
        self.append(format_args!("{} bytes behind the declared length: {}", rest.len(), AsciiPreview(rest)));
        self.end()
    }
}

fn custom(words: impl Into<std::borrow::Cow<'static, str>>, offset: usize) -> DecodeError {
    DecodeError::new(DecodeErrorKind::Custom(words.into()), offset)
}
