//! The JSON beside flash-lso's files: its own tree of values.

use serde_json::Value as Json;

use crate::expected::{Contents, Expected};

pub(crate) fn values(json: &Json) -> Contents {
    Contents::Values(vec![value(json, &mut Vec::new())])
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
        "Integer" | "Number" | "Bool" | "String" => super::plain(content, |_| unreachable!()),
        "Amf3ObjectReference" if open.contains(&content.as_u64().unwrap()) => Expected::Cycle,
        "Amf3ObjectReference" => Expected::Anything,
        "VectorDouble" => super::plain(&content[0], |_| unreachable!()),
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
            open.push(content["id"].as_u64().unwrap());
            let text = |json: &Json| json.as_str().unwrap().to_owned();
            let elements = content["data"]["elements"].as_array().unwrap().iter();
            let members =
                elements.map(|element| (text(&element["name"]), value(&element["value"], open))).collect();
            open.pop();
            Expected::Members { alias: Some(text(&content["data"]["class_definition"]["name"])), members }
        }
        other => panic!("{other} is unknown"),
    }
}
