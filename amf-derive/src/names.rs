//! Names on the wire: conversion from Rust's case to that of ActionScript, and suggestions for misspelt names.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// Case of member names on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RenameRule {
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

const RENAME_RULES: &[(&str, RenameRule)] = &[
    ("camelCase", RenameRule::Camel),
    ("PascalCase", RenameRule::Pascal),
    ("snake_case", RenameRule::Snake),
    ("SCREAMING_SNAKE_CASE", RenameRule::ScreamingSnake),
    ("kebab-case", RenameRule::Kebab),
    ("SCREAMING-KEBAB-CASE", RenameRule::ScreamingKebab),
    ("lowercase", RenameRule::Lower),
    ("UPPERCASE", RenameRule::Upper),
    ("none", RenameRule::AsWritten),
];

impl RenameRule {
    /// Parses the name of a case. The error message lists the valid ones.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        if let Some((_, case)) = RENAME_RULES.iter().find(|(known, _)| *known == name) {
            return Ok(*case);
        }
        let known: Vec<&str> = RENAME_RULES.iter().map(|(known, _)| *known).collect();
        Err(match closest(name, &known) {
            Some(meant) => format!("unknown case `{name}`; did you mean `{meant}`?"),
            None => format!("unknown case `{name}`; write one of {}", list_alternatives(&known)),
        })
    }

    /// Returns the wire name of a field or method that is written in `snake_case`.
    pub(crate) fn apply_to_field(self, ident: &Ident) -> String {
        let name = ident.unraw().to_string();
        match self {
            Self::AsWritten | Self::Snake => name,
            Self::Lower => name.to_lowercase(),
            Self::Upper | Self::ScreamingSnake => name.to_uppercase(),
            Self::Pascal => pascal(&name),
            Self::Camel => map_first_char(&pascal(&name), char::to_lowercase),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_uppercase().replace('_', "-"),
        }
    }
}

impl RenameRule {
    /// Returns the wire name of an enum variant that is written in `PascalCase`. The rules are those of serde.
    pub(crate) fn apply_to_variant(self, ident: &Ident) -> String {
        let name = ident.unraw().to_string();
        match self {
            Self::AsWritten | Self::Pascal => name,
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Camel => map_first_char(&name, char::to_lowercase),
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
    snake.split('_').map(|word| map_first_char(word, char::to_uppercase)).collect()
}

fn map_first_char<I: Iterator<Item = char>>(word: &str, change: impl Fn(char) -> I) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(change).chain(letters.clone()).collect()
}

/// Returns the default name of a service: the name of its type with the first word in lower case, such as
/// `httpServer` for `HTTPServer`.
pub(crate) fn service_name(type_name: &Ident) -> String {
    let mut words = split_words(type_name).into_iter();
    let first = words.next().unwrap_or_default().to_lowercase();
    words.fold(first, |name, word| name + &word)
}

/// Returns the name of a variant as words of a sentence, such as `room full` for `RoomFull`.
pub(crate) fn to_sentence(variant: &Ident) -> String {
    split_words(variant).join(" ").to_lowercase()
}

/// Splits a name in `PascalCase` into words. Consecutive capitals form one word.
fn split_words(ident: &Ident) -> Vec<String> {
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

/// Returns the known name that is most similar to a misspelt one.
pub(crate) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| (edit_distance(&word.to_lowercase(), &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the Levenshtein distance of two words.
fn edit_distance(from: &str, to: &str) -> usize {
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

/// Joins names as in a sentence: `` `a`, `b` or `c` ``.
pub(crate) fn list_alternatives(names: &[&str]) -> String {
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
    fn rename_rules_for_fields_are_those_of_serde() {
        let written = [
            (RenameRule::Camel, "displayName"),
            (RenameRule::Pascal, "DisplayName"),
            (RenameRule::Snake, "display_name"),
            (RenameRule::ScreamingSnake, "DISPLAY_NAME"),
            (RenameRule::Kebab, "display-name"),
            (RenameRule::ScreamingKebab, "DISPLAY-NAME"),
            (RenameRule::Lower, "display_name"),
            (RenameRule::Upper, "DISPLAY_NAME"),
            (RenameRule::AsWritten, "display_name"),
        ];
        for (case, expected) in written {
            assert_eq!(case.apply_to_field(&ident("display_name")), expected);
        }
    }

    #[test]
    fn rename_rules_for_variants_are_those_of_serde() {
        for (case, expected) in [
            (RenameRule::AsWritten, "VeryTasty"),
            (RenameRule::Pascal, "VeryTasty"),
            (RenameRule::Camel, "veryTasty"),
            (RenameRule::Snake, "very_tasty"),
            (RenameRule::ScreamingSnake, "VERY_TASTY"),
            (RenameRule::Kebab, "very-tasty"),
            (RenameRule::ScreamingKebab, "VERY-TASTY"),
            (RenameRule::Lower, "verytasty"),
            (RenameRule::Upper, "VERYTASTY"),
        ] {
            assert_eq!(case.apply_to_variant(&ident("VeryTasty")), expected);
        }
        assert_eq!(RenameRule::Snake.apply_to_variant(&ident("Z42")), "z42");
    }

    #[test]
    fn unusual_field_names_become_camel_case() {
        for (written, expected) in [
            ("r#type", "type"),
            ("_hidden", "hidden"),
            ("field_1", "field1"),
            ("displayName", "displayName"),
            ("x", "x"),
            ("__", ""),
            ("größe_über_alles", "größeÜberAlles"),
        ] {
            assert_eq!(RenameRule::Camel.apply_to_field(&ident(written)), expected);
        }
    }

    #[test]
    fn service_names_and_sentences_are_made_of_words() {
        for (written, name, words) in [
            ("Game", "game", "game"),
            ("GameService", "gameService", "game service"),
            ("HTTPServer", "httpServer", "http server"),
            ("URL", "url", "url"),
            ("Http2", "http2", "http2"),
            ("Not_Here", "notHere", "not here"),
        ] {
            assert_eq!(service_name(&ident(written)), name);
            assert_eq!(to_sentence(&ident(written)), words);
        }
    }

    #[test]
    fn misspelt_names_are_matched_and_unknown_ones_are_not() {
        let known = &["rename", "skip", "default", "dynamic"];
        assert_eq!(closest("renam", known), Some("rename"));
        assert_eq!(closest("Skip", known), Some("skip"));
        assert_eq!(closest("defualt", known), Some("default"));
        assert_eq!(closest("flatten", known), None);
    }
}
