//! `amfphp/vectors.jsonl`: what `AMFPHP`'s tests read and write, one a line.

use std::path::Path;

use amf_tests::tagged::unhex;

use super::Vector;
use crate::dialects::amfphp;
use crate::expected::Contents;
use crate::forms::Form;

pub(super) fn load(folder: &Path) -> Vec<Vector> {
    let lines = super::lines(&folder.join("amfphp/vectors.jsonl"));
    lines
        .iter()
        .map(|line| {
            let (suite, name) = (line["suite"].as_str().unwrap(), line["name"].as_str().unwrap());
            let form = match (line["encoding"].as_u64().unwrap(), name.ends_with("Packet")) {
                (_, true) => Form::Packet,
                (0, false) => Form::Amf0,
                _ => Form::Amf3,
            };
            let bytes = unhex(line["bytes"].as_str().unwrap());
            let expected = line.get("value").map(|value| match form {
                Form::Packet => amfphp::packet(value),
                _ => Contents::Values(vec![amfphp::value(value)]),
            });
            Vector::new(format!("amfphp/{suite}/{name}"), form, bytes).expecting(expected)
        })
        .collect()
}
