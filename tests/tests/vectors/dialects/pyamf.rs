//! Python values of `PyAMF`'s tests.

use std::sync::Arc;

use amf_core::{Array, Date, DynamicMembers, EcmaArray, External, ExternalPart, Object, Value};
use serde_json::{Map, Value as Json};

use crate::expected::{Contents, Expected, ExpectedMessage, ExpectedPacket};
use crate::forms::Form;

pub(crate) fn packet(json: &Json, version: &Json) -> Contents {
    let headers = json["headers"].as_array().unwrap();
    let messages = json["bodies"].as_array().unwrap().iter().map(|body| {
        let text = |index: usize| body[index].as_str().map(str::to_owned);
        let key = text(0).unwrap();
        if body[1] == "Request" {
            return ExpectedMessage { target: text(2), response: Some(key), body: value(&body[4]) };
        }
        let method = if body[3] == 0 { "onResult" } else { "onStatus" };
        let target = Some(format!("{key}/{method}"));
        ExpectedMessage { target, response: Some("null".to_owned()), body: value(&body[4]) }
    });
    Contents::Packet(ExpectedPacket {
        version: version.as_u64().map(|version| version as u16),
        headers: headers
            .iter()
            .map(|header| (header[0].as_str().unwrap().to_owned(), value(&header[2])))
            .collect(),
        messages: messages.collect(),
    })
}

pub(crate) fn value(json: &Json) -> Expected {
    super::plain(json, object)
}

fn object(object: &Map<String, Json>) -> Expected {
    if object.contains_key("$undefined") {
        return Expected::Undefined;
    }
    if let Some(date) = object.get("$date") {
        return Expected::Date(super::millis(date.as_str().unwrap()));
    }
    if let Some(number) = object.get("$double") {
        return Expected::Number(number.as_str().unwrap().parse().unwrap());
    }
    if let Some(members) = object.get("$kv") {
        let members = pairs(members).map(|(name, member)| (name, value(member)));
        return Expected::Members { alias: None, members: members.collect() };
    }
    match object["$class"].as_str().unwrap() {
        "Element" => Expected::Xml(None),
        "ByteArray" => Expected::Bytes(None),
        "ObjectProxy" => value(&object["$attrs"]["_amf_object"]),
        _ => match object.get("$attrs").and_then(Json::as_object) {
            // What was printed by Python alone.
            None => Expected::Anything,
            Some(attributes) => Expected::Members {
                alias: object.get("$alias").map(|alias| alias.as_str().unwrap().to_owned()),
                members: attributes.iter().map(|(name, member)| (name.clone(), value(member))).collect(),
            },
        },
    }
}

/// The same as a value, where it tells all of it.
pub(crate) fn build(json: &Json, form: Form) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(i32::try_from(integer).ok()?),
            None => Value::Number(number.as_f64()?),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            Value::from(items.iter().map(|item| build(item, form)).collect::<Option<Vec<_>>>()?)
        }
        Json::Object(object) => build_object(object, form)?,
    })
}

fn build_object(object: &Map<String, Json>, form: Form) -> Option<Value> {
    if object.contains_key("$undefined") {
        return Some(Value::Undefined);
    }
    if let Some(date) = object.get("$date") {
        return Some(Value::from(Date::from_millis(super::millis(date.as_str()?))));
    }
    if let Some(number) = object.get("$double") {
        return Some(Value::Number(number.as_str()?.parse().ok()?));
    }
    let class = object["$class"].as_str()?;
    if let Some(members) = object.get("$kv") {
        let members = pairs(members).map(|(name, member)| Some((name, build(member, form)?)));
        let members: DynamicMembers = members.collect::<Option<Vec<_>>>()?.into_iter().collect();
        return Some(if class == "MixedArray" { mixed_array(members, form) } else { Value::from(members) });
    }
    let attributes = object.get("$attrs")?.as_object()?;
    if class == "ObjectProxy" {
        let body = build(&attributes["_amf_object"], form)?;
        return Some(External::new("flex.messaging.io.ObjectProxy", vec![ExternalPart::Value(body)]).into());
    }
    let alias = object.get("$alias").map_or("", |alias| alias.as_str().unwrap());
    let mut typed = if alias.is_empty() { Object::new() } else { Object::typed(alias) };
    for (name, member) in attributes {
        typed.insert(name.as_str(), build(member, form)?);
    }
    Some(typed.into())
}

fn mixed_array(members: DynamicMembers, form: Form) -> Value {
    let is_index = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    if form == Form::Amf0 {
        let length = members.iter().filter(|(name, _)| is_index(name)).count() as u32;
        return Value::EcmaArray(Arc::new(EcmaArray::new(members).with_length(length)));
    }
    let items = members.iter().filter(|(name, _)| is_index(name)).map(|(_, item)| item.clone()).collect();
    let named = members.iter().filter(|(name, _)| !is_index(name));
    let members = named.map(|(name, member)| (name, member.clone())).collect();
    Value::Array(Arc::new(Array::new(items).with_members(members)))
}

/// Keys of a dict may be numbers.
fn pairs(json: &Json) -> impl Iterator<Item = (String, &Json)> {
    json.as_array().unwrap().iter().map(|pair| {
        let name = pair[0].as_str().map_or_else(|| pair[0].to_string(), str::to_owned);
        (name, &pair[1])
    })
}
