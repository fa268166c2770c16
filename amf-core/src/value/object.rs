//! Objects with named members.

use std::fmt;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use indexmap::map::{self, Slice};

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
///
/// for (name, value) in &members {
///     println!("{name}: {value:?}");
/// }
/// ```
#[derive(Clone, Default)]
pub struct DynamicMembers {
    // Boxed, because most lists have none, and an object of five bytes on the wire should not take hundreds here.
    members: Option<Box<IndexMap<Arc<str>, Value>>>,
}

impl DynamicMembers {
    /// No members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member; one of the same name keeps its place and gives back its old value.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Option<Value> {
        self.members.get_or_insert_default().insert(name.into(), value.into())
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.as_ref()?.get(name)
    }

    /// The member of this name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.members.as_mut()?.get_mut(name)
    }

    /// Takes a member out; those behind it keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.members.as_mut()?.shift_remove(name)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The members in order, with names that may be shared.
    pub(crate) fn iter_shared(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.entries().iter()
    }

    /// Returns the members in order.
    pub fn iter(&self) -> DynamicMembersIter<'_> {
        DynamicMembersIter { members: self.entries().iter() }
    }

    fn entries(&self) -> &Slice<Arc<str>, Value> {
        match &self.members {
            Some(members) => members.as_slice(),
            None => Slice::new(),
        }
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> FromIterator<(N, V)> for DynamicMembers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        let members = members.into_iter().map(|(name, value)| (name.into(), value.into()));
        let members: IndexMap<_, _> = members.collect();
        Self { members: if members.is_empty() { None } else { Some(Box::new(members)) } }
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> Extend<(N, V)> for DynamicMembers {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, members: I) {
        for (name, value) in members {
            self.insert(name, value);
        }
    }
}

impl IntoIterator for DynamicMembers {
    type Item = (Arc<str>, Value);
    type IntoIter = DynamicMembersIntoIter;

    fn into_iter(self) -> DynamicMembersIntoIter {
        let members = self.members.map(|members| *members).unwrap_or_default();
        DynamicMembersIntoIter { members: members.into_iter() }
    }
}

impl<'a> IntoIterator for &'a DynamicMembers {
    type Item = (&'a str, &'a Value);
    type IntoIter = DynamicMembersIter<'a>;

    fn into_iter(self) -> DynamicMembersIter<'a> {
        self.iter()
    }
}

/// Iterator over borrowed members in their order. [`DynamicMembers::iter`] returns it.
#[derive(Clone)]
pub struct DynamicMembersIter<'a> {
    members: map::Iter<'a, Arc<str>, Value>,
}

/// Iterator over owned members in their order. `DynamicMembers::into_iter` returns it.
pub struct DynamicMembersIntoIter {
    members: map::IntoIter<Arc<str>, Value>,
}

impl<'a> Iterator for DynamicMembersIter<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.members.next().map(borrow_name)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.members.size_hint()
    }
}

impl DoubleEndedIterator for DynamicMembersIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.members.next_back().map(borrow_name)
    }
}

impl ExactSizeIterator for DynamicMembersIter<'_> {}

fn borrow_name<'a>((name, value): (&'a Arc<str>, &'a Value)) -> (&'a str, &'a Value) {
    (name, value)
}

impl Iterator for DynamicMembersIntoIter {
    type Item = (Arc<str>, Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.members.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.members.size_hint()
    }
}

impl DoubleEndedIterator for DynamicMembersIntoIter {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.members.next_back()
    }
}

impl ExactSizeIterator for DynamicMembersIntoIter {}

// Values print at most 1 MiB each, so a list of them is only counted.
impl fmt::Debug for DynamicMembersIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicMembersIter").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for DynamicMembersIntoIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicMembersIntoIter").field("len", &self.len()).finish_non_exhaustive()
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
    sealed: Box<[Value]>,
    dynamic: DynamicMembers,
}

/// The traits of object literals, one record for all of them.
static ANONYMOUS: LazyLock<Arc<Traits>> = LazyLock::new(|| Arc::new(Traits::new("", [], true)));

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
        Self { traits, sealed: sealed.into_boxed_slice(), dynamic }
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
        self.traits.members.iter().map(|name| &**name).zip(self.sealed.iter())
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
        Self { traits: Arc::clone(&ANONYMOUS), sealed: Box::default(), dynamic }
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> FromIterator<(N, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        Self::from(DynamicMembers::from_iter(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_iterated_in_order_from_both_ends() {
        let mut members: DynamicMembers = [("z", 1), ("a", 2)].into_iter().collect();
        // A member that is there keeps its place.
        members.extend([("m", 3), ("z", 4)]);
        let borrowed: Vec<_> = (&members).into_iter().collect();
        assert_eq!(borrowed, [("z", &Value::from(4)), ("a", &2.into()), ("m", &3.into())]);
        assert_eq!((members.iter().len(), members.iter().next_back()), (3, Some(("m", &Value::from(3)))));
        let owned: Vec<(Arc<str>, Value)> = members.into_iter().rev().collect();
        assert_eq!(owned, [("m".into(), 3.into()), ("a".into(), 2.into()), ("z".into(), 4.into())]);
    }

    #[test]
    fn no_members_are_iterated_without_any() {
        assert_eq!(DynamicMembers::new().iter().next(), None);
        assert_eq!(DynamicMembers::new().into_iter().next(), None);
    }
}
