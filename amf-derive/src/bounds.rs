//! Bounds of type parameters, added only where an expansion needs them.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, Generics, Ident, Lifetime, TypeParamBound, WherePredicate};

/// Adds a bound to every type parameter that occurs in one of the types.
pub(crate) fn add_bound<'a, T: ToTokens + 'a>(
    generics: &mut Generics,
    types: impl Iterator<Item = &'a T>,
    bound: &TypeParamBound,
) {
    let types: Vec<TokenStream> = types.map(ToTokens::to_token_stream).collect();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter
            && types.iter().any(|ty| mentions(ty.clone(), &parameter.ident))
        {
            parameter.bounds.push(bound.clone());
        }
    }
}

/// Returns `true` if the type mentions a type parameter.
pub(crate) fn is_generic(ty: &impl ToTokens, generics: &Generics) -> bool {
    generics.type_params().any(|parameter| mentions(ty.to_token_stream(), &parameter.ident))
}

/// Removes the bounds that mention the lifetime, which apply to reading only. Returns `None` if nothing is left.
pub(crate) fn without_lifetime(predicate: &WherePredicate, lifetime: &Lifetime) -> Option<WherePredicate> {
    let mut predicate = predicate.clone();
    match &mut predicate {
        WherePredicate::Type(of_type) => {
            let kept = std::mem::take(&mut of_type.bounds).into_iter();
            of_type.bounds =
                kept.filter(|bound| !mentions(bound.to_token_stream(), &lifetime.ident)).collect();
            (!of_type.bounds.is_empty()).then_some(predicate)
        }
        _ => (!mentions(predicate.to_token_stream(), &lifetime.ident)).then_some(predicate),
    }
}

fn mentions(tokens: TokenStream, parameter: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *parameter,
        TokenTree::Group(group) => mentions(group.stream(), parameter),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
