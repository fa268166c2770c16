//! `#[remote_client]`: declaration of the methods that a server may call on its clients.

mod codegen;
mod ir;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemTrait};

use crate::errors::Errors;

/// Expands the attribute on one trait.
pub(crate) fn expand(arguments: TokenStream, tokens: &TokenStream) -> TokenStream {
    let item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Trait(item)) => item,
        Ok(_) => {
            let message = "`#[remote_client]` stands on a trait whose methods clients have: \
                           write it above `trait GameEvents { ... }`";
            let error = syn::Error::new(proc_macro2::Span::call_site(), message).into_compile_error();
            return quote!(#tokens #error);
        }
        // The error of rustc is better, so the item is passed on unchanged.
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
