//! Parsed model of an error type.

use proc_macro2::TokenStream;
use syn::{Generics, Ident, LitStr, Type};

use super::format::FormatText;
use crate::paths::Root;

/// Error type with its variants.
pub(crate) struct ErrorType<'a> {
    pub(crate) root: Root,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) cases: Vec<ErrorCase<'a>>,
}

/// Variant of an enum, or a struct.
pub(crate) struct ErrorCase<'a> {
    /// Path in patterns: `GameError::RoomFull`, or `GameError`.
    pub(crate) path: TokenStream,
    /// Path in the log: `GameError::RoomFull`.
    pub(crate) log_path: String,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) reply: FaultReply,
}

/// Field of a variant or a struct.
pub(crate) struct Field<'a> {
    /// Name or position.
    pub(crate) name: String,
    pub(crate) member: syn::Member,
    /// Name of the variable in the expansion.
    pub(crate) variable: Ident,
    pub(crate) ty: &'a Type,
}

/// Reply that the caller receives.
pub(crate) enum FaultReply {
    Public {
        code: LitStr,
        message: FormatText,
        detail: Option<FormatText>,
    },
    /// No details; the error is logged only.
    Internal,
}
