//! Suppression of lints of the user's crate in generated code.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Meta};

/// Returns the attributes of every generated implementation.
pub(crate) fn on_generated_impl() -> TokenStream {
    quote! {
        #[automatically_derived]
        #[allow(deprecated, non_snake_case)]
    }
}

/// Returns the attributes of an item that its generated counterpart must have as well: conditions, and lints that the
/// user disabled. An `expect` is fulfilled by the item itself, so its counterpart receives an `allow`.
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
