//! `#[derive(AmfObject)]`: structs as AMF objects, and enums as objects of several classes or as constants, read and
//! written without an intermediate tree.

mod codegen;
mod enums;
mod ir;
mod members;
mod newtype;
mod parse;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::paths::Root;

/// Expands the derive on one item.
pub(crate) fn derive(input: TokenStream, root: Root) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let object = parse::object(&input, root, &mut errors);
    match errors.into_compile_errors() {
        None => codegen::expand(&object),
        Some(mut tokens) => {
            tokens.extend(codegen::stub(&object));
            tokens
        }
    }
}
