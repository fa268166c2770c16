//! Spans, which determine the position of rustc's errors about an expansion.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;

/// Returns the position of user code, with the name resolution of the expansion.
pub(crate) fn at(place: &impl Spanned) -> Span {
    place.span().resolved_at(Span::call_site())
}

/// Returns the tokens with the given span.
pub(crate) fn with_span(tokens: &impl ToTokens, span: Span) -> TokenStream {
    tokens
        .to_token_stream()
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                token = Group::new(group.delimiter(), with_span(&group.stream(), span)).into();
            }
            token.set_span(span);
            token
        })
        .collect()
}

/// Returns the tokens at the position of `place`. Each token keeps its name resolution.
pub(crate) fn at_location_of(tokens: &impl ToTokens, place: &impl Spanned) -> TokenStream {
    let place = place.span();
    let tokens = tokens.to_token_stream().into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), at_location_of(&group.stream(), &place)).into();
        }
        token.set_span(place.resolved_at(token.span()));
        token
    });
    tokens.collect()
}
