//! Names on the wire: from the case of Rust to the case of ActionScript, and from a slip to what was meant.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// How the names of members are written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    AsWritten,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const CASES: &[(&str, Case)] = &[
    ("camelCase", Case::Camel),
    ("PascalCase", Case::Pascal),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("none", Case::AsWritten),
];

impl Case {
    /// The case of this name, or the message that says which ones there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        if let Some((_, case)) = CASES.iter().find(|(known, _)| *known == name) {
            return Ok(*case);
        }
        let known: Vec<&str> = CASES.iter().map(|(known, _)| *known).collect();
        Err(match closest(name, &known) {
            Some(meant) => format!("unknown case `{name}`; did you mean `{meant}`?"),
            None => format!("unknown case `{name}`; write one of {}", list(&known)),
        })
    }

    /// The wire name of a field or method that is written in `snake_case`.
    pub(crate) fn of(self, ident: &Ident) -> String {
        let name = ident.unraw().to_string();
        match self {
            Self::AsWritten | Self::Snake => name,
            Self::Lower => name.to_lowercase(),
            Self::Upper | Self::ScreamingSnake => name.to_uppercase(),
            Self::Pascal => pascal(&name),
            Self::Camel => with_first(&pascal(&name), char::to_lowercase),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_uppercase().replace('_', "-"),
        }
    }
}

impl Case {
    /// The wire name of an enum's variant, which is written in `PascalCase`; the cases are those of serde.
    pub(crate) fn of_variant(self, ident: &Ident) -> String {
        let name = ident.unraw().to_string();
        match self {
            Self::AsWritten | Self::Pascal => name,
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Camel => with_first(&name, char::to_lowercase),
            Self::Snake => snake(&name),
            Self::ScreamingSnake => snake(&name).to_uppercase(),
            Self::Kebab => snake(&name).replace('_', "-"),
            Self::ScreamingKebab => snake(&name).to_uppercase().replace('_', "-"),
        }
    }
}

fn snake(pascal: &str) -> String {
    let mut snake = String::new();
    for letter in pascal.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn pascal(snake: &str) -> String {
    snake.split('_').map(|word| with_first(word, char::to_uppercase)).collect()
}

fn with_first<I: Iterator<Item = char>>(word: &str, change: impl Fn(char) -> I) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(change).chain(letters.clone()).collect()
}

/// A service's default name: its type's name with the first word in lower case, `httpServer` for `HTTPServer`.
pub(crate) fn service_name(type_name: &Ident) -> String {
    let mut words = words(type_name).into_iter();
    let first = words.next().unwrap_or_default().to_lowercase();
    words.fold(first, |name, word| name + &word)
}

/// A variant's name as a sentence would have it: `room full` for `RoomFull`.
pub(crate) fn spoken(variant: &Ident) -> String {
    words(variant).join(" ").to_lowercase()
}

/// The words of a name in `PascalCase`; a run of capitals is one word.
fn words(ident: &Ident) -> Vec<String> {
    let name = ident.unraw().to_string();
    let mut words: Vec<String> = Vec::new();
    let mut previous: Option<char> = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '_' {
            previous = None;
            continue;
        }
        let starts = previous.is_none_or(|previous| {
            letter.is_uppercase()
                && (!previous.is_uppercase() || letters.peek().is_some_and(|next| next.is_lowercase()))
        });
        match words.last_mut() {
            Some(word) if !starts => word.push(letter),
            _ => words.push(letter.to_string()),
        }
        previous = Some(letter);
    }
    words
}

/// The known name that was probably meant.
pub(crate) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out or exchanged to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = vec![index + 1];
        for ((other, pair), above) in to.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            next.push((pair + usize::from(letter != *other)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Names as a sentence lists them: `` `a`, `b` or `c` ``.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn ident(name: &str) -> Ident {
        syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
    }

    #[test]
    fn cases_are_those_of_serde() {
        let written = [
            (Case::Camel, "displayName"),
            (Case::Pascal, "DisplayName"),
            (Case::Snake, "display_name"),
            (Case::ScreamingSnake, "DISPLAY_NAME"),
            (Case::Kebab, "display-name"),
            (Case::ScreamingKebab, "DISPLAY-NAME"),
            (Case::Lower, "display_name"),
            (Case::Upper, "DISPLAY_NAME"),
            (Case::AsWritten, "display_name"),
        ];
        for (case, expected) in written {
            assert_eq!(case.of(&ident("display_name")), expected);
        }
    }

    #[test]
    fn cases_of_variants_are_those_of_serde() {
        for (case, expected) in [
            (Case::AsWritten, "VeryTasty"),
            (Case::Pascal, "VeryTasty"),
            (Case::Camel, "veryTasty"),
            (Case::Snake, "very_tasty"),
            (Case::ScreamingSnake, "VERY_TASTY"),
            (Case::Kebab, "very-tasty"),
            (Case::ScreamingKebab, "VERY-TASTY"),
            (Case::Lower, "verytasty"),
            (Case::Upper, "VERYTASTY"),
        ] {
            assert_eq!(case.of_variant(&ident("VeryTasty")), expected);
        }
        assert_eq!(Case::Snake.of_variant(&ident("Z42")), "z42");
    }

    #[test]
    fn camel_case_of_odd_names() {
        for (written, expected) in [
            ("r#type", "type"),
            ("_hidden", "hidden"),
            ("field_1", "field1"),
            ("displayName", "displayName"),
            ("x", "x"),
            ("__", ""),
            ("größe_über_alles", "größeÜberAlles"),
        ] {
            assert_eq!(Case::Camel.of(&ident(written)), expected);
        }
    }

    #[test]
    fn names_of_services_and_words_of_variants() {
        for (written, name, words) in [
            ("Game", "game", "game"),
            ("GameService", "gameService", "game service"),
            ("HTTPServer", "httpServer", "http server"),
            ("URL", "url", "url"),
            ("Http2", "http2", "http2"),
            ("Not_Here", "notHere", "not here"),
        ] {
            assert_eq!(service_name(&ident(written)), name);
            assert_eq!(spoken(&ident(written)), words);
        }
    }

    #[test]
    fn slips_are_recognized_and_strangers_are_not() {
        let known = &["rename", "skip", "default", "dynamic"];
        assert_eq!(closest("renam", known), Some("rename"));
        assert_eq!(closest("Skip", known), Some("skip"));
        assert_eq!(closest("defualt", known), Some("default"));
        assert_eq!(closest("flatten", known), None);
    }
}
