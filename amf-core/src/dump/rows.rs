//! Rows: an offset, the bytes, and what they are.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::error::DecodeError;

/// Bytes that a row shows.
const WIDTH: usize = 8;
/// Characters of a text that a row shows.
const TEXT: usize = 60;
/// Levels that rows are indented, at most.
const DEEPEST: usize = 50;
/// Rows of what follows behind a fault.
const FOLLOWING: usize = 2;

/// Writes rows. One is put together while its bytes are being read, so that it is there when they break off.
pub(super) struct Rows<'de, 'w> {
    input: &'de [u8],
    out: &'w mut dyn Write,
    digits: usize,
    start: usize,
    indent: usize,
    words: String,
    places: Vec<String>,
}

impl<'de, 'w> Rows<'de, 'w> {
    pub(super) fn new(input: &'de [u8], out: &'w mut dyn Write) -> Self {
        let digits = format!("{:x}", input.len()).len().max(4);
        Self { input, out, digits, start: 0, indent: 0, words: String::new(), places: Vec::new() }
    }

    pub(super) fn begin(&mut self, start: usize, indent: usize) {
        self.start = start;
        self.indent = indent;
        self.words.clear();
        self.places.clear();
    }

    /// Adds words to the row.
    pub(super) fn say(&mut self, words: fmt::Arguments<'_>) {
        // A string takes whatever is written to it.
        let _ = self.words.write_fmt(words);
    }

    /// Adds a place in a table, which stands at the end of the row.
    pub(super) fn place(&mut self, words: fmt::Arguments<'_>) {
        self.places.push(words.to_string());
    }

    /// Writes the row, whose bytes end here.
    pub(super) fn end(&mut self, end: usize) -> fmt::Result {
        let words = std::mem::take(&mut self.words) + &self.places();
        self.row(self.start, end, self.indent, &words)?;
        self.places.clear();
        self.start = end;
        Ok(())
    }

    fn places(&self) -> String {
        if self.places.is_empty() { String::new() } else { format!("  {}", self.places.join(", ")) }
    }

    /// A row without bytes.
    pub(super) fn note(&mut self, indent: usize, words: &str) -> fmt::Result {
        self.row(0, 0, indent, words)
    }

    /// What is wrong, and if reading cannot go on, what was begun and what follows.
    pub(super) fn fault(&mut self, error: &DecodeError, goes_on: bool) -> fmt::Result {
        let offset = error.offset();
        if !goes_on && (self.start < offset || !self.words.is_empty()) {
            let begun = self.words.trim_end_matches([' ', ',']).to_owned();
            let words = format!("{begun} (breaks off){}", self.places());
            self.row(self.start, offset, self.indent, &words)?;
        }
        let words = error.kind().to_string();
        writeln!(self.out, "{:digits$}  ** at byte {offset}: {}", "", Plain(&words), digits = self.digits)?;
        if goes_on { Ok(()) } else { self.following(offset) }
    }

    fn following(&mut self, offset: usize) -> fmt::Result {
        let all = self.input.len().saturating_sub(offset);
        for row in 0..FOLLOWING.min(all.div_ceil(WIDTH)) {
            let start = offset + row * WIDTH;
            let end = (start + WIDTH).min(self.input.len());
            let words = match (row, all) {
                (0, 1) => "1 byte follows",
                (0, _) => &format!("{all} bytes follow"),
                _ => "",
            };
            self.row(start, end, 0, words)?;
        }
        Ok(())
    }

    fn row(&mut self, start: usize, end: usize, indent: usize, words: &str) -> fmt::Result {
        let bytes = self.input.get(start..end).unwrap_or_default();
        let mut row = String::new();
        if bytes.is_empty() {
            write!(row, "{:digits$}  ", "", digits = self.digits)?;
        } else {
            write!(row, "{start:0digits$x}  ", digits = self.digits)?;
        }
        let mut hex = String::new();
        for byte in bytes.iter().take(WIDTH) {
            write!(hex, "{byte:02x} ")?;
        }
        if bytes.len() > WIDTH {
            hex.push('…');
        }
        let columns = 3 * WIDTH + 2;
        write!(row, "{hex:columns$}{:indent$}{words}", "", indent = 2 * indent.min(DEEPEST))?;
        writeln!(self.out, "{}", row.trim_end())
    }
}

/// Text in quotes, the start of it if it is long.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(TEXT) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => {
                write!(f, "{:?}… ({} bytes)", self.0.get(..end).unwrap_or_default(), self.0.len())
            }
        }
    }
}

/// The name of a member: bare where it is a word.
pub(super) struct Name<'a>(pub(super) &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        if !self.0.is_empty() && self.0.len() <= TEXT && self.0.chars().all(is_word) {
            f.write_str(self.0)
        } else {
            Quoted(self.0).fmt(f)
        }
    }
}

/// Bytes as the text that may be in them, with a point for each that is none.
pub(super) struct Ascii<'a>(pub(super) &'a [u8]);

impl fmt::Display for Ascii<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take(TEXT) {
            let shown = if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
            f.write_char(shown)?;
        }
        if self.0.len() > TEXT { f.write_str("…") } else { Ok(()) }
    }
}

/// The words of an error, in which text of the input may stand.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 4 * TEXT;
        for c in self.0.chars().take(MOST) {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { f.write_char(c)? }
        }
        if self.0.chars().nth(MOST).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

/// Text as it was meant, where it is not what it should be.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
