//! Printing graphs for people. What was printed already is named, not printed again: a graph may have far
//! more paths than nodes.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::{Array, Dictionary, Dynamic, EcmaArray, External, Object, Part, Value, Vector, WeakValue};

/// The shared nodes that were printed, by address.
type Printed = RefCell<HashSet<usize>>;

/// Something to print, with what was printed before it.
struct Shown<'a, T: ?Sized>(&'a T, &'a Printed);

macro_rules! debug {
    ($($type:ty)*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Shown(self, &Printed::default()).fmt(f)
            }
        }
    )*};
}
debug! { Value Object Dynamic Array EcmaArray Vector Dictionary External Part }

impl fmt::Debug for Shown<'_, Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Undefined => f.write_str("undefined"),
            Value::Null => f.write_str("null"),
            Value::Unsupported => f.write_str("unsupported"),
            Value::Bool(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::String(text) => text.fmt(f),
            Value::Date(date) => write!(f, "Date({})", date.millis()),
            Value::Xml(text) => f.debug_tuple("XML").field(text).finish(),
            Value::XmlDocument(text) => f.debug_tuple("XMLDocument").field(text).finish(),
            Value::ByteArray(bytes) => write!(f, "ByteArray({} bytes)", bytes.len()),
            Value::Array(array) => Shown(array, self.1).fmt(f),
            Value::EcmaArray(array) => Shown(array, self.1).fmt(f),
            Value::Object(object) => Shown(object, self.1).fmt(f),
            Value::Vector(vector) => Shown(vector, self.1).fmt(f),
            Value::Dictionary(dictionary) => Shown(dictionary, self.1).fmt(f),
            Value::External(external) => Shown(external, self.1).fmt(f),
            Value::Ancestor(weak) => weak.fmt(f),
        }
    }
}

impl<T> fmt::Debug for Shown<'_, Arc<T>>
where
    for<'a> Shown<'a, T>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_new = Arc::strong_count(self.0) == 1 || self.1.borrow_mut().insert(Arc::as_ptr(self.0).addr());
        if is_new { Shown(&**self.0, self.1).fmt(f) } else { f.write_str("<as above>") }
    }
}

impl fmt::Debug for Shown<'_, [Value]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|item| Shown(item, self.1))).finish()
    }
}

impl fmt::Debug for Shown<'_, Object> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        members(f, self.0.alias(), self.0.members(), self.1)
    }
}

impl fmt::Debug for Shown<'_, Dynamic> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        members(f, "", self.0.iter(), self.1)
    }
}

impl fmt::Debug for Shown<'_, Array> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(self.0.items.as_slice(), self.1).fmt(f)?;
        if self.0.members.is_empty() { Ok(()) } else { members(f, " with", self.0.members.iter(), self.1) }
    }
}

impl fmt::Debug for Shown<'_, EcmaArray> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        members(f, "ECMA", self.0.members.iter(), self.1)
    }
}

impl fmt::Debug for Shown<'_, Vector> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Vector::Int { items, .. } => write!(f, "Vector.<int> {items:?}"),
            Vector::Uint { items, .. } => write!(f, "Vector.<uint> {items:?}"),
            Vector::Number { items, .. } => write!(f, "Vector.<Number> {items:?}"),
            Vector::Object { class, items, .. } => {
                write!(f, "Vector.<{class}> ")?;
                Shown(items.as_slice(), self.1).fmt(f)
            }
        }
    }
}

impl fmt::Debug for Shown<'_, Dictionary> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.weak { "Dictionary(weak) " } else { "Dictionary " })?;
        let entries = self.0.entries.iter().map(|(key, value)| (Shown(key, self.1), Shown(value, self.1)));
        f.debug_map().entries(entries).finish()
    }
}

impl fmt::Debug for Shown<'_, External> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple(self.0.alias());
        for part in &self.0.parts {
            tuple.field(&Shown(part, self.1));
        }
        tuple.finish()
    }
}

impl fmt::Debug for Shown<'_, Part> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Part::Bytes(bytes) => bytes.fmt(f),
            Part::Value(value) => Shown(value, self.1).fmt(f),
        }
    }
}

impl fmt::Debug for WeakValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leads_to() {
            None => f.write_str("<gone>"),
            Some((kind, alias)) if alias.is_empty() => write!(f, "<ancestor {kind}>"),
            Some((_, alias)) => write!(f, "<ancestor {alias}>"),
        }
    }
}

/// `Alias { name: value, … }`, with names that are no identifiers in quotes.
fn members<'a>(
    f: &mut fmt::Formatter<'_>,
    alias: &str,
    members: impl Iterator<Item = (&'a str, &'a Value)>,
    printed: &Printed,
) -> fmt::Result {
    if alias.is_empty() {
        let mut map = f.debug_map();
        for (name, value) in members {
            map.entry(&format_args!("{}", Name(name)), &Shown(value, printed));
        }
        return map.finish();
    }
    let mut object = f.debug_struct(alias);
    for (name, value) in members {
        object.field(&Name(name).to_string(), &Shown(value, printed));
    }
    object.finish()
}

struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = !self.0.is_empty() && self.0.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_word { f.write_str(self.0) } else { write!(f, "{:?}", self.0) }
    }
}
