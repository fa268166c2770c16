//! Text of strangers, which goes to terminals and pages.

use std::fmt::{self, Display, Write};

/// Whether a character does something to the text around it: control characters, line and paragraph separators, and
/// those that embed, override or isolate a direction of writing (Unicode Standard Annex 9, §2). The names of others can
/// be forged with them. Marks such as U+200F are harmless, and are in honest text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether there is something to see in a text.
pub fn is_visible(text: &str) -> bool {
    let is_invisible = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    !text.chars().all(is_invisible)
}

/// Shows what stands in a text instead of letting a terminal obey it.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<T>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        if is_unsafe(c) { write!(self.0, "{}", c.escape_default()) } else { self.0.write_char(c) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let text =
            "a\u{1b}[2J \u{9b}0m \r\nb \u{202E}txt.exe \u{2067}x \u{2028} é \u{5D0}\u{200F} \"quoted\"";
        assert_eq!(
            Escaped(text).to_string(),
            "a\\u{1b}[2J \\u{9b}0m \\r\\nb \\u{202e}txt.exe \\u{2067}x \\u{2028} é \u{5D0}\u{200F} \"quoted\""
        );
    }

    #[test]
    fn text_without_anything_to_see_is_found() {
        for text in ["", " \t", "\u{200B}", "\u{FEFF}\u{2060} \u{200E}"] {
            assert!(!is_visible(text), "{text:?}");
        }
        assert!(is_visible("\u{200F}\u{5D0}"));
        assert!(is_visible("★"));
    }
}
