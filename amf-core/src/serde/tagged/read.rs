//! Conversion from the tagged form to a value.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use super::TAG;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::serde::plain::from_base64;
use crate::value::{
    Array, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, Traits, Value, Vector,
    WeakValue,
};
use crate::{Date, Limits, SharedDate};

/// Returns the value that a form represents. The value has at most 64 levels.
pub(super) fn untagged(form: &Value) -> Result<Value, DecodeError> {
    let mut reader = TaggedReader::default();
    reader.find_ids(form)?;
    reader.value(form, Limits::default().depth)
}

fn error(message: impl Into<String>) -> DecodeError {
    DecodeError::with_unknown_offset(DecodeErrorKind::Custom(message.into().into()))
}

fn expected(what: &'static str, found: &Value) -> DecodeError {
    let found = found.type_name().into();
    DecodeError::with_unknown_offset(DecodeErrorKind::Type { expected: what.into(), found })
}

/// Reader of one tagged form.
#[derive(Default)]
struct TaggedReader<'a> {
    /// Forms of the objects by id. In formats that sort members, an object may follow its references.
    forms: HashMap<i32, &'a Value>,
    decoded: HashMap<i32, DecodedObject>,
    /// Minimum number of remaining levels since the last reset. Levels behind references count too, because dropping
    /// the value recurses that deep.
    min_depth_left: usize,
}

/// State of an object with an id.
#[derive(Clone)]
enum DecodedObject {
    /// The object encloses the current value.
    Open(WeakValue),
    /// The object is complete and has this number of levels.
    Done(Value, usize),
}

/// Members of an object with a tag.
#[derive(Clone, Copy)]
struct Fields<'a> {
    kind: &'a str,
    members: &'a DynamicMembers,
}

impl<'a> TaggedReader<'a> {
    fn find_ids(&mut self, form: &'a Value) -> Result<(), DecodeError> {
        match form {
            Value::Array(array) => array.items.iter().try_for_each(|item| self.find_ids(item)),
            Value::Object(object) => {
                if let Some(fields) = Fields::of(object.dynamic())?
                    && !matches!(fields.kind, "ref" | "ancestor")
                    && let Some(id) = fields.id()?
                    && self.forms.insert(id, form).is_some()
                {
                    return Err(error(format!("two objects have the id {id}")));
                }
                object.dynamic().iter().try_for_each(|(name, value)| match value {
                    // The members of an object may have any name, including `$amf`.
                    Value::Object(members) if name == "members" && object.get(TAG).is_some() => {
                        members.dynamic().iter().try_for_each(|(_, value)| self.find_ids(value))
                    }
                    other => self.find_ids(other),
                })
            }
            _ => Ok(()),
        }
    }

    fn value(&mut self, form: &'a Value, depth: usize) -> Result<Value, DecodeError> {
        match form {
            Value::Array(array) => {
                let items = self.items(&array.items, descend(depth)?)?;
                Ok(Value::from(items))
            }
            Value::Object(object) => match Fields::of(object.dynamic())? {
                Some(fields) => self.tagged(fields, depth),
                None => Ok(Value::from(self.members(object.dynamic(), descend(depth)?)?)),
            },
            other => Ok(other.clone()),
        }
    }

    fn tagged(&mut self, fields: Fields<'a>, depth: usize) -> Result<Value, DecodeError> {
        match fields.kind {
            "undefined" => fields.reject_unknown(&[]).map(|()| Value::Undefined),
            "unsupported" => fields.reject_unknown(&[]).map(|()| Value::Unsupported),
            "number" => fields.special_number(),
            "ref" => self.reference(fields, depth),
            "ancestor" => self.reference(fields, depth).map(to_ancestor),
            _ => self.object_with_identity(fields, depth),
        }
    }

    fn object_with_identity(&mut self, fields: Fields<'a>, depth: usize) -> Result<Value, DecodeError> {
        let id = fields.id()?;
        if let Some(decoded) = id.and_then(|id| self.decoded.get(&id)).cloned() {
            return self.reuse(decoded, depth);
        }
        let around = std::mem::replace(&mut self.min_depth_left, depth.saturating_sub(1));
        let value = match fields.kind {
            "date" => fields.date(id.is_some())?,
            "xml" => Value::Xml(fields.text("text", &["text"])?.into()),
            "xmlDocument" => Value::XmlDocument(fields.text("text", &["text"])?.into()),
            "bytes" => Value::ByteArray(bytes(fields.text("base64", &["base64"])?)?.into()),
            "array" => {
                self.shared_node(id, WeakValue::Array, Value::Array, |reader| reader.array(fields, depth))?
            }
            "ecmaArray" => self.shared_node(id, WeakValue::EcmaArray, Value::EcmaArray, |reader| {
                reader.ecma_array(fields, depth)
            })?,
            "object" => {
                self.shared_node(id, WeakValue::Object, Value::Object, |reader| reader.object(fields, depth))?
            }
            "vector" => {
                self.shared_node(id, WeakValue::Vector, Value::Vector, |reader| reader.vector(fields, depth))?
            }
            "dictionary" => self.shared_node(id, WeakValue::Dictionary, Value::Dictionary, |reader| {
                reader.dictionary(fields, depth)
            })?,
            "external" => self.shared_node(id, WeakValue::External, Value::External, |reader| {
                reader.external(fields, depth)
            })?,
            kind => return Err(error(format!("`{TAG}` has no kind `{kind}`"))),
        };
        if let Some(id) = id {
            self.decoded
                .insert(id, DecodedObject::Done(value.clone(), depth.saturating_sub(self.min_depth_left)));
        }
        self.min_depth_left = self.min_depth_left.min(around);
        Ok(value)
    }

    fn reuse(&mut self, decoded: DecodedObject, depth: usize) -> Result<Value, DecodeError> {
        match decoded {
            DecodedObject::Open(weak) => Ok(Value::Ancestor(weak)),
            DecodedObject::Done(value, levels) => {
                let left = depth.checked_sub(levels).ok_or_else(too_deep)?;
                self.min_depth_left = self.min_depth_left.min(left);
                Ok(value)
            }
        }
    }

    /// Creates an object that values within it can refer to.
    fn shared_node<T: Default>(
        &mut self,
        id: Option<i32>,
        ancestor: fn(Weak<T>) -> WeakValue,
        value: fn(Arc<T>) -> Value,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Value, DecodeError> {
        let Some(id) = id else {
            return read(self).map(|node| value(Arc::new(node)));
        };
        let mut failure = None;
        let node = Arc::new_cyclic(|weak| {
            self.decoded.insert(id, DecodedObject::Open(ancestor(weak.clone())));
            read(self).unwrap_or_else(|error| {
                failure = Some(error);
                T::default()
            })
        });
        failure.map_or(Ok(value(node)), Err)
    }

    fn reference(&mut self, fields: Fields<'a>, depth: usize) -> Result<Value, DecodeError> {
        fields.reject_unknown(&[])?;
        let id = fields.id()?.ok_or_else(|| error("the member `id` is missing"))?;
        match self.decoded.get(&id).cloned() {
            Some(decoded) => self.reuse(decoded, depth),
            None => match self.forms.get(&id) {
                Some(form) => self.value(form, depth),
                None => Err(error(format!("no object has the id {id}"))),
            },
        }
    }

    fn array(&mut self, fields: Fields<'a>, depth: usize) -> Result<Array, DecodeError> {
        fields.reject_unknown(&["items", "members"])?;
        let depth = descend(depth)?;
        let items = match fields.get("items") {
            Some(_) => self.items(fields.list("items")?, depth).map_err(|error| error.in_member("items"))?,
            None => Vec::new(),
        };
        Ok(Array { items, members: self.named_members(fields, depth)? })
    }

    fn ecma_array(&mut self, fields: Fields<'a>, depth: usize) -> Result<EcmaArray, DecodeError> {
        fields.reject_unknown(&["length", "members"])?;
        let length = fields.get("length").map_or(Ok(0), uint).map_err(|error| error.in_member("length"))?;
        Ok(EcmaArray { length, members: self.named_members(fields, descend(depth)?)? })
    }

    fn object(&mut self, fields: Fields<'a>, depth: usize) -> Result<Object, DecodeError> {
        fields.reject_unknown(&["alias", "sealed", "dynamic", "members"])?;
        let depth = descend(depth)?;
        let alias = fields.get("alias").map_or(Ok(""), text).map_err(|error| error.in_member("alias"))?;
        let names = match fields.get("sealed") {
            Some(_) => fields.list("sealed")?,
            None => &[],
        };
        let names: Vec<Arc<str>> =
            names.iter().map(|name| text(name).map(Arc::from)).collect::<Result<_, _>>()?;
        let is_dynamic = fields.flag("dynamic")?.unwrap_or(fields.get("sealed").is_none());
        let (sealed, dynamic) = self
            .object_members(fields.get("members"), &names, depth)
            .map_err(|error| error.in_member("members"))?;
        Ok(Object::with_traits(Arc::new(Traits::new(alias, names, is_dynamic)), sealed, dynamic))
    }

    /// Returns the values of the sealed members in order, and the other members.
    fn object_members(
        &mut self,
        members: Option<&'a Value>,
        sealed: &[Arc<str>],
        depth: usize,
    ) -> Result<(Vec<Value>, DynamicMembers), DecodeError> {
        match members {
            None => Ok((Vec::new(), DynamicMembers::new())),
            Some(Value::Object(members)) => {
                let mut members = self.members(members.dynamic(), depth)?;
                let taken = |name: &Arc<str>| members.get_mut(name).map_or(Value::Undefined, std::mem::take);
                let values = sealed.iter().map(taken).collect();
                let sealed: HashSet<&str> = sealed.iter().map(|name| &**name).collect();
                let others = members.iter().filter(|(name, _)| !sealed.contains(name));
                Ok((values, others.map(|(name, value)| (name, value.clone())).collect()))
            }
            Some(Value::Array(pairs)) => {
                let mut values = Vec::new();
                let mut others = DynamicMembers::new();
                for (index, pair) in pairs.items.iter().enumerate() {
                    let (name, value) = read_pair(pair)?;
                    let value = self.value(value, depth).map_err(|error| error.at_index(index))?;
                    if index < sealed.len() {
                        values.push(value);
                    } else {
                        others.insert(text(name)?, value);
                    }
                }
                Ok((values, others))
            }
            Some(other) => Err(expected("members, as an object or as pairs", other)),
        }
    }

    fn vector(&mut self, fields: Fields<'a>, depth: usize) -> Result<Vector, DecodeError> {
        fields.reject_unknown(&["of", "class", "fixed", "items"])?;
        let depth = descend(depth)?;
        let fixed = fields.flag("fixed")?.unwrap_or(false);
        let items = fields.list("items")?;
        let vector = match fields.required("of").and_then(text)? {
            "int" => read_all(items, int).map(|items| Vector::Int { fixed, items }),
            "uint" => read_all(items, uint).map(|items| Vector::Uint { fixed, items }),
            "Number" => read_all(items, double).map(|items| Vector::Number { fixed, items }),
            "Object" => {
                let class = fields.get("class").map_or(Ok(""), text)?.into();
                self.items(items, depth).map(|items| Vector::Object { fixed, class, items })
            }
            other => return Err(error(format!("there is no Vector of `{other}`"))),
        };
        vector.map_err(|error| error.in_member("items"))
    }

    fn dictionary(&mut self, fields: Fields<'a>, depth: usize) -> Result<Dictionary, DecodeError> {
        fields.reject_unknown(&["weak", "entries"])?;
        let depth = descend(depth)?;
        let entries = read_all(fields.list("entries")?, |pair| {
            let (key, value) = read_pair(pair)?;
            Ok((self.value(key, depth)?, self.value(value, depth)?))
        });
        let entries = entries.map_err(|error| error.in_member("entries"))?;
        Ok(Dictionary { weak: fields.flag("weak")?.unwrap_or(false), entries })
    }

    fn external(&mut self, fields: Fields<'a>, depth: usize) -> Result<External, DecodeError> {
        fields.reject_unknown(&["alias", "parts"])?;
        let depth = descend(depth)?;
        let parts = read_all(fields.list("parts")?, |part| self.part(part, depth));
        let parts = parts.map_err(|error| error.in_member("parts"))?;
        Ok(External::new(fields.required("alias").and_then(text)?, parts))
    }

    fn part(&mut self, part: &'a Value, depth: usize) -> Result<ExternalPart, DecodeError> {
        let part = part.as_object().ok_or_else(|| expected("an object", part))?;
        match (part.get("base64"), part.get("value")) {
            (Some(base64), None) => Ok(ExternalPart::Bytes(text(base64).and_then(bytes)?.into())),
            (None, Some(value)) => self.value(value, depth).map(ExternalPart::Value),
            _ => Err(error("a part has either `base64` or `value`")),
        }
    }

    /// Returns the content of the member `members`, if it is present.
    fn named_members(&mut self, fields: Fields<'a>, depth: usize) -> Result<DynamicMembers, DecodeError> {
        match fields.get("members") {
            None => Ok(DynamicMembers::new()),
            Some(Value::Object(members)) => {
                self.members(members.dynamic(), depth).map_err(|error| error.in_member("members"))
            }
            Some(other) => Err(expected("an object", other).in_member("members")),
        }
    }

    fn members(&mut self, members: &'a DynamicMembers, depth: usize) -> Result<DynamicMembers, DecodeError> {
        let members = members.iter().map(|(name, value)| {
            let value = self.value(value, depth).map_err(|error| error.in_member(name.to_owned()))?;
            Ok((name, value))
        });
        members.collect()
    }

    fn items(&mut self, items: &'a [Value], depth: usize) -> Result<Vec<Value>, DecodeError> {
        read_all(items, |item| self.value(item, depth))
    }
}

impl<'a> Fields<'a> {
    /// Returns the members of an object, if it has a tag.
    fn of(members: &'a DynamicMembers) -> Result<Option<Self>, DecodeError> {
        match members.get(TAG) {
            None => Ok(None),
            Some(Value::String(kind)) => Ok(Some(Self { kind, members })),
            Some(other) => Err(expected("a kind of value", other).in_member(TAG)),
        }
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    fn required(self, name: &'static str) -> Result<&'a Value, DecodeError> {
        let missing = || DecodeErrorKind::MissingMember { class: "", member: name };
        self.get(name).ok_or_else(|| DecodeError::with_unknown_offset(missing()))
    }

    fn id(self) -> Result<Option<i32>, DecodeError> {
        self.get("id").map(int).transpose().map_err(|error| error.in_member("id"))
    }

    fn flag(self, name: &'static str) -> Result<Option<bool>, DecodeError> {
        let flag = |value: &Value| value.as_bool().ok_or_else(|| expected("Boolean", value).in_member(name));
        self.get(name).map(flag).transpose()
    }

    fn list(self, name: &'static str) -> Result<&'a [Value], DecodeError> {
        match self.required(name)? {
            Value::Array(array) => Ok(&array.items),
            other => Err(expected("a list", other).in_member(name)),
        }
    }

    fn text(self, name: &'static str, names: &[&str]) -> Result<&'a str, DecodeError> {
        self.reject_unknown(names)?;
        text(self.required(name)?).map_err(|error| error.in_member(name))
    }

    /// Returns an error if there are members other than `names`, the tag and the id. A misspelt name would otherwise
    /// lose data silently.
    fn reject_unknown(self, names: &[&str]) -> Result<(), DecodeError> {
        let known = |name: &str| name == TAG || name == "id" || names.contains(&name);
        match self.members.iter().find(|(name, _)| !known(name)) {
            None => Ok(()),
            Some((name, _)) => Err(error(format!("the kind `{}` has no member `{name}`", self.kind))),
        }
    }

    fn special_number(self) -> Result<Value, DecodeError> {
        Ok(Value::Number(match self.text("value", &["value"])? {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            "-0" => -0.0,
            other => return Err(error(format!("`{other}` is no number in words"))),
        }))
    }

    fn date(self, has_identity: bool) -> Result<Value, DecodeError> {
        self.reject_unknown(&["millis"])?;
        let millis = double(self.required("millis")?).map_err(|error| error.in_member("millis"))?;
        let date = Date::from_millis(millis);
        Ok(Value::Date(if has_identity { SharedDate::with_identity(date) } else { date.into() }))
    }
}

fn descend(depth: usize) -> Result<usize, DecodeError> {
    depth.checked_sub(1).ok_or_else(too_deep)
}

fn too_deep() -> DecodeError {
    DecodeError::with_unknown_offset(DecodeErrorKind::Limit {
        limit: Limits::NAMES.depth,
        max: Limits::default().depth,
    })
}

fn read_all<'a, T>(
    items: &'a [Value],
    mut read: impl FnMut(&'a Value) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let read = |(index, item)| read(item).map_err(|error| error.at_index(index));
    items.iter().enumerate().map(read).collect()
}

fn read_pair(pair: &Value) -> Result<(&Value, &Value), DecodeError> {
    match pair.as_list() {
        Some([first, second]) => Ok((first, second)),
        _ => Err(expected("a list of two", pair)),
    }
}

fn text(value: &Value) -> Result<&str, DecodeError> {
    value.as_str().ok_or_else(|| expected("String", value))
}

fn int(value: &Value) -> Result<i32, DecodeError> {
    match value {
        Value::Integer(integer) => Ok(*integer),
        other => Err(expected("i32", other)),
    }
}

fn uint(value: &Value) -> Result<u32, DecodeError> {
    match value {
        Value::Integer(integer) => u32::try_from(*integer).map_err(|_| expected("u32", value)),
        Value::Number(number) => crate::serde::read::exact_integer(*number)
            .and_then(|integer| u32::try_from(integer).ok())
            .ok_or_else(|| expected("u32", value)),
        other => Err(expected("u32", other)),
    }
}

/// Reads a number, which may be written as a word.
fn double(value: &Value) -> Result<f64, DecodeError> {
    if let Some(object) = value.as_object()
        && let Some(fields) = Fields::of(object.dynamic())?
        && fields.kind == "number"
        && let Value::Number(number) = fields.special_number()?
    {
        return Ok(number);
    }
    value.as_f64().ok_or_else(|| expected("Number", value))
}

fn bytes(base64: &str) -> Result<Vec<u8>, DecodeError> {
    from_base64(base64).ok_or_else(|| error("expected base64"))
}

/// Converts an object to a reference to an enclosing one, whether the object is complete or not.
fn to_ancestor(value: Value) -> Value {
    match value {
        Value::Array(node) => Value::Ancestor(WeakValue::Array(Arc::downgrade(&node))),
        Value::EcmaArray(node) => Value::Ancestor(WeakValue::EcmaArray(Arc::downgrade(&node))),
        Value::Object(node) => Value::Ancestor(WeakValue::Object(Arc::downgrade(&node))),
        Value::Vector(node) => Value::Ancestor(WeakValue::Vector(Arc::downgrade(&node))),
        Value::Dictionary(node) => Value::Ancestor(WeakValue::Dictionary(Arc::downgrade(&node))),
        Value::External(node) => Value::Ancestor(WeakValue::External(Arc::downgrade(&node))),
        other => other,
    }
}
