//! Debug output of graphs. A shared node is printed once and named afterwards, because a graph may have far more
//! paths than nodes.
//!
//! Long text and bytes are truncated, and so is the whole output. Debug output usually goes to a log, and a message
//! of 500 kB that repeats one alias would produce hundreds of megabytes.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::{
    Array, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, Value, Vector, WeakValue,
};
use crate::iso8601::Iso8601;

/// Maximum number of characters of a text that are printed.
const MAX_TEXT_CHARS: usize = 1_024;
/// Maximum number of bytes of a `ByteArray` that are printed.
const MAX_BYTES: usize = 32;

/// Maximum number of bytes of one `Debug` output.
const MAX_DEBUG_BYTES: usize = 1 << 20;

/// Writer that forwards output up to a number of bytes.
struct TruncatedWriter<'a, 'f> {
    out: &'a mut fmt::Formatter<'f>,
    left: usize,
    is_truncated: bool,
}

impl fmt::Write for TruncatedWriter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(left) = self.left.checked_sub(text.len()) {
            self.left = left;
            return self.out.write_str(text);
        }
        self.is_truncated = true;
        let end = text.floor_char_boundary(self.left);
        self.left = 0;
        self.out.write_str(text.get(..end).unwrap_or_default())?;
        // The error ends the traversal, so the remaining nodes have no cost.
        Err(fmt::Error)
    }
}

/// Prints up to the limit, followed by an ellipsis if the output was truncated.
fn write_truncated<T: fmt::Debug>(f: &mut fmt::Formatter<'_>, value: &T) -> fmt::Result {
    let is_pretty = f.alternate();
    let mut out = TruncatedWriter { out: f, left: MAX_DEBUG_BYTES, is_truncated: false };
    let result = if is_pretty { write!(out, "{value:#?}") } else { write!(out, "{value:?}") };
    if !out.is_truncated {
        return result;
    }
    f.write_str("… (cut at 1 MiB)")
}

/// Shared nodes that were printed, by address.
type PrintedNodes = RefCell<HashSet<usize>>;

/// Node to print, with the nodes that were printed before it.
struct WithPrinted<'a, T: ?Sized>(&'a T, &'a PrintedNodes);

macro_rules! debug {
    ($($type:ty)*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_truncated(f, &WithPrinted(self, &PrintedNodes::default()))
            }
        }
    )*};
}
debug! { Value Object DynamicMembers Array EcmaArray Vector Dictionary External ExternalPart }

impl fmt::Debug for WithPrinted<'_, Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Undefined => f.write_str("undefined"),
            Value::Null => f.write_str("null"),
            Value::Unsupported => f.write_str("unsupported"),
            Value::Bool(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::String(text) => TruncatedText(text).fmt(f),
            Value::Date(date) => write!(f, "Date({})", Iso8601(date.as_millis())),
            Value::Xml(text) => write!(f, "XML({:?})", TruncatedText(text)),
            Value::XmlDocument(text) => write!(f, "XMLDocument({:?})", TruncatedText(text)),
            Value::ByteArray(bytes) => write!(f, "ByteArray({})", TruncatedBytes(bytes)),
            Value::Array(array) => WithPrinted(array, self.1).fmt(f),
            Value::EcmaArray(array) => WithPrinted(array, self.1).fmt(f),
            Value::Object(object) => WithPrinted(object, self.1).fmt(f),
            Value::Vector(vector) => WithPrinted(vector, self.1).fmt(f),
            Value::Dictionary(dictionary) => WithPrinted(dictionary, self.1).fmt(f),
            Value::External(external) => WithPrinted(external, self.1).fmt(f),
            Value::Ancestor(weak) => weak.fmt(f),
        }
    }
}

impl<T: NodeName> fmt::Debug for WithPrinted<'_, Arc<T>>
where
    for<'a> WithPrinted<'a, T>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_new = Arc::strong_count(self.0) == 1 || self.1.borrow_mut().insert(Arc::as_ptr(self.0).addr());
        if is_new {
            WithPrinted(&**self.0, self.1).fmt(f)
        } else {
            write!(f, "<{} as above>", AliasName(self.0.name()))
        }
    }
}

/// Name that stands for a node that was printed before.
trait NodeName {
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($type:ty: |$node:ident| $name:expr;)*) => {$(
        impl NodeName for $type {
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

impl fmt::Debug for WithPrinted<'_, [Value]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|item| WithPrinted(item, self.1))).finish()
    }
}

impl fmt::Debug for WithPrinted<'_, Object> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        members(f, self.0.alias(), self.0.members(), self.1)
    }
}

impl fmt::Debug for WithPrinted<'_, DynamicMembers> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        members(f, "", self.0.iter(), self.1)
    }
}

impl fmt::Debug for WithPrinted<'_, Array> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        WithPrinted(self.0.items.as_slice(), self.1).fmt(f)?;
        if self.0.members.is_empty() { Ok(()) } else { members(f, " with", self.0.members.iter(), self.1) }
    }
}

impl fmt::Debug for WithPrinted<'_, EcmaArray> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        members(f, "ECMA", self.0.members.iter(), self.1)
    }
}

impl fmt::Debug for WithPrinted<'_, Vector> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Vector::Int { items, .. } => write!(f, "Vector.<int> {items:?}"),
            Vector::Uint { items, .. } => write!(f, "Vector.<uint> {items:?}"),
            Vector::Number { items, .. } => write!(f, "Vector.<Number> {items:?}"),
            Vector::Object { class, items, .. } => {
                write!(f, "Vector.<{}> ", AliasName(class))?;
                WithPrinted(items.as_slice(), self.1).fmt(f)
            }
        }
    }
}

impl fmt::Debug for WithPrinted<'_, Dictionary> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.weak { "Dictionary(weak) " } else { "Dictionary " })?;
        let entries =
            self.0.entries.iter().map(|(key, value)| (WithPrinted(key, self.1), WithPrinted(value, self.1)));
        f.debug_map().entries(entries).finish()
    }
}

impl fmt::Debug for WithPrinted<'_, External> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple(&AliasName(self.0.alias()).to_string());
        for part in &self.0.parts {
            tuple.field(&WithPrinted(part, self.1));
        }
        tuple.finish()
    }
}

impl fmt::Debug for WithPrinted<'_, ExternalPart> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ExternalPart::Bytes(bytes) => write!(f, "{}", TruncatedBytes(bytes)),
            ExternalPart::Value(value) => WithPrinted(value, self.1).fmt(f),
        }
    }
}

impl fmt::Debug for WeakValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target_type() {
            None => f.write_str("<gone>"),
            Some((kind, alias)) if alias.is_empty() => write!(f, "<ancestor {kind}>"),
            Some((_, alias)) => write!(f, "<ancestor {}>", AliasName(&alias)),
        }
    }
}

/// Prints `Alias { name: value, … }`. Names that are not identifiers are in quotes.
fn members<'a>(
    f: &mut fmt::Formatter<'_>,
    alias: &str,
    members: impl Iterator<Item = (&'a str, &'a Value)>,
    printed: &PrintedNodes,
) -> fmt::Result {
    if alias.is_empty() {
        let mut map = f.debug_map();
        for (name, value) in members {
            map.entry(&format_args!("{}", QuotedName(name)), &WithPrinted(value, printed));
        }
        return map.finish();
    }
    let mut members = members.peekable();
    if members.peek().is_none() {
        return write!(f, "{} {{}}", AliasName(alias));
    }
    let mut object = f.debug_struct(&AliasName(alias).to_string());
    for (name, value) in members {
        object.field(&QuotedName(name).to_string(), &WithPrinted(value, printed));
    }
    object.finish()
}

/// Name of a member, in quotes unless it is an identifier.
struct QuotedName<'a>(&'a str);

impl fmt::Display for QuotedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_word(f, self.0, |c| c.is_alphanumeric() || c == '_')
    }
}

/// Alias of a class, in quotes unless it consists of words and dots.
struct AliasName<'a>(&'a str);

impl fmt::Display for AliasName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_word(f, self.0, |c| c.is_alphanumeric() || "_.:$*/- ".contains(c))
    }
}

fn write_word(f: &mut fmt::Formatter<'_>, text: &str, in_words: impl Fn(char) -> bool) -> fmt::Result {
    if !text.is_empty() && text.chars().all(in_words) { f.write_str(text) } else { write!(f, "{text:?}") }
}

/// Text in quotes. Long text is truncated.
struct TruncatedText<'a>(&'a str);

impl fmt::Debug for TruncatedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(MAX_TEXT_CHARS) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => {
                write!(f, "{:?}… ({} bytes)", self.0.get(..end).unwrap_or_default(), self.0.len())
            }
        }
    }
}

/// Number of bytes, and the first of them in hex.
struct TruncatedBytes<'a>(&'a [u8]);

impl fmt::Display for TruncatedBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.len(), if self.0.len() == 1 { "byte" } else { "bytes" })?;
        for (index, byte) in self.0.iter().take(MAX_BYTES).enumerate() {
            write!(f, "{}{byte:02x}", if index == 0 { ": " } else { " " })?;
        }
        if self.0.len() > MAX_BYTES { f.write_str(" …") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Date, Version, from_slice};

    fn debug_text(value: impl Into<Value>) -> String {
        format!("{:?}", value.into())
    }

    #[test]
    fn scalars_are_printed_as_in_actionscript() {
        assert_eq!(debug_text(Date::from_millis(1_111_111_111_000.0)), "Date(2005-03-18T01:58:31Z)");
        assert_eq!(debug_text(Date::from_millis(f64::NAN)), "Date(NaN ms)");
        assert_eq!(debug_text(&b"\x00A\xFF"[..]), "ByteArray(3 bytes: 00 41 ff)");
        assert_eq!(debug_text(&b""[..]), "ByteArray(0 bytes)");
        assert_eq!(debug_text(Value::Xml("<a/>".into())), r#"XML("<a/>")"#);
        assert_eq!(debug_text("line\n\u{1b}"), r#""line\n\u{1b}""#);
    }

    #[test]
    fn long_text_and_bytes_are_truncated() {
        assert_eq!(debug_text("x".repeat(MAX_TEXT_CHARS)).len(), MAX_TEXT_CHARS + 2);
        assert_eq!(
            debug_text("ä".repeat(MAX_TEXT_CHARS + 1)),
            format!("{:?}… (2050 bytes)", "ä".repeat(MAX_TEXT_CHARS))
        );
        assert_eq!(debug_text(&[7; 33][..]), format!("ByteArray(33 bytes: {} …)", ["07"; 32].join(" ")));
    }

    #[test]
    fn containers_print_their_members_and_class_names() {
        let object = Object::typed("a.B").with("x", 1).with("odd name", Value::from(Vec::new()));
        assert_eq!(debug_text(object.clone()), r#"a.B { x: 1, "odd name": [] }"#);
        assert_eq!(format!("{:#?}", Value::from(object)), "a.B {\n    x: 1,\n    \"odd name\": [],\n}");
        assert_eq!(debug_text(Object::typed("a.B")), "a.B {}");
        assert_eq!(debug_text(Object::new()), "{}");
        assert_eq!(debug_text(EcmaArray::default()), "ECMA {}");
        assert_eq!(debug_text(Object::typed("a\nb")), r#""a\nb" {}"#);
        let array = Array::new(vec![1.into()]).with_members(DynamicMembers::from_iter([("a", 2)]));
        assert_eq!(debug_text(array), "[1] with { a: 2 }");
        let external =
            External::new("a.E", vec![ExternalPart::Bytes([1, 2].into()), ExternalPart::Value(3.into())]);
        assert_eq!(debug_text(external), "a.E(2 bytes: 01 02, 3)");
        let vector = Vector::Object { fixed: false, class: "a.B".into(), items: vec![Value::Null] };
        assert_eq!(debug_text(vector), "Vector.<a.B> [null]");
        let dictionary = Dictionary::new(vec![("a".into(), 1.into())]).with_weak_keys(true);
        assert_eq!(debug_text(dictionary), r#"Dictionary(weak) {"a": 1}"#);
    }

    #[test]
    fn repeated_and_enclosing_objects_are_printed_by_name() {
        // A list that contains one object twice, and the object in itself: [o, o] with o = {self: o}.
        let bytes = b"\x09\x05\x01\x0A\x0B\x01\x09self\x0A\x02\x01\x0A\x02";
        let value: Value = from_slice(Version::Amf3, bytes).unwrap();
        assert_eq!(format!("{value:?}"), "[{self: <ancestor Object>}, <Object as above>]");
    }

    #[test]
    fn what_is_printed_is_cut_at_a_mebibyte() {
        let bytes = |count: usize| Value::from(vec![Value::from("x".repeat(100)); count]);
        // Each text takes 104 bytes, including its quotes, a comma and a space.
        let fits = (MAX_DEBUG_BYTES - 2) / 104;
        assert_eq!(debug_text(bytes(fits)).len(), fits * 104);
        for value in [bytes(fits + 1), bytes(100_000)] {
            let text = debug_text(value.clone());
            assert!(text.ends_with("… (cut at 1 MiB)"), "{}", text.len());
            assert_eq!(text.len(), MAX_DEBUG_BYTES + "… (cut at 1 MiB)".len());
            assert!(format!("{value:#?}").len() < MAX_DEBUG_BYTES + 100);
        }
    }

    /// Regression: 501 kB were printed as 239 MiB.
    #[test]
    fn a_long_alias_of_many_objects_is_cut() {
        let traits = std::sync::Arc::new(crate::Traits::new("a".repeat(10_000), [], false));
        let object = || Object::with_traits(traits.clone(), Vec::new(), DynamicMembers::new());
        let value: Value = (0..10_000).map(|_| Value::from(object())).collect();
        assert!(debug_text(value).len() < MAX_DEBUG_BYTES + 100);
    }

    #[test]
    fn a_graph_with_many_paths_is_printed_once() {
        let mut value = Value::from(Object::typed("End"));
        for _ in 0..60 {
            value = Value::from(vec![value.clone(), value]);
        }
        assert!(debug_text(value).len() < 2_000);
    }
}
