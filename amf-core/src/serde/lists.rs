//! The elements of a list, one after another as serde wants them.

use std::collections::BTreeMap;

use serde_core::de::{DeserializeSeed, IntoDeserializer, SeqAccess};

use super::Deserializer;
use crate::Decoder;
use crate::decoder::{Cursor, ListReader};
use crate::error::DecodeError;

#[derive(Debug)]
pub(super) struct ListAccess<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    list: ListReader<'de>,
    /// The index that serde is to be given next.
    next: usize,
    /// Where elements of an associative array begin that came before their turn. It comes while the list is
    /// still open, or an element is missing.
    recorded_starts: BTreeMap<usize, Cursor>,
    ended: bool,
}

/// The element whose turn it is.
enum NextElement {
    /// Its bytes come next.
    InPlace,
    /// They came before, here.
    Recorded(Cursor),
    /// There are no more.
    End,
}

impl<'a, 'de> ListAccess<'a, 'de> {
    pub(super) fn new(decoder: &'a mut Decoder<'de>, list: ListReader<'de>) -> Self {
        Self { decoder, list, next: 0, recorded_starts: BTreeMap::new(), ended: false }
    }

    /// Ends the list, of which the type may have wanted less than there is.
    pub(super) fn end(mut self) -> Result<(), DecodeError> {
        match self.locate_next()? {
            NextElement::End => Ok(()),
            NextElement::InPlace | NextElement::Recorded(_) => {
                let wanted = self.next;
                Err(self.decoder.custom_error(format!("expected a list of {wanted}, got a longer one")))
            }
        }
    }

    fn locate_next(&mut self) -> Result<NextElement, DecodeError> {
        loop {
            if let Some(start) = self.recorded_starts.remove(&self.next) {
                return Ok(NextElement::Recorded(start));
            }
            if self.ended {
                return if self.recorded_starts.is_empty() {
                    Ok(NextElement::End)
                } else {
                    Err(self.index_error(self.next))
                };
            }
            match self.decoder.next_item(&mut self.list)? {
                None => self.ended = true,
                Some(index) if index == self.next => return Ok(NextElement::InPlace),
                Some(index) => self.record_start(index)?,
            }
        }
    }

    fn record_start(&mut self, index: usize) -> Result<(), DecodeError> {
        self.decoder.charge(size_of::<(usize, Cursor)>())?;
        let start = self.decoder.cursor();
        if index < self.next || self.recorded_starts.insert(index, start).is_some() {
            return Err(self.index_error(index));
        }
        self.decoder.skip()
    }

    #[cold]
    fn index_error(&self, index: usize) -> DecodeError {
        let message = format!("expected a list, got one whose element {index} is missing or sent twice");
        self.decoder.custom_error(message)
    }
}

impl<'de> SeqAccess<'de> for &mut ListAccess<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let recorded_starts = match self.locate_next()? {
            NextElement::End => return Ok(None),
            NextElement::InPlace => None,
            NextElement::Recorded(start) => Some(start),
        };
        let index = self.next;
        self.next += 1;
        self.decoder.charge(size_of::<T::Value>())?;
        let value = match recorded_starts {
            None => seed.deserialize(Deserializer::new(self.decoder)),
            Some(start) => {
                self.decoder.replay_from(start, |decoder| seed.deserialize(Deserializer::new(decoder)))
            }
        };
        value.map(Some).map_err(|error| error.with_default_offset(self.decoder.offset()).at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        // What a peer declares is believed as far as the input could hold it.
        Some(self.decoder.bounded_capacity::<u8>(self.list.declared_len(), 1))
    }
}

/// A `ByteArray` as a list of numbers.
#[derive(Debug)]
pub(super) struct ByteAccess<'a, 'de> {
    pub(super) decoder: &'a mut Decoder<'de>,
    pub(super) bytes: std::slice::Iter<'de, u8>,
}

impl<'de> SeqAccess<'de> for ByteAccess<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(byte) = self.bytes.next() else {
            return Ok(None);
        };
        self.decoder.charge(size_of::<T::Value>())?;
        seed.deserialize(byte.into_deserializer()).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }
}
