//! Objects with named members.

use std::fmt;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use indexmap::map::{self, Slice};

use super::Value;

/// Named members in the order of their insertion.
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
    // Boxed, because most objects have none: an object of five bytes on the wire must not take hundreds of
    // bytes here.
    members: Option<Box<IndexMap<Arc<str>, Value>>>,
}

impl DynamicMembers {
    /// Creates an empty list of members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member. An existing member of the same name keeps its position, and its old value is returned.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Option<Value> {
        self.members.get_or_insert_default().insert(name.into(), value.into())
    }

    /// Returns the value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.as_ref()?.get(name)
    }

    /// Returns a mutable reference to the value of a member.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.members.as_mut()?.get_mut(name)
    }

    /// Removes a member. The order of the following members is preserved.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.members.as_mut()?.shift_remove(name)
    }

    /// Returns the number of members.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Returns `true` if there are no members.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// Returns the members in order, with names that may be shared.
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

/// Iterator over borrowed members in order; returned by [`DynamicMembers::iter`].
///
/// ```
/// use amf_core::{DynamicMembers, DynamicMembersIter, Value};
///
/// let members: DynamicMembers = [("a", 1), ("b", 2)].into_iter().collect();
/// let mut iter: DynamicMembersIter<'_> = members.iter();
/// assert_eq!(iter.next_back(), Some(("b", &Value::Integer(2))));
/// assert_eq!(iter.len(), 1);
/// ```
#[derive(Clone)]
pub struct DynamicMembersIter<'a> {
    members: map::Iter<'a, Arc<str>, Value>,
}

/// Iterator over owned members in order; returned by `DynamicMembers::into_iter`.
///
/// ```
/// use amf_core::{DynamicMembers, DynamicMembersIntoIter, Value};
///
/// let members: DynamicMembers = [("a", 1), ("b", 2)].into_iter().collect();
/// let mut iter: DynamicMembersIntoIter = members.into_iter();
/// assert_eq!(iter.next(), Some(("a".into(), Value::Integer(1))));
/// ```
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

// Each value may print 1 MiB, so only the number of members is printed.
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

/// Traits record that the objects of one class share on the wire (AMF3 §3.12).
///
/// ```
/// use amf_core::{DynamicMembers, Object, Traits, Value};
///
/// let traits = Traits::new("com.example.Point", ["x".into(), "y".into()], false);
/// let point = Object::with_traits(traits.into(), vec![1.into(), 2.into()], DynamicMembers::new());
/// assert_eq!(point.get("y"), Some(&Value::Integer(2)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traits {
    alias: Arc<str>,
    members: Vec<Arc<str>>,
    dynamic: bool,
}

impl Traits {
    /// Creates a record from an alias (empty for an anonymous object), the names of the sealed members, and whether
    /// dynamic members are allowed.
    pub fn new(
        alias: impl Into<Arc<str>>,
        members: impl IntoIterator<Item = Arc<str>>,
        dynamic: bool,
    ) -> Self {
        Self { alias: alias.into(), members: members.into_iter().collect(), dynamic }
    }

    /// Returns the alias of the class, empty for an anonymous object.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// Returns the alias as a shared string.
    pub(crate) fn shared_alias(&self) -> &Arc<str> {
        &self.alias
    }

    /// Returns the names of the sealed members.
    pub fn members(&self) -> &[Arc<str>] {
        &self.members
    }

    /// Returns `true` if objects may have members in addition to the sealed ones.
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    /// Returns `true` for the record of object literals: no alias, no sealed members, dynamic.
    pub fn is_anonymous(&self) -> bool {
        self.alias.is_empty() && self.members.is_empty() && self.dynamic
    }
}

/// Object with its traits, the values of its sealed members in order, and its dynamic members.
///
/// ```
/// use amf_core::{Object, Value};
///
/// let mut room = Object::typed("com.example.Room").with("seats", 8);
/// assert_eq!(room.insert("seats", 9), Some(Value::Integer(8)));
/// assert_eq!(room.members().count(), 1);
/// ```
#[derive(Clone, Default)]
pub struct Object {
    traits: Arc<Traits>,
    sealed: Box<[Value]>,
    dynamic: DynamicMembers,
}

/// Traits of object literals, one record for all of them.
static ANONYMOUS: LazyLock<Arc<Traits>> = LazyLock::new(|| Arc::new(Traits::new("", [], true)));

impl Object {
    /// Creates an anonymous object without members.
    pub fn new() -> Self {
        Self::from(DynamicMembers::new())
    }

    /// Creates an object of a class that has dynamic members only.
    pub fn typed(alias: impl Into<Arc<str>>) -> Self {
        Self::with_traits(Arc::new(Traits::new(alias, [], true)), Vec::new(), DynamicMembers::new())
    }

    /// Creates an object with the given traits. Sealed members without a value are undefined. Dynamic members make
    /// the object dynamic, even if the traits do not allow them.
    pub fn with_traits(mut traits: Arc<Traits>, mut sealed: Vec<Value>, dynamic: DynamicMembers) -> Self {
        sealed.resize(traits.members.len(), Value::Undefined);
        if !dynamic.is_empty() && !traits.dynamic {
            Arc::make_mut(&mut traits).dynamic = true;
        }
        Self { traits, sealed: sealed.into_boxed_slice(), dynamic }
    }

    /// Sets a member; see [`insert`](Self::insert).
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// Sets the sealed member of this name, or else a dynamic one, and returns its old value.
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

    /// Returns the alias of the class, empty for an anonymous object.
    pub fn alias(&self) -> &str {
        &self.traits.alias
    }

    /// Returns the traits.
    pub fn traits(&self) -> &Arc<Traits> {
        &self.traits
    }

    /// Returns the value of a member, sealed or dynamic.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let sealed = self.traits.members.iter().position(|member| &**member == name);
        sealed.and_then(|position| self.sealed.get(position)).or_else(|| self.dynamic.get(name))
    }

    /// Returns the sealed members in order.
    pub fn sealed(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.traits.members.iter().map(|name| &**name).zip(self.sealed.iter())
    }

    /// Returns the dynamic members.
    pub fn dynamic(&self) -> &DynamicMembers {
        &self.dynamic
    }

    /// Returns all members in order, the sealed ones first.
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
