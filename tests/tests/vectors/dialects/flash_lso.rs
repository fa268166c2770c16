//! The JSON beside flash-lso's files: its own tree of values.

use amf_core::Version;
use serde_json::Value as Json;

use crate::expected::{Contents, Expected, ExpectedSol};

pub(crate) fn values(json: &Json) -> Contents {
    Contents::Values(vec![value(json, &mut Vec::new())])
}

/// A whole file of a shared object.
pub(crate) fn sol(json: &Json) -> Contents {
    let header = &json["header"];
    let version = if header["format_version"] == "AMF3" { Version::Amf3 } else { Version::Amf0 };
    Contents::Sol(ExpectedSol {
        name: header["name"].as_str().unwrap().to_owned(),
        version,
        members: members(&json["body"], &mut Vec::new()),
    })
}

fn members(elements: &Json, open: &mut Vec<u64>) -> Vec<(String, Expected)> {
    let elements = elements.as_array().unwrap().iter();
    elements
        .map(|element| (element["name"].as_str().unwrap().to_owned(), value(&element["value"], open)))
        .collect()
}

/// `open` are the numbers of the objects around.
fn value(json: &Json, open: &mut Vec<u64>) -> Expected {
    let Json::Object(object) = json else {
        return match json.as_str().unwrap() {
            "Null" => Expected::Null,
            "Undefined" => Expected::Undefined,
            other => panic!("{other} is unknown"),
        };
    };
    let (kind, content) = object.iter().next().unwrap();
    match kind.as_str() {
        // JSON has no infinity, nor what is not a number.
        "Number" if content.is_null() => Expected::Anything,
        "VectorDouble" => Expected::List(
            content[0]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item.as_f64().map_or(Expected::Anything, Expected::Number))
                .collect(),
        ),
        "Date" => Expected::Date(content[0].as_f64().unwrap()),
        "XML" => Expected::Xml(Some(content[0].as_str().unwrap().to_owned())),
        "ByteArray" => Expected::Bytes(serde_json::from_value(content.clone()).unwrap()),
        "ECMAArray" => {
            let number = content[0].as_u64();
            open.extend(number);
            let dense = content[1].as_array().unwrap().iter().enumerate();
            let mut all: Vec<_> = dense.map(|(index, item)| (index.to_string(), value(item, open))).collect();
            all.extend(members(&content[2], open));
            open.truncate(open.len() - usize::from(number.is_some()));
            Expected::Members { alias: None, members: all }
        }
        // An externalizable object, of which there are only those that are one value.
        "Custom" => value(&content[0][0]["value"], open),
        "Integer" | "Number" | "Bool" | "String" => super::plain(content, |_| unreachable!()),
        "Amf3ObjectReference" if open.contains(&content.as_u64().unwrap()) => Expected::Cycle,
        // In AMF0 the numbers of objects are not recorded, so a cycle cannot be told.
        "Amf3ObjectReference" | "Reference" => Expected::Anything,
        "VectorInt" | "VectorUInt" => super::plain(&content[0], |_| unreachable!()),
        "StrictArray" | "VectorObject" => {
            open.push(content[0].as_u64().unwrap());
            let items = content[1].as_array().unwrap().iter().map(|item| value(item, open)).collect();
            open.pop();
            Expected::List(items)
        }
        "Dictionary" => {
            open.push(content[0].as_u64().unwrap());
            let pairs = content[1].as_array().unwrap().iter();
            let pairs = pairs.map(|pair| (value(&pair[0], open), value(&pair[1], open))).collect();
            open.pop();
            Expected::Pairs { weak: content[2].as_bool().unwrap(), pairs }
        }
        "Object" => {
            // AMF0 has no numbers here: −1.
            let number = content["id"].as_u64();
            open.extend(number);
            let members = members(&content["data"]["elements"], open);
            open.truncate(open.len() - usize::from(number.is_some()));
            let alias = content["data"]["class_definition"]["name"].as_str().unwrap_or_default();
            Expected::Members { alias: Some(alias.to_owned()), members }
        }
        other => panic!("{other} is unknown"),
    }
}
