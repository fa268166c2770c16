//! What the derive understood of an enum.

use proc_macro2::TokenStream;
use syn::{Ident, Type};

use crate::object::ir::Field;

/// An enum whose variants are told by the alias on the wire.
pub(crate) struct Variants<'a> {
    pub(crate) variants: Vec<Variant<'a>>,
    pub(crate) other: Option<OtherVariant<'a>>,
}

pub(crate) struct Variant<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) content: VariantContent<'a>,
}

pub(crate) enum VariantContent<'a> {
    /// A type that is a class.
    Class(&'a Type),
    /// Members of its own; a unit variant has none.
    Members { alias: String, also: Vec<String>, fields: Vec<Field<'a>> },
}

/// An enum of unit variants.
pub(crate) struct Constants<'a> {
    pub(crate) form: ConstantForm,
    pub(crate) units: Vec<Constant<'a>>,
    pub(crate) other: Option<OtherVariant<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConstantForm {
    Strings,
    Numbers,
}

pub(crate) struct Constant<'a> {
    pub(crate) ident: &'a Ident,
    /// A string or a number of type `i128`, each as an expression.
    pub(crate) value: TokenStream,
    /// Other strings that are read as this one.
    pub(crate) also: Vec<String>,
}

/// The variant that takes what no other does.
pub(crate) struct OtherVariant<'a> {
    pub(crate) ident: &'a Ident,
    /// What it keeps; a unit variant of constants keeps nothing, and is one of them.
    pub(crate) kept_type: Option<&'a Type>,
}
