//! `#[derive(AmfObject)]`: a struct as an AMF object, an enum as objects of several classes or as constants, read
//! and written without a tree.

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

/// The expansion for one item.
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
