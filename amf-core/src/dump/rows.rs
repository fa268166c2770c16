//! Rows: an offset, the bytes, and what they are.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::OutputLimit;
use crate::error::DecodeError;

/// Bytes that a row shows.
const BYTES_PER_ROW: usize = 8;
/// Characters of a text that a row shows.
const MAX_TEXT_CHARS: usize = 60;
/// Levels that rows are indented, at most.
const MAX_INDENT: usize = 50;
/// Rows of what follows behind a fault.
const ROWS_AFTER_ERROR: usize = 2;

/// Writes rows. One is put together while its bytes are being read, so that it is there when they break off.
pub(super) struct Rows<'de, 'w> {
    input: &'de [u8],
    out: &'w mut dyn Write,
    limit: OutputLimit,
    written: usize,
    /// A row did not fit, so that there are no more.
    is_full: bool,
    digits: usize,
    start: usize,
    indent: usize,
    words: String,
    places: Vec<String>,
}

impl<'de, 'w> Rows<'de, 'w> {
    pub(super) fn new(input: &'de [u8], limit: OutputLimit, out: &'w mut dyn Write) -> Self {
        let digits = format!("{:x}", input.len()).len().max(4);
        let (words, places) = (String::new(), Vec::new());
        Self { input, out, limit, written: 0, is_full: false, digits, start: 0, indent: 0, words, places }
    }

    /// Whether the limit was reached, which ends a dump as an error of the output would.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Says that there is more.
    pub(super) fn write_cut(&mut self) -> fmt::Result {
        let OutputLimit { name, max } = self.limit;
        writeln!(
            self.out,
            "{:digits$}  ** cut at the limit `{name}` of {max} bytes",
            "",
            digits = self.digits
        )
    }

    fn write_line(&mut self, line: &str) -> fmt::Result {
        self.written += line.len() + 1;
        if self.is_full || self.written > self.limit.max {
            self.is_full = true;
            return Err(fmt::Error);
        }
        writeln!(self.out, "{line}")
    }

    pub(super) fn begin(&mut self, start: usize, indent: usize) {
        self.start = start;
        self.indent = indent;
        self.words.clear();
        self.places.clear();
    }

    /// Adds words to the row.
    pub(super) fn append(&mut self, words: fmt::Arguments<'_>) {
        // A string takes whatever is written to it.
        let _ = self.words.write_fmt(words);
    }

    /// Adds a place in a table, which stands at the end of the row.
    pub(super) fn append_place(&mut self, words: fmt::Arguments<'_>) {
        self.places.push(words.to_string());
    }

    /// Writes the row, whose bytes end here.
    pub(super) fn end(&mut self, end: usize) -> fmt::Result {
        let words = std::mem::take(&mut self.words) + &self.places();
        self.write_row(self.start, end, self.indent, &words)?;
        self.places.clear();
        self.start = end;
        Ok(())
    }

    fn places(&self) -> String {
        if self.places.is_empty() { String::new() } else { format!("  {}", self.places.join(", ")) }
    }

    /// A row without bytes.
    pub(super) fn write_note(&mut self, indent: usize, words: &str) -> fmt::Result {
        self.write_row(0, 0, indent, words)
    }

    /// What is wrong, and if reading cannot go on, what was begun and what follows.
    pub(super) fn write_error(&mut self, error: &DecodeError, goes_on: bool) -> fmt::Result {
        let offset = error.offset();
        if !goes_on && (self.start < offset || !self.words.is_empty()) {
            let begun = self.words.trim_end_matches([' ', ',']).to_owned();
            let words = format!("{begun} (breaks off){}", self.places());
            self.write_row(self.start, offset, self.indent, &words)?;
        }
        let words = error.kind().to_string();
        let line =
            format!("{:digits$}  ** at byte {offset}: {}", "", ErrorText(&words), digits = self.digits);
        self.write_line(&line)?;
        if goes_on { Ok(()) } else { self.write_following(offset) }
    }

    fn write_following(&mut self, offset: usize) -> fmt::Result {
        let all = self.input.len().saturating_sub(offset);
        for row in 0..ROWS_AFTER_ERROR.min(all.div_ceil(BYTES_PER_ROW)) {
            let start = offset + row * BYTES_PER_ROW;
            let end = (start + BYTES_PER_ROW).min(self.input.len());
            let words = match (row, all) {
                (0, 1) => "1 byte follows",
                (0, _) => &format!("{all} bytes follow"),
                _ => "",
            };
            self.write_row(start, end, 0, words)?;
        }
        Ok(())
    }

    fn write_row(&mut self, start: usize, end: usize, indent: usize, words: &str) -> fmt::Result {
        let bytes = self.input.get(start..end).unwrap_or_default();
        let mut row = String::new();
        if bytes.is_empty() {
            write!(row, "{:digits$}  ", "", digits = self.digits)?;
        } else {
            write!(row, "{start:0digits$x}  ", digits = self.digits)?;
        }
        let mut hex = String::new();
        for byte in bytes.iter().take(BYTES_PER_ROW) {
            write!(hex, "{byte:02x} ")?;
        }
        if bytes.len() > BYTES_PER_ROW {
            hex.push('…');
        }
        let columns = 3 * BYTES_PER_ROW + 2;
        write!(row, "{hex:columns$}{:indent$}{words}", "", indent = 2 * indent.min(MAX_INDENT))?;
        self.write_line(row.trim_end())
    }
}

/// Text in quotes, the start of it if it is long.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(MAX_TEXT_CHARS) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => {
                write!(f, "{:?}… ({} bytes)", self.0.get(..end).unwrap_or_default(), self.0.len())
            }
        }
    }
}

/// The name of a member: bare where it is a word.
pub(super) struct MemberName<'a>(pub(super) &'a str);

impl fmt::Display for MemberName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        if !self.0.is_empty() && self.0.len() <= MAX_TEXT_CHARS && self.0.chars().all(is_word) {
            f.write_str(self.0)
        } else {
            Quoted(self.0).fmt(f)
        }
    }
}

/// Bytes as the text that may be in them, with a point for each that is none.
pub(super) struct AsciiPreview<'a>(pub(super) &'a [u8]);

impl fmt::Display for AsciiPreview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take(MAX_TEXT_CHARS) {
            let shown = if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
            f.write_char(shown)?;
        }
        if self.0.len() > MAX_TEXT_CHARS { f.write_str("…") } else { Ok(()) }
    }
}

/// The words of an error, in which text of the input may stand, escaped.
struct ErrorText<'a>(&'a str);

impl fmt::Display for ErrorText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_CHARS: usize = 4 * MAX_TEXT_CHARS;
        match self.0.char_indices().nth(MAX_CHARS) {
            None => f.write_str(self.0),
            Some((end, _)) => write!(f, "{}…", self.0.get(..end).unwrap_or_default()),
        }
    }
}

/// Text as it was meant, where it is not what it should be.
pub(super) fn lossy_text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
