//! What each vector is in JSON: without loss in the tagged form; plain, the same by way of a value and
//! straight from the bytes.

use amf_core::serde::{Deserializer, Tagged};
use amf_core::{Decoder, Value, Version, to_vec};
use serde::Deserialize as _;
use serde_json::Value as Json;

use crate::checks::known_classes;
use crate::forms::{self, Content, Form};
use crate::sources::Vector;

/// How many values came back, and of how many both plain forms were compared.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) tagged: usize,
    pub(crate) plain: usize,
}

pub(crate) fn check(vector: &Vector, counts: &mut Counts) -> Result<(), String> {
    let Ok(content) = forms::read(vector.form, &vector.bytes, &known_classes()) else {
        // Another test says whether it should be so.
        return Ok(());
    };
    let values: Vec<&Value> = match &content {
        Content::Values(values) => values.iter().collect(),
        Content::Packet(packet) => {
            let headers = packet.headers.iter().map(|(_, _, value)| value);
            headers.chain(packet.messages.iter().map(|(_, _, value)| value)).collect()
        }
        Content::Sol(file) => file.data.dynamic().iter().map(|(_, value)| value).collect(),
    };
    for value in &values {
        comes_back(value)?;
        counts.tagged += 1;
    }
    if let Content::Values(_) = content {
        counts.plain += plain_forms(vector, &values)?;
    }
    Ok(())
}

fn comes_back(value: &Value) -> Result<(), String> {
    let text = serde_json::to_string(&Tagged(value)).map_err(|error| error.to_string())?;
    let back = serde_json::from_str(&text);
    let Tagged(back): Tagged<Value> = back.map_err(|error| format!("{error}: {text}"))?;
    if back != *value {
        return Err(format!("{value:?} became {back:?} by way of {text}"));
    }
    // Identity, and what equality does not see.
    for version in [Version::Amf0, Version::Amf3] {
        if to_vec(version, &back).map(with_one_nan) != to_vec(version, value).map(with_one_nan) {
            return Err(format!("{value:?} is written otherwise as {version} after {text}"));
        }
    }
    Ok(())
}

/// Flash writes several NaNs, and their bits mean nothing: as JSON all are one.
fn with_one_nan(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut start = 0;
    while let Some(number) = bytes.get_mut(start..).and_then(|rest| rest.first_chunk_mut::<8>()) {
        if f64::from_be_bytes(*number).is_nan() {
            *number = f64::NAN.to_be_bytes();
            start += 8;
        } else {
            start += 1;
        }
    }
    bytes
}

/// Compares up to the first value that one of the two ways has no form for, such as a cycle.
fn plain_forms(vector: &Vector, values: &[&Value]) -> Result<usize, String> {
    let version = if vector.form == Form::Amf3 { Version::Amf3 } else { Version::Amf0 };
    let mut decoder = Decoder::new(version, &vector.bytes).with_classes(known_classes());
    for (index, value) in values.iter().enumerate() {
        let straight = Json::deserialize(Deserializer::new(&mut decoder));
        let (Ok(straight), Ok(plain)) = (straight, serde_json::to_value(value)) else {
            return Ok(index);
        };
        if straight != plain {
            return Err(format!("{straight} straight from the bytes, {plain} by way of a value"));
        }
    }
    Ok(values.len())
}
