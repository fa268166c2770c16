//! Parsed model of a trait.

use proc_macro2::{Span, TokenStream};
use syn::{Ident, Signature, Type};

use crate::paths::Root;

/// Trait whose methods clients implement.
pub(crate) struct RemoteClient {
    pub(crate) root: Root,
    pub(crate) methods: Vec<Method>,
}

impl RemoteClient {
    /// Returns `true` if the trait can be implemented for groups. Only a single client can reply to a call.
    pub(crate) fn supports_groups(&self) -> bool {
        !self.methods.iter().any(|method| matches!(method.kind, MethodKind::Invoke(_)))
    }
}

/// Method of the trait.
pub(crate) struct Method {
    /// Signature as it is written.
    pub(crate) signature: Signature,
    pub(crate) wire: String,
    pub(crate) parameters: Vec<Ident>,
    pub(crate) kind: MethodKind,
    /// Conditions and lints, which the implementations have as well.
    pub(crate) attributes: TokenStream,
}

/// Form of a method, determined by its signature.
pub(crate) enum MethodKind {
    /// Notification without a result.
    Notify,
    /// Notification with a result, which has this span.
    TryNotify(Span),
    /// Call with a reply of this type.
    Invoke(Box<Type>),
}
