//! Rows of a remoting packet around its values.

use super::rows::Quoted;
use super::walker::{Label, Step, StopReason, TableText, Tables, Walker};
use crate::amf0::marker::STRICT_ARRAY;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Limits, Version};

/// Returns `true` if the version and the counts are those of a packet with content. Read as AMF0, such bytes would be
/// a number next to the smallest positive one, which does not occur in practice.
pub(super) fn looks_like_packet(input: &[u8]) -> bool {
    match *input {
        [0, 0 | 1 | 3, 0, headers, ..] if headers > 0 => usize::from(headers) <= Limits::default().headers,
        [0, 0 | 1 | 3, 0, 0, high, low, ..] => {
            (1..=Limits::default().messages).contains(&usize::from(u16::from_be_bytes([high, low])))
        }
        _ => false,
    }
}

impl<'de> Walker<'de, '_> {
    pub(super) fn packet(&mut self) -> Result<(), StopReason> {
        self.number("version")?;
        let headers = self.number("headers:")?;
        for number in 0..headers {
            self.rows.write_note(1, &format!("header {number}"))?;
            self.packet_text("name")?;
            self.begin(2);
            self.append(format_args!("must understand: "));
            let must_understand = self.reader.u8()? != 0;
            self.append(format_args!("{must_understand}"));
            self.end()?;
            self.body("value", false)?;
        }
        let messages = self.number("messages:")?;
        for number in 0..messages {
            self.rows.write_note(1, &format!("message {number}"))?;
            let target = self.packet_text("target")?;
            self.packet_text("response")?;
            self.body("body", !is_reply(&target))?;
        }
        match self.reader.remaining() {
            0 => Ok(()),
            count => {
                self.begin(0);
                let kind = DecodeErrorKind::TrailingBytes { count };
                Err(DecodeError::new(kind, self.reader.position()).into())
            }
        }
    }

    fn number(&mut self, what: &str) -> Result<u16, StopReason> {
        self.begin(0);
        self.append(format_args!("{what} "));
        let number = self.reader.u16()?;
        self.append(format_args!("{number}"));
        self.end()?;
        Ok(number)
    }

    fn packet_text(&mut self, what: &str) -> Result<TableText<'de>, StopReason> {
        self.begin(2);
        self.append(format_args!("{what} "));
        let text = self.amf0_text()?;
        self.append(format_args!("{}", Quoted(&text)));
        self.end()?;
        Ok(text)
    }

    /// Writes a length and a value with its own tables. The length is not relied on, because many peers send a wrong
    /// one.
    fn body(&mut self, what: &'static str, may_be_arguments: bool) -> Result<(), StopReason> {
        self.begin(2);
        self.append(format_args!("length "));
        let length = self.reader.u32()?;
        self.append(format_args!("{}", length as i32));
        self.end()?;
        let start = self.reader.position();
        self.tables = Tables::default();
        if may_be_arguments && self.reader.peek() == Some(STRICT_ARRAY) {
            self.tables.set_amf0_container();
        }
        self.walk(2, Step::Single(Version::Amf0, Label::Field(what)))?;
        let true_length = self.reader.position() - start;
        if true_length != length as usize {
            self.rows
                .write_note(2, &format!("(the value has {true_length} bytes, whatever its length says)"))?;
        }
        Ok(())
    }
}

/// Returns `true` if a message with this target contains a result or a fault, and not the arguments of a call.
fn is_reply(target: &str) -> bool {
    target.ends_with("/onResult") || target.ends_with("/onStatus")
}
