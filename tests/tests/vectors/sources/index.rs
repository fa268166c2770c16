//! `INDEX.jsonl`: a file for each vector, with what `Py3AMF` read and sometimes with what its source says.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::{Loaded, Vector};
use crate::dialects::{flash_lso, py3amf, rocketamf};
use crate::expected::Contents;
use crate::forms::Form;

/// Packets that the index calls something else.
const PACKETS: [&str; 2] = ["efxphp/value/batchRequest.amf", "efxphp/value/temp-error-work.amf3"];

pub(super) fn load(folder: &Path) -> Loaded {
    let mut loaded = Loaded::default();
    for line in super::lines(&folder.join("INDEX.jsonl")) {
        let file = line["file"].as_str().unwrap();
        match form(&line, file) {
            Ok(form) => {
                let vector = Vector::new(file, form, super::read(&folder.join(file)));
                loaded.vectors.push(vector.expecting(expected(folder, &line, form)));
            }
            Err(Some(why)) => loaded.left_out.push((file.to_owned(), why)),
            Err(None) => {}
        }
    }
    loaded
}

fn form(line: &Json, file: &str) -> Result<Form, Option<&'static str>> {
    match line["kind"].as_str().unwrap() {
        _ if PACKETS.contains(&file) => Ok(Form::Packet),
        _ if Path::new(file).extension().is_some_and(|extension| extension == "chls") => {
            Err(Some("sessions of the Charles proxy: Java serialization"))
        }
        "amf0" | "amf0+0x11" => Ok(Form::Amf0),
        "amf3" => Ok(Form::Amf3),
        "packet" | "message-part" => Ok(Form::Packet),
        "sol" => Ok(Form::Sol),
        "data" => Err(None),
        other => panic!("{file} is of the unknown kind {other}"),
    }
}

fn expected(folder: &Path, line: &Json, form: Form) -> Vec<Contents> {
    let py3amf = line.get("py3amf_decoded").map(|decoded| match form {
        Form::Packet => py3amf::packet(decoded),
        _ => py3amf::values(decoded),
    });
    let beside = line.get("expected_file").map(|file| {
        let text = fs::read_to_string(folder.join(file.as_str().unwrap())).unwrap();
        let json = serde_json::from_str(&text).unwrap();
        if form == Form::Sol { flash_lso::sol(&json) } else { flash_lso::values(&json) }
    });
    py3amf.into_iter().chain(beside).chain(rocketamf::of(line["file"].as_str().unwrap())).collect()
}
