//! Access to the elements of a list, in the order that serde requires.

use std::collections::BTreeMap;

use serde_core::de::value::UnitDeserializer;
use serde_core::de::{DeserializeSeed, IntoDeserializer, SeqAccess};

use super::Deserializer;
use crate::Decoder;
use crate::decoder::{Cursor, ListReader};
use crate::error::DecodeError;

/// Access to the elements of an open list.
#[derive(Debug)]
pub(super) struct ListAccess<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    list: ListReader<'de>,
    /// Index of the next element that serde receives.
    next: usize,
    /// Positions of elements of an associative array that arrived out of order. They are read when their index is
    /// next.
    recorded_starts: BTreeMap<usize, Cursor>,
    ended: bool,
}

/// Location of the next element.
enum NextElement {
    /// The element follows in the input.
    InPlace,
    /// The element was skipped before, at this position.
    Recorded(Cursor),
    /// A sparse array leaves the element out.
    Hole,
}

impl<'a, 'de> ListAccess<'a, 'de> {
    pub(super) fn new(decoder: &'a mut Decoder<'de>, list: ListReader<'de>) -> Self {
        Self { decoder, list, next: 0, recorded_starts: BTreeMap::new(), ended: false }
    }

    /// Ends the list. Returns an error if elements are left that the type did not request.
    pub(super) fn end(mut self) -> Result<(), DecodeError> {
        if self.locate_next()?.is_none() {
            return Ok(());
        }
        let wanted = self.next;
        Err(self.decoder.custom_error(format!("expected a list of {wanted}, got a longer one")))
    }

    /// Returns the location of the next element, or `None` at the end of the list.
    fn locate_next(&mut self) -> Result<Option<NextElement>, DecodeError> {
        loop {
            if let Some(start) = self.recorded_starts.remove(&self.next) {
                return Ok(Some(NextElement::Recorded(start)));
            }
            if self.ended {
                let has_more = !self.recorded_starts.is_empty();
                return Ok(has_more.then_some(NextElement::Hole));
            }
            match self.decoder.next_item(&mut self.list)? {
                None => self.ended = true,
                Some(index) if index == self.next => return Ok(Some(NextElement::InPlace)),
                Some(index) => self.record_start(index)?,
            }
        }
    }

    fn record_start(&mut self, index: usize) -> Result<(), DecodeError> {
        self.decoder.charge(size_of::<(usize, Cursor)>())?;
        let start = self.decoder.cursor();
        if index < self.next || self.recorded_starts.insert(index, start).is_some() {
            return Err(self.decoder.index_error(index));
        }
        self.decoder.skip()
    }

    /// Deserializes an element that a sparse array leaves out, as null. The element counts as a value, because a few
    /// bytes can name any index.
    fn hole<T: DeserializeSeed<'de>>(&mut self, seed: T, index: usize) -> Result<T::Value, DecodeError> {
        self.decoder.count_node()?;
        let null: UnitDeserializer<DecodeError> = ().into_deserializer();
        seed.deserialize(null).map_err(|_| self.decoder.index_error(index))
    }
}

impl<'de> SeqAccess<'de> for &mut ListAccess<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(next) = self.locate_next()? else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        self.decoder.charge(size_of::<T::Value>())?;
        let value = match next {
            NextElement::Hole => return self.hole(seed, index).map(Some),
            NextElement::InPlace => seed.deserialize(Deserializer::new(self.decoder)),
            NextElement::Recorded(start) => {
                self.decoder.replay_from(start, |decoder| seed.deserialize(Deserializer::new(decoder)))
            }
        };
        value.map(Some).map_err(|error| error.with_default_offset(self.decoder.offset()).at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        // The declared length is not trusted beyond the number of elements that the input can hold.
        Some(self.decoder.bounded_capacity::<u8>(self.list.declared_len(), 1))
    }
}

/// Access to a `ByteArray` as a list of numbers.
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
