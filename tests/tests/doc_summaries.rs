//! Form of doc summaries: the first line of the docs of a function, a type or a module is a statement.
//!
//! A summary that begins with a question word, such as "What is sent" or "Whether the client is connected", reads as a
//! question out of context, for example in an index or a search result. Functions are described by a verb phrase
//! ("Returns…"), types and modules by a noun phrase. Docs of fields, variants and constants may begin with "Whether".

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// Words with which a summary must not begin.
const REFUSED: [&str; 10] =
    ["What", "Who", "Whose", "How", "Whether", "Where", "Why", "Nobody", "Somebody", "Whoever"];

/// Folders that are checked.
const FOLDERS: [&str; 6] = ["amf-core", "amf-derive", "examples", "remoting", "rtmp", "tests"];

/// Folders within [`FOLDERS`] whose docs have not been revised yet. A revised folder must be removed from this list.
const EXEMPT: [&str; 5] = ["remoting/src", "remoting/tests", "rtmp/src", "rtmp/tests", "tests"];

/// Words that may precede the keyword of an item.
const MODIFIERS: [&str; 7] = ["async", "const", "default", "extern", "pub", "unsafe", "$vis"];

/// Keywords of the items whose summaries are checked.
const KEYWORDS: [&str; 8] = ["enum", "fn", "macro_rules!", "mod", "struct", "trait", "type", "union"];

/// Refused summary.
#[derive(Debug, PartialEq)]
struct Refused {
    /// Line number, from 1.
    line: usize,
    summary: String,
}

/// Returns the summaries in a source file that begin with one of the [`REFUSED`] words.
fn refused_summaries(source: &str) -> Vec<Refused> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let mut refused = Vec::new();
    let mut previous = None;
    for (index, line) in lines.iter().enumerate() {
        let marker = ["///", "//!"].into_iter().find(|marker| line.starts_with(marker));
        let begins_docs = marker.is_some() && marker != previous;
        previous = marker;
        let Some(marker) = marker.filter(|_| begins_docs) else { continue };
        let documents_item = || lines.get(index..).and_then(documented_line).is_some_and(is_checked_item);
        let summary = line.trim_start_matches(marker).trim();
        if begins_with_refused_word(summary) && (marker == "//!" || documents_item()) {
            refused.push(Refused { line: index + 1, summary: summary.to_owned() });
        }
    }
    refused
}

fn begins_with_refused_word(summary: &str) -> bool {
    let word = summary.split(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
    REFUSED.contains(&word)
}

/// Returns the first line behind docs, comments and attributes.
fn documented_line<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let mut open_brackets = 0_isize;
    lines.iter().copied().find(|line| {
        let is_comment = line.starts_with("//");
        if open_brackets == 0 && !is_comment && !line.starts_with("#[") && !line.starts_with("$(#[") {
            return !line.is_empty();
        }
        if !is_comment {
            open_brackets += line.matches('[').count() as isize - line.matches(']').count() as isize;
        }
        false
    })
}

fn is_checked_item(line: &str) -> bool {
    let is_modifier = |word: &&str| {
        let word = word.split('(').next().unwrap_or_default();
        // Of `pub(in path)` and `extern "C"`, the rest is skipped as well.
        MODIFIERS.contains(&word) || word.starts_with('"') || word.ends_with(')')
    };
    line.split_whitespace().find(|word| !is_modifier(word)).is_some_and(|word| KEYWORDS.contains(&word))
}

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            source_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns the refused summaries of all sources in a folder, with their positions.
fn refused_in(folder: &str, is_included: impl Fn(&Path) -> bool) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    source_files(&root.join(folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "{folder} has no sources");
    let mut refused = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap();
        if is_included(name) {
            let source = fs::read_to_string(&file).unwrap();
            refused.extend(
                refused_summaries(&source)
                    .into_iter()
                    .map(|Refused { line, summary }| format!("{}:{line}: {summary}", name.display())),
            );
        }
    }
    refused
}

#[test]
fn summaries_are_statements() {
    let is_exempt = |file: &Path| EXEMPT.iter().any(|folder| file.starts_with(folder));
    let refused: Vec<String> =
        FOLDERS.iter().flat_map(|folder| refused_in(folder, |file| !is_exempt(file))).collect();
    assert!(
        refused.is_empty(),
        "{} summaries begin with a question word; write \"Returns…\" for a function, a noun for a type:\n{}",
        refused.len(),
        refused.join("\n")
    );
}

#[test]
fn exempt_folders_have_refused_summaries() {
    for folder in EXEMPT {
        assert!(!refused_in(folder, |_| true).is_empty(), "{folder} is revised: remove it from `EXEMPT`");
    }
}

#[test]
fn questions_are_refused_for_modules_types_and_functions() {
    let source = [
        "//! What a module has.",
        "//! Who reads on?",
        "",
        "/// How it runs.",
        "///",
        "/// Why not.",
        "#[derive(Debug)]",
        "// A comment.",
        "#[diagnostic(",
        "note = \"of a type\",",
        ")]",
        "pub(crate) struct Type;",
        "",
        "/// Whether it is so.",
        "pub const unsafe extern \"C\" fn function() {}",
    ]
    .join("\n");
    let refused = |line, summary: &str| Refused { line, summary: summary.to_owned() };
    let expected =
        [refused(1, "What a module has."), refused(4, "How it runs."), refused(14, "Whether it is so.")];
    assert_eq!(refused_summaries(&source), expected);
    for item in
        ["pub(in crate::a) enum E {}", "trait T {}", "mod m;", "macro_rules! m {}", "$vis struct $S {"]
    {
        assert_eq!(refused_summaries(&format!("/// Who.\n{item}")).len(), 1, "{item}");
    }
}

#[test]
fn statements_and_docs_of_fields_are_accepted() {
    for source in [
        "/// Returns what was sent.\nfn function() {}",
        "/// Whatever: a longer word.\nstruct Type;",
        "/// Whether it is so.\npub flag: bool,",
        "/// Whether it is so.\nconst FLAG: bool = true;",
        "/// Where it is.\nVariant(u8),",
        "// What a comment says.\nfn function() {}",
        "/// Who.",
    ] {
        assert_eq!(refused_summaries(source), [], "{source}");
    }
}
