//! What the derive understood of a struct.

use proc_macro2::Span;
use syn::{ExprPath, Generics, Ident, Type};

use crate::paths::Root;

pub(crate) struct Object<'a> {
    pub(crate) root: Root,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// Empty for an anonymous object.
    pub(crate) alias: String,
    pub(crate) body: Body<'a>,
}

pub(crate) enum Body<'a> {
    /// The type reads and writes itself; here it says so.
    Externalizable(Span),
    Fields {
        fields: Vec<Field<'a>>,
        /// Where it says that the struct's `Default` stands in for what is missing.
        default: Option<Span>,
    },
}

pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) role: Role,
}

pub(crate) enum Role {
    Member { wire: String, missing: Missing },
    Skipped,
    Dynamic,
}

/// What becomes of a member that is not on the wire.
pub(crate) enum Missing {
    /// What the type says, or an error.
    TypeDecides,
    Default,
    Call(ExprPath),
}
