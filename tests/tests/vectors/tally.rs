//! How many vectors passed, by folder and form.

use std::collections::BTreeMap;
use std::fmt;

use crate::checks::Outcome;
use crate::forms::Form;
use crate::sources::Vector;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: BTreeMap<(String, Form), Row>,
    left_out: BTreeMap<String, usize>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    vectors: usize,
    read: usize,
    compared: usize,
    same_bytes: usize,
    made: usize,
}

/// How many of each form there are at least: read, compared with what the source says, written to the
/// same bytes, made from what the source says.
const FLOORS: [(Form, Row); 4] = [
    (Form::Amf0, Row { vectors: 192, read: 183, compared: 162, same_bytes: 176, made: 35 }),
    (Form::Amf3, Row { vectors: 171, read: 169, compared: 137, same_bytes: 169, made: 16 }),
    (Form::Packet, Row { vectors: 242, read: 234, compared: 135, same_bytes: 225, made: 0 }),
    (Form::Sol, Row { vectors: 82, read: 80, compared: 73, same_bytes: 74, made: 0 }),
];

impl Tally {
    pub(crate) fn new(left_out: &[(String, &str)]) -> Self {
        let mut tally = Self::default();
        for (_, why) in left_out {
            *tally.left_out.entry((*why).to_owned()).or_default() += 1;
        }
        tally
    }

    pub(crate) fn count(&mut self, vector: &Vector, outcome: &Outcome) {
        let row = self.rows.entry((vector.folder().to_owned(), vector.form)).or_default();
        row.vectors += 1;
        row.read += usize::from(outcome.read);
        row.compared += usize::from(outcome.compared);
        row.same_bytes += usize::from(outcome.same_bytes);
        row.made += usize::from(outcome.made);
    }

    fn of(&self, form: Form) -> Row {
        let rows = self.rows.iter().filter(|((_, other), _)| *other == form);
        rows.fold(Row::default(), |sum, (_, row)| Row {
            vectors: sum.vectors + row.vectors,
            read: sum.read + row.read,
            compared: sum.compared + row.compared,
            same_bytes: sum.same_bytes + row.same_bytes,
            made: sum.made + row.made,
        })
    }

    pub(crate) fn below_floor(&self) -> Vec<String> {
        let mut below = Vec::new();
        for (form, floor) in FLOORS {
            let row = self.of(form);
            for (what, count, floor) in [
                ("vectors", row.vectors, floor.vectors),
                ("read", row.read, floor.read),
                ("compared", row.compared, floor.compared),
                ("to the same bytes", row.same_bytes, floor.same_bytes),
                ("made", row.made, floor.made),
            ] {
                if count < floor {
                    below.push(format!("{form:?}: {count} {what}, of which there were {floor}"));
                }
            }
        }
        below
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<18} {:<7} {:>7} {:>6} {:>9} {:>11} {:>5}",
            "vectors", "form", "vectors", "read", "compared", "same bytes", "made"
        )?;
        let sums = FLOORS.iter().map(|(form, _)| ("all", *form, self.of(*form)));
        let rows = self.rows.iter().map(|((folder, form), row)| (&**folder, *form, *row));
        for (folder, form, row) in rows.chain(sums) {
            writeln!(
                f,
                "{folder:<18} {:<7} {:>7} {:>6} {:>9} {:>11} {:>5}",
                format!("{form:?}"),
                row.vectors,
                row.read,
                row.compared,
                row.same_bytes,
                row.made
            )?;
        }
        for (why, count) in &self.left_out {
            writeln!(f, "left out: {count} {why}")?;
        }
        Ok(())
    }
}
