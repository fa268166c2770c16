//! What `RocketAMF`'s specs assert, where that says more than `Py3AMF`'s decoding: copied by hand
//! from `spec_expected` in the index.

use serde_json::{Value as Json, json};

use crate::expected::{Contents, Expected};

/// In JSON, and: an object with an alias as `{"$alias": …, "members": {…}}`, XML as `{"$xml": …}`, a
/// dictionary as `{"$pairs": [[key, value], …]}`, bytes as text in `{"$bytes": …}`, `"$cycle"`, and `"$any"`.
fn said(name: &str) -> Option<Json> {
    let ruby = |text: &str| json!({"$alias": "org.amf.ASClass", "members": {"foo": text, "baz": null}});
    let xml = |end: &str| json!({"$xml": format!("<parent><child prop=\"test\"{end}></parent>")});
    Some(match name {
        "amf3-vector-int" => json!([4, -20, 12]),
        "amf3-vector-uint" => json!([4, 20, 12]),
        "amf3-vector-double" => json!([4.3, -20.6]),
        "amf3-vector-object" => json!([ruby("foo"), ruby("bar"), ruby("baz")]),
        "amf3-dictionary" => json!({"$pairs": [["bar", "asdf1"], [ruby("baz"), "asdf2"]]}),
        "amf3-empty-dictionary" => json!({"$pairs": []}),
        "amf0-typed-object" | "amf3-typed-object" => ruby("bar"),
        "amf3-trait-ref" => json!([ruby("foo"), ruby("bar")]),
        "amf3-complex-array-collection" => {
            let objects = json!([ruby("bar"), ruby("asdf")]);
            json!([["foo", "bar"], objects, objects])
        }
        "amf3-mixed-array" => {
            let (h1, h2) = (json!({"foo_one": "bar_one"}), json!({"foo_two": ""}));
            let so1 = json!({"foo_three": 42});
            json!([h1, h2, so1, {}, [h1, h2, so1], [], 42, "", [], "", {}, "bar_one", so1])
        }
        "amf3-graph-member" => {
            let child = json!({"parent": "$cycle", "children": []});
            json!({"parent": null, "children": [child, child]})
        }
        "amf3-xml-doc" => xml(" /"),
        "amf3-xml" => xml("/"),
        "amf3-xml-ref" => json!([xml("/"), xml("/")]),
        "amf3-byte-array" => json!({"$bytes": "\0\u{3}これtest@"}),
        "amf3-byte-array-ref" => json!([{"$bytes": "ASDF"}, {"$bytes": "ASDF"}]),
        "amf3-externalizable" => json!(["$any", "$any"]),
        _ => return None,
    })
}

pub(crate) fn of(file: &str) -> Option<Contents> {
    let name = file.strip_prefix("rocketamf/objects/")?.strip_suffix(".bin")?;
    said(name).map(|json| Contents::Values(vec![value(&json)]))
}

fn value(json: &Json) -> Expected {
    match json.as_str() {
        Some("$cycle") => return Expected::Cycle,
        Some("$any") => return Expected::Anything,
        _ => {}
    }
    if let Some(items) = json.as_array() {
        return Expected::List(items.iter().map(value).collect());
    }
    super::plain(json, |object| {
        if let Some(text) = object.get("$xml").and_then(Json::as_str) {
            return Expected::Xml(Some(text.to_owned()));
        }
        if let Some(text) = object.get("$bytes").and_then(Json::as_str) {
            return Expected::Bytes(Some(text.as_bytes().to_vec()));
        }
        if let Some(pairs) = object.get("$pairs").and_then(Json::as_array) {
            let pairs = pairs.iter().map(|pair| (value(&pair[0]), value(&pair[1])));
            return Expected::Pairs { weak: false, pairs: pairs.collect() };
        }
        let alias = object.get("$alias").and_then(Json::as_str).map(str::to_owned);
        let members = match object.get("members").filter(|_| alias.is_some()) {
            Some(members) => members.as_object().unwrap(),
            None => object,
        };
        let members = members.iter().map(|(name, member)| (name.clone(), value(member)));
        Expected::Members { alias, members: members.collect() }
    })
}
