//! What the derive understood of an error type.

use proc_macro2::TokenStream;
use syn::{Generics, Ident, LitStr, Type};

use super::format::FormatText;
use crate::paths::Root;

pub(crate) struct ErrorType<'a> {
    pub(crate) root: Root,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) cases: Vec<ErrorCase<'a>>,
}

/// A variant, or the struct.
pub(crate) struct ErrorCase<'a> {
    /// `GameError::RoomFull`, or `GameError`.
    pub(crate) path: TokenStream,
    /// `GameError::RoomFull`, for the log.
    pub(crate) log_path: String,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) reply: FaultReply,
}

pub(crate) struct Field<'a> {
    /// The name, or the position.
    pub(crate) name: String,
    pub(crate) member: syn::Member,
    /// What it is called in the expansion.
    pub(crate) variable: Ident,
    pub(crate) ty: &'a Type,
}

pub(crate) enum FaultReply {
    Public {
        code: LitStr,
        message: FormatText,
        detail: Option<FormatText>,
    },
    /// For the log alone.
    Internal,
}
