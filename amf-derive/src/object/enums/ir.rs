//! Parsed model of an enum.

use proc_macro2::TokenStream;
use syn::{Ident, Type};

use crate::object::ir::Field;

/// Enum whose variants are selected by the alias on the wire.
pub(crate) struct Variants<'a> {
    pub(crate) variants: Vec<Variant<'a>>,
    pub(crate) other: Option<OtherVariant<'a>>,
}

/// Variant that is a class.
pub(crate) struct Variant<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) content: VariantContent<'a>,
}

/// Content of a variant.
pub(crate) enum VariantContent<'a> {
    /// A type that has a class.
    Class(&'a Type),
    /// Members of the variant itself. A unit variant has none.
    Members { alias: String, also: Vec<String>, fields: Vec<Field<'a>> },
}

/// Enum of unit variants.
pub(crate) struct Constants<'a> {
    pub(crate) form: ConstantForm,
    pub(crate) units: Vec<Constant<'a>>,
    pub(crate) other: Option<OtherVariant<'a>>,
}

/// Encoding of unit variants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConstantForm {
    Strings,
    Numbers,
}

/// Unit variant.
pub(crate) struct Constant<'a> {
    pub(crate) ident: &'a Ident,
    /// Value on the wire as an expression: a string, or a number of type `i128`.
    pub(crate) value: TokenStream,
    /// Other strings that are accepted for this variant.
    pub(crate) also: Vec<String>,
}

/// Variant that accepts values which match no other.
pub(crate) struct OtherVariant<'a> {
    pub(crate) ident: &'a Ident,
    /// Type of the field that stores the value. `None` for a unit variant, which is allowed among constants only.
    pub(crate) kept_type: Option<&'a Type>,
}
