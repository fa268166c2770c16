//! Values in the tagged form, and what of it can be compared.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use amf_core::{Array, Dictionary, EcmaArray, External, ExternalPart, Object, Value};
use amf_tests::tagged::{bytes, class, double, ecma, same, undefined};
use serde_json::{Value as Json, json};

/// Makes the tagged form of a value, as tagged.py does.
#[derive(Default)]
pub(crate) struct Describe {
    numbers: HashMap<usize, usize>,
    /// What was reached by a weak reference stays, so that no other object can take its address.
    kept: Vec<Value>,
    /// What was met that `Py3AMF` reads in its own way.
    odd: BTreeSet<Odd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Odd {
    Dictionary,
    Collection,
    Index,
    Inflated,
}

impl Describe {
    /// Why `Py3AMF` may read another value than the one that was described.
    pub(crate) fn known_difference(&self) -> Option<&'static str> {
        Some(match self.odd.first() {
            Some(Odd::Dictionary) => {
                "differ: its Dictionaries take no place among objects, and equal keys are one"
            }
            Some(Odd::Collection) => "differ: it makes a collection of all that Python can iterate",
            Some(Odd::Index) => "differ: names of ECMA arrays are numbers where Python's int can read them",
            Some(Odd::Inflated) => "differ: it inflates byte arrays that look compressed",
            None => return None,
        })
    }

    pub(crate) fn value(&mut self, value: &Value) -> Json {
        match value {
            Value::Null | Value::Unsupported => Json::Null,
            Value::Undefined => undefined(),
            Value::Bool(value) => json!(value),
            Value::Integer(value) => json!(value),
            Value::Number(value) => double(*value),
            Value::String(text) => json!(**text),
            Value::Date(date) => json!({"$date": double(date.as_millis())}),
            Value::Xml(_) | Value::XmlDocument(_) => json!({"$xml": true}),
            Value::ByteArray(content) => {
                if content.starts_with(b"\x78\x9C") {
                    self.odd.insert(Odd::Inflated);
                }
                bytes(content)
            }
            Value::Array(array) => self.once(array, Self::array),
            Value::EcmaArray(array) => self.once(array, Self::ecma_array),
            Value::Object(object) => self.once(object, Self::object),
            Value::Dictionary(dictionary) => self.once(dictionary, Self::dictionary),
            Value::External(external) => self.once(external, Self::external),
            Value::Vector(vector) => json!({"$vector": format!("{vector:?}")}),
            Value::Ancestor(weak) => {
                let value = weak.upgrade().expect("the decoder keeps it");
                self.kept.push(value.clone());
                self.value(&value)
            }
        }
    }

    /// The first time as a whole, from then on by its number.
    fn once<T>(&mut self, value: &Arc<T>, describe: fn(&mut Self, &T) -> Json) -> Json {
        let next = self.numbers.len();
        match self.numbers.entry(Arc::as_ptr(value).addr()) {
            Entry::Occupied(number) => same(*number.get()),
            Entry::Vacant(place) => {
                place.insert(next);
                describe(self, value)
            }
        }
    }

    fn array(&mut self, array: &Array) -> Json {
        if array.members.is_empty() {
            return self.list(&array.items);
        }
        let items = array.items.iter().enumerate().map(|(index, item)| (index.to_string(), item));
        let named = array.members.iter().map(|(name, value)| (name.to_owned(), value));
        ecma(&self.members(named.chain(items)))
    }

    fn ecma_array(&mut self, array: &EcmaArray) -> Json {
        if array.members.iter().any(|(name, _)| is_an_index_for_python_alone(name)) {
            self.odd.insert(Odd::Index);
        }
        ecma(&self.members(array.members.iter().map(|(name, value)| (name.to_owned(), value))))
    }

    fn object(&mut self, object: &Object) -> Json {
        if object.alias().starts_with("flex.") {
            self.odd.insert(Odd::Collection);
        }
        let members = self.members(object.members().map(|(name, value)| (name.to_owned(), value)));
        match object.alias() {
            "" if object.members().any(|(name, _)| name.starts_with('$')) => json!({"$object": members}),
            "" => members,
            alias => class(alias, &members),
        }
    }

    fn dictionary(&mut self, dictionary: &Dictionary) -> Json {
        self.odd.insert(Odd::Dictionary);
        let entry = |(key, value): &(Value, Value)| json!([self.value(key), self.value(value)]);
        let entries: Vec<Json> = dictionary.entries.iter().map(entry).collect();
        json!({"$dictionary": entries, "weak": dictionary.weak})
    }

    fn external(&mut self, external: &External) -> Json {
        let [ExternalPart::Value(body)] = external.parts.as_slice() else {
            return json!({"$external": external.alias()});
        };
        if external.alias().ends_with("Proxy") {
            return json!({"$proxy": self.value(body)});
        }
        match body {
            Value::Array(array) if array.members.is_empty() => {
                json!({"$collection": self.list(&array.items)})
            }
            _ => {
                self.odd.insert(Odd::Collection);
                json!({"$collection": self.value(body)})
            }
        }
    }

    fn list(&mut self, items: &[Value]) -> Json {
        items.iter().map(|item| self.value(item)).collect()
    }

    /// By name; of two of one name the last.
    fn members<'a>(&mut self, members: impl Iterator<Item = (String, &'a Value)>) -> Json {
        let members: BTreeMap<String, &Value> = members.collect();
        members
            .into_iter()
            .map(|(name, value)| (name, self.value(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// Whether Python's `int` reads a name that is not how the number is written.
fn is_an_index_for_python_alone(name: &str) -> bool {
    let number = name.trim().replace('_', "").parse::<i64>();
    number.is_ok_and(|number| number.to_string() != name)
}

/// The tagged form without what Python does not keep: whether a whole number came as a double, parts of
/// milliseconds, the form of XML.
pub(crate) fn plain(form: &Json) -> Json {
    let number = |bits: &Json| match bits.as_str().unwrap() {
        "nan" => f64::NAN,
        bits => f64::from_bits(u64::from_str_radix(bits, 16).unwrap()),
    };
    match form {
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Object(members) => {
            if let Some(bits) = members.get("$double") {
                let number = number(bits);
                let is_whole = number.fract() == 0.0 && number.abs() <= (1_u64 << 53) as f64;
                return if is_whole { json!(number as i64) } else { form.clone() };
            }
            if let Some(date) = members.get("$date") {
                let millis = date.as_f64().unwrap_or_else(|| number(&date["$double"]));
                // Python rounds to microseconds; no such step lies near where this one does.
                return json!({"$date": (millis + 0.2998).floor()});
            }
            if members.contains_key("$xml") {
                return json!({"$xml": true});
            }
            members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        other => other.clone(),
    }
}
