//! Search for the objects of a graph that are referred to more than once.

use std::collections::HashSet;
use std::mem::Discriminant;
use std::sync::Arc;

use crate::error::{EncodeError, EncodeErrorKind};
use crate::value::{DynamicMembers, ExternalPart, Value, Vector};

/// Identity of an object: its type and its address.
pub(super) type ObjectKey = (Discriminant<Value>, usize);

/// Returns the identity of a value, if it has one.
pub(super) fn object_key(value: &Value) -> Option<ObjectKey> {
    let address = match value {
        Value::Date(date) => Arc::as_ptr(date.identity()?).addr(),
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

/// Traversal of a graph that visits each object once.
#[derive(Debug, Default)]
pub(super) struct SharedObjectFinder {
    visited: HashSet<ObjectKey>,
    /// Objects that are referred to more than once.
    pub(super) shared: HashSet<ObjectKey>,
    /// Objects that may be held by weak pointers only. They are kept alive, so that no other object can receive their
    /// addresses.
    pub(super) keep_alive: Vec<Value>,
}

impl SharedObjectFinder {
    /// Visits a value with at most `depth` levels.
    pub(super) fn visit(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        if let Value::Ancestor(weak) = value {
            let Some(target) = weak.upgrade() else {
                return Err(EncodeError::new(EncodeErrorKind::Dangling));
            };
            self.shared.extend(object_key(&target));
            self.keep_alive.push(target.clone());
            return if self.is_visited(&target) { Ok(()) } else { self.visit(&target, depth) };
        }
        let Some(object_key) = object_key(value) else {
            return Ok(());
        };
        if !self.visited.insert(object_key) {
            self.shared.insert(object_key);
            return Ok(());
        }
        self.visit_children(value, depth)
    }

    fn is_visited(&self, value: &Value) -> bool {
        object_key(value).is_some_and(|object_key| self.visited.contains(&object_key))
    }

    fn visit_children(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        let is_leaf =
            matches!(value, Value::Date(_) | Value::Xml(_) | Value::XmlDocument(_) | Value::ByteArray(_));
        let inner = super::write::descend(depth + usize::from(is_leaf))?;
        match value {
            Value::Array(array) => {
                self.visit_all(&array.items, inner)?;
                self.visit_members(&array.members, inner)
            }
            Value::EcmaArray(array) => self.visit_members(&array.members, inner),
            Value::Object(object) => self.visit_all(object.members().map(|(_, value)| value), inner),
            Value::Vector(vector) => match &**vector {
                Vector::Object { items, .. } => self.visit_all(items, inner),
                _ => Ok(()),
            },
            Value::Dictionary(dictionary) => {
                self.visit_all(dictionary.entries.iter().flat_map(|(key, value)| [key, value]), inner)
            }
            Value::External(external) => self.visit_all(
                external.parts.iter().filter_map(|part| match part {
                    ExternalPart::Bytes(_) => None,
                    ExternalPart::Value(value) => Some(value),
                }),
                inner,
            ),
            _ => Ok(()),
        }
    }

    fn visit_members(&mut self, members: &DynamicMembers, depth: usize) -> Result<(), EncodeError> {
        self.visit_all(members.iter().map(|(_, value)| value), depth)
    }

    fn visit_all<'a>(
        &mut self,
        values: impl IntoIterator<Item = &'a Value>,
        depth: usize,
    ) -> Result<(), EncodeError> {
        values.into_iter().try_for_each(|value| self.visit(value, depth))
    }
}
