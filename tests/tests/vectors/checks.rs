//! What is checked of each vector.

use std::cell::OnceCell;
use std::sync::Arc;

use amf_core::{Classes, Encoder, ToAmf as _, Version};
use amf_tests::tagged::hex;

use crate::exceptions::Deviation;
use crate::forms::{self, Form};
use crate::messages;
use crate::sources::Vector;

/// What came of one vector.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is counted for itself")]
pub(crate) struct Outcome {
    /// It was read, or refused where it must be.
    pub(crate) read: bool,
    /// It agrees with what its source says of it.
    pub(crate) compared: bool,
    /// It was written to the same bytes.
    pub(crate) same_bytes: bool,
    /// A value made of what the source says was written to bytes that the source accepts.
    pub(crate) made: bool,
    pub(crate) deviations: Vec<(Deviation, String)>,
}

thread_local! {
    static CLASSES: OnceCell<Arc<Classes>> = const { OnceCell::new() };
}

pub(crate) fn known_classes() -> Arc<Classes> {
    CLASSES.with(|cell| Arc::clone(cell.get_or_init(messages::classes)))
}

pub(crate) fn check(vector: &Vector) -> Outcome {
    let mut outcome = Outcome::default();
    let mut deviates = |deviation, words: String| {
        if outcome.deviations.iter().all(|(other, _)| *other != deviation) {
            outcome.deviations.push((deviation, words));
        }
    };
    if vector.must_fail {
        match forms::read(vector.form, &vector.bytes, &known_classes()) {
            Err(_) => outcome.read = true,
            Ok(content) => deviates(Deviation::Accepted, format!("it was read as {content:?}")),
        }
        return outcome;
    }
    let mut same_values = true;
    // A source that accepts members in any order gives several.
    for bytes in std::iter::once(&vector.bytes).chain(&vector.alternatives) {
        let content = match forms::read(vector.form, bytes, &known_classes()) {
            Ok(content) => content,
            Err(error) => {
                deviates(Deviation::Unreadable, error.to_string());
                return outcome;
            }
        };
        if !forms::can_be_skipped(vector.form, &content, bytes, &known_classes()) {
            deviates(Deviation::Unreadable, "it cannot be skipped".to_owned());
        }
        for words in vector.expected.iter().filter_map(|expected| expected.check(&content).err()) {
            deviates(Deviation::Unlike, words);
        }
        let written = match forms::write(vector.form, &content, bytes) {
            Ok(written) => written,
            Err(error) => {
                deviates(Deviation::Rewritten, format!("it cannot be written: {error}"));
                return outcome;
            }
        };
        match forms::read(vector.form, &written.bytes, &known_classes()) {
            Ok(again) if again == content => {}
            again => deviates(
                Deviation::Changed,
                format!("{content:?} was written as {:02X?} and read as {again:?}", written.bytes),
            ),
        }
        if !written.same_values {
            same_values = false;
            let (bytes, written) = (start_of(bytes), start_of(&written.bytes));
            deviates(Deviation::Rewritten, format!("{bytes}\n    became {written}"));
        }
        if !written.same_frame {
            deviates(Deviation::Lengths, "the declared lengths are not the true ones".to_owned());
        }
    }
    outcome.read = true;
    let is_like = |(deviation, _): &(Deviation, String)| *deviation != Deviation::Unlike;
    outcome.compared = !vector.expected.is_empty() && outcome.deviations.iter().all(is_like);
    outcome.same_bytes = same_values;
    if let Some(value) = &vector.made {
        let version = if vector.form == Form::Amf3 { Version::Amf3 } else { Version::Amf0 };
        let mut encoder = if version == Version::Amf0 && vector.bytes.first() == Some(&0x11) {
            Encoder::in_envelope(Version::Amf3)
        } else {
            Encoder::new(version)
        };
        let written = value.to_amf(&mut encoder).and_then(|()| encoder.finish());
        match written {
            Ok(bytes) if bytes == vector.bytes || vector.alternatives.contains(&bytes) => outcome.made = true,
            written => outcome.deviations.push((
                Deviation::Made,
                format!("{value:?} became {written:02X?} and not {}", start_of(&vector.bytes)),
            )),
        }
    }
    outcome
}

/// Bytes in hex, the start of them if they are many.
fn start_of(bytes: &[u8]) -> String {
    let start = hex(bytes.get(..200).unwrap_or(bytes));
    if bytes.len() > 200 { format!("{start}.. ({} bytes)", bytes.len()) } else { start }
}
