//! Where rustc points when something in an expansion does not fit.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;

/// The place of something that the user wrote, with the names of the expansion.
pub(crate) fn at(place: &impl Spanned) -> Span {
    place.span().resolved_at(Span::call_site())
}

/// These tokens as if they stood there.
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

/// These tokens as if they stood there, each with the meaning that it has.
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
