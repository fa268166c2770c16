//! Writing the plain form of dynamic values: what people expect in JSON, with types left out.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use indexmap::IndexMap;
use serde_core::ser::Error as _;
use serde_core::{Serialize, Serializer};

use crate::Limits;
use crate::decoder::parse_index;
use crate::value::{Array, Dictionary, EcmaArray, External, ExternalPart, Object, Value, Vector};

/// By this name a newtype is bytes for AMF, which calls itself human-readable otherwise.
pub(super) const BYTES: &str = "amf_core::ByteArray";

/// Writes the plain form, from which types cannot be told again: numbers that are whole without a
/// fraction, dates as milliseconds, XML as text, a `ByteArray` as base64 (in binary formats, bytes), null for
/// undefined too; Vectors, `ArrayCollection`s and ECMA arrays whose members are 0, 1, … as arrays; all other
/// objects by their members, without alias; a Dictionary by its keys, if they are text or numbers.
///
/// What is shared is written each time. An error are: a reference to an object that encloses it, more than
/// 64 levels, and more than 262,144 values inside of what was written before. [`Tagged`](super::Tagged) has
/// a form that keeps everything.
///
/// ```
/// use amf_core::{Date, Object, Value};
///
/// let room = Object::typed("Room").with("seats", 8.0).with("opened", Date::from_millis(1e12));
/// let json = serde_json::to_string(&Value::from(room))?;
/// assert_eq!(json, r#"{"seats":8,"opened":1000000000000}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let walk = Walk { numbers: Numbers::Natural, ..Walk::default() };
        Plain { value: self, depth: Limits::default().depth, walk: &walk }.serialize(serializer)
    }
}

/// Writes a value number for number, but for dates: for a tree without what the plain form would lose.
pub(super) fn serialize_exactly<S: Serializer>(
    value: &Value,
    depth: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Plain { value, depth, walk: &Walk::default() }.serialize(serializer)
}

/// A value on its way into a format.
struct Plain<'a> {
    value: &'a Value,
    /// How many levels it may have.
    depth: usize,
    walk: &'a Walk,
}

/// What is known of the whole.
#[derive(Default)]
struct Walk {
    numbers: Numbers,
    /// The shared objects that were written, by address.
    written: RefCell<HashSet<usize>>,
    /// How many objects around this value are written again.
    again: Cell<usize>,
    /// How many values were written inside of them.
    repeated: Cell<usize>,
}

#[derive(Default)]
enum Numbers {
    /// Doubles as doubles.
    #[default]
    Exact,
    /// Whole ones as integers.
    Natural,
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.count()?;
        match self.value {
            Value::Undefined | Value::Null | Value::Unsupported => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i32(*value),
            Value::Number(value) => self.number(*value, serializer),
            Value::Date(date) => date.serialize(serializer),
            Value::String(text) | Value::Xml(text) | Value::XmlDocument(text) => {
                serializer.serialize_str(text)
            }
            Value::ByteArray(bytes) => serializer.serialize_newtype_struct(BYTES, &Bytes(bytes)),
            Value::Array(array) => self.node(array, || self.array(array, serializer)),
            Value::EcmaArray(array) => self.node(array, || self.ecma_array(array, serializer)),
            Value::Object(object) => self.node(object, || self.object(object, serializer)),
            Value::Vector(vector) => self.node(vector, || self.vector(vector, serializer)),
            Value::Dictionary(dictionary) => {
                self.node(dictionary, || self.dictionary(dictionary, serializer))
            }
            Value::External(external) => self.node(external, || self.external(external, serializer)),
            Value::Ancestor(_) => Err(S::Error::custom(
                "a reference to an object that encloses it has no plain form; use `Tagged`",
            )),
        }
    }
}

impl<'a> Plain<'a> {
    fn inner(&self, value: &'a Value) -> Plain<'a> {
        Plain { value, depth: self.depth.saturating_sub(1), walk: self.walk }
    }

    fn inners(&self, values: &'a [Value]) -> impl ExactSizeIterator<Item = Plain<'a>> {
        values.iter().map(|value| self.inner(value))
    }

    fn count<E: serde_core::ser::Error>(&self) -> Result<(), E> {
        if self.walk.again.get() == 0 {
            return Ok(());
        }
        let max = Limits::default().replayed_nodes;
        self.walk.repeated.set(self.walk.repeated.get() + 1);
        if self.walk.repeated.get() > max {
            return Err(E::custom(format_args!(
                "what is shared has more than {max} values when it is written each time; use `Tagged`"
            )));
        }
        Ok(())
    }

    /// Goes one level down.
    fn node<T, Ok, E: serde_core::ser::Error>(
        &self,
        node: &Arc<T>,
        write: impl FnOnce() -> Result<Ok, E>,
    ) -> Result<Ok, E> {
        if self.depth == 0 {
            return Err(E::custom("the value is nested too deeply"));
        }
        let is_again =
            Arc::strong_count(node) > 1 && !self.walk.written.borrow_mut().insert(Arc::as_ptr(node).addr());
        let again = self.walk.again.get();
        self.walk.again.set(again + usize::from(is_again));
        let written = write();
        self.walk.again.set(again);
        written
    }

    fn number<S: Serializer>(&self, number: f64, serializer: S) -> Result<S::Ok, S::Error> {
        match self.walk.numbers {
            Numbers::Exact => serializer.serialize_f64(number),
            Numbers::Natural => Natural(number).serialize(serializer),
        }
    }

    fn array<S: Serializer>(&self, array: &'a Array, serializer: S) -> Result<S::Ok, S::Error> {
        if array.members.is_empty() {
            return serializer.collect_seq(self.inners(&array.items));
        }
        let items = array.items.iter().enumerate().map(|(index, item)| (Cow::from(index.to_string()), item));
        self.map(items.chain(array.members.iter().map(borrowed)), serializer)
    }

    /// Members of which two may have one name: the first is the one that counts, as in an object of Flash.
    fn map<S: Serializer>(
        &self,
        members: impl Iterator<Item = (Cow<'a, str>, &'a Value)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let members: IndexMap<_, _> = members.fold(IndexMap::new(), |mut members, (name, value)| {
            members.entry(name).or_insert(value);
            members
        });
        serializer.collect_map(members.iter().map(|(name, value)| (name, self.inner(value))))
    }

    fn object<S: Serializer>(&self, object: &'a Object, serializer: S) -> Result<S::Ok, S::Error> {
        if object.traits().members().is_empty() {
            return serializer
                .collect_map(object.dynamic().iter().map(|(name, value)| (name, self.inner(value))));
        }
        self.map(object.members().map(borrowed), serializer)
    }

    fn ecma_array<S: Serializer>(&self, array: &'a EcmaArray, serializer: S) -> Result<S::Ok, S::Error> {
        let members = || array.members.iter().map(|(name, value)| (name, self.inner(value)));
        if members().enumerate().all(|(index, (name, _))| parse_index(name) == Some(index)) {
            serializer.collect_seq(members().map(|(_, value)| value))
        } else {
            serializer.collect_map(members())
        }
    }

    fn vector<S: Serializer>(&self, vector: &'a Vector, serializer: S) -> Result<S::Ok, S::Error> {
        match vector {
            Vector::Int { items, .. } => serializer.collect_seq(items),
            Vector::Uint { items, .. } => serializer.collect_seq(items),
            Vector::Number { items, .. } => serializer.collect_seq(items.iter().map(|item| Natural(*item))),
            Vector::Object { items, .. } => serializer.collect_seq(self.inners(items)),
        }
    }

    fn dictionary<S: Serializer>(
        &self,
        dictionary: &'a Dictionary,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let named = dictionary.entries.iter().map(|(key, value)| match name_of(key) {
            Some(name) => Ok((Cow::from(name.to_string()), value)),
            None => Err(S::Error::custom(format_args!(
                "a Dictionary with a key of type {} has no plain form; use `Tagged`",
                key.type_name()
            ))),
        });
        let named: Vec<_> = named.collect::<Result<_, _>>()?;
        self.map(named.into_iter(), serializer)
    }

    /// A body of one value is that value, as with Flex's collections and proxies.
    fn external<S: Serializer>(&self, external: &'a External, serializer: S) -> Result<S::Ok, S::Error> {
        match external.parts.as_slice() {
            [ExternalPart::Value(value)] => self.inner(value).serialize(serializer),
            parts => serializer.collect_seq(parts.iter().map(|part| PlainPart { part, around: self })),
        }
    }
}

/// A number, without a fraction if it is whole.
pub(super) struct Natural(pub(super) f64);

impl Serialize for Natural {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match super::read::whole(self.0) {
            Some(integer) => serializer.serialize_i64(integer),
            None => serializer.serialize_f64(self.0),
        }
    }
}

fn borrowed<'a>((name, value): (&'a str, &'a Value)) -> (Cow<'a, str>, &'a Value) {
    (Cow::Borrowed(name), value)
}

/// A key as a name, if it can be one.
pub(super) fn name_of(key: &Value) -> Option<Arc<str>> {
    match key {
        Value::String(text) => Some(Arc::clone(text)),
        Value::Integer(number) => Some(number.to_string().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

struct PlainPart<'a> {
    part: &'a ExternalPart,
    around: &'a Plain<'a>,
}

impl Serialize for PlainPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.part {
            ExternalPart::Bytes(bytes) => serializer.serialize_newtype_struct(BYTES, &Bytes(bytes)),
            ExternalPart::Value(value) => self.around.inner(value).serialize(serializer),
        }
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&base64::display::Base64Display::new(self.0, &BASE64))
        } else {
            serializer.serialize_bytes(self.0)
        }
    }
}

/// Bytes as text.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}
