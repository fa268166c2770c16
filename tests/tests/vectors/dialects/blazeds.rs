//! What `Py3AMF` decoded of `BlazeDS`'s responses, with Python's words for what JSON has not.

use serde_json::{Map, Value as Json};

use amf_tests::tagged::unhex;

use crate::expected::{Contents, Expected, ExpectedMessage, ExpectedPacket};

pub(crate) fn packet(json: &Json) -> Contents {
    let headers = json["headers"].as_object().unwrap();
    let messages = json["bodies"].as_array().unwrap().iter().map(|body| ExpectedMessage {
        target: body[0].as_str().map(str::to_owned),
        response: None,
        body: value(&body[1]),
    });
    Contents::Packet(ExpectedPacket {
        version: Some(json["v"].as_u64().unwrap() as u16),
        headers: headers.iter().map(|(name, header)| (name.clone(), value(header))).collect(),
        messages: messages.collect(),
    })
}

fn value(json: &Json) -> Expected {
    match json {
        Json::String(text) => {
            if let Some(uuid) = inside(text, "UUID('", "')") {
                Expected::Bytes(Some(unhex(&uuid.replace('-', ""))))
            } else if let Some(numbers) = inside(text, "datetime.datetime(", ")") {
                // The time is a number in small messages.
                Expected::Number(date(numbers))
            } else {
                Expected::Text(text.clone())
            }
        }
        Json::Array(items) => Expected::List(items.iter().map(value).collect()),
        _ => super::plain(json, object),
    }
}

fn object(object: &Map<String, Json>) -> Expected {
    let alias = object["__class"].as_str().unwrap();
    let members = object.iter().filter(|(name, _)| *name != "__class");
    Expected::Members {
        // Others are names of Python.
        alias: (alias.contains('.') || alias == "DSK").then(|| alias.to_owned()),
        members: members.map(|(name, member)| (name.clone(), value(member))).collect(),
    }
}

fn inside<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

/// Milliseconds of `2026, 11, 22, 14, 13, 24, 443000`.
fn date(numbers: &str) -> f64 {
    let numbers: Vec<f64> = numbers.split(", ").map(|number| number.parse().unwrap()).collect();
    let number = |index: usize| numbers.get(index).copied().unwrap_or_default();
    let days = super::days(number(0) as i64, number(1) as i64, number(2) as i64) as f64;
    (((days * 24.0 + number(3)) * 60.0 + number(4)) * 60.0 + number(5)) * 1_000.0 + number(6) / 1_000.0
}
