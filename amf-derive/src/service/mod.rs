//! `#[remoting_service]`: conversion of an impl block to a table of methods that clients can call.

mod codegen;
mod ir;
mod ownership;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemImpl};

use crate::errors::Errors;

/// Expands the attribute on one impl block.
pub(crate) fn expand(arguments: TokenStream, tokens: &TokenStream) -> TokenStream {
    let item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Impl(item)) => item,
        Ok(_) => {
            let message = "`#[remoting_service]` stands on the impl block whose methods clients can call: \
                           write it above `impl Game { ... }`";
            let error = syn::Error::new(proc_macro2::Span::call_site(), message).into_compile_error();
            return quote!(#tokens #error);
        }
        // The error of rustc is better, so the item is passed on unchanged.
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#tokens #error);
        }
    };
    expand_impl(arguments, item)
}

fn expand_impl(arguments: TokenStream, mut item: ItemImpl) -> TokenStream {
    let mut errors = Errors::default();
    let service = parse::service(arguments, &mut item, &mut errors);
    match errors.into_compile_errors() {
        None => codegen::expand(&item, &service),
        Some(mut tokens) => {
            tokens.extend(codegen::stub(&item, &service));
            tokens
        }
    }
}
