//! Which objects of a graph are met more than once.

use std::collections::HashSet;
use std::mem::Discriminant;
use std::sync::Arc;

use crate::error::{EncodeError, EncodeErrorKind};
use crate::value::{DynamicMembers, ExternalPart, Value, Vector};

/// Who an object is: its kind and its address.
pub(super) type Identity = (Discriminant<Value>, usize);

/// Who a value is, if it has identity.
pub(super) fn identity(value: &Value) -> Option<Identity> {
    let address = match value {
        Value::Xml(text) | Value::XmlDocument(text) => Arc::as_ptr(text).addr(),
        Value::ByteArray(bytes) => Arc::as_ptr(bytes).addr(),
        Value::Array(node) => Arc::as_ptr(node).addr(),
        Value::EcmaArray(node) => Arc::as_ptr(node).addr(),
        Value::Object(node) => Arc::as_ptr(node).addr(),
        Value::Vector(node) => Arc::as_ptr(node).addr(),
        Value::Dictionary(node) => Arc::as_ptr(node).addr(),
        Value::External(node) => Arc::as_ptr(node).addr(),
        _ => return None,
    };
    Some((std::mem::discriminant(value), address))
}

/// A walk over a graph that meets each object once.
#[derive(Debug, Default)]
pub(super) struct Survey {
    met: HashSet<Identity>,
    /// Those that somebody refers to.
    pub(super) shared: HashSet<Identity>,
    /// What only weak pointers may hold: kept, so that its address stays its own.
    pub(super) kept: Vec<Value>,
}

impl Survey {
    /// Walks over a value of at most so many levels.
    pub(super) fn walk(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        if let Value::Ancestor(weak) = value {
            let Some(target) = weak.upgrade() else {
                return Err(EncodeError::new(EncodeErrorKind::Dangling));
            };
            self.shared.extend(identity(&target));
            self.kept.push(target.clone());
            return if self.is_met(&target) { Ok(()) } else { self.walk(&target, depth) };
        }
        let Some(identity) = identity(value) else {
            return Ok(());
        };
        if !self.met.insert(identity) {
            self.shared.insert(identity);
            return Ok(());
        }
        self.children(value, depth)
    }

    fn is_met(&self, value: &Value) -> bool {
        identity(value).is_some_and(|identity| self.met.contains(&identity))
    }

    fn children(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        let is_leaf = matches!(value, Value::Xml(_) | Value::XmlDocument(_) | Value::ByteArray(_));
        let inner = super::write::one_less(depth + usize::from(is_leaf))?;
        match value {
            Value::Array(array) => {
                self.all(&array.items, inner)?;
                self.members(&array.members, inner)
            }
            Value::EcmaArray(array) => self.members(&array.members, inner),
            Value::Object(object) => self.all(object.members().map(|(_, value)| value), inner),
            Value::Vector(vector) => match &**vector {
                Vector::Object { items, .. } => self.all(items, inner),
                _ => Ok(()),
            },
            Value::Dictionary(dictionary) => {
                self.all(dictionary.entries.iter().flat_map(|(key, value)| [key, value]), inner)
            }
            Value::External(external) => self.all(
                external.parts.iter().filter_map(|part| match part {
                    ExternalPart::Bytes(_) => None,
                    ExternalPart::Value(value) => Some(value),
                }),
                inner,
            ),
            _ => Ok(()),
        }
    }

    fn members(&mut self, members: &DynamicMembers, depth: usize) -> Result<(), EncodeError> {
        self.all(members.iter().map(|(_, value)| value), depth)
    }

    fn all<'a>(
        &mut self,
        values: impl IntoIterator<Item = &'a Value>,
        depth: usize,
    ) -> Result<(), EncodeError> {
        values.into_iter().try_for_each(|value| self.walk(value, depth))
    }
}
