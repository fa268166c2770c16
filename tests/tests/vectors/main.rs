//! Bytes that other implementations wrote, from the folder that `AMF_VECTORS` names: read, compared with
//! what their source says of them, written again, and cut at every byte.
//!
//! What deviates stands in `exceptions.rs` with its reason; an entry that no longer applies fails too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "everything here is a test, where a panic is the failure"
)]

mod checks;
mod cuts;
mod dialects;
mod dumps;
mod exceptions;
mod expected;
mod forms;
mod json;
mod messages;
mod sources;
mod tally;

use std::env;
use std::io::Write as _;
use std::path::PathBuf;

use amf_tests::random::Random;
use exceptions::Exceptions;
use tally::Tally;

#[test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
fn vectors_are_read_and_compared_and_written_again() {
    let Some(folder) = folder() else { return };
    let loaded = sources::load(&folder);
    let mut tally = Tally::new(&loaded.left_out);
    let mut exceptions = Exceptions::new();
    for vector in &loaded.vectors {
        let outcome = checks::check(vector);
        exceptions.judge(&vector.name, &outcome.deviations);
        tally.count(vector, &outcome);
    }
    say(&format!("{tally}{}", exceptions.summary()));
    let mut wrong = exceptions.wrong();
    wrong.extend(tally.below_floor());
    assert!(wrong.is_empty(), "{} things are not as they should be:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
fn vectors_cut_short_are_errors_or_shorter_results() {
    let Some(folder) = folder() else { return };
    let loaded = sources::load(&folder);
    let mut cuts = 0;
    let mut sampled = Vec::new();
    let mut wrong = Vec::new();
    for vector in &loaded.vectors {
        let positions = cuts::positions(vector.bytes.len());
        if positions.len() < vector.bytes.len() {
            sampled.push(format!("{} ({} of {})", vector.name, positions.len(), vector.bytes.len()));
        }
        cuts += positions.len();
        wrong.extend(cuts::check(vector, &positions));
    }
    say(&format!(
        "{} vectors cut at {cuts} places; every byte but in {} large ones: {}\n",
        loaded.vectors.len(),
        sampled.len(),
        sampled.join(", ")
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
fn vectors_are_dumped_to_their_last_byte() {
    let Some(folder) = folder() else { return };
    let mut random = Random::new();
    let mut wrong = Vec::new();
    for vector in &sources::load(&folder).vectors {
        let checks = dumps::check(vector)
            .and_then(|()| dumps::check_cut(vector))
            .and_then(|()| dumps::check_changed(vector, &mut random));
        if let Err(words) = checks {
            wrong.push(format!("{}: {words}", vector.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
fn vectors_round_trip_through_json() {
    let Some(folder) = folder() else { return };
    let loaded = sources::load(&folder);
    let mut counts = json::Counts::default();
    let named = |vector: &sources::Vector, words| format!("{}: {words}", vector.name);
    let wrong: Vec<String> = loaded
        .vectors
        .iter()
        .filter_map(|vector| json::check(vector, &mut counts).err().map(|words| named(vector, words)))
        .collect();
    say(&format!("{} values as JSON without loss, {} in plain form\n", counts.tagged, counts.plain));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.tagged > 0 && counts.plain > 0, "nothing was checked");
}

/// The vectors' folder, if there should be one.
fn folder() -> Option<PathBuf> {
    let Some(folder) = env::var_os("AMF_VECTORS").filter(|folder| !folder.is_empty()) else {
        say("LEFT OUT: AMF_VECTORS is not set.\n");
        return None;
    };
    let folder = PathBuf::from(folder);
    assert!(folder.join("INDEX.jsonl").is_file(), "AMF_VECTORS holds no vectors: {}", folder.display());
    Some(folder)
}

/// Prints past the capture of output, which would hide the counts of a test that passes.
fn say(text: &str) {
    let _ = write!(std::io::stderr(), "\n{text}");
}
