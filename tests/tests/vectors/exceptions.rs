//! The vectors that are not read, not like their source says, or not written to the same bytes, each with
//! the reason.

mod table;

use std::collections::BTreeMap;

use table::TABLE;

/// How a vector can deviate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deviation {
    /// It cannot be read.
    Unreadable,
    /// It is read, and should not be.
    Accepted,
    /// It is not what its source says.
    Unlike,
    /// Written and read again, it is another value. There is no excuse for that one.
    Changed,
    /// It is written to other bytes of the same meaning.
    Rewritten,
    /// A packet's declared lengths are not the true ones, which are written.
    Lengths,
    /// What is made of what its source says is written to other bytes.
    Made,
}

/// A vector's name, in which `*` stands for any text, the deviation, and the reason.
type Exception = (&'static str, Deviation, &'static str);

/// The table against what happens.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    /// How many vectors each entry was there for.
    used: BTreeMap<usize, usize>,
    wrong: Vec<String>,
}

impl Exceptions {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A vector's deviations are all in the table, and no entry speaks of others.
    pub(crate) fn judge(&mut self, name: &str, deviations: &[(Deviation, String)]) {
        for (index, (pattern, deviation, why)) in TABLE.iter().enumerate() {
            if !matches(pattern, name) {
                continue;
            }
            if deviations.iter().any(|(other, _)| other == deviation) {
                *self.used.entry(index).or_default() += 1;
            } else {
                self.wrong.push(format!("{name} is no longer {deviation:?}, of which the table says: {why}"));
            }
        }
        for (deviation, words) in deviations {
            let is_known = |(pattern, other, _): &Exception| other == deviation && matches(pattern, name);
            if !TABLE.iter().any(is_known) {
                self.wrong.push(format!("{name} is {deviation:?}: {words}"));
            }
        }
    }

    pub(crate) fn wrong(&self) -> Vec<String> {
        let unused = TABLE.iter().enumerate().filter(|(index, _)| !self.used.contains_key(index));
        let unused =
            unused.map(|(_, (pattern, deviation, _))| format!("{pattern} ({deviation:?}) is not there"));
        self.wrong.iter().cloned().chain(unused).collect()
    }

    pub(crate) fn summary(&self) -> String {
        let mut counts = BTreeMap::<Deviation, usize>::new();
        for (index, count) in &self.used {
            *counts.entry(TABLE[*index].1).or_default() += count;
        }
        let counts: Vec<_> =
            counts.iter().map(|(deviation, count)| format!("{count} {deviation:?}")).collect();
        format!("with a reason in the table: {}\n", counts.join(", "))
    }
}

/// Whether a name is one of a pattern, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len()).any(|at| name.is_char_boundary(at) && matches(rest, &name[at..]))
        }),
    }
}

#[test]
fn stars_stand_for_any_text() {
    assert!(matches("a/*.bin", "a/b/c.bin"));
    assert!(matches("a*", "a"));
    assert!(matches("a#1", "a#1"));
    assert!(!matches("a#1", "a#12"));
    assert!(!matches("a/*.bin", "a/b.bins"));
}
