//! Classification of parameters: borrowed ones are context, owned ones are arguments. Types that are neither result
//! in advice.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

use crate::describe;

/// Kind of a parameter.
pub(crate) enum Ownership<'a> {
    /// `&T`, with the type `T`.
    Borrowed(&'a Type),
    Owned,
}

/// Returns the kind of a parameter of this type, or the message for a type that is not allowed.
pub(crate) fn classify(ty: &Type) -> Result<Ownership<'_>, String> {
    match ty {
        Type::Group(group) => classify(&group.elem),
        Type::Paren(paren) => classify(&paren.elem),
        Type::Reference(reference) => {
            let target = &*reference.elem;
            let owned = describe::type_text(&to_owned_type(ty.to_token_stream()));
            if reference.mutability.is_some() {
                let lent = describe::type_text(target);
                return Err(format!(
                    "nothing can be lent to be changed: write `{owned}` for an argument, or `&{lent}` for what is \
                     known of the caller"
                ));
            }
            if matches!(target, Type::Path(path) if path.path.is_ident("str")) {
                return Err(must_own_message(&owned));
            }
            if matches!(target, Type::Slice(_) | Type::Array(_) | Type::Tuple(_) | Type::Reference(_)) {
                return Err(must_own_message(&owned));
            }
            if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") {
                let lent = describe::type_text(target);
                return Err(format!("what is known of the caller is lent for the call: write `&{lent}`"));
            }
            match target {
                Type::TraitObject(_) => {
                    Err("what is known of the caller has a type of its own: write `&T` with a \
                     `T` that implements `FromCaller`"
                        .to_owned())
                }
                _ if describe::type_text(target).contains('&') => Err(must_own_message(&owned)),
                _ if borrows(target.to_token_stream()) => {
                    Err("what is known of the caller owns its data: write a type without a lifetime"
                        .to_owned())
                }
                _ => Ok(Ownership::Borrowed(target)),
            }
        }
        Type::Slice(_) => Err(must_own_message(&describe::type_text(&to_owned_type(quote!(&#ty))))),
        _ if borrows(ty.to_token_stream()) => Err(optional_context(ty)
            .unwrap_or_else(|| must_own_message(&describe::type_text(&to_owned_type(ty.to_token_stream()))))),
        _ => Ok(Ownership::Owned),
    }
}

fn must_own_message(owned: &str) -> String {
    format!("a method may outlive the bytes of its call, so an argument owns its data: write `{owned}`")
}

/// Returns advice for `Option<&T>`, which may be meant as an argument or as context.
fn optional_context(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let tokens: Vec<TokenTree> = last.arguments.to_token_stream().into_iter().collect();
    let [TokenTree::Punct(_), TokenTree::Punct(and), TokenTree::Ident(target), TokenTree::Punct(_)] =
        &tokens[..]
    else {
        return None;
    };
    (and.as_char() == '&' && target != "str").then(|| {
        format!(
            "write `Option<{target}>` for an argument that may be missing, or `&{target}` for what is known of the \
             caller"
        )
    })
}

/// Returns `true` if the type contains a reference, or a lifetime other than `'static`.
fn borrows(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => true,
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                !matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == "static")
            }
            TokenTree::Group(group) => borrows(group.stream()),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// Returns the type with every borrowed part replaced by an owned type.
fn to_owned_type(tokens: TokenStream) -> TokenStream {
    let mut rest: &[TokenTree] = &tokens.into_iter().collect::<Vec<_>>();
    let mut result = TokenStream::new();
    while let Some((token, behind)) = rest.split_first() {
        rest = behind;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                rest = without_mut(without_lifetime(rest));
                rest = owned_target(rest, &mut result);
            }
            TokenTree::Ident(ident) if ident == "Cow" => match cow_target(rest) {
                Some((target, behind)) => {
                    result = without_path(result);
                    owned_target(std::slice::from_ref(target), &mut result);
                    rest = behind;
                }
                None => result.extend([token.clone()]),
            },
            TokenTree::Group(group) => {
                result.extend([Group::new(group.delimiter(), to_owned_type(group.stream()))]);
            }
            _ => result.extend([token.clone()]),
        }
    }
    result
}

/// Converts the target of a `&`. `str` and slices have different owned types.
fn owned_target<'a>(rest: &'a [TokenTree], result: &mut TokenStream) -> &'a [TokenTree] {
    match rest.split_first() {
        Some((TokenTree::Ident(ident), behind)) if ident == "str" => {
            result.extend(quote!(String));
            behind
        }
        Some((TokenTree::Group(group), behind))
            if group.delimiter() == Delimiter::Bracket && !group.to_string().contains(';') =>
        {
            let item = to_owned_type(group.stream());
            result.extend(quote!(Vec<#item>));
            behind
        }
        _ => rest,
    }
}

/// Removes the path in front of `Cow`, such as `std::borrow::`.
fn without_path(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    while let [.., TokenTree::Punct(first), TokenTree::Punct(second)] = &tokens[..] {
        if first.as_char() != ':' || second.as_char() != ':' {
            break;
        }
        tokens.truncate(tokens.len() - 2);
        if let Some(TokenTree::Ident(_)) = tokens.last() {
            tokens.pop();
        }
    }
    tokens.into_iter().collect()
}

fn without_lifetime(rest: &[TokenTree]) -> &[TokenTree] {
    match rest {
        [TokenTree::Punct(quote), TokenTree::Ident(_), behind @ ..] if quote.as_char() == '\'' => behind,
        _ => rest,
    }
}

fn without_mut(rest: &[TokenTree]) -> &[TokenTree] {
    match rest {
        [TokenTree::Ident(keyword), behind @ ..] if keyword == "mut" => behind,
        _ => rest,
    }
}

/// Returns the `T` of `Cow<'a, T>`, if it is a single token, and the tokens behind.
fn cow_target(rest: &[TokenTree]) -> Option<(&TokenTree, &[TokenTree])> {
    match rest {
        [
            TokenTree::Punct(_),
            TokenTree::Punct(_),
            TokenTree::Ident(_),
            TokenTree::Punct(comma),
            target,
            TokenTree::Punct(close),
            behind @ ..,
        ] if comma.as_char() == ',' && close.as_char() == '>' => Some((target, behind)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borrowed_types_are_rewritten_as_owned_ones() {
        for (borrowed, expected) in [
            ("&str", "String"),
            ("&'static str", "String"),
            ("&mut Vec<u8>", "Vec<u8>"),
            ("&[u8]", "Vec<u8>"),
            ("&[&str]", "Vec<String>"),
            ("Vec<&'a str>", "Vec<String>"),
            ("Option<&str>", "Option<String>"),
            ("Cow<'_, str>", "String"),
            ("HashMap<Cow<'a, str>, &[f64]>", "HashMap<String, Vec<f64>>"),
            ("Vec<::std::borrow::Cow<'_, [u8]>>", "Vec<Vec<u8>>"),
            ("(&str, u32)", "(String, u32)"),
            ("&[u8; 4]", "[u8; 4]"),
        ] {
            let tokens: TokenStream = borrowed.parse().unwrap();
            assert_eq!(describe::type_text(&to_owned_type(tokens)), expected);
        }
    }
}
