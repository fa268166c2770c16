//! Escaping of text from a peer in errors, which end up in logs and terminals.

use std::fmt::{self, Display, Write};

/// Text whose unsafe characters are displayed as Rust escapes: control characters, separators of lines and
/// paragraphs, and characters that embed, override or isolate a direction of writing.
///
/// A peer could otherwise forge lines of a log, send control sequences to a terminal, or reorder the text around its
/// own.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<T>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

/// Writer that escapes the text written through it.
pub(crate) struct Escaper<'a, 'f>(pub(crate) &'a mut fmt::Formatter<'f>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !text.contains(is_unsafe) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        if is_unsafe(c) { write!(self.0, "{}", c.escape_default()) } else { self.0.write_char(c) }
    }
}

/// Returns `true` if the character affects the text around it.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
