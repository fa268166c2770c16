//! `#[remote_client]`: a trait as the list of what the server may call on its clients.

mod codegen;
mod ir;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemTrait};

use crate::errors::Errors;

/// The expansion for one trait.
pub(crate) fn expand(arguments: TokenStream, tokens: &TokenStream) -> TokenStream {
    let item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Trait(item)) => item,
        Ok(_) => {
            let message = "`#[remote_client]` stands on a trait whose methods clients have: \
                           write it above `trait GameEvents { ... }`";
            let error = syn::Error::new(proc_macro2::Span::call_site(), message).into_compile_error();
            return quote!(#tokens #error);
        }
        // What rustc says about it is better, so it gets the item as it is.
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#tokens #error);
        }
    };
    expand_trait(arguments, item)
}

fn expand_trait(arguments: TokenStream, mut item: ItemTrait) -> TokenStream {
    let mut errors = Errors::default();
    let client = parse::client(arguments, &mut item, &mut errors);
    match errors.into_compile_errors() {
        None => codegen::expand(item, &client),
        Some(mut tokens) => {
            tokens.extend(codegen::stub(item, &client));
            tokens
        }
    }
}
