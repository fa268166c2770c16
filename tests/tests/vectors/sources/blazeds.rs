//! `blazeds-messaging/`: a conversation with BlazeDS, request and response, and one streaming response.

use std::collections::HashMap;
use std::path::Path;

use super::Vector;
use crate::dialects::blazeds;
use crate::forms::Form;

pub(super) fn load(folder: &Path) -> Vec<Vector> {
    let folder = folder.join("blazeds-messaging");
    let index = super::lines(&folder.join("INDEX.jsonl"));
    let decoded: HashMap<_, _> = index
        .iter()
        .map(|line| (format!("{}.resp.bin", line["exchange"].as_str().unwrap()), &line["decoded"]))
        .collect();
    let packets = super::files(&folder, ".bin").into_iter().map(|file| {
        let bytes = super::read(&folder.join(&file));
        let vector = Vector::new(format!("blazeds-messaging/{file}"), Form::Packet, bytes);
        vector.expecting(decoded.get(&file).map(|decoded| blazeds::packet(decoded)))
    });
    let mut vectors: Vec<_> = packets.collect();
    let file = "stream_4_open.resp.http";
    for (number, chunk) in chunks(&super::read(&folder.join(file))).iter().enumerate() {
        let name = format!("blazeds-messaging/{file}#{}", number + 1);
        vectors.push(Vector::new(name, Form::Amf3, chunk.to_vec()));
    }
    vectors
}

/// The chunks of a chunked HTTP response that is not at its end.
fn chunks(response: &[u8]) -> Vec<&[u8]> {
    let (_head, mut rest) = split(response, b"\r\n\r\n");
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let (length, after) = split(rest, b"\r\n");
        let length = usize::from_str_radix(std::str::from_utf8(length).unwrap(), 16).unwrap();
        let (chunk, after) = after.split_at(length);
        chunks.push(chunk);
        rest = after.strip_prefix(b"\r\n").unwrap();
    }
    chunks
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> (&'a [u8], &'a [u8]) {
    let start = bytes.windows(at.len()).position(|window| window == at).unwrap();
    (&bytes[..start], &bytes[start + at.len()..])
}
