//! Lints of the user's crate that must not speak about generated code.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Meta};

/// What stands on every generated implementation.
pub(crate) fn on_generated_impl() -> TokenStream {
    quote! {
        #[automatically_derived]
        #[allow(deprecated, non_snake_case)]
    }
}

/// Of an item's attributes those that its generated counterpart has as well: conditions, and lints that the user
/// turned off. An `expect` is fulfilled by the item itself, so its counterpart has an `allow`.
pub(crate) fn shared_attributes(attributes: &[Attribute]) -> TokenStream {
    attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::List(list) if list.path.is_ident("cfg") || list.path.is_ident("allow") => {
                Some(quote!(#attribute))
            }
            Meta::List(list) if list.path.is_ident("expect") => {
                let lints = &list.tokens;
                Some(quote!(#[allow(#lints)]))
            }
            _ => None,
        })
        .collect()
}
