//! What a source says of a value, as far as it says something, compared with what was read.

use std::sync::Arc;

use amf_core::{ExternalPart, Value, Vector, Version};

use crate::forms::{Content, PacketContent};
use crate::messages;

#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// The source says nothing that could be compared.
    Anything,
    /// Null; "unsupported" too, for which no source has a type.
    Null,
    Undefined,
    Bool(bool),
    Number(f64),
    Text(String),
    /// The start of a text that the source cut.
    TextStart(String),
    /// A date in milliseconds.
    Date(f64),
    /// XML of either kind, and its text where the source has it.
    Xml(Option<String>),
    Bytes(Option<Vec<u8>>),
    BytesStart(Vec<u8>),
    List(Vec<Expected>),
    /// The start of a list that the source cut.
    ListStart(Vec<Expected>),
    /// Named members of whatever has some, in any order.
    Members {
        /// None where the source does not tell.
        alias: Option<String>,
        members: Vec<(String, Expected)>,
    },
    Pairs {
        weak: bool,
        pairs: Vec<(Expected, Expected)>,
    },
    /// A reference to an object around it.
    Cycle,
}

/// What a source says of a whole vector.
#[derive(Clone, Debug)]
pub(crate) enum Contents {
    Values(Vec<Expected>),
    Packet(ExpectedPacket),
    Sol(ExpectedSol),
}

#[derive(Clone, Debug)]
pub(crate) struct ExpectedSol {
    pub(crate) name: String,
    pub(crate) version: Version,
    pub(crate) members: Vec<(String, Expected)>,
}

#[derive(Clone, Debug)]
pub(crate) struct ExpectedPacket {
    pub(crate) version: Option<u16>,
    /// Where a name occurs twice, sources that keep a map have the last value.
    pub(crate) headers: Vec<(String, Expected)>,
    pub(crate) messages: Vec<ExpectedMessage>,
}

#[derive(Clone, Debug)]
pub(crate) struct ExpectedMessage {
    pub(crate) target: Option<String>,
    pub(crate) response: Option<String>,
    pub(crate) body: Expected,
}

impl Contents {
    pub(crate) fn check(&self, content: &Content) -> Result<(), String> {
        match (self, content) {
            (Self::Values(expected), Content::Values(values)) => in_order(expected, values),
            (Self::Packet(expected), Content::Packet(packet)) => expected.check(packet),
            (Self::Sol(expected), Content::Sol(sol)) => {
                if expected.name != sol.name || expected.version != sol.version {
                    return Err(format!("expected {} in {}, got {sol:?}", expected.name, expected.version));
                }
                members(None, &expected.members, &Value::Object(Arc::clone(&sol.data)))
            }
            _ => Err(format!("expected {self:?}, got {content:?}")),
        }
    }
}

impl ExpectedPacket {
    fn check(&self, packet: &PacketContent) -> Result<(), String> {
        if self.version.is_some_and(|version| version != packet.version) {
            return Err(format!("expected version {:?}, got {}", self.version, packet.version));
        }
        for (name, expected) in &self.headers {
            let header = packet.headers.iter().rev().find(|(other, ..)| other == name);
            let (_, _, value) = header.ok_or_else(|| format!("the header {name} is missing"))?;
            expected.check(value).map_err(|words| format!("header {name}: {words}"))?;
        }
        if let Some((name, ..)) =
            packet.headers.iter().find(|(name, ..)| self.headers.iter().all(|(other, _)| other != name))
        {
            return Err(format!("the header {name} should not be there"));
        }
        if self.messages.len() != packet.messages.len() {
            return Err(format!("expected {} messages, got {}", self.messages.len(), packet.messages.len()));
        }
        for (expected, (target, response, body)) in self.messages.iter().zip(&packet.messages) {
            for (expected, uri) in [(&expected.target, target), (&expected.response, response)] {
                if expected.as_ref().is_some_and(|expected| expected != uri) {
                    return Err(format!("expected the address {expected:?}, got {uri:?}"));
                }
            }
            expected.body.check(body).map_err(|words| format!("message {target}: {words}"))?;
        }
        Ok(())
    }
}

impl Expected {
    /// What differs, in words.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        let agrees = match (self, value) {
            (Self::Anything, _)
            | (Self::Null, Value::Null | Value::Unsupported)
            | (Self::Undefined, Value::Undefined)
            | (Self::Xml(None), Value::Xml(_) | Value::XmlDocument(_))
            | (Self::Bytes(None), Value::ByteArray(_))
            | (Self::Cycle, Value::Ancestor(_)) => true,
            (Self::Bool(expected), Value::Bool(value)) => expected == value,
            (Self::Number(expected), Value::Integer(_) | Value::Number(_)) => {
                value.as_f64().is_some_and(|value| value == *expected || value.is_nan() && expected.is_nan())
            }
            (Self::Text(expected), Value::String(text))
            | (Self::Xml(Some(expected)), Value::Xml(text) | Value::XmlDocument(text)) => {
                **text == **expected
            }
            (Self::TextStart(expected), Value::String(text)) => text.starts_with(&**expected),
            // Sources give microseconds, a date has the precision of its double.
            (Self::Date(expected), Value::Date(date)) => (date.as_millis() - expected).abs() < 0.01,
            (Self::Bytes(Some(expected)), Value::ByteArray(bytes)) => **bytes == **expected,
            (Self::BytesStart(expected), Value::ByteArray(bytes)) => bytes.starts_with(expected),
            (Self::List(expected), _) => return list(expected, value, false),
            (Self::ListStart(expected), _) => return list(expected, value, true),
            (Self::Members { alias, members }, _) => return self::members(alias.as_deref(), members, value),
            (Self::Pairs { weak, pairs }, Value::Dictionary(dictionary)) => {
                if dictionary.weak != *weak || dictionary.entries.len() != pairs.len() {
                    return Err(format!("expected {self:?}, got {value:?}"));
                }
                for ((key, item), (other_key, other_item)) in pairs.iter().zip(&dictionary.entries) {
                    key.check(other_key)?;
                    item.check(other_item)?;
                }
                true
            }
            _ => false,
        };
        if agrees { Ok(()) } else { Err(format!("expected {self:?}, got {value:?}")) }
    }
}

impl Expected {
    fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Members { members, .. } => members.is_empty(),
            _ => false,
        }
    }
}

fn in_order(expected: &[Expected], values: &[Value]) -> Result<(), String> {
    if expected.len() != values.len() {
        return Err(format!("expected {} values, got {}: {values:?}", expected.len(), values.len()));
    }
    for (index, (expected, value)) in expected.iter().zip(values).enumerate() {
        expected.check(value).map_err(|words| format!("[{index}]: {words}"))?;
    }
    Ok(())
}

fn list(expected: &[Expected], value: &Value, start: bool) -> Result<(), String> {
    // Py3AMF gives a Dictionary as a pair of a map and whether it is weak.
    if let (Value::Dictionary(dictionary), [Expected::Members { members, .. }, Expected::Bool(weak)]) =
        (value, expected)
    {
        let same = dictionary.weak == *weak && dictionary.entries.len() == members.len();
        return if same { Ok(()) } else { Err(format!("expected {expected:?}, got {value:?}")) };
    }
    let items = items(value).ok_or_else(|| format!("expected a list, got {value:?}"))?;
    let items = if start { items.get(..expected.len()).unwrap_or(&items) } else { &items };
    in_order(expected, items)
}

fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(array) if !array.members.is_empty() => None,
        Value::Vector(vector) => Some(match &**vector {
            Vector::Int { items, .. } => items.iter().map(|item| Value::Integer(*item)).collect(),
            Vector::Uint { items, .. } => items.iter().map(|item| Value::Number(f64::from(*item))).collect(),
            Vector::Number { items, .. } => items.iter().map(|item| Value::Number(*item)).collect(),
            Vector::Object { items, .. } => items.clone(),
        }),
        _ => value.as_list().map(<[Value]>::to_vec),
    }
}

fn members(alias: Option<&str>, expected: &[(String, Expected)], value: &Value) -> Result<(), String> {
    let Some(named) = Named::of(value) else {
        return Err(format!("expected members {expected:?}, got {value:?}"));
    };
    if alias.is_some_and(|alias| alias != named.alias) {
        return Err(format!("expected the alias {alias:?}, got {:?}", named.alias));
    }
    for (name, expected) in expected {
        match named.members.iter().rev().find(|(other, _)| other == name) {
            Some((_, value)) => expected.check(value).map_err(|words| format!("{name}: {words}"))?,
            None if named.partial && expected.is_empty() => {}
            None => return Err(format!("the member {name} is missing in {value:?}")),
        }
    }
    match named.members.iter().find(|(name, _)| expected.iter().all(|(other, _)| other != name)) {
        None => Ok(()),
        Some((name, value)) => Err(format!("the member {name} should not be there, with {value:?}")),
    }
}

/// Anything with named members.
struct Named {
    alias: String,
    members: Vec<(String, Value)>,
    /// Members that are null or empty need not be there.
    partial: bool,
}

impl Named {
    fn of(value: &Value) -> Option<Self> {
        let owned = |(name, value): (&str, &Value)| (name.to_owned(), value.clone());
        let (alias, members) = match value {
            Value::Object(object) => (object.alias(), object.members().map(owned).collect()),
            Value::EcmaArray(array) => ("", array.members.iter().map(owned).collect()),
            Value::Array(array) => {
                let items =
                    array.items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone()));
                ("", items.chain(array.members.iter().map(owned)).collect())
            }
            Value::External(external) => match (external.alias(), external.parts.as_slice()) {
                ("flex.messaging.io.ObjectProxy", [ExternalPart::Value(value)]) => return Self::of(value),
                (alias, _) => {
                    let members = messages::members(external)?;
                    return Some(Self { alias: alias.to_owned(), members, partial: true });
                }
            },
            _ => return None,
        };
        Some(Self { alias: alias.to_owned(), members, partial: false })
    }
}
