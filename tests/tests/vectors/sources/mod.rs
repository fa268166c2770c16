//! Where the vectors come from: one module for each way in which the folder holds them.

mod amfphp;
mod blazeds;
mod captures;
mod index;
mod pyamf;
mod ruffle;

use std::fs;
use std::path::Path;

use amf_core::Value;
use serde_json::Value as Json;

use crate::expected::Contents;
use crate::forms::Form;

#[derive(Debug)]
pub(crate) struct Vector {
    /// The file, and the place in it where there are several.
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) bytes: Vec<u8>,
    /// The same members in other orders, which the source accepts as well.
    pub(crate) alternatives: Vec<Vec<u8>>,
    pub(crate) expected: Vec<Contents>,
    /// A value made of what the source says, that is to be written to one of the accepted bytes.
    pub(crate) made: Option<Value>,
    pub(crate) must_fail: bool,
}

impl Vector {
    fn new(name: impl Into<String>, form: Form, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            form,
            bytes,
            alternatives: Vec::new(),
            expected: Vec::new(),
            made: None,
            must_fail: false,
        }
    }

    fn expecting(mut self, expected: impl IntoIterator<Item = Contents>) -> Self {
        self.expected.extend(expected);
        self
    }

    pub(crate) fn folder(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) vectors: Vec<Vector>,
    /// Files that are not tried, and why.
    pub(crate) left_out: Vec<(String, &'static str)>,
}

pub(crate) fn load(folder: &Path) -> Loaded {
    let mut loaded = index::load(folder);
    loaded.vectors.extend(pyamf::load(folder));
    loaded.vectors.extend(amfphp::load(folder));
    loaded.vectors.extend(captures::load(folder));
    loaded.vectors.extend(blazeds::load(folder));
    loaded.vectors.extend(ruffle::load(folder));
    loaded
}

/// The lines of a JSON Lines file.
fn lines(path: &Path) -> Vec<Json> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of a folder's files that end so, in order.
fn files(folder: &Path, end: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    names
}
