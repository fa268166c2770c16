//! Texts of types and docs for the method table, which people and generators read.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Returns a type as it is usually written, such as `HashMap<String, Vec<u8>>`.
pub(crate) fn type_text(ty: &impl ToTokens) -> String {
    let mut text = String::new();
    write(ty.to_token_stream(), &mut text);
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    let mut after_dash = false;
    let mut after_lifetime_quote = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                if !after_lifetime_quote && text.ends_with(ends_word) {
                    text.push(' ');
                }
                text.push_str(&name);
                if matches!(name.as_str(), "mut" | "dyn" | "impl" | "const" | "as" | "for")
                    && !after_lifetime_quote
                {
                    text.push(' ');
                }
                after_lifetime_quote = false;
            }
            TokenTree::Literal(literal) => text.push_str(&literal.to_string()),
            TokenTree::Punct(punct) => match punct.as_char() {
                letter @ (',' | ';') => {
                    text.push(letter);
                    text.push(' ');
                }
                '-' if punct.spacing() == Spacing::Joint => after_dash = true,
                '>' if after_dash => {
                    text.push_str(" -> ");
                    after_dash = false;
                }
                letter @ ('=' | '+') => {
                    text.push(' ');
                    text.push(letter);
                    text.push(' ');
                }
                '\'' => {
                    if text.ends_with(ends_word) {
                        text.push(' ');
                    }
                    text.push('\'');
                    after_lifetime_quote = true;
                }
                letter => text.push(letter),
            },
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                let kept = text.trim_end().len();
                text.truncate(kept);
                text.push_str(close);
            }
        }
    }
    let kept = text.trim_end().len();
    text.truncate(kept);
}

fn ends_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Returns the doc comment as an expression of type string. `#[doc = include_str!(...)]` remains a macro call.
pub(crate) fn docs(attributes: &[Attribute]) -> Option<TokenStream> {
    let lines: Vec<&Expr> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(doc) if doc.path.is_ident("doc") => Some(&doc.value),
            _ => None,
        })
        .collect();
    let texts: Option<Vec<String>> = lines.iter().map(|line| doc_text(line)).collect();
    match texts {
        Some(texts) => {
            let text = unindented(&texts);
            (!text.is_empty()).then(|| text.to_token_stream())
        }
        None => Some(quote!(::core::concat!(#(#lines, "\n"),*))),
    }
}

fn doc_text(line: &Expr) -> Option<String> {
    match line {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// Removes the space between `///` and the text.
fn unindented(texts: &[String]) -> String {
    let lines = || texts.iter().flat_map(|text| text.split('\n'));
    let indented = lines().filter(|line| !line.trim().is_empty()).all(|line| line.starts_with(' '));
    let lines: Vec<&str> =
        lines().map(|line| if indented { line.strip_prefix(' ').unwrap_or(line) } else { line }).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_printed_as_they_are_written() {
        for written in [
            "HashMap<String, Vec<u8>>",
            "Result<Option<(u32, f64)>, my::Error>",
            "[u8; 4]",
            "&'a mut [&'static str]",
            "Box<dyn Fn(u32) -> u32 + Send>",
            "<T as Iterator>::Item",
            "impl Iterator<Item = u32>",
            "()",
        ] {
            let ty: syn::Type = syn::parse_str(written).unwrap();
            assert_eq!(type_text(&ty), written);
        }
    }

    #[test]
    fn docs_lose_their_indent_and_keep_their_lines() {
        let method: syn::ItemFn = syn::parse_str("/// Joins.\n///\n///   - a list\nfn join() {}").unwrap();
        assert_eq!(docs(&method.attrs).unwrap().to_string(), r#""Joins.\n\n  - a list""#);
        let method: syn::ItemFn = syn::parse_str("fn join() {}").unwrap();
        assert!(docs(&method.attrs).is_none());
    }
}
