//! The dump of each vector: without a fault where the decoder finds none, and row after row to its last byte.

use amf_core::dump::{Dump, Kind};
use amf_tests::random::Random;

use crate::checks::known_classes;
use crate::forms::{self, Form};
use crate::sources::Vector;

/// Up to this length a vector is cut at every byte.
const SMALL: usize = 1_024;
/// So many bytes of a small vector are changed, one at a time, and of a large one.
const CHANGES: (usize, usize) = (32, 2);

/// Classes of the sources' own tests, of which a dump cannot know what is in them.
const STRANGE: [&str; 2] = ["ExternalizableTest", "X"];

fn kind(form: Form) -> Kind {
    match form {
        Form::Amf0 => Kind::Amf0,
        Form::Amf3 => Kind::Amf3,
        Form::Packet => Kind::Packet,
        Form::Sol => Kind::Sol,
    }
}

/// What is wrong with the dump of a vector.
pub(crate) fn check(vector: &Vector) -> Result<(), String> {
    let kind = kind(vector.form);
    check_bytes(vector.form, &vector.bytes)?;
    if matches!(kind, Kind::Packet | Kind::Sol)
        && forms::read(vector.form, &vector.bytes, &known_classes()).is_ok()
        && Dump::guess(&vector.bytes).kind() != kind
    {
        return Err(format!("it was guessed to be {}", Dump::guess(&vector.bytes).kind()));
    }
    Ok(())
}

/// The same with the end missing, for those that are small enough to be cut at every byte.
pub(crate) fn check_cut(vector: &Vector) -> Result<(), String> {
    let cuts = 0..if vector.bytes.len() <= SMALL { vector.bytes.len() } else { 0 };
    for cut in cuts {
        check_bytes(vector.form, &vector.bytes[..cut]).map_err(|words| format!("cut at {cut}: {words}"))?;
    }
    Ok(())
}

/// The same with single bytes changed.
pub(crate) fn check_changed(vector: &Vector, random: &mut Random) -> Result<(), String> {
    let changes = if vector.bytes.len() <= SMALL { CHANGES.0 } else { CHANGES.1 };
    for _ in 0..changes.min(vector.bytes.len()) {
        let mut bytes = vector.bytes.clone();
        let at = random.between(0, bytes.len() as i64 - 1) as usize;
        let change = random.between(1, 255) as u8;
        bytes[at] ^= change;
        check_bytes(vector.form, &bytes).map_err(|words| format!("byte {at} ^ {change:#04x}: {words}"))?;
    }
    Ok(())
}

fn check_bytes(form: Form, bytes: &[u8]) -> Result<(), String> {
    let dump = Dump::new(kind(form), bytes);
    let rows = dump.to_string();
    match dump.first_error() {
        Some(fault) if fault.offset() > bytes.len() => return Err(format!("{fault} is beyond the end")),
        Some(fault) => {
            let is_strange =
                STRANGE.iter().any(|alias| fault.to_string().contains(&format!("class {alias} is not")));
            if !is_strange && forms::read(form, bytes, &known_classes()).is_ok() {
                return Err(format!("{fault}, but it can be read"));
            }
            if !rows.contains("** at byte") {
                return Err(format!("{fault} is not told"));
            }
        }
        None => without_gaps(&rows, bytes.len())?,
    }
    Ok(())
}

/// Each row begins where the one before it ended; of one that shows a part of its bytes, behind that part.
fn without_gaps(rows: &str, len: usize) -> Result<(), String> {
    let mut end = 0;
    let mut goes_on = false;
    for row in rows.lines().filter(|row| !row.starts_with(' ')) {
        let (offset, rest) = row.split_once("  ").ok_or_else(|| format!("no columns: {row}"))?;
        let start = usize::from_str_radix(offset, 16).map_err(|error| format!("{row}: {error}"))?;
        if !follows(goes_on, end, start) {
            return Err(format!("a gap before {row}"));
        }
        let columns: String = rest.chars().take(25).collect();
        goes_on = columns.contains('…');
        end = start + columns.split_whitespace().filter(|column| *column != "…").count();
    }
    if follows(goes_on, end, len) { Ok(()) } else { Err(format!("it ends at {end} of {len}")) }
}

fn follows(goes_on: bool, end: usize, next: usize) -> bool {
    if goes_on { next > end } else { next == end }
}

#[test]
fn gaps_are_found() {
    let rows = "0000  01 02                     a\n                                no bytes\n0002  03 04 05 06 07 08 09 0a … b\n";
    without_gaps(rows, 11).unwrap();
    without_gaps(rows, 10).unwrap_err();
    without_gaps(&rows.replace("0002", "0003"), 12).unwrap_err();
    without_gaps(&rows.replace("0002", "0001"), 12).unwrap_err();
    without_gaps(&rows.replace('…', " "), 11).unwrap_err();
}
