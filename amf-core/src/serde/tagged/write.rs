//! Conversion from a value to its tagged form, a tree of types that every format has.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::TAG;
use super::shared_objects::{ObjectKey, SharedObjectFinder, object_key};
use crate::error::{EncodeError, EncodeErrorKind};
use crate::serde::plain::to_base64;
use crate::value::{
    Array, DynamicMembers, EcmaArray, External, ExternalPart, Object, Value, Vector, WeakValue,
};
use crate::{Date, Limits, OutputLimit};

/// Returns the tagged form of a value with at most 64 levels.
pub(super) fn tagged(value: &Value, limit: OutputLimit) -> Result<Value, EncodeError> {
    let depth = Limits::default().depth;
    let mut finder = SharedObjectFinder::default();
    finder.visit(value, depth)?;
    Tagger { finder, ids: HashMap::new(), limit, bytes_left: limit.max }.value(value, depth)
}

/// Returns the number of remaining levels inside, or an error if there are none.
pub(super) fn descend(depth: usize) -> Result<usize, EncodeError> {
    let max = Limits::default().depth;
    depth.checked_sub(1).ok_or_else(|| EncodeError::new(EncodeErrorKind::Depth { max }))
}

/// Writer of one tagged form.
struct Tagger {
    finder: SharedObjectFinder,
    /// Ids of the shared objects that were written.
    ids: HashMap<ObjectKey, i32>,
    limit: OutputLimit,
    /// Remaining bytes of the limit. The form is built before it is serialized, and a message of a megabyte can name
    /// an alias or a member of a megabyte in each of 100,000 objects.
    bytes_left: usize,
}

/// Object with a tag that is being built.
struct TaggedObject(DynamicMembers);

impl TaggedObject {
    fn new(kind: &str) -> Self {
        Self([(TAG, kind)].into_iter().collect())
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value);
        self
    }

    fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn with_flag(self, name: &str, flag: bool) -> Self {
        self.with_some(name, flag.then_some(true))
    }

    fn build(self) -> Value {
        Value::from(self.0)
    }
}

impl Tagger {
    fn value(&mut self, value: &Value, depth: usize) -> Result<Value, EncodeError> {
        if let Value::Ancestor(weak) = value {
            return self.ancestor(weak, depth);
        }
        let object_key = object_key(value).filter(|object_key| self.finder.shared.contains(object_key));
        let Some(object_key) = object_key else {
            return self.tag_content(value, None, depth);
        };
        if let Some(&id) = self.ids.get(&object_key) {
            return Ok(TaggedObject::new("ref").with("id", id).build());
        }
        let id = self.ids.len() as i32 + 1;
        self.ids.insert(object_key, id);
        self.tag_content(value, Some(id), depth)
    }

    /// Charges bytes of the form against the limit.
    fn charge(&mut self, bytes: usize) -> Result<(), EncodeError> {
        let OutputLimit { name, max } = self.limit;
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left =
            left.ok_or_else(|| EncodeError::new(EncodeErrorKind::OutputTooLarge { limit: name, max }))?;
        Ok(())
    }

    fn ancestor(&mut self, weak: &WeakValue, depth: usize) -> Result<Value, EncodeError> {
        let Some(target) = weak.upgrade() else {
            return Err(EncodeError::new(EncodeErrorKind::Dangling));
        };
        match object_key(&target).and_then(|object_key| self.ids.get(&object_key)) {
            Some(&id) => Ok(TaggedObject::new("ancestor").with("id", id).build()),
            // The target does not enclose the value, which was taken out of its cycle. It is written here.
            None => self.value(&target, depth),
        }
    }

    /// Returns the form of a value. A shared value has an id.
    fn tag_content(&mut self, value: &Value, id: Option<i32>, depth: usize) -> Result<Value, EncodeError> {
        let form = |kind| TaggedObject::new(kind).with_some("id", id);
        self.charge(match value {
            Value::ByteArray(bytes) => bytes.len(),
            Value::String(text) | Value::Xml(text) | Value::XmlDocument(text) => text.len(),
            _ => 1,
        })?;
        Ok(match value {
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::String(_) => value.clone(),
            Value::Number(value) => number(*value),
            Value::Undefined => TaggedObject::new("undefined").build(),
            Value::Unsupported => TaggedObject::new("unsupported").build(),
            Value::Date(date) => form("date").with("millis", millis(date.date())).build(),
            Value::Xml(text) => form("xml").with("text", text.clone()).build(),
            Value::XmlDocument(text) => form("xmlDocument").with("text", text.clone()).build(),
            Value::ByteArray(bytes) => form("bytes").with("base64", to_base64(bytes)).build(),
            Value::Array(array) => self.array(array, id, descend(depth)?)?,
            Value::EcmaArray(array) => self.ecma_array(array, form("ecmaArray"), descend(depth)?)?,
            Value::Object(object) => self.object(object, id, descend(depth)?)?,
            Value::Vector(vector) => self.vector(vector, form("vector"), descend(depth)?)?,
            Value::Dictionary(dictionary) => {
                let depth = descend(depth)?;
                let entries = dictionary.entries.iter().map(|(key, value)| {
                    Ok(Value::from(vec![self.value(key, depth)?, self.value(value, depth)?]))
                });
                let entries = entries.collect::<Result<Value, EncodeError>>()?;
                form("dictionary").with_flag("weak", dictionary.weak).with("entries", entries).build()
            }
            Value::External(external) => self.external(external, form("external"), descend(depth)?)?,
            Value::Ancestor(weak) => self.ancestor(weak, depth)?,
        })
    }

    fn array(&mut self, array: &Array, id: Option<i32>, depth: usize) -> Result<Value, EncodeError> {
        let items = self.items(&array.items, depth)?;
        if id.is_none() && array.members.is_empty() {
            return Ok(items);
        }
        let form = TaggedObject::new("array").with_some("id", id).with("items", items);
        if array.members.is_empty() {
            return Ok(form.build());
        }
        Ok(form.with("members", self.members(&array.members, depth)?).build())
    }

    fn ecma_array(
        &mut self,
        array: &EcmaArray,
        form: TaggedObject,
        depth: usize,
    ) -> Result<Value, EncodeError> {
        let members = self.members(&array.members, depth)?;
        Ok(form.with("length", array.length).with("members", members).build())
    }

    fn object(&mut self, object: &Object, id: Option<i32>, depth: usize) -> Result<Value, EncodeError> {
        let traits = object.traits();
        let members = self.object_members(object, depth)?;
        if id.is_none() && traits.is_anonymous() && object.get(TAG).is_none() {
            return Ok(members);
        }
        let mut form = TaggedObject::new("object").with_some("id", id);
        if !traits.alias().is_empty() {
            self.charge(traits.alias().len())?;
            form = form.with("alias", Arc::clone(traits.shared_alias()));
        }
        if !traits.members().is_empty() || !traits.is_dynamic() {
            let names: Value = traits.members().iter().map(|name| Value::String(name.clone())).collect();
            form = form.with("sealed", names).with_flag("dynamic", traits.is_dynamic());
        }
        Ok(form.with("members", members).build())
    }

    /// Returns all members, the sealed ones first. They are an object, or a list of pairs if two have the same name.
    fn object_members(&mut self, object: &Object, depth: usize) -> Result<Value, EncodeError> {
        // The names are hashed and written for each object, however short it is on the wire.
        self.charge(object.members().map(|(name, _)| name.len()).sum())?;
        let mut names = HashSet::new();
        if object.members().all(|(name, _)| names.insert(name)) {
            let members = object.members().map(|(name, value)| Ok((name, self.value(value, depth)?)));
            return Ok(Value::from(members.collect::<Result<DynamicMembers, EncodeError>>()?));
        }
        let pairs = object
            .members()
            .map(|(name, value)| Ok(Value::from(vec![Value::from(name), self.value(value, depth)?])));
        pairs.collect()
    }

    fn members(&mut self, members: &DynamicMembers, depth: usize) -> Result<Value, EncodeError> {
        self.charge(members.iter().map(|(name, _)| name.len()).sum())?;
        let members = members.iter().map(|(name, value)| Ok((name, self.value(value, depth)?)));
        Ok(Value::from(members.collect::<Result<DynamicMembers, EncodeError>>()?))
    }

    fn items(&mut self, items: &[Value], depth: usize) -> Result<Value, EncodeError> {
        items.iter().map(|item| self.value(item, depth)).collect()
    }

    fn vector(&mut self, vector: &Vector, form: TaggedObject, depth: usize) -> Result<Value, EncodeError> {
        let (of, class, items) = match vector {
            Vector::Int { items, .. } => ("int", None, items.iter().map(|item| Value::from(*item)).collect()),
            Vector::Uint { items, .. } => {
                ("uint", None, items.iter().map(|item| Value::from(*item)).collect())
            }
            Vector::Number { items, .. } => {
                ("Number", None, items.iter().map(|item| number(*item)).collect())
            }
            Vector::Object { class, items, .. } => ("Object", Some(class), self.items(items, depth)?),
        };
        let class = class.filter(|class| !class.is_empty());
        let form = form.with("of", of).with_some("class", class.cloned());
        Ok(form.with_flag("fixed", vector.is_fixed()).with("items", items).build())
    }

    fn external(
        &mut self,
        external: &External,
        form: TaggedObject,
        depth: usize,
    ) -> Result<Value, EncodeError> {
        self.charge(external.alias().len())?;
        let parts = external.parts.iter().map(|part| {
            if let ExternalPart::Bytes(bytes) = part {
                self.charge(bytes.len())?;
            }
            let (name, content) = match part {
                ExternalPart::Bytes(bytes) => ("base64", Value::from(to_base64(bytes))),
                ExternalPart::Value(value) => ("value", self.value(value, depth)?),
            };
            Ok(Value::from([(name, content)].into_iter().collect::<DynamicMembers>()))
        });
        let parts = parts.collect::<Result<Value, EncodeError>>()?;
        Ok(form.with("alias", external.alias()).with("parts", parts).build())
    }
}

/// Returns the milliseconds of a date, which the plain form writes without a fraction.
fn millis(date: Date) -> Value {
    match number(date.as_millis()) {
        Value::Number(_) => date.into(),
        words => words,
    }
}

/// Returns a number. Values that formats such as JSON lack are written as words.
fn number(value: f64) -> Value {
    let words = match value {
        value if value.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        0.0 if value.is_sign_negative() => "-0",
        value => return Value::Number(value),
    };
    TaggedObject::new("number").with("value", words).build()
}
