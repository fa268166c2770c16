//! The decoder beside `Py3AMF`'s: what both accept must be the same value, and what only one accepts, or
//! reads in its own way, must have a reason that is listed here.
//!
//! The inputs are made anew in each run, and are the same ones: seeds of the fuzz targets and values that a
//! generator writes byte by byte, then changed at random.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

mod inputs;
mod tree;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use amf_core::{Amf0Numbering, DecodeError, DecodeErrorKind, Decoder, FromAmf, Value, Version};
use amf_tests::clients;
use amf_tests::process::Process;
use amf_tests::tagged::hex;
use serde_json::{Value as Json, json};

use crate::inputs::inputs;
use crate::tree::{Describe, plain};

const INPUTS: usize = 40_000;

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn both_read_the_same() {
    let inputs = inputs(INPUTS);
    let answers = ask(&inputs);
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for ((version, input), theirs) in inputs.iter().zip(&answers) {
        let mut decoder = Decoder::new(*version, input).with_amf0_numbering(Amf0Numbering::PY3AMF);
        let ours = Value::from_amf(&mut decoder);
        let mut describe = Describe::default();
        let form = ours.as_ref().map(|value| describe.value(value));
        let outcome = match (&form, theirs.get("value")) {
            (Ok(form), Some(value)) if plain(form) == plain(value) => {
                assert_eq!(theirs["read"], json!(decoder.offset()), "{}", hex(input));
                Some("both read the same")
            }
            (Ok(_), Some(_)) => describe.known_difference(),
            (Ok(_), None) => known_refusal(theirs["error"].as_str().unwrap(), *version, input),
            (Err(error), Some(_)) => known_refusal_of_ours(error),
            (Err(_), None) => Some("both refuse"),
        };
        if let Some(outcome) = outcome {
            *tally.entry(outcome).or_default() += 1;
        } else {
            let ours = form.map_or_else(ToString::to_string, |form| form.to_string());
            unexplained.push(format!("{version:?} {}\n  ours:   {ours}\n  theirs: {theirs}", hex(input)));
        }
    }
    println!("{tally:#?}");
    assert!(tally["both read the same"] * 4 > INPUTS, "most of the rest says little");
    let first = unexplained.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(unexplained.is_empty(), "{} of {INPUTS} are unexplained:\n{first}", unexplained.len());
}

fn ask(inputs: &[(Version, Vec<u8>)]) -> Vec<Json> {
    let mut questions = String::new();
    for (version, input) in inputs {
        let version = if *version == Version::Amf0 { 0 } else { 3 };
        let question = json!({"version": version, "bytes": hex(input), "first": true});
        writeln!(questions, "{question}").unwrap();
    }
    let oracle = Process::start_with_input(&mut clients::py3amf_oracle(), &questions);
    let finished = oracle.finish(Duration::from_mins(1));
    assert!(finished.status.success(), "{}", finished.stderr);
    let answers: Vec<Json> =
        finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), inputs.len());
    answers
}

/// What we alone accept, by what `Py3AMF` says.
fn known_refusal(error: &str, version: Version, input: &[u8]) -> Option<&'static str> {
    let is_surrogate = |pair: &[u8]| pair[0] == 0xED && (0xA0..=0xBF).contains(&pair[1]);
    if error.starts_with("UnicodeDecodeError") && input.windows(2).any(is_surrogate) {
        return Some("only ours: it takes no CESU-8");
    }
    let ran_out = error.starts_with("OSError: Attempted to read") || error.starts_with("EOStream");
    if version == Version::Amf3 && ran_out && input.contains(&0x11) {
        return Some("only ours: it knows no references in the place of Dictionaries");
    }
    if (0..input.len()).any(|start| has_external_names(&input[start..])) {
        return Some("only ours: it reads member names of an externalizable class");
    }
    REFUSALS.iter().find(|(start, _)| error.starts_with(start)).map(|(_, reason)| *reason)
}

/// Whether traits of an externalizable class stand here with a number of members, which is not significant
/// (AMF3 §3.12).
fn has_external_names(input: &[u8]) -> bool {
    let [0x0A, head @ ..] = input else { return false };
    let length = head.iter().take(3).take_while(|byte| **byte >= 0x80).count();
    head.get(length).is_some_and(|last| last & 7 == 7 && (length > 0 || *last > 7))
}

const REFUSALS: [(&str, &str); 13] = [
    ("DecodeError: Unknown data type b'\\r'", "only ours: it has no Vectors"),
    ("DecodeError: Unknown data type b'\\x0e'", "only ours: it has no Vectors"),
    ("DecodeError: Unknown data type b'\\x0f'", "only ours: it has no Vectors"),
    ("DecodeError: Unknown data type b'\\x10'", "only ours: it has no Vectors"),
    ("ParseError", "only ours: it parses XML"),
    ("OverflowError: timestamp out of range", "only ours: its dates are years from 1 to 9999"),
    ("ValueError: year", "only ours: its dates are years from 1 to 9999"),
    ("ValueError: Invalid value NaN", "only ours: its dates are years from 1 to 9999"),
    ("DecodeError: Unable to read a list", "only ours: a collection of no list"),
    ("TypeError: list indices", "only ours: a collection with members"),
    ("ValueError: Error reading boolean", "only ours: the flag of its Dictionaries is 0 or 1"),
    ("OSError: [Errno 75]", "only ours: its dates are years from 1 to 9999"),
    ("TypeError: unhashable type", "only ours: it hashes the keys of a Dictionary"),
];

/// What `Py3AMF` alone accepts, by what we say.
fn known_refusal_of_ours(error: &DecodeError) -> Option<&'static str> {
    match error.kind() {
        DecodeErrorKind::Limit { .. } => Some("only theirs: it has no limits"),
        DecodeErrorKind::Reference { table: "object" | "string", .. } => {
            Some("only theirs: a reference to nothing is None")
        }
        DecodeErrorKind::UnknownMarker { version: Version::Amf0, marker: 0x09 } => {
            Some("only theirs: 09 behind any name ends an object")
        }
        _ => None,
    }
}
