//! `pyamf/vectors.jsonl`: recorded from `PyAMF`'s own tests, one a line.

use std::collections::HashMap;
use std::path::Path;

use amf_tests::tagged::unhex;
use serde_json::Value as Json;

use super::Vector;
use crate::dialects::pyamf;
use crate::expected::{Contents, Expected};
use crate::forms::Form;

/// Tests that went on with the tables of an earlier line: the bytes of how many values were sent before.
const BEFORE: [(&str, &str, &str, usize); 6] = [
    ("decode/test_amf3.DecoderTestCase.test_list_references", "0900", FOUR, 1),
    (
        "decode/test_amf3.DecoderTestCase.test_list_references",
        "0902",
        "0909010400040104020403090701040004010402",
        2,
    ),
    ("decode/test_amf3.DecoderTestCase.test_string_references", "0600", "060b68656c6c6f", 1),
    ("encode/test_amf3.EncoderTestCase.test_date", "0800", "080142702b3621158000", 1),
    ("encode/test_amf3.EncoderTestCase.test_list_references", "0900", FOUR, 1),
    (
        "encode/test_amf3.EncoderTestCase.test_list_proxy_references",
        "0a00",
        "0a0743666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e0909010400040104020403",
        1,
    ),
];
/// `[0, 1, 2, 3]`
const FOUR: &str = "0909010400040104020403";

pub(super) fn load(folder: &Path) -> Vec<Vector> {
    let mut numbers = HashMap::new();
    let lines = super::lines(&folder.join("pyamf/vectors.jsonl"));
    lines
        .iter()
        .map(|line| {
            let test = format!("{}/{}", line["kind"].as_str().unwrap(), line["test"].as_str().unwrap());
            let number = numbers.entry(test.clone()).and_modify(|number| *number += 1).or_insert(1);
            vector(line, &test, *number)
        })
        .collect()
}

fn vector(line: &Json, test: &str, number: usize) -> Vector {
    let kind = line["kind"].as_str().unwrap();
    let name = format!("pyamf/{test}#{number}");
    // One test writes AMF0 that switches to AMF3, and its encoder is recorded as one of AMF3.
    let is_amf0 = line["encoding"] == 0 || test.ends_with("test_encode_amf0");
    let form = match kind {
        "decode" | "encode" if is_amf0 => Form::Amf0,
        "decode" | "encode" => Form::Amf3,
        "packet-decode" | "packet-encode" | "packet-decode-error" => Form::Packet,
        other => panic!("{name} is of the unknown kind {other}"),
    };
    let mut orders = orders(&line["bytes"]).into_iter();
    let mut vector = Vector::new(name, form, orders.next().unwrap());
    vector.alternatives.extend(orders);
    vector.must_fail = kind == "packet-decode-error";
    let value = &line["value"];
    match form {
        Form::Packet if vector.must_fail => {}
        Form::Packet => vector.expected.push(pyamf::packet(value, &line["encoding"])),
        // How many values a generator gives is not recorded.
        _ if value["$class"] == "generator" => {}
        _ => {
            vector.expected.push(Contents::Values(vec![pyamf::value(value)]));
            if kind == "encode" {
                vector.made = pyamf::build(value, form);
            }
        }
    }
    if let Some((before, count)) = before(test, &line["bytes"]) {
        vector.bytes.splice(0..0, before);
        vector.made = None;
        if let Some(Contents::Values(values)) = vector.expected.first_mut() {
            values.splice(0..0, vec![Expected::Anything; count]);
        }
    }
    vector
}

fn before(test: &str, bytes: &Json) -> Option<(Vec<u8>, usize)> {
    let found = BEFORE.iter().find(|(name, own, ..)| *name == test && bytes.as_str() == Some(own));
    found.map(|(_, _, before, count)| (unhex(before), *count))
}

/// Every byte string that a pattern accepts. `PyAMF`'s tests take the parts of an inner list in any order
/// (`check_buffer` in its `tests/util.py`).
fn orders(pattern: &Json) -> Vec<Vec<u8>> {
    let parts = match pattern {
        Json::String(hex) => return vec![unhex(hex)],
        Json::Array(parts) => parts,
        // A pattern as a whole is in a row.
        Json::Object(object) => object["seq"].as_array().unwrap(),
        other => panic!("{other} is no pattern"),
    };
    let mut orders = vec![Vec::new()];
    for part in parts {
        let choices: Vec<Vec<u8>> = match part.get("seq").and_then(Json::as_array) {
            Some(parts) => permutations(parts).iter().map(|parts| parts.concat()).collect(),
            None => self::orders(part),
        };
        orders = orders
            .iter()
            .flat_map(|start| choices.iter().map(move |choice| [&**start, choice].concat()))
            .collect();
    }
    orders
}

fn permutations(parts: &[Json]) -> Vec<Vec<Vec<u8>>> {
    // In one pattern the empty name that ends an object stands among the members.
    if let Some((Json::String(end), members)) = parts.split_last()
        && end == "01"
    {
        let mut all = permutations(members);
        for permutation in &mut all {
            permutation.push(unhex(end));
        }
        return all;
    }
    let Some((first, rest)) = parts.split_first() else { return vec![Vec::new()] };
    let first = self::orders(first).remove(0);
    let mut all = Vec::new();
    for permutation in permutations(rest) {
        for at in 0..=permutation.len() {
            let mut longer = permutation.clone();
            longer.insert(at, first.clone());
            all.push(longer);
        }
    }
    all
}
