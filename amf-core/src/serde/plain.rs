//! Serialization of dynamic values in the plain form: ordinary JSON, without AMF types.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use indexmap::IndexMap;
use serde_core::ser::Error as _;
use serde_core::{Serialize, Serializer};

use super::limited::DEFAULT_OUTPUT_LIMIT;
use crate::decoder::parse_index;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::value::{Array, Dictionary, EcmaArray, External, ExternalPart, Object, Value, Vector};
use crate::{Limits, OutputLimit};

/// Name of a newtype that this crate's serializer writes as bytes, although the format is human-readable.
pub(super) const BYTES_NEWTYPE: &str = "amf_core::ByteArray";

/// Serializes the plain form, which does not preserve AMF types.
///
/// Integral numbers are written without a fraction, dates as milliseconds, XML as text, a `ByteArray` as base64 (in
/// binary formats as bytes), and undefined as null. Vectors, `ArrayCollection`s and ECMA arrays whose members are
/// named 0, 1, … become arrays. All other objects become maps of their members, without their alias. A Dictionary
/// becomes a map if its keys are text or numbers.
///
/// Shared values are written at every reference. The following are errors: a reference to an enclosing object, more
/// than 64 levels, more than 262,144 values within repeated values, and more than 16 MiB, a limit that
/// [`Limited`](super::Limited) sets. [`Tagged`](super::Tagged) has a form that preserves all details.
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
        serialize_plainly(self, DEFAULT_OUTPUT_LIMIT, serializer)
    }
}

/// Serializes the plain form of a value within a limit.
pub(super) fn serialize_plainly<S: Serializer>(
    value: &Value,
    limit: OutputLimit,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let state = PlainState::new(NumberStyle::IntegerIfWhole, limit);
    PlainForm { value, depth: Limits::default().depth, state: &state, name_bytes: 0 }.serialize(serializer)
}

/// Serializes a value without conversion of its numbers, except for dates. The value is a tree without types that the
/// plain form loses.
pub(super) fn serialize_exactly<S: Serializer>(
    value: &Value,
    depth: usize,
    limit: OutputLimit,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let state = PlainState::new(NumberStyle::Exact, limit);
    PlainForm { value, depth, state: &state, name_bytes: 0 }.serialize(serializer)
}

/// Value that is being serialized.
struct PlainForm<'a> {
    value: &'a Value,
    /// Maximum number of levels of the value.
    depth: usize,
    state: &'a PlainState,
    /// Bytes of the name that precedes the value.
    name_bytes: usize,
}

/// State of the whole serialization.
struct PlainState {
    limit: OutputLimit,
    bytes_left: Cell<usize>,
    number_style: NumberStyle,
    /// Shared objects that were written, by address.
    written: RefCell<HashSet<usize>>,
    /// Number of repeated objects that enclose the current value.
    repeat_depth: Cell<usize>,
    /// Number of values written within repeated objects.
    repeated_values: Cell<usize>,
}

impl PlainState {
    fn new(number_style: NumberStyle, limit: OutputLimit) -> Self {
        Self {
            limit,
            bytes_left: Cell::new(limit.max),
            number_style,
            written: RefCell::default(),
            repeat_depth: Cell::new(0),
            repeated_values: Cell::new(0),
        }
    }

    /// Charges bytes against the output limit.
    fn charge<E: serde_core::ser::Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.bytes_left.get().checked_sub(bytes);
        self.bytes_left.set(left.unwrap_or(0));
        if left.is_some() {
            return Ok(());
        }
        let OutputLimit { name, max } = self.limit;
        Err(E::custom(EncodeError::new(EncodeErrorKind::OutputTooLarge { limit: name, max })))
    }
}

/// Returns the number of bytes of a text in JSON, including its quotes.
pub(super) fn json_text_bytes(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        0..=0x1F => 5,
        b'"' | b'\\' => 1,
        _ => 0,
    });
    text.len() + 2 + escapes.sum::<usize>()
}

/// Returns the number of bytes of a name in JSON, including its quotes and the colon.
pub(super) fn json_name_bytes(name: &str) -> usize {
    json_text_bytes(name) + 1
}

/// Number of bytes that a number is charged as.
const NUMBER_BYTES: usize = 8;
/// Bytes of the comma or bracket behind a value.
const SEPARATOR_BYTES: usize = 1;

impl PlainForm<'_> {
    /// Returns the number of bytes of a value as compact JSON, without its contents.
    fn own_bytes(&self) -> usize {
        let content = match self.value {
            Value::Undefined | Value::Null | Value::Unsupported | Value::Bool(_) => 4,
            Value::Integer(_) | Value::Number(_) | Value::Date(_) => NUMBER_BYTES,
            Value::String(text) | Value::Xml(text) | Value::XmlDocument(text) => json_text_bytes(text),
            Value::ByteArray(bytes) => base64_bytes(bytes.len()),
            Value::Vector(vector) => match &**vector {
                Vector::Int { items, .. } => (NUMBER_BYTES + SEPARATOR_BYTES) * items.len(),
                Vector::Uint { items, .. } => (NUMBER_BYTES + SEPARATOR_BYTES) * items.len(),
                Vector::Number { items, .. } => (NUMBER_BYTES + SEPARATOR_BYTES) * items.len(),
                Vector::Object { .. } => 1,
            },
            _ => 1,
        };
        self.name_bytes + content + SEPARATOR_BYTES
    }
}

fn base64_bytes(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + 2
}

/// Format of doubles.
enum NumberStyle {
    /// As doubles.
    Exact,
    /// Integral doubles as integers.
    IntegerIfWhole,
}

impl Serialize for PlainForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.count_repeated()?;
        self.state.charge(self.own_bytes())?;
        match self.value {
            Value::Undefined | Value::Null | Value::Unsupported => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i32(*value),
            Value::Number(value) => self.number(*value, serializer),
            Value::Date(date) => date.serialize(serializer),
            Value::String(text) | Value::Xml(text) | Value::XmlDocument(text) => {
                serializer.serialize_str(text)
            }
            Value::ByteArray(bytes) => {
                serializer.serialize_newtype_struct(BYTES_NEWTYPE, &SerializedBytes(bytes))
            }
            Value::Array(array) => self.descend(array, || self.array(array, serializer)),
            Value::EcmaArray(array) => self.descend(array, || self.ecma_array(array, serializer)),
            Value::Object(object) => self.descend(object, || self.object(object, serializer)),
            Value::Vector(vector) => self.descend(vector, || self.vector(vector, serializer)),
            Value::Dictionary(dictionary) => {
                self.descend(dictionary, || self.dictionary(dictionary, serializer))
            }
            Value::External(external) => self.descend(external, || self.external(external, serializer)),
            Value::Ancestor(_) => Err(S::Error::custom(
                "a reference to an object that encloses it has no plain form; use `Tagged`",
            )),
        }
    }
}

impl<'a> PlainForm<'a> {
    fn child(&self, value: &'a Value) -> PlainForm<'a> {
        PlainForm { value, depth: self.depth.saturating_sub(1), state: self.state, name_bytes: 0 }
    }

    /// Returns the form of a member, whose name precedes it.
    fn member(&self, name: &str, value: &'a Value) -> PlainForm<'a> {
        PlainForm { name_bytes: json_name_bytes(name), ..self.child(value) }
    }

    fn children(&self, values: &'a [Value]) -> impl ExactSizeIterator<Item = PlainForm<'a>> {
        values.iter().map(|value| self.child(value))
    }

    fn count_repeated<E: serde_core::ser::Error>(&self) -> Result<(), E> {
        if self.state.repeat_depth.get() == 0 {
            return Ok(());
        }
        let max = Limits::default().replayed_nodes;
        self.state.repeated_values.set(self.state.repeated_values.get() + 1);
        if self.state.repeated_values.get() > max {
            return Err(E::custom(format_args!(
                "what is shared has more than {max} values when it is written each time; use `Tagged`"
            )));
        }
        Ok(())
    }

    /// Serializes the contents of a node one level deeper, and tracks whether the node is repeated.
    fn descend<T, Ok, E: serde_core::ser::Error>(
        &self,
        node: &Arc<T>,
        write: impl FnOnce() -> Result<Ok, E>,
    ) -> Result<Ok, E> {
        if self.depth == 0 {
            return Err(E::custom("the value is nested too deeply"));
        }
        let is_repeated =
            Arc::strong_count(node) > 1 && !self.state.written.borrow_mut().insert(Arc::as_ptr(node).addr());
        let outer_depth = self.state.repeat_depth.get();
        self.state.repeat_depth.set(outer_depth + usize::from(is_repeated));
        let written = write();
        self.state.repeat_depth.set(outer_depth);
        written
    }

    fn number<S: Serializer>(&self, number: f64, serializer: S) -> Result<S::Ok, S::Error> {
        match self.state.number_style {
            NumberStyle::Exact => serializer.serialize_f64(number),
            NumberStyle::IntegerIfWhole => IntegerIfWhole(number).serialize(serializer),
        }
    }

    fn array<S: Serializer>(&self, array: &'a Array, serializer: S) -> Result<S::Ok, S::Error> {
        if array.members.is_empty() {
            return serializer.collect_seq(self.children(&array.items));
        }
        let items = array.items.iter().enumerate().map(|(index, item)| (Cow::from(index.to_string()), item));
        self.map(items.chain(array.members.iter().map(borrow_name)), serializer)
    }

    /// Serializes members, of which two may have the same name. The first one takes precedence, as in Flash.
    fn map<S: Serializer>(
        &self,
        mut members: impl Iterator<Item = (Cow<'a, str>, &'a Value)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        // Each name is hashed for each object. The charge bounds that work, because an object may take two
        // bytes on the wire.
        let left = self.state.bytes_left.get();
        let members: Result<IndexMap<_, _>, S::Error> =
            members.try_fold(IndexMap::new(), |mut members, (name, value)| {
                self.state.charge(name.len())?;
                members.entry(name).or_insert(value);
                Ok(members)
            });
        let members = members?;
        self.state.bytes_left.set(left);
        serializer.collect_map(members.iter().map(|(name, value)| (name, self.member(name, value))))
    }

    fn object<S: Serializer>(&self, object: &'a Object, serializer: S) -> Result<S::Ok, S::Error> {
        if object.traits().members().is_empty() {
            return serializer
                .collect_map(object.dynamic().iter().map(|(name, value)| (name, self.member(name, value))));
        }
        self.map(object.members().map(borrow_name), serializer)
    }

    fn ecma_array<S: Serializer>(&self, array: &'a EcmaArray, serializer: S) -> Result<S::Ok, S::Error> {
        let members = || array.members.iter();
        if members().enumerate().all(|(index, (name, _))| parse_index(name) == Some(index)) {
            serializer.collect_seq(members().map(|(_, value)| self.child(value)))
        } else {
            serializer.collect_map(members().map(|(name, value)| (name, self.member(name, value))))
        }
    }

    fn vector<S: Serializer>(&self, vector: &'a Vector, serializer: S) -> Result<S::Ok, S::Error> {
        match vector {
            Vector::Int { items, .. } => serializer.collect_seq(items),
            Vector::Uint { items, .. } => serializer.collect_seq(items),
            Vector::Number { items, .. } => {
                serializer.collect_seq(items.iter().map(|item| IntegerIfWhole(*item)))
            }
            Vector::Object { items, .. } => serializer.collect_seq(self.children(items)),
        }
    }

    fn dictionary<S: Serializer>(
        &self,
        dictionary: &'a Dictionary,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let named = dictionary.entries.iter().map(|(key, value)| match key_name(key) {
            Some(name) => Ok((Cow::from(name.to_string()), value)),
            None => Err(S::Error::custom(format_args!(
                "a Dictionary with a key of type {} has no plain form; use `Tagged`",
                key.type_name()
            ))),
        });
        let named: Vec<_> = named.collect::<Result<_, _>>()?;
        self.map(named.into_iter(), serializer)
    }

    /// Serializes a body. A body of one value is written as that value, as in the collections and proxies of Flex.
    fn external<S: Serializer>(&self, external: &'a External, serializer: S) -> Result<S::Ok, S::Error> {
        match external.parts.as_slice() {
            [ExternalPart::Value(value)] => self.child(value).serialize(serializer),
            parts => serializer.collect_seq(parts.iter().map(|part| PlainPart { part, parent: self })),
        }
    }
}

/// Number that is serialized as an integer if it is integral.
pub(super) struct IntegerIfWhole(pub(super) f64);

impl Serialize for IntegerIfWhole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match super::read::exact_integer(self.0) {
            Some(integer) => serializer.serialize_i64(integer),
            None => serializer.serialize_f64(self.0),
        }
    }
}

fn borrow_name<'a>((name, value): (&'a str, &'a Value)) -> (Cow<'a, str>, &'a Value) {
    (Cow::Borrowed(name), value)
}

/// Returns a key as a name, if it can be one.
pub(super) fn key_name(key: &Value) -> Option<Arc<str>> {
    match key {
        Value::String(text) => Some(Arc::clone(text)),
        Value::Integer(number) => Some(number.to_string().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

struct PlainPart<'a> {
    part: &'a ExternalPart,
    parent: &'a PlainForm<'a>,
}

impl Serialize for PlainPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.part {
            ExternalPart::Bytes(bytes) => {
                self.parent.state.charge(base64_bytes(bytes.len()))?;
                serializer.serialize_newtype_struct(BYTES_NEWTYPE, &SerializedBytes(bytes))
            }
            ExternalPart::Value(value) => self.parent.child(value).serialize(serializer),
        }
    }
}

struct SerializedBytes<'a>(&'a [u8]);

impl Serialize for SerializedBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&base64::display::Base64Display::new(self.0, &BASE64))
        } else {
            serializer.serialize_bytes(self.0)
        }
    }
}

/// Encodes bytes as base64.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}
