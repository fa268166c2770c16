//! Inspection of the next value without reading it.

use std::borrow::Cow;

use super::{Cursor, Mode, ObjectRef, Shape, Token};
use crate::error::DecodeError;
use crate::wire::u29;
use crate::{Decoder, Version, amf0, amf3, external};

/// Position to return to, with the budgets at that position.
#[derive(Clone, Copy)]
struct Checkpoint {
    cursor: Cursor,
    mode: Mode,
    switched: bool,
    nodes_left: usize,
    memory: usize,
}

impl<'de> Decoder<'de> {
    /// Returns the alias of the next object, without reading it. The alias of an anonymous object is empty; `None`
    /// means that the next value is not an object.
    ///
    /// The method follows references, the switch to AMF3, and an `ObjectProxy`. Nothing is counted against the
    /// [limits](crate::Limits), because the object is read afterwards.
    ///
    /// ```
    /// use amf_core::{Decoder, Version};
    ///
    /// // AMF0: an object of class `P` without members
    /// let mut decoder = Decoder::new(Version::Amf0, &[0x10, 0, 1, b'P', 0, 0, 9]);
    /// assert_eq!(decoder.peek_alias()?.as_deref(), Some("P"));
    /// decoder.skip()?;
    /// decoder.finish()?;
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the head of the next value cannot be read.
    pub fn peek_alias(&mut self) -> Result<Option<Cow<'de, str>>, DecodeError> {
        let checkpoint = self.checkpoint();
        let alias = self.next_alias(true);
        self.restore(checkpoint);
        if let Ok(Some(Cow::Owned(copy))) = &alias {
            // A reference of two bytes may name an alias of a megabyte, which is copied if it is not UTF-8.
            self.charge_copy(copy.len())?;
        }
        alias
    }

    /// Reads a value without identity and returns the result of `take`. If `take` returns `None`, nothing is read.
    pub(crate) fn take_scalar<T>(
        &mut self,
        take: impl FnOnce(Token<'de>) -> Option<T>,
    ) -> Result<Option<T>, DecodeError> {
        if !matches!(self.peek_object_ref()?, ObjectRef::Scalar) {
            return Ok(None);
        }
        let checkpoint = self.checkpoint();
        let taken = take(self.token()?);
        if taken.is_none() {
            self.restore(checkpoint);
        }
        Ok(taken)
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            cursor: self.cursor(),
            mode: self.mode,
            switched: self.switched,
            nodes_left: self.nodes_left,
            memory: self.memory_left,
        }
    }

    fn restore(&mut self, checkpoint: Checkpoint) {
        self.seek_to(checkpoint.cursor);
        self.mode = checkpoint.mode;
        self.switched = checkpoint.switched;
        self.nodes_left = checkpoint.nodes_left;
        self.memory_left = checkpoint.memory;
    }

    fn next_alias(&mut self, through_proxy: bool) -> Result<Option<Cow<'de, str>>, DecodeError> {
        let version = match self.peek_object_ref()? {
            ObjectRef::Scalar => return Ok(None),
            ObjectRef::Inline(slot) => {
                if (slot.version, self.mode) == (Version::Amf3, Mode::Amf0) {
                    self.reader.u8()?; // the switch
                }
                slot.version
            }
            ObjectRef::Reference(slot, _) => {
                let start = self.start_cursor(slot)?;
                self.seek_to(start);
                let start = self.offset();
                let alias = self.alias_of(slot.version, through_proxy)?;
                // A short reference may name an object with a long alias.
                self.charge_replayed(self.offset().saturating_sub(start))?;
                return Ok(alias);
            }
        };
        self.alias_of(version, through_proxy)
    }

    fn alias_of(
        &mut self,
        version: Version,
        through_proxy: bool,
    ) -> Result<Option<Cow<'de, str>>, DecodeError> {
        match version {
            Version::Amf0 => self.amf0_alias(),
            Version::Amf3 => self.amf3_alias(through_proxy),
        }
    }

    fn amf0_alias(&mut self) -> Result<Option<Cow<'de, str>>, DecodeError> {
        Ok(match self.reader.u8()? {
            amf0::marker::TYPED_OBJECT => Some(self.amf0_text()?),
            amf0::marker::OBJECT | amf0::marker::ECMA_ARRAY => Some(Cow::Borrowed("")),
            _ => None,
        })
    }

    fn amf3_alias(&mut self, through_proxy: bool) -> Result<Option<Cow<'de, str>>, DecodeError> {
        // Bits of the head of a traits record (AMF3 §3.12): the record is inline; the body is written by the
        // class.
        const INLINE: u32 = 0b010;
        const EXTERNALIZABLE: u32 = 0b100;
        if self.reader.u8()? != amf3::marker::OBJECT {
            return Ok(None);
        }
        let head = u29::read(&mut self.reader)?;
        if head & (INLINE | EXTERNALIZABLE) == INLINE {
            return self.amf3_string().map(Some);
        }
        match self.amf3_traits(head)? {
            Shape::External(traits) if through_proxy && external::is_proxy(&traits.alias) => {
                self.mode = Mode::Amf3;
                self.next_alias(false)
            }
            Shape::External(traits) | Shape::Traits(traits) => Ok(Some(traits.alias.clone())),
            _ => Ok(None),
        }
    }
}
