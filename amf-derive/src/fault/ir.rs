//! What the derive understood of an error type.

use proc_macro2::TokenStream;
use syn::{Generics, Ident, LitStr, Type};

use super::format::Text;
use crate::paths::Root;

pub(crate) struct ErrorType<'a> {
    pub(crate) root: Root,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) cases: Vec<Case<'a>>,
}

/// A variant, or the struct.
pub(crate) struct Case<'a> {
    /// `GameError::RoomFull`, or `GameError`.
    pub(crate) path: TokenStream,
    /// `GameError::RoomFull`, for the log.
    pub(crate) spoken_path: String,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) answer: Answer,
}

pub(crate) struct Field<'a> {
    /// The name, or the position.
    pub(crate) name: String,
    pub(crate) member: syn::Member,
    /// What it is called in the expansion.
    pub(crate) variable: Ident,
    pub(crate) ty: &'a Type,
}

pub(crate) enum Answer {
    Told {
        code: LitStr,
        message: Text,
        detail: Option<Text>,
    },
    /// For the log alone.
    Internal,
}
