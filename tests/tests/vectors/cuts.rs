//! Vectors whose end is missing.

use amf_core::packet::Packet;
use amf_core::{DecodeError, Limits};

use crate::checks::known_classes;
use crate::forms::{self, Content, Form};
use crate::sources::Vector;

/// From this length on not every byte is tried: the work would grow with its square.
const LARGE: usize = 8_192;
/// Of a large one: so many at both ends, and as many in between.
const SAMPLE: usize = 256;

/// The lengths to which a vector is cut.
pub(crate) fn positions(len: usize) -> Vec<usize> {
    if len <= LARGE {
        return (0..len).collect();
    }
    let between = (SAMPLE..len - SAMPLE).step_by((len - 2 * SAMPLE) / SAMPLE);
    (0..SAMPLE).chain(between).chain(len - SAMPLE..len).collect()
}

/// What is wrong with what came of the cuts.
pub(crate) fn check(vector: &Vector, positions: &[usize]) -> Vec<String> {
    let whole = forms::read(vector.form, &vector.bytes, &known_classes());
    let mut wrong = Vec::new();
    if let Err(error) = &whole
        && error.offset() > vector.bytes.len()
    {
        wrong.push(format!("{}: {error} is beyond the end", vector.name));
    }
    for &cut in positions {
        if let Err(words) = check_cut(vector.form, &vector.bytes[..cut], whole.as_ref().ok()) {
            wrong.push(format!("{} cut at {cut}: {words}", vector.name));
        }
    }
    wrong
}

fn check_cut(form: Form, bytes: &[u8], whole: Option<&Content>) -> Result<(), String> {
    let within = |error: &DecodeError| {
        if error.offset() <= bytes.len() { Ok(()) } else { Err(format!("{error} is beyond the end")) }
    };
    if form == Form::Packet
        && let Ok(packet) = Packet::decode(bytes, &known_classes(), Limits::default())
    {
        // The declared length of a message that was cut may be that of what is left of it.
        let (unreadable, complete): (Vec<_>, Vec<_>) =
            packet.messages.into_iter().map(|message| message.error).partition(Option::is_some);
        let errors = unreadable.into_iter().flatten().chain(packet.broken.map(|broken| broken.error));
        let errors: Vec<_> = errors.collect();
        if errors.is_empty() {
            // Bytes behind the last message, such as those behind a count of none, are ignored.
            return if whole.is_some() && packet.trailing_bytes == 0 {
                Err("it was read".to_owned())
            } else {
                Ok(())
            };
        }
        errors.iter().try_for_each(within)?;
        // What is there of it are the messages before.
        return match whole {
            Some(Content::Packet(whole)) if complete.len() >= whole.messages.len() => {
                Err(format!("{} messages", complete.len()))
            }
            _ => Ok(()),
        };
    }
    match (forms::read(form, bytes, &known_classes()), whole) {
        (Err(error), _) => within(&error),
        // Values stand in a row: those before the cut can be read.
        (Ok(Content::Values(values)), Some(Content::Values(whole))) => {
            if values.len() < whole.len() && values == whole[..values.len()] {
                Ok(())
            } else {
                Err(format!("it was read as {values:?}"))
            }
        }
        // Behind its declared length a shared object may hold anything.
        (Ok(Content::Sol(sol)), Some(Content::Sol(whole)))
            if sol.data == whole.data && sol.rest.len() < whole.rest.len() =>
        {
            Ok(())
        }
        // What is no vector of this form may be one when it is cut.
        (Ok(_), None) => Ok(()),
        (Ok(content), Some(_)) => Err(format!("it was read as {content:?}")),
    }
}
