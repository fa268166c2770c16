//! Direction of imports within each crate.
//!
//! A room is a top-level module of a crate's `src` with everything in it; the root of the crate is not a room. A room
//! imports only from rooms that are declared below it in `tables.rs`, so there are no circles. In the crates of
//! `WITHOUT_SIBLING_CIRCLES` modules with one parent have no circles either; a parent and its children may.
//!
//! `cargo test -p amf-tests --test rooms -- --nocapture` prints the numbers of each crate, its rooms and their arrows.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here is a test, where a panic is the failure"
)]

mod checker;
mod graph;
mod scan;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use graph::Graph;
use scan::Files;
use tables::{CRATES, KNOWN, WITHOUT_SIBLING_CIRCLES};

#[test]
fn imports_go_one_way() {
    let graphs = graphs();
    let mut found = BTreeMap::new();
    let mut failures = Vec::new();
    println!("{}", numbers(&graphs));
    for (graph, (krate, _)) in graphs.iter().zip(CRATES) {
        println!("{}", graph.picture());
        if WITHOUT_SIBLING_CIRCLES.contains(krate) {
            found.extend(graph.sibling_circles());
        }
        failures.extend_from_slice(graph.problems());
        found.extend(graph.circles());
        found.extend(graph.upward());
    }
    failures.extend(compare(&found, KNOWN));
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// Returns a message for each finding that is not known and for each known one that no longer occurs.
fn compare(found: &BTreeMap<String, String>, known: &[&str]) -> Vec<String> {
    let known: BTreeSet<&str> = known.iter().copied().collect();
    let new = found.iter().filter(|(name, _)| !known.contains(name.as_str()));
    let gone = known.iter().filter(|name| !found.contains_key(**name));
    let new = new.map(|(name, imports)| format!("{name}\n{imports}"));
    new.chain(gone.map(|name| format!("no longer occurs, so delete it from KNOWN: {name:?}"))).collect()
}

fn graphs() -> Vec<Graph> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let graph = |&(krate, layers): &(&str, &[&str])| {
        let mut files = Files::new();
        read(&root.join(krate).join("src"), Path::new(""), &mut files);
        Graph::new(krate, layers, &files).unwrap_or_else(|error| panic!("{error}"))
    };
    CRATES.iter().map(graph).collect()
}

/// Reads the Rust files below a folder. `path` is the folder's path within `src`.
fn read(folder: &Path, path: &Path, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = path.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &name, files);
        } else if name.extension().is_some_and(|extension| extension == "rs") {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// Formats the numbers of each crate as a table in Markdown.
fn numbers(graphs: &[Graph]) -> String {
    let head =
        "| crate | rooms | arrows | imports | upward arrows | circles |\n|---|---:|---:|---:|---:|---:|\n";
    let line = |(graph, (krate, _)): (&Graph, &(&str, &[&str]))| {
        format!(
            "| {krate} | {} | {} | {} | {} | {} |\n",
            graph.rooms(),
            graph.arrows(),
            graph.imports(),
            graph.upward().len(),
            graph.circles().len()
        )
    };
    graphs.iter().zip(CRATES).map(line).fold(head.to_owned(), |table, line| table + &line)
}
