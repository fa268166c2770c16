//! Decoding of dynamic values.

use std::sync::{Arc, Weak};

use hashbrown::HashSet;

use super::{
    Array, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, SharedDate, Traits, Value,
    Vector, WeakValue,
};
use crate::decoder::{Container, Mode, ObjectRef, Shape, SlotId, Token, VectorKind, WireString};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::external::{ExternalInput, RecordedPart};
use crate::wire::u29;
use crate::{Date, Decoder, FromAmf, Version, amf3, work};

/// Size of the counters beside a value in an `Arc`.
const ARC_COUNTERS: usize = 2 * size_of::<usize>();
/// Maximum length of a name sent by reference that is not charged as bytes that are read again. Each occurrence of a
/// name is hashed.
const MAX_FREE_NAME_LEN: usize = 64;

impl<'de> FromAmf<'de> for Value {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.charge(size_of::<Self>())?;
        let (slot, end) = match decoder.peek_object_ref()? {
            ObjectRef::Scalar => {
                return match decoder.take_interned_string() {
                    Some(text) => Ok(Self::String(text)),
                    None => decoder.read_new_value(None),
                };
            }
            ObjectRef::Inline(slot) => (slot, None),
            ObjectRef::Reference(slot, end) => (slot, Some(end)),
        };
        if let Some((value, depth)) =
            decoder.shared_objects.get().and_then(|shared| shared.values.get(&slot)).cloned()
        {
            decoder.add_shared_depth(depth)?;
            match end {
                Some(end) => decoder.reader.seek(end),
                None => decoder.skip()?,
            }
            return Ok(value);
        }
        let enclosing_end = end.filter(|_| decoder.is_open(slot) == Some(true));
        if let Some(end) = enclosing_end
            && decoder.is_dry_run
        {
            decoder.reader.seek(end);
            return Ok(Value::Ancestor(WeakValue::Object(Weak::new())));
        }
        let (value, depth) = decoder.read_with_depth(|decoder| match enclosing_end {
            Some(end) => decoder.copy_enclosing_object(slot, end),
            None => decoder.read_new_value(Some(slot)),
        })?;
        decoder.shared_objects.get_mut().values.insert(slot, (value.clone(), depth));
        Ok(value)
    }

    /// Returns undefined, which is what an AMF0 strict array contains in place of a missing element.
    fn hole() -> Option<Self> {
        Some(Self::Undefined)
    }
}

impl<'de> Decoder<'de> {
    /// Reads a value that is not in the table of shared objects.
    pub(super) fn read_new_value(&mut self, slot: Option<SlotId>) -> Result<Value, DecodeError> {
        Ok(match self.token()? {
            Token::Undefined => Value::Undefined,
            Token::Null => Value::Null,
            Token::Unsupported => Value::Unsupported,
            Token::Bool(value) => Value::Bool(value),
            Token::Integer(value) => Value::Integer(value),
            Token::Unsigned(value) => Value::from(value),
            Token::Number(value) => Value::Number(value),
            Token::String(text) => Value::String(self.interned_text(&text)?),
            Token::Date(millis) => Value::Date(self.shared_date(Date::from_millis(millis), slot)?),
            Token::Xml(text) => Value::Xml(self.copy_text(&text)?),
            Token::XmlDocument(text) => Value::XmlDocument(self.copy_text(&text)?),
            Token::ByteArray(bytes) => {
                self.charge(bytes.len())?;
                Value::ByteArray(bytes.into())
            }
            Token::Open(container) => self.container_value(container, slot)?,
        })
    }

    /// Returns a date, with identity if a reference may name it.
    fn shared_date(&mut self, date: Date, slot: Option<SlotId>) -> Result<SharedDate, DecodeError> {
        let Some(SlotId { version: Version::Amf3, index }) = slot else {
            return Ok(date.into());
        };
        if !self.may_refer_to_date(index)? {
            return Ok(date.into());
        }
        self.charge(ARC_COUNTERS)?;
        Ok(SharedDate::with_identity(date))
    }

    /// Returns `true` if the input may contain a reference to the date with this index.
    ///
    /// The first date of a message triggers a search for all byte sequences that look like a reference to a date;
    /// some of them are not. The search is one pass over the input. The alternative, an identity for every date,
    /// would take one allocation for each.
    fn may_refer_to_date(&mut self, index: u32) -> Result<bool, DecodeError> {
        if let Some(references) = &self.date_references {
            return Ok(references.contains(&index));
        }
        let references = find_date_references(self.reader.input());
        self.charge(references.capacity() * size_of::<u32>())?;
        let is_found = references.contains(&index);
        self.date_references = Some(Box::new(references));
        Ok(is_found)
    }

    fn container_value(
        &mut self,
        container: Container<'de>,
        slot: Option<SlotId>,
    ) -> Result<Value, DecodeError> {
        let Container { frame, shape } = container;
        let slot = slot.unwrap_or(frame.slot);
        let value = match shape {
            shape @ (Shape::Object { .. } | Shape::Traits(_)) => {
                self.shared_node(slot, WeakValue::Object, Value::Object, |decoder| {
                    decoder.object_value(shape)
                })?
            }
            Shape::EcmaArray { length } => {
                self.shared_node(slot, WeakValue::EcmaArray, Value::EcmaArray, |decoder| {
                    Ok(EcmaArray { length, members: decoder.amf0_members()? })
                })?
            }
            Shape::StrictArray { count } => {
                self.shared_node(slot, WeakValue::Array, Value::Array, |decoder| {
                    Ok(Array { items: decoder.values(count)?, members: DynamicMembers::new() })
                })?
            }
            Shape::Array { dense } => self.shared_node(slot, WeakValue::Array, Value::Array, |decoder| {
                let members = decoder.amf3_members()?;
                Ok(Array { items: decoder.values(dense)?, members })
            })?,
            Shape::Dictionary { count, weak } => {
                self.shared_node(slot, WeakValue::Dictionary, Value::Dictionary, |decoder| {
                    Ok(Dictionary { weak, entries: decoder.entries(count)? })
                })?
            }
            Shape::Vector { kind, count, fixed, class } => {
                self.shared_node(slot, WeakValue::Vector, Value::Vector, |decoder| {
                    decoder.vector_value(kind, count, fixed, &class)
                })?
            }
            Shape::External(traits) => {
                self.shared_node(slot, WeakValue::External, Value::External, |decoder| {
                    let view = decoder.value_traits(&traits)?;
                    decoder.external_value(view)
                })?
            }
        };
        self.close(frame);
        Ok(value)
    }

    /// Creates an object that values within it can refer to while it is being read.
    fn shared_node<T: Default>(
        &mut self,
        slot: SlotId,
        ancestor: fn(Weak<T>) -> WeakValue,
        value: fn(Arc<T>) -> Value,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Value, DecodeError> {
        self.charge(size_of::<T>() + ARC_COUNTERS)?;
        let mut failure = None;
        let node = Arc::new_cyclic(|weak| {
            let value = Value::Ancestor(ancestor(weak.clone()));
            self.shared_objects.get_mut().values.insert(slot, (value, 0));
            read(self).unwrap_or_else(|error| {
                failure = Some(error);
                T::default()
            })
        });
        failure.map_or(Ok(value(node)), Err)
    }

    fn object_value(&mut self, shape: Shape<'de>) -> Result<Object, DecodeError> {
        match shape {
            Shape::Traits(traits) => {
                let view = self.value_traits(&traits)?;
                let mut sealed = Vec::with_capacity(self.bounded_capacity::<Value>(traits.members.len(), 1));
                for name in &traits.members {
                    let value =
                        self.read_value().map_err(|error| error.in_member(name.clone().into_owned()))?;
                    sealed.push(value);
                }
                let dynamic = if traits.dynamic { self.amf3_members()? } else { DynamicMembers::new() };
                Ok(Object::with_traits(view, sealed, dynamic))
            }
            Shape::Object { alias } if !alias.is_empty() => {
                let traits = self.amf0_traits(&alias)?;
                Ok(Object::with_traits(traits, Vec::new(), self.amf0_members()?))
            }
            _ => self.amf0_members().map(Object::from),
        }
    }

    /// Returns a traits record that is shared by all objects of the record.
    fn value_traits(&mut self, traits: &crate::decoder::WireTraits<'de>) -> Result<Arc<Traits>, DecodeError> {
        if let Some(view) = &*traits.value_traits.borrow() {
            return Ok(Arc::clone(view));
        }
        let alias = self.copy_text(&traits.alias)?;
        let members: Result<Vec<_>, _> = traits.members.iter().map(|name| self.copy_text(name)).collect();
        let view = Arc::new(Traits::new(alias, members?, traits.dynamic));
        *traits.value_traits.borrow_mut() = Some(Arc::clone(&view));
        Ok(view)
    }

    /// Returns a traits record that is shared by consecutive AMF0 objects with the same alias.
    fn amf0_traits(&mut self, alias: &str) -> Result<Arc<Traits>, DecodeError> {
        let last = self.shared_objects.get().and_then(|shared| shared.amf0_traits.as_ref());
        if let Some(last) = last.filter(|last| last.alias() == alias) {
            return Ok(Arc::clone(last));
        }
        self.charge(size_of::<Traits>() + ARC_COUNTERS)?;
        let traits = Arc::new(Traits::new(self.copy_text(alias)?, [], true));
        self.shared_objects.get_mut().amf0_traits = Some(Arc::clone(&traits));
        Ok(traits)
    }

    fn amf0_members(&mut self) -> Result<DynamicMembers, DecodeError> {
        let mut members = DynamicMembers::new();
        while let Some(name) = self.amf0_name()? {
            self.dynamic_member(name, &mut members)?;
        }
        Ok(members)
    }

    fn amf3_members(&mut self) -> Result<DynamicMembers, DecodeError> {
        let mut members = DynamicMembers::new();
        loop {
            let name = if let Some(name) = self.take_interned_text() {
                name
            } else {
                let name = self.amf3_text()?;
                if name.is_empty() {
                    return Ok(members);
                }
                self.interned_text(&name)?
            };
            work::count_bytes(name.len());
            self.charge_replayed(name.len().saturating_sub(MAX_FREE_NAME_LEN))?;
            self.charge(size_of::<(Arc<str>, Value)>())?;
            let value = self.read_value().map_err(|error| error.in_member(name.to_string()))?;
            members.insert(name, value);
        }
    }

    fn values(&mut self, count: usize) -> Result<Vec<Value>, DecodeError> {
        let mut values = Vec::with_capacity(self.bounded_capacity::<Value>(count, 1));
        for index in 0..count {
            values.push(self.read_value().map_err(|error| error.at_index(index))?);
        }
        Ok(values)
    }

    fn entries(&mut self, count: usize) -> Result<Vec<(Value, Value)>, DecodeError> {
        let mut entries = Vec::with_capacity(self.bounded_capacity::<(Value, Value)>(count, 2));
        for index in 0..count {
            let entry = self.read_value().and_then(|key| Ok((key, self.read_value()?)));
            entries.push(entry.map_err(|error| error.at_index(index))?);
        }
        Ok(entries)
    }

    fn vector_value(
        &mut self,
        kind: VectorKind,
        count: usize,
        fixed: bool,
        class: &str,
    ) -> Result<Vector, DecodeError> {
        Ok(match kind {
            VectorKind::Int => Vector::Int { fixed, items: self.vector_numbers(count, i32::from_be_bytes)? },
            VectorKind::Uint => {
                Vector::Uint { fixed, items: self.vector_numbers(count, u32::from_be_bytes)? }
            }
            VectorKind::Number => {
                Vector::Number { fixed, items: self.vector_numbers(count, f64::from_be_bytes)? }
            }
            VectorKind::Object => {
                let class = self.copy_text(class)?;
                Vector::Object { fixed, class, items: self.values(count)? }
            }
        })
    }

    /// Reads the bare elements of a Vector of numbers.
    pub(crate) fn vector_numbers<const N: usize, T>(
        &mut self,
        count: usize,
        from: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, DecodeError> {
        let elements = self.vector_elements::<N>(count)?;
        self.charge(count * size_of::<T>())?;
        Ok(elements.iter().map(|element| from(*element)).collect())
    }

    fn external_value(&mut self, traits: Arc<Traits>) -> Result<External, DecodeError> {
        let alias = traits.alias();
        if crate::external::is_collection(alias) || crate::external::is_proxy(alias) {
            let body = self.read_value()?;
            return Ok(External::with_traits(traits, vec![ExternalPart::Value(body)]));
        }
        let Some(body) = self.external_body(alias) else {
            if self.options.raw_externalizables {
                let rest = self.reader.bytes(self.reader.remaining())?;
                self.charge(size_of::<ExternalPart>() + rest.len())?;
                return Ok(External::with_traits(traits, vec![ExternalPart::Bytes(rest.into())]));
            }
            return Err(self.error(DecodeErrorKind::UnknownExternalizable { alias: alias.to_owned() }));
        };
        let recorded = ExternalInput::record(self, body)?;
        let mut parts = Vec::new();
        if self.is_dry_run {
            // Recorded values are read a second time. Doing so at each level would take exponential time for
            // nested objects, and a dry run discards the values anyway.
            return Ok(External::with_traits(traits, parts));
        }
        for part in recorded {
            self.charge(size_of::<ExternalPart>())?;
            parts.push(match part {
                RecordedPart::Bytes(bytes) => {
                    self.charge(bytes.len())?;
                    ExternalPart::Bytes(bytes.into())
                }
                RecordedPart::Value(start) => {
                    ExternalPart::Value(self.replay_from(start, Decoder::read_value)?)
                }
            });
        }
        Ok(External::with_traits(traits, parts))
    }

    /// Takes a string that is sent by reference, if a dynamic value already holds it. Text that is not UTF-8 is
    /// therefore copied once and not for each reference.
    fn take_interned_string(&mut self) -> Option<Arc<str>> {
        let (Mode::Amf3, Some(amf3::marker::STRING)) = (self.mode, self.reader.peek()) else {
            return None;
        };
        let start = self.offset();
        self.reader.u8().ok()?;
        let text = self.take_interned_text().filter(|_| self.count_node().is_ok());
        if text.is_none() {
            self.reader.seek(start);
        }
        text
    }

    /// Takes a string without a marker that is sent by reference, if a dynamic value already holds it.
    fn take_interned_text(&mut self) -> Option<Arc<str>> {
        let (head, rest) = u29::split(self.reader.rest())?;
        let index = head >> 1;
        if head & 1 != 0 || index >= self.strings.next_index() {
            return None;
        }
        let text = Arc::clone(self.shared_objects.get()?.strings.get(&index)?);
        self.reader.advance_to(rest);
        Some(text)
    }

    /// Returns text for a dynamic value. All references to one string share one copy.
    pub(crate) fn interned_text(&mut self, text: &WireString<'de>) -> Result<Arc<str>, DecodeError> {
        if let Some(copy) = text.entry.and_then(|entry| self.shared_objects.get()?.strings.get(&entry)) {
            return Ok(Arc::clone(copy));
        }
        let copy = self.copy_text(&text.content)?;
        if let Some(entry) = text.entry {
            self.shared_objects.get_mut().strings.insert(entry, Arc::clone(&copy));
        }
        Ok(copy)
    }

    fn copy_text(&mut self, text: &str) -> Result<Arc<str>, DecodeError> {
        // Empty strings are not allocated: they take one or two bytes on the wire, and the allocation would
        // cost as much as the rest of their decoding.
        if text.is_empty() {
            return Ok(Arc::default());
        }
        self.charge(text.len())?;
        work::count_bytes(text.len());
        Ok(text.into())
    }
}

/// Returns the indices of all byte sequences that may be a reference to a date: the marker, followed by the index
/// shifted by one (AMF3 §3.10).
fn find_date_references(input: &[u8]) -> HashSet<u32> {
    work::count_bytes(input.len());
    let mut references = HashSet::new();
    let mut rest = input;
    while let Some(start) = rest.iter().position(|byte| *byte == amf3::marker::DATE) {
        rest = rest.get(start + 1..).unwrap_or_default();
        if let Some((head, _)) = u29::split(rest)
            && head & 1 == 0
        {
            references.insert(head >> 1);
        }
    }
    references
}
