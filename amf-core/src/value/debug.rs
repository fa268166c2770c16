//! Printing graphs for people. What was printed already is named, not printed again: a graph may have far
//! more paths than nodes. Long text and bytes are cut: what is printed most often is a log.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::{
    Array, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, Value, Vector, WeakValue,
};
use crate::iso::Iso;

/// Characters of a text that are printed.
const LONG_TEXT: usize = 1_024;
/// Bytes of a `ByteArray` that are printed.
const LONG_BYTES: usize = 32;

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
debug! { Value Object DynamicMembers Array EcmaArray Vector Dictionary External ExternalPart }

impl fmt::Debug for Shown<'_, Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Undefined => f.write_str("undefined"),
            Value::Null => f.write_str("null"),
            Value::Unsupported => f.write_str("unsupported"),
            Value::Bool(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::String(text) => Text(text).fmt(f),
            Value::Date(date) => write!(f, "Date({})", Iso(date.millis())),
            Value::Xml(text) => write!(f, "XML({:?})", Text(text)),
            Value::XmlDocument(text) => write!(f, "XMLDocument({:?})", Text(text)),
            Value::ByteArray(bytes) => write!(f, "ByteArray({})", Bytes(bytes)),
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

impl<T: Named> fmt::Debug for Shown<'_, Arc<T>>
where
    for<'a> Shown<'a, T>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_new = Arc::strong_count(self.0) == 1 || self.1.borrow_mut().insert(Arc::as_ptr(self.0).addr());
        if is_new {
            Shown(&**self.0, self.1).fmt(f)
        } else {
            write!(f, "<{} as above>", Alias(self.0.name()))
        }
    }
}

/// What is printed of a node that was printed before.
trait Named {
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($type:ty: |$node:ident| $name:expr;)*) => {$(
        impl Named for $type {
            fn name(&self) -> &str {
                let $node = self;
                $name
            }
        }
    )*};
}
named! {
    Array: |_node| "Array";
    EcmaArray: |_node| "ECMA array";
    Object: |object| if object.alias().is_empty() { "Object" } else { object.alias() };
    Vector: |_node| "Vector";
    Dictionary: |_node| "Dictionary";
    External: |external| external.alias();
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

impl fmt::Debug for Shown<'_, DynamicMembers> {
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
                write!(f, "Vector.<{}> ", Alias(class))?;
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
        let mut tuple = f.debug_tuple(&Alias(self.0.alias()).to_string());
        for part in &self.0.parts {
            tuple.field(&Shown(part, self.1));
        }
        tuple.finish()
    }
}

impl fmt::Debug for Shown<'_, ExternalPart> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ExternalPart::Bytes(bytes) => write!(f, "{}", Bytes(bytes)),
            ExternalPart::Value(value) => Shown(value, self.1).fmt(f),
        }
    }
}

impl fmt::Debug for WeakValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leads_to() {
            None => f.write_str("<gone>"),
            Some((kind, alias)) if alias.is_empty() => write!(f, "<ancestor {kind}>"),
            Some((_, alias)) => write!(f, "<ancestor {}>", Alias(&alias)),
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
    let mut members = members.peekable();
    if members.peek().is_none() {
        return write!(f, "{} {{}}", Alias(alias));
    }
    let mut object = f.debug_struct(&Alias(alias).to_string());
    for (name, value) in members {
        object.field(&Name(name).to_string(), &Shown(value, printed));
    }
    object.finish()
}

/// In quotes where it is no word.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        word(f, self.0, |c| c.is_alphanumeric() || c == '_')
    }
}

/// In quotes where it is not made of words and points.
struct Alias<'a>(&'a str);

impl fmt::Display for Alias<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        word(f, self.0, |c| c.is_alphanumeric() || "_.:$*/- ".contains(c))
    }
}

fn word(f: &mut fmt::Formatter<'_>, text: &str, in_words: impl Fn(char) -> bool) -> fmt::Result {
    if !text.is_empty() && text.chars().all(in_words) { f.write_str(text) } else { write!(f, "{text:?}") }
}

/// Text in quotes, the start of it if it is long.
struct Text<'a>(&'a str);

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LONG_TEXT) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => {
                write!(f, "{:?}… ({} bytes)", self.0.get(..end).unwrap_or_default(), self.0.len())
            }
        }
    }
}

/// How many bytes, and the first of them in hex.
struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.len(), if self.0.len() == 1 { "byte" } else { "bytes" })?;
        for (index, byte) in self.0.iter().take(LONG_BYTES).enumerate() {
            write!(f, "{}{byte:02x}", if index == 0 { ": " } else { " " })?;
        }
        if self.0.len() > LONG_BYTES { f.write_str(" …") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Date, Version, from_slice};

    fn shown(value: impl Into<Value>) -> String {
        format!("{:?}", value.into())
    }

    #[test]
    fn scalars() {
        assert_eq!(shown(Date::from_millis(1_111_111_111_000.0)), "Date(2005-03-18T01:58:31Z)");
        assert_eq!(shown(Date::from_millis(f64::NAN)), "Date(NaN ms)");
        assert_eq!(shown(&b"\x00A\xFF"[..]), "ByteArray(3 bytes: 00 41 ff)");
        assert_eq!(shown(&b""[..]), "ByteArray(0 bytes)");
        assert_eq!(shown(Value::Xml("<a/>".into())), r#"XML("<a/>")"#);
        assert_eq!(shown("line\n\u{1b}"), r#""line\n\u{1b}""#);
    }

    #[test]
    fn long_ones_are_cut() {
        assert_eq!(shown("x".repeat(LONG_TEXT)).len(), LONG_TEXT + 2);
        assert_eq!(shown("ä".repeat(LONG_TEXT + 1)), format!("{:?}… (2050 bytes)", "ä".repeat(LONG_TEXT)));
        assert_eq!(shown(&[7; 33][..]), format!("ByteArray(33 bytes: {} …)", ["07"; 32].join(" ")));
    }

    #[test]
    fn members_and_names() {
        let object = Object::typed("a.B").with("x", 1).with("odd name", Value::from(Vec::new()));
        assert_eq!(shown(object.clone()), r#"a.B { x: 1, "odd name": [] }"#);
        assert_eq!(format!("{:#?}", Value::from(object)), "a.B {\n    x: 1,\n    \"odd name\": [],\n}");
        assert_eq!(shown(Object::typed("a.B")), "a.B {}");
        assert_eq!(shown(Object::new()), "{}");
        assert_eq!(shown(EcmaArray::default()), "ECMA {}");
        assert_eq!(shown(Object::typed("a\nb")), r#""a\nb" {}"#);
        let array = Array { items: vec![1.into()], members: DynamicMembers::from_iter([("a", 2)]) };
        assert_eq!(shown(array), "[1] with { a: 2 }");
        let external =
            External::new("a.E", vec![ExternalPart::Bytes([1, 2].into()), ExternalPart::Value(3.into())]);
        assert_eq!(shown(external), "a.E(2 bytes: 01 02, 3)");
        let vector = Vector::Object { fixed: false, class: "a.B".into(), items: vec![Value::Null] };
        assert_eq!(shown(vector), "Vector.<a.B> [null]");
        let dictionary = Dictionary { weak: true, entries: vec![("a".into(), 1.into())] };
        assert_eq!(shown(dictionary), r#"Dictionary(weak) {"a": 1}"#);
    }

    #[test]
    fn what_was_printed_and_what_encloses() {
        // A list that has one object twice, and the object itself: [o, o] with o = {self: o}.
        let bytes = b"\x09\x05\x01\x0A\x0B\x01\x09self\x0A\x02\x01\x0A\x02";
        let value: Value = from_slice(Version::Amf3, bytes).unwrap();
        assert_eq!(format!("{value:?}"), "[{self: <ancestor Object>}, <Object as above>]");
    }

    #[test]
    fn a_graph_with_more_paths_than_can_be_printed() {
        let mut value = Value::from(Object::typed("End"));
        for _ in 0..60 {
            value = Value::from(vec![value.clone(), value]);
        }
        assert!(shown(value).len() < 2_000);
    }
}
