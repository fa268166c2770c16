//! `#[derive(Fault)]`: the information that a caller receives about an error.

mod codegen;
mod format;
mod ir;
mod parse;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

/// Expands the derive on one item.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let error_type = parse::error_type(&input, &mut errors);
    match errors.into_compile_errors() {
        None => codegen::expand(&error_type),
        Some(mut tokens) => {
            tokens.extend(codegen::stub(&error_type));
            tokens
        }
    }
}
