//! What `AMFPHP`'s tests expect, with the names of its PHP classes.

use serde_json::{Map, Value as Json};

use crate::expected::{Contents, Expected, ExpectedMessage, ExpectedPacket};

pub(crate) fn packet(json: &Json) -> Contents {
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let headers = json["headers"].as_array().unwrap();
    let messages = json["messages"].as_array().unwrap();
    Contents::Packet(ExpectedPacket {
        version: Some(json["amfVersion"].as_u64().unwrap() as u16),
        headers: headers.iter().map(|header| (text(&header["name"]), value(&header["data"]))).collect(),
        messages: messages
            .iter()
            .map(|message| ExpectedMessage {
                target: Some(text(&message["targetUri"])),
                response: Some(text(&message["responseUri"])),
                body: value(&message["data"]),
            })
            .collect(),
    })
}

pub(crate) fn value(json: &Json) -> Expected {
    super::plain(json, object)
}

fn object(object: &Map<String, Json>) -> Expected {
    let text = |name: &str| object[name].as_str().unwrap().to_owned();
    let class = object.get("$class").and_then(Json::as_str).unwrap_or_default();
    match class.strip_prefix("Amfphp_Core_Amf_Types_") {
        Some("Undefined") => Expected::Undefined,
        Some("Date") => Expected::Date(object["timeStamp"].as_f64().unwrap()),
        Some("Xml" | "XmlDocument") => Expected::Xml(Some(text("data"))),
        Some("ByteArray") => Expected::Bytes(Some(text("data").into_bytes())),
        Some("Vector") => value(&object["data"]),
        Some(other) => panic!("{other} is unknown"),
        None => {
            let members =
                object.iter().filter(|(name, _)| !["$class", "_explicitType"].contains(&name.as_str()));
            Expected::Members {
                alias: object.get("_explicitType").and_then(Json::as_str).map(str::to_owned),
                members: members.map(|(name, member)| (name.clone(), value(member))).collect(),
            }
        }
    }
}
