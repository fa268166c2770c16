//! Reading as a dynamic value.

use std::sync::{Arc, Weak};

use super::{
    Array, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, Traits, Value, Vector,
    WeakValue,
};
use crate::decoder::{Container, Identity, Shape, SlotId, Text, Token, VectorKind};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::external::{ExternalInput, Recorded};
use crate::{Date, Decoder, FromAmf};

/// Longer names are looked up on the budget of memory, which bounds the time too.
const LONG_NAME: usize = 64;

impl<'de> FromAmf<'de> for Value {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.charge(size_of::<Self>())?;
        let (slot, end) = match decoder.identity()? {
            Identity::Scalar => return decoder.fresh_value(None),
            Identity::Inline(slot) => (slot, None),
            Identity::Reference(slot, end) => (slot, Some(end)),
        };
        if let Some((value, height)) =
            decoder.shared.get().and_then(|shared| shared.values.get(&slot)).cloned()
        {
            decoder.reach_by(height)?;
            match end {
                Some(end) => decoder.reader.seek(end),
                None => decoder.skip()?,
            }
            return Ok(value);
        }
        if let Some(end) = end
            && decoder.is_rehearsal
            && decoder.is_open(slot) == Some(true)
        {
            decoder.reader.seek(end);
            return Ok(Value::Ancestor(WeakValue::Object(Weak::new())));
        }
        let (value, height) = decoder.measured(|decoder| decoder.fresh_value(Some(slot)))?;
        decoder.shared.get_mut().values.insert(slot, (value.clone(), height));
        Ok(value)
    }
}

impl<'de> Decoder<'de> {
    /// Reads a value that nothing was made of yet.
    fn fresh_value(&mut self, slot: Option<SlotId>) -> Result<Value, DecodeError> {
        Ok(match self.token()? {
            Token::Undefined => Value::Undefined,
            Token::Null => Value::Null,
            Token::Unsupported => Value::Unsupported,
            Token::Bool(value) => Value::Bool(value),
            Token::Integer(value) => Value::Integer(value),
            Token::Unsigned(value) => Value::from(value),
            Token::Number(value) => Value::Number(value),
            Token::String(text) => Value::String(self.shared_text(&text)?),
            Token::Date(millis) => Value::Date(Date::from_millis(millis)),
            Token::Xml(text) => Value::Xml(self.copied(&text)?),
            Token::XmlDocument(text) => Value::XmlDocument(self.copied(&text)?),
            Token::ByteArray(bytes) => {
                self.charge(bytes.len())?;
                Value::ByteArray(bytes.into())
            }
            Token::Open(container) => self.container_value(container, slot)?,
        })
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
                self.node(slot, WeakValue::Object, Value::Object, |decoder| decoder.object_value(shape))?
            }
            Shape::EcmaArray { length } => {
                self.node(slot, WeakValue::EcmaArray, Value::EcmaArray, |decoder| {
                    Ok(EcmaArray { length, members: decoder.amf0_members()? })
                })?
            }
            Shape::StrictArray { count } => self.node(slot, WeakValue::Array, Value::Array, |decoder| {
                Ok(Array { items: decoder.values(count)?, members: DynamicMembers::new() })
            })?,
            Shape::Array { dense } => self.node(slot, WeakValue::Array, Value::Array, |decoder| {
                let members = decoder.amf3_members()?;
                Ok(Array { items: decoder.values(dense)?, members })
            })?,
            Shape::Dictionary { count, weak } => {
                self.node(slot, WeakValue::Dictionary, Value::Dictionary, |decoder| {
                    Ok(Dictionary { weak, entries: decoder.entries(count)? })
                })?
            }
            Shape::Vector { kind, count, fixed, class } => {
                self.node(slot, WeakValue::Vector, Value::Vector, |decoder| {
                    decoder.vector_value(kind, count, fixed, &class)
                })?
            }
            Shape::External(traits) => self.node(slot, WeakValue::External, Value::External, |decoder| {
                let alias = decoder.copied(&traits.alias)?;
                decoder.external_value(alias)
            })?,
        };
        self.close(frame);
        Ok(value)
    }

    /// Makes an object that values inside it can refer to while it is being read.
    fn node<T: Default>(
        &mut self,
        slot: SlotId,
        ancestor: fn(Weak<T>) -> WeakValue,
        value: fn(Arc<T>) -> Value,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Value, DecodeError> {
        self.charge(size_of::<T>())?;
        let mut failure = None;
        let node = Arc::new_cyclic(|weak| {
            self.shared.get_mut().values.insert(slot, (Value::Ancestor(ancestor(weak.clone())), 0));
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
                let view = self.dynamic_view(&traits)?;
                let mut sealed = Vec::with_capacity(self.reservation::<Value>(traits.members.len(), 1));
                for name in &traits.members {
                    let value = self.value().map_err(|error| error.in_member(name.clone().into_owned()))?;
                    sealed.push(value);
                }
                let dynamic = if traits.dynamic { self.amf3_members()? } else { DynamicMembers::new() };
                Ok(Object::with_traits(view, sealed, dynamic))
            }
            Shape::Object { alias } if !alias.is_empty() => {
                let traits = Arc::new(Traits::new(self.copied(&alias)?, [], true));
                Ok(Object::with_traits(traits, Vec::new(), self.amf0_members()?))
            }
            _ => self.amf0_members().map(Object::from),
        }
    }

    /// One record of traits for all objects that share it.
    fn dynamic_view(&mut self, traits: &crate::decoder::Traits<'de>) -> Result<Arc<Traits>, DecodeError> {
        if let Some(view) = &*traits.dynamic_view.borrow() {
            return Ok(Arc::clone(view));
        }
        let alias = self.copied(&traits.alias)?;
        let members: Result<Vec<_>, _> = traits.members.iter().map(|name| self.copied(name)).collect();
        let view = Arc::new(Traits::new(alias, members?, traits.dynamic));
        *traits.dynamic_view.borrow_mut() = Some(Arc::clone(&view));
        Ok(view)
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
            let name = self.amf3_text()?;
            if name.is_empty() {
                return Ok(members);
            }
            // The name is shared; but a long one costs time each time that it is looked up.
            let long = name.content.len().saturating_sub(LONG_NAME);
            self.charge(size_of::<(Arc<str>, Value)>() + long)?;
            let name = self.shared_text(&name)?;
            let value = self.value().map_err(|error| error.in_member(name.to_string()))?;
            members.insert(name, value);
        }
    }

    fn values(&mut self, count: usize) -> Result<Vec<Value>, DecodeError> {
        let mut values = Vec::with_capacity(self.reservation::<Value>(count, 1));
        for index in 0..count {
            values.push(self.value().map_err(|error| error.at_index(index))?);
        }
        Ok(values)
    }

    fn entries(&mut self, count: usize) -> Result<Vec<(Value, Value)>, DecodeError> {
        let mut entries = Vec::with_capacity(self.reservation::<(Value, Value)>(count, 2));
        for index in 0..count {
            let entry = self.value().and_then(|key| Ok((key, self.value()?)));
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
            VectorKind::Int => Vector::Int { fixed, items: self.numbers(count, i32::from_be_bytes)? },
            VectorKind::Uint => Vector::Uint { fixed, items: self.numbers(count, u32::from_be_bytes)? },
            VectorKind::Number => Vector::Number { fixed, items: self.numbers(count, f64::from_be_bytes)? },
            VectorKind::Object => {
                let class = self.copied(class)?;
                Vector::Object { fixed, class, items: self.values(count)? }
            }
        })
    }

    /// The bare elements of a Vector of numbers.
    pub(crate) fn numbers<const N: usize, T>(
        &mut self,
        count: usize,
        from: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, DecodeError> {
        let elements = self.elements::<N>(count)?;
        self.charge(count * size_of::<T>())?;
        Ok(elements.iter().map(|element| from(*element)).collect())
    }

    fn external_value(&mut self, alias: Arc<str>) -> Result<External, DecodeError> {
        if crate::external::is_collection(&alias) || crate::external::is_proxy(&alias) {
            let body = self.value()?;
            return Ok(External::new(alias, vec![ExternalPart::Value(body)]));
        }
        let Some(body) = self.external_body(&alias) else {
            return Err(self.error(DecodeErrorKind::UnknownExternalizable { alias: alias.to_string() }));
        };
        let recorded = ExternalInput::record(self, body)?;
        let mut parts = Vec::new();
        if self.is_rehearsal {
            // Read twice at every level, nested ones would take time without bound.
            return Ok(External::new(alias, parts));
        }
        for part in recorded {
            self.charge(size_of::<ExternalPart>())?;
            parts.push(match part {
                Recorded::Bytes(bytes) => {
                    self.charge(bytes.len())?;
                    ExternalPart::Bytes(bytes.into())
                }
                Recorded::Value(start) => ExternalPart::Value(self.replay_from(start, Decoder::value)?),
            });
        }
        Ok(External::new(alias, parts))
    }

    /// Text as dynamic values hold it: one copy for all references to one string.
    pub(crate) fn shared_text(&mut self, text: &Text<'de>) -> Result<Arc<str>, DecodeError> {
        if let Some(copy) = text.entry.and_then(|entry| self.shared.get()?.strings.get(&entry)) {
            return Ok(Arc::clone(copy));
        }
        let copy = self.copied(&text.content)?;
        if let Some(entry) = text.entry {
            self.shared.get_mut().strings.insert(entry, Arc::clone(&copy));
        }
        Ok(copy)
    }

    fn copied(&mut self, text: &str) -> Result<Arc<str>, DecodeError> {
        self.charge(text.len())?;
        Ok(text.into())
    }
}
