//! What the macro understood of a trait.

use proc_macro2::{Span, TokenStream};
use syn::{Ident, Signature, Type};

use crate::paths::Root;

pub(crate) struct RemoteClient {
    pub(crate) root: Root,
    pub(crate) methods: Vec<Method>,
}

impl RemoteClient {
    /// Whether a group of clients can have it: only one client can be asked.
    pub(crate) fn supports_groups(&self) -> bool {
        !self.methods.iter().any(|method| matches!(method.kind, MethodKind::Invoke(_)))
    }
}

pub(crate) struct Method {
    /// As it is written.
    pub(crate) signature: Signature,
    pub(crate) wire: String,
    pub(crate) parameters: Vec<Ident>,
    pub(crate) kind: MethodKind,
    /// Conditions and lints, which the implementations have as well.
    pub(crate) attributes: TokenStream,
}

pub(crate) enum MethodKind {
    /// Told, whether it arrives or not.
    Notify,
    /// Told, with a result, whose place this is.
    TryNotify(Span),
    /// Asked, with an answer of this type.
    Invoke(Box<Type>),
}
