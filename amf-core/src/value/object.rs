//! Objects with named members.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Value;

/// Named members in the order in which they came.
///
/// ```
/// use amf_core::{DynamicMembers, Value};
///
/// let mut members = DynamicMembers::new();
/// members.insert("name", "Ann");
/// members.insert("age", 7);
/// assert_eq!(members.get("age"), Some(&Value::Integer(7)));
/// assert_eq!(members.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["name", "age"]);
/// ```
#[derive(Clone, Default)]
pub struct DynamicMembers {
    members: IndexMap<Arc<str>, Value>,
}

impl DynamicMembers {
    /// No members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member; one of the same name keeps its place and gives back its old value.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Option<Value> {
        self.members.insert(name.into(), value.into())
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// The member of this name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.members.get_mut(name)
    }

    /// Takes a member out; those behind it keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.members.shift_remove(name)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members in order, with names that may be shared.
    pub(crate) fn iter_shared(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.members.iter()
    }

    /// The members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> FromIterator<(N, V)> for DynamicMembers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        let members = members.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { members: members.collect() }
    }
}

/// What objects of one class have in common on the wire (AMF3 §3.12).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traits {
    alias: Arc<str>,
    members: Vec<Arc<str>>,
    dynamic: bool,
}

impl Traits {
    /// Traits with an alias (empty for an anonymous object), sealed members, and dynamic ones or none.
    pub fn new(
        alias: impl Into<Arc<str>>,
        members: impl IntoIterator<Item = Arc<str>>,
        dynamic: bool,
    ) -> Self {
        Self { alias: alias.into(), members: members.into_iter().collect(), dynamic }
    }

    /// The class's alias; empty for an anonymous object.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// The same, as it may be shared.
    pub(crate) fn shared_alias(&self) -> &Arc<str> {
        &self.alias
    }

    /// The sealed members' names.
    pub fn members(&self) -> &[Arc<str>] {
        &self.members
    }

    /// Whether objects have members beside the sealed ones.
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    /// The traits of an object literal: no alias, nothing sealed, dynamic.
    pub fn is_anonymous(&self) -> bool {
        self.alias.is_empty() && self.members.is_empty() && self.dynamic
    }
}

/// An object: its traits, its sealed members' values in their order, and its dynamic members.
#[derive(Clone, Default)]
pub struct Object {
    traits: Arc<Traits>,
    sealed: Vec<Value>,
    dynamic: DynamicMembers,
}

impl Object {
    /// An anonymous object without members.
    pub fn new() -> Self {
        Self::from(DynamicMembers::new())
    }

    /// An object of a class, with no members but dynamic ones yet.
    pub fn typed(alias: impl Into<Arc<str>>) -> Self {
        Self::with_traits(Arc::new(Traits::new(alias, [], true)), Vec::new(), DynamicMembers::new())
    }

    /// An object of these traits. Sealed members without a value are undefined, dynamic ones where the
    /// traits allow none make the object dynamic.
    pub fn with_traits(mut traits: Arc<Traits>, mut sealed: Vec<Value>, dynamic: DynamicMembers) -> Self {
        sealed.resize(traits.members.len(), Value::Undefined);
        if !dynamic.is_empty() && !traits.dynamic {
            Arc::make_mut(&mut traits).dynamic = true;
        }
        Self { traits, sealed, dynamic }
    }

    /// The same object with a member set.
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// Sets a member: the sealed one of this name, else a dynamic one.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Option<Value> {
        let name = name.into();
        let position = self.traits.members.iter().position(|member| *member == name);
        if let Some(sealed) = position.and_then(|position| self.sealed.get_mut(position)) {
            return Some(std::mem::replace(sealed, value.into()));
        }
        if !self.traits.dynamic {
            Arc::make_mut(&mut self.traits).dynamic = true;
        }
        self.dynamic.insert(name, value)
    }

    /// The class's alias; empty for an anonymous object.
    pub fn alias(&self) -> &str {
        &self.traits.alias
    }

    /// The traits.
    pub fn traits(&self) -> &Arc<Traits> {
        &self.traits
    }

    /// The member of this name, sealed or dynamic.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let sealed = self.traits.members.iter().position(|member| &**member == name);
        sealed.and_then(|position| self.sealed.get(position)).or_else(|| self.dynamic.get(name))
    }

    /// The sealed members in order.
    pub fn sealed(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.traits.members.iter().map(|name| &**name).zip(&self.sealed)
    }

    /// The dynamic members.
    pub fn dynamic(&self) -> &DynamicMembers {
        &self.dynamic
    }

    /// All members in order, the sealed ones first.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.sealed().chain(self.dynamic.iter())
    }
}

impl From<DynamicMembers> for Object {
    fn from(dynamic: DynamicMembers) -> Self {
        Self { traits: Arc::new(Traits::new("", [], true)), sealed: Vec::new(), dynamic }
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> FromIterator<(N, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        Self::from(DynamicMembers::from_iter(members))
    }
}
