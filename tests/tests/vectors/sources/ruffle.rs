//! `ruffle/`: what the Flash Player printed. Requests as `Body: [00, …]`, and bytes of AMF3 values as
//! decimal numbers.

use std::fs;
use std::path::Path;

use super::Vector;
use crate::forms::Form;

pub(super) fn load(folder: &Path) -> Vec<Vector> {
    let mut vectors = Vec::new();
    for machine in ["avm1", "avm2"] {
        for test in super::files(&folder.join("ruffle").join(machine), "") {
            let place = format!("ruffle/{machine}/{test}");
            for file in super::files(&folder.join(&place), ".txt") {
                let text = fs::read_to_string(folder.join(&place).join(&file)).unwrap();
                let found = if test == "number_autoconv_amf" { column(&text) } else { rows(&text) };
                vectors.extend(found.into_iter().enumerate().map(|(number, (form, bytes))| {
                    Vector::new(format!("{place}/{file}#{}", number + 1), form, bytes)
                }));
            }
        }
    }
    vectors
}

fn rows(text: &str) -> Vec<(Form, Vec<u8>)> {
    let mut found = Vec::new();
    let mut form = Form::Amf3;
    let mut announced = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("Running test") {
            form = if line.ends_with("AMF0") { Form::Amf0 } else { Form::Amf3 };
        }
        if let Some(body) = line.strip_prefix("Body: [") {
            found.push((Form::Packet, numbers(body.strip_suffix(']').unwrap(), 16)));
        } else if let Some(bytes) = line.strip_prefix("Serialized: ") {
            found.push((form, numbers(bytes, 10)));
        } else if announced {
            found.push((form, numbers(line, 10)));
        }
        announced = line == "Printing ByteArray:";
    }
    found
}

/// One signed byte a line, behind the name of the version; each version's values stand in a row.
fn column(text: &str) -> Vec<(Form, Vec<u8>)> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line {
            "AMF0" => found.push((Form::Amf0, Vec::new())),
            "AMF3" => found.push((Form::Amf3, Vec::new())),
            _ => found.last_mut().unwrap().1.push(line.parse::<i8>().unwrap() as u8),
        }
    }
    found
}

fn numbers(list: &str, radix: u32) -> Vec<u8> {
    list.split(',').map(|number| u8::from_str_radix(number.trim(), radix).unwrap()).collect()
}
