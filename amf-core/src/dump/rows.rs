//! Rows of a dump: an offset, the bytes, and their meaning.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::OutputLimit;
use crate::error::DecodeError;

/// Maximum number of bytes that a row shows.
const BYTES_PER_ROW: usize = 8;
/// Maximum number of characters of a text that a row shows.
const MAX_TEXT_CHARS: usize = 60;
/// Maximum number of levels by which a row is indented.
const MAX_INDENT: usize = 50;
/// Number of rows shown behind an error.
const ROWS_AFTER_ERROR: usize = 2;

/// Writer of rows. A row is assembled while its bytes are read, so that an incomplete row can be shown when the input
/// ends.
pub(super) struct Rows<'de, 'w> {
    input: &'de [u8],
    out: &'w mut dyn Write,
    limit: OutputLimit,
    written: usize,
    /// Whether a row exceeded the limit. No more rows are written then.
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

    /// Returns `true` if the limit was reached. The dump ends then, as after an error of the output.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Writes the row that reports the limit.
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

    /// Appends words to the row.
    pub(super) fn append(&mut self, words: fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = self.words.write_fmt(words);
    }

    /// Adds a table index, which is written at the end of the row.
    pub(super) fn append_place(&mut self, words: fmt::Arguments<'_>) {
        self.places.push(words.to_string());
    }

    /// Writes the row. Its bytes end at `end`.
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

    /// Writes a row without bytes.
    pub(super) fn write_note(&mut self, indent: usize, words: &str) -> fmt::Result {
        self.write_row(0, 0, indent, words)
    }

    /// Writes an error. If reading cannot continue, the incomplete row and the following bytes are written too.
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

/// Text in quotes. Long text is truncated.
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

/// Name of a member, in quotes unless it is a single word.
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

/// Bytes as ASCII text, with a dot for each other byte.
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

/// Message of an error, truncated. It may contain text of the input, which is escaped already.
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

/// Decodes text and replaces invalid sequences with U+FFFD.
pub(super) fn lossy_text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
