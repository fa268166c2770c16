//! Format strings with the fields of a variant, such as `"room {0} is full, {name} waits"`.

use syn::LitStr;

use super::ir::Field;
use crate::errors::Errors;
use crate::names::{closest, list_alternatives};

/// Format string whose placeholders name the variables of the expansion.
pub(crate) struct FormatText {
    pub(crate) literal: LitStr,
    /// Displayed fields by index, with the trait that displays each.
    pub(crate) placeholders: Vec<(usize, &'static str)>,
}

impl FormatText {
    /// Creates a text without fields.
    pub(crate) fn plain(literal: LitStr) -> Self {
        Self { literal, placeholders: Vec::new() }
    }

    /// Parses a format string. Every placeholder must name a field.
    pub(crate) fn parse(written: &LitStr, fields: &[Field<'_>], errors: &mut Errors) -> Self {
        let mut parser =
            FormatParser { written, fields, errors, rewritten: String::new(), placeholders: Vec::new() };
        parser.text();
        let FormatParser { mut rewritten, mut placeholders, .. } = parser;
        if placeholders.is_empty() {
            // Without placeholders the text is no format string in the expansion, so doubled braces become
            // single ones.
            rewritten = rewritten.replace("{{", "{").replace("}}", "}");
        }
        placeholders.sort_unstable();
        placeholders.dedup();
        Self { literal: LitStr::new(&rewritten, written.span()), placeholders }
    }
}

/// Parser of one format string.
struct FormatParser<'a, 'e> {
    written: &'a LitStr,
    fields: &'a [Field<'a>],
    errors: &'e mut Errors,
    rewritten: String,
    placeholders: Vec<(usize, &'static str)>,
}

impl FormatParser<'_, '_> {
    fn text(&mut self) {
        let text = self.written.value();
        let mut rest = text.as_str();
        while let Some(position) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(position);
            self.rewritten.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                let (doubled, behind) = brace.split_at(2);
                self.rewritten.push_str(doubled);
                rest = behind;
            } else if brace.starts_with('}') {
                self.errors.at(self.written, "a brace that stands for itself is doubled: write `}}`");
                return;
            } else if let Some((placeholder, behind)) = brace.get(1..).and_then(|brace| brace.split_once('}'))
            {
                self.placeholder(placeholder);
                rest = behind;
            } else {
                self.errors
                    .at(self.written, "this placeholder does not end: write `{name}`, or `{{` for a brace");
                return;
            }
        }
        self.rewritten.push_str(rest);
    }

    fn placeholder(&mut self, placeholder: &str) {
        let (name, spec) = match placeholder.split_once(':') {
            Some((name, spec)) => (name.trim(), Some(spec.trim_end())),
            None => (placeholder.trim(), None),
        };
        let shows = spec.map_or("Display", format_trait);
        self.rewritten.push('{');
        self.field(name, shows);
        if let Some(spec) = spec {
            self.rewritten.push(':');
            self.spec(spec);
        }
        self.rewritten.push('}');
    }

    fn field(&mut self, name: &str, shows: &'static str) {
        if name.is_empty() {
            let known = self.fields.first().map_or("0", |field| field.name.as_str());
            let message = format!("`{{}}` does not say which field it shows: write `{{{known}}}`");
            self.errors.at(self.written, message);
            return;
        }
        if let Some(index) = self.fields.iter().position(|field| field.name == name) {
            self.placeholders.push((index, shows));
            if let Some(field) = self.fields.get(index) {
                self.rewritten.push_str(&field.variable.to_string());
            }
            return;
        }
        let known: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        let message = match closest(name, &known) {
            Some(meant) => format!("there is no field `{name}`; did you mean `{{{meant}}}`?"),
            None if known.is_empty() => {
                format!(
                    "there is no field `{name}`, there are none at all: write `{{{{{name}}}}}` for the braces"
                )
            }
            None => format!("there is no field `{name}`; there is {}", list_alternatives(&known)),
        };
        self.errors.at(self.written, message);
    }

    /// Parses a format spec. Width and precision may be fields as well: `{0:width$.2}`.
    fn spec(&mut self, spec: &str) {
        let mut rest = spec;
        while let Some((before, behind)) = rest.split_once('$') {
            let name = before
                .rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
                .unwrap_or_default()
                // A leading zero is the flag for zero padding.
                .trim_start_matches(|letter| letter == '0' && before.len() > 1);
            self.rewritten.push_str(before.strip_suffix(name).unwrap_or(before));
            self.field(name, "");
            self.rewritten.push('$');
            rest = behind;
        }
        self.rewritten.push_str(rest);
    }
}

/// Returns the trait that a format spec requires.
fn format_trait(spec: &str) -> &'static str {
    if spec.ends_with('?') {
        return "Debug";
    }
    match spec.chars().last() {
        Some('x') => "LowerHex",
        Some('X') => "UpperHex",
        Some('o') => "Octal",
        Some('b') => "Binary",
        Some('e') => "LowerExp",
        Some('E') => "UpperExp",
        Some('p') => "Pointer",
        _ => "Display",
    }
}
