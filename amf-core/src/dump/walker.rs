//! Traversal of values without recursion. The remaining steps of each open object are kept on a stack.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use super::external::SmallMessage;
use super::rows::{MemberName, Quoted, Rows, lossy_text};
use crate::decoder::{Amf0References, Amf0Referent};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::wire::{Reader, utf8};
use crate::{Amf0Numbering, Limits, OutputLimit, TextEncoding, Version};

/// Maximum number of objects that enclose one another.
const MAX_DEPTH: usize = 256;

/// Text of a table, shared by the rows that show it.
pub(super) type TableText<'de> = Rc<Cow<'de, str>>;

/// Traversal of one input, which writes its rows.
pub(super) struct Walker<'de, 'w> {
    text_encoding: TextEncoding,
    pub(super) reader: Reader<'de>,
    pub(super) rows: Rows<'de, 'w>,
    pub(super) tables: Tables<'de>,
    pending: Vec<PendingStep<'de>>,
    /// Error in the current row, after which reading can continue.
    recoverable_error: Option<DecodeError>,
    pub(super) first_error: Option<DecodeError>,
}

/// Reason for which a traversal ends early.
pub(super) enum StopReason {
    Malformed(DecodeError),
    /// The writer of the program failed.
    Output(fmt::Error),
}

impl From<DecodeError> for StopReason {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl From<fmt::Error> for StopReason {
    fn from(error: fmt::Error) -> Self {
        Self::Output(error)
    }
}

/// Reference tables of one message.
#[derive(Default)]
pub(super) struct Tables<'de> {
    amf0_objects: Vec<ObjectEntry<'de>>,
    amf0_references: Amf0References,
    amf3_objects: Vec<ObjectEntry<'de>>,
    pub(super) strings: Vec<TableText<'de>>,
    pub(super) traits: Vec<Rc<TraitsRecord<'de>>>,
}

impl Tables<'_> {
    /// Marks the first AMF0 object as the one that encloses the whole message, so that some senders do not count it.
    pub(super) fn set_amf0_container(&mut self) {
        self.amf0_references.set_container(true);
    }

    pub(super) fn register_amf0_date(&mut self, start: usize) {
        self.amf0_references.register_date(start, self.amf0_objects.len() as u32);
    }

    /// Returns the referents of the number of a reference at `start` under each numbering, that of Flash Player
    /// first.
    pub(super) fn amf0_referents(&self, number: u32, start: usize) -> Vec<Amf0Referent> {
        let mut referents = Vec::new();
        for numbering in Amf0Numbering::ALL {
            let objects = self.amf0_objects.len() as u32;
            let referent = self.amf0_references.referent(numbering, number, objects, start);
            referents.extend(referent.filter(|referent| !referents.contains(referent)));
        }
        referents
    }
}

struct ObjectEntry<'de> {
    start: usize,
    what: &'static str,
    alias: Option<TableText<'de>>,
}

/// Traits record (AMF3 §3.12).
pub(super) struct TraitsRecord<'de> {
    pub(super) alias: TableText<'de>,
    pub(super) members: Vec<TableText<'de>>,
    pub(super) dynamic: bool,
    pub(super) externalizable: bool,
}

/// Remaining step of an object, with its depth and indentation.
pub(super) struct PendingStep<'de> {
    pub(super) depth: usize,
    pub(super) indent: usize,
    pub(super) step: Step<'de>,
}

/// Kind of a remaining step.
pub(super) enum Step<'de> {
    /// Values up to the end of the input.
    Stream(Version),
    /// AMF0 names and values, up to the end marker of this object.
    Named(usize),
    /// AMF3 names and values, up to an empty name.
    Dynamic,
    /// AMF3 values whose names are in the traits.
    Sealed { traits: Rc<TraitsRecord<'de>>, next: usize },
    /// Values by index.
    Items { version: Version, next: usize, count: usize },
    /// Alternating keys and values. The numbers count both.
    Pairs { next: usize, count: usize },
    /// One value.
    Single(Version, Label<'de>),
    /// Body of a small message of Flex.
    SmallMessage(SmallMessage),
    /// Members of a shared object.
    Sol(Version),
    /// Byte behind a member of a shared object.
    SolMemberEnd(Version),
}

/// Role of a value in the object that contains it.
pub(super) enum Label<'de> {
    None,
    Index(usize),
    Key(usize),
    Value(usize),
    Member(TableText<'de>),
    Field(&'static str),
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Index(index) => write!(f, "[{index}] "),
            Self::Key(index) => write!(f, "[{index}] key: "),
            Self::Value(index) => write!(f, "[{index}] value: "),
            Self::Member(name) => write!(f, "{}: ", MemberName(name)),
            Self::Field(name) => write!(f, "{name}: "),
        }
    }
}

impl<'de, 'w> Walker<'de, 'w> {
    pub(super) fn new(
        input: &'de [u8],
        limit: OutputLimit,
        text_encoding: TextEncoding,
        out: &'w mut dyn fmt::Write,
    ) -> Self {
        Self {
            text_encoding,
            reader: Reader::new(input),
            rows: Rows::new(input, limit, out),
            tables: Tables::default(),
            pending: Vec::new(),
            recoverable_error: None,
            first_error: None,
        }
    }

    /// Executes a step and all steps that result from it.
    pub(super) fn walk(&mut self, indent: usize, step: Step<'de>) -> Result<(), StopReason> {
        self.pending.push(PendingStep { depth: 0, indent, step });
        while let Some(pending) = self.pending.pop() {
            self.step(pending)?;
        }
        Ok(())
    }

    /// Reads one name or value. The contents of an object are read by later steps.
    fn step(&mut self, pending: PendingStep<'de>) -> Result<(), StopReason> {
        let PendingStep { depth, indent, step } = pending;
        let inside = depth + 1;
        match step {
            Step::Stream(version) => {
                if self.reader.position() == 0 || self.reader.remaining() > 0 {
                    self.push_step(depth, indent, Step::Stream(version));
                    self.value(version, inside, indent, &Label::None)?;
                }
            }
            Step::Named(object) => {
                if self.amf0_name(indent, object)? {
                    self.push_step(depth, indent, Step::Named(object));
                    self.value(Version::Amf0, inside, indent + 1, &Label::None)?;
                }
            }
            Step::Dynamic => {
                if self.amf3_name(indent, "end of names")? {
                    self.push_step(depth, indent, Step::Dynamic);
                    self.value(Version::Amf3, inside, indent + 1, &Label::None)?;
                }
            }
            Step::Sealed { traits, next } => {
                if let Some(name) = traits.members.get(next).map(Rc::clone) {
                    self.push_step(depth, indent, Step::Sealed { traits, next: next + 1 });
                    self.value(Version::Amf3, inside, indent, &Label::Member(name))?;
                }
            }
            Step::Items { version, next, count } => {
                if next < count {
                    self.push_step(depth, indent, Step::Items { version, next: next + 1, count });
                    self.value(version, inside, indent, &Label::Index(next))?;
                }
            }
            Step::Pairs { next, count } => {
                if next < count {
                    self.push_step(depth, indent, Step::Pairs { next: next + 1, count });
                    let label = if next % 2 == 0 { Label::Key(next / 2) } else { Label::Value(next / 2) };
                    self.value(Version::Amf3, inside, indent, &label)?;
                }
            }
            Step::Single(version, label) => self.value(version, inside, indent, &label)?,
            Step::SmallMessage(mut small) => {
                if let Some(name) = self.next_small_field(&mut small, indent)? {
                    self.push_step(depth, indent, Step::SmallMessage(small));
                    self.value(Version::Amf3, inside, indent, &Label::Field(name))?;
                }
            }
            Step::Sol(version) => {
                if self.reader.remaining() > 0 {
                    self.sol_name(version, indent)?;
                    self.push_step(depth, indent, Step::SolMemberEnd(version));
                    self.value(version, inside, indent + 1, &Label::None)?;
                }
            }
            Step::SolMemberEnd(version) => {
                self.sol_member_end(indent)?;
                self.push_step(depth, indent, Step::Sol(version));
            }
        }
        Ok(())
    }

    fn push_step(&mut self, depth: usize, indent: usize, step: Step<'de>) {
        self.pending.push(PendingStep { depth, indent, step });
    }

    /// Schedules the contents of an object. Of several scheduled steps, the last one runs first.
    pub(super) fn push_inner_step(&mut self, depth: usize, indent: usize, step: Step<'de>) {
        self.pending.push(PendingStep { depth, indent: indent + 1, step });
    }

    /// Reads the head of a value.
    fn value(
        &mut self,
        version: Version,
        depth: usize,
        indent: usize,
        label: &Label<'de>,
    ) -> Result<(), StopReason> {
        self.begin(indent);
        self.append(format_args!("{label}"));
        match version {
            Version::Amf0 => self.amf0_value(depth, indent),
            Version::Amf3 => self.amf3_value(depth, indent),
        }
    }

    /// Assigns the next index of its table to an object.
    pub(super) fn register(
        &mut self,
        version: Version,
        start: usize,
        what: &'static str,
        alias: Option<TableText<'de>>,
    ) -> usize {
        let objects = match version {
            Version::Amf0 => &mut self.tables.amf0_objects,
            Version::Amf3 => &mut self.tables.amf3_objects,
        };
        objects.push(ObjectEntry { start, what, alias });
        let index = objects.len() - 1;
        self.append_place(format_args!("= {} {index}", object_table_name(version)));
        index
    }

    /// Sets the alias of the AMF3 object that was registered last.
    pub(super) fn set_last_alias(&mut self, alias: &TableText<'de>) {
        if let Some(entry) = self.tables.amf3_objects.last_mut() {
            entry.alias = Some(Rc::clone(alias));
        }
    }

    /// Ends a row that refers to an object. An AMF3 reference has a marker of its own, which is shown only if it
    /// differs from that of the object.
    pub(super) fn reference(
        &mut self,
        version: Version,
        index: usize,
        type_of_marker: &'static str,
        start: usize,
    ) -> Result<(), StopReason> {
        self.referent(version, index, type_of_marker, start)?;
        self.end()
    }

    /// Writes the referent without ending the row.
    pub(super) fn referent(
        &mut self,
        version: Version,
        index: usize,
        type_of_marker: &'static str,
        start: usize,
    ) -> Result<(), DecodeError> {
        let objects = match version {
            Version::Amf0 => &self.tables.amf0_objects,
            Version::Amf3 => &self.tables.amf3_objects,
        };
        let Some(entry) = objects.get(index) else {
            let kind = DecodeErrorKind::Reference { table: "object", index, len: objects.len() };
            return Err(DecodeError::new(kind, start));
        };
        let (what, place) = (entry.what, entry.start);
        let alias = entry.alias.as_ref().map(Rc::clone).unwrap_or_default();
        self.append(format_args!("-> {} {index}", object_table_name(version)));
        if what != type_of_marker {
            self.append(format_args!(", {what}"));
        }
        if !alias.is_empty() {
            self.append(format_args!(", {}", Quoted(&alias)));
        }
        self.append(format_args!(" at {place:04x}"));
        Ok(())
    }

    pub(super) fn begin(&mut self, indent: usize) {
        self.rows.begin(self.reader.position(), indent);
    }

    pub(super) fn append(&mut self, words: fmt::Arguments<'_>) {
        self.rows.append(words);
    }

    /// Adds a table index, which is written at the end of the row.
    pub(super) fn append_place(&mut self, words: fmt::Arguments<'_>) {
        self.rows.append_place(words);
    }

    pub(super) fn end(&mut self) -> Result<(), StopReason> {
        self.rows.end(self.reader.position())?;
        if let Some(error) = self.recoverable_error.take() {
            self.rows.write_error(&error, true)?;
            self.first_error.get_or_insert(error);
        }
        Ok(())
    }

    /// Reports an error after which nothing can be read.
    pub(super) fn report_fatal(&mut self, error: DecodeError) -> fmt::Result {
        if let Some(error) = self.recoverable_error.take() {
            self.rows.end(error.offset())?;
            self.rows.write_error(&error, true)?;
            self.first_error.get_or_insert(error);
        }
        self.rows.write_error(&error, false)?;
        self.first_error.get_or_insert(error);
        Ok(())
    }

    /// Records an error after which reading continues. It is reported after the row.
    pub(super) fn report_recoverable(&mut self, error: DecodeError) {
        self.recoverable_error.get_or_insert(error);
    }

    /// Reads text of `length` bytes.
    pub(super) fn text(&mut self, length: usize) -> Result<TableText<'de>, DecodeError> {
        let start = self.reader.position();
        let bytes = self.reader.bytes(length)?;
        let text = utf8::read_as(bytes, self.text_encoding).unwrap_or_else(|| {
            self.report_recoverable(DecodeError::new(DecodeErrorKind::Utf8, start));
            lossy_text(bytes)
        });
        Ok(Rc::new(text))
    }
}

/// Returns the name of a table of objects. One message may use both.
fn object_table_name(version: Version) -> &'static str {
    match version {
        Version::Amf0 => "AMF0 object",
        Version::Amf3 => "object",
    }
}

/// Checks the depth limit, before an object is entered.
pub(super) fn check_depth(depth: usize, start: usize) -> Result<(), DecodeError> {
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(DecodeError::new(DecodeErrorKind::Limit { limit: Limits::NAMES.depth, max: MAX_DEPTH }, start))
}
