//! What `Py3AMF` decoded, as the index has it: texts are cut at 120 characters, lists at 12 elements,
//! depth at `"..."`. Not the truth, but a second opinion.

use serde_json::{Map, Value as Json};

use amf_tests::tagged::unhex;

use crate::expected::{Contents, Expected, ExpectedMessage, ExpectedPacket};

const LONGEST_TEXT: usize = 120;
const LONGEST_LIST: usize = 12;

pub(crate) fn values(json: &Json) -> Contents {
    Contents::Values(json.as_array().unwrap().iter().map(value).collect())
}

pub(crate) fn packet(json: &Json) -> Contents {
    let headers = json["headers"].as_object().unwrap();
    let messages = json["bodies"].as_array().unwrap().iter().map(|body| {
        let text = |index: usize| body[index].as_str().map(str::to_owned);
        let key = text(0).unwrap();
        // A request has a target, a response a status.
        match body[2].as_u64() {
            None => ExpectedMessage { target: text(1), response: Some(key), body: value(&body[3]) },
            Some(status) => {
                let method = if status == 0 { "onResult" } else { "onStatus" };
                let target = Some(format!("{key}/{method}"));
                ExpectedMessage { target, response: None, body: value(&body[3]) }
            }
        }
    });
    Contents::Packet(ExpectedPacket {
        version: Some(json["v"].as_u64().unwrap() as u16),
        headers: headers.iter().map(|(name, header)| (name.clone(), value(header))).collect(),
        messages: messages.collect(),
    })
}

pub(super) fn value(json: &Json) -> Expected {
    match json {
        Json::String(text) => match text.as_str() {
            "$undefined" => Expected::Undefined,
            "$cycle" => Expected::Cycle,
            "..." => Expected::Anything,
            text if text.chars().count() == LONGEST_TEXT => Expected::TextStart(text.to_owned()),
            text => Expected::Text(text.to_owned()),
        },
        Json::Array(items) => {
            let cut = items.len() == LONGEST_LIST;
            let items = items.iter().map(value).collect();
            if cut { Expected::ListStart(items) } else { Expected::List(items) }
        }
        _ => super::plain(json, object),
    }
}

fn object(object: &Map<String, Json>) -> Expected {
    if let Some(date) = object.get("$date") {
        return Expected::Date(super::millis(date.as_str().unwrap()));
    }
    if let Some(bytes) = object.get("$bytes").and_then(Json::as_str) {
        let cut = bytes.len() == LONGEST_TEXT;
        return if cut { Expected::BytesStart(unhex(bytes)) } else { Expected::Bytes(Some(unhex(bytes))) };
    }
    match object.get("$class").and_then(Json::as_str) {
        Some("Element") => return Expected::Xml(None),
        Some("UUID") => return Expected::Bytes(None),
        _ => {}
    }
    // BlazeDS's small messages have the time as a number, of which Py3AMF makes a date.
    let is_small = object.get("$class").is_some_and(|class| class == "AcknowledgeMessageExt");
    let members = object.iter().filter(|(name, _)| *name != "$class").map(|(name, member)| {
        let expected = match value(member) {
            Expected::Date(millis) if is_small => Expected::Number(millis),
            expected => expected,
        };
        (name.clone(), expected)
    });
    Expected::Members { alias: None, members: members.collect() }
}
