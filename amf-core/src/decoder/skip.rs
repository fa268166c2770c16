//! Skipping of values.

use crate::Decoder;
use crate::amf3;
use crate::decoder::{Container, Mode, Shape, Token, VectorKind};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::external::ExternalInput;

impl<'de> Decoder<'de> {
    /// Reads one value and discards it. Its contents are entered into the reference tables like those of any other
    /// value.
    ///
    /// ```
    /// use amf_core::{Decoder, FromAmf, Version};
    ///
    /// let mut decoder = Decoder::new(Version::Amf3, &[0x06, 0x05, b'h', b'i', 0x06, 0x00]);
    /// decoder.skip()?;
    /// assert_eq!(<&str>::from_amf(&mut decoder)?, "hi"); // a reference to the string that was skipped
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is malformed, exceeds a limit, or contains an externalizable object of an
    /// unknown class.
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        if let Some(end) = self.end_of_reference()? {
            self.reader.seek(end);
            return Ok(());
        }
        if (self.mode, self.reader.peek()) == (Mode::Amf3, Some(amf3::marker::STRING)) {
            // The text is not needed. Reading it would copy a string that is not UTF-8, up to a megabyte for
            // a reference of two bytes.
            self.count_node()?;
            self.reader.u8()?;
            return self.skip_amf3_string().map(drop);
        }
        match self.token()? {
            Token::Open(container) => self.skip_members(container),
            _ => Ok(()),
        }
    }

    fn skip_members(&mut self, container: Container<'de>) -> Result<(), DecodeError> {
        let Container { frame, shape } = container;
        match shape {
            Shape::Object { .. } | Shape::EcmaArray { .. } => {
                while self.amf0_name()?.is_some() {
                    self.skip()?;
                }
            }
            Shape::StrictArray { count } | Shape::Vector { kind: VectorKind::Object, count, .. } => {
                self.skip_values(count)?;
            }
            Shape::Array { dense } => {
                self.skip_named()?;
                self.skip_values(dense)?;
            }
            Shape::Traits(traits) => {
                self.skip_values(traits.members.len())?;
                if traits.dynamic {
                    self.skip_named()?;
                }
            }
            Shape::Dictionary { count, .. } => self.skip_values(count.saturating_mul(2))?,
            Shape::Vector { kind, count, .. } => {
                let width = if kind == VectorKind::Number { 8 } else { 4 };
                self.reader.bytes(count.saturating_mul(width))?;
            }
            Shape::External(traits) => {
                let Some(body) = self.external_body(&traits.alias) else {
                    let alias = traits.alias.clone().into_owned();
                    return Err(self.error(DecodeErrorKind::UnknownExternalizable { alias }));
                };
                self.dry_run(|decoder| body(&mut ExternalInput::new(decoder)))?;
            }
        }
        self.close(frame);
        Ok(())
    }

    fn skip_values(&mut self, count: usize) -> Result<(), DecodeError> {
        for _ in 0..count {
            self.skip()?;
        }
        Ok(())
    }

    /// Skips AMF3 names and values up to an empty name.
    fn skip_named(&mut self) -> Result<(), DecodeError> {
        while !self.skip_amf3_string()? {
            self.skip()?;
        }
        Ok(())
    }
}
