//! Parsed model of an impl block.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Ident, Type};

use crate::access::Access;
use crate::paths::Root;

/// Service with its methods.
pub(crate) struct Service {
    pub(crate) root: Root,
    pub(crate) name: String,
    /// Methods, sorted by their names on the wire.
    pub(crate) methods: Vec<Method>,
}

/// Method of a service.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) wire: String,
    pub(crate) is_async: bool,
    pub(crate) is_concurrent: bool,
    /// Whether the method runs on the blocking pool. Never `true` for an `async` method.
    pub(crate) is_blocking: bool,
    /// Timeout of the method; [`Duration::MAX`] for no limit.
    pub(crate) timeout: Option<Duration>,
    /// Access rule of the method or the block. `None` if neither has one.
    pub(crate) access: Option<Access>,
    pub(crate) parameters: Vec<Parameter>,
    /// Return type. `None` if the method returns `()`.
    pub(crate) returns: Option<Type>,
    pub(crate) docs: Option<TokenStream>,
    /// Conditions and lints, which the table entry has as well.
    pub(crate) attributes: TokenStream,
}

/// Parameter of a method.
pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    /// Type, without the `&` of a borrowed parameter.
    pub(crate) ty: Type,
    pub(crate) source: Source,
}

/// Source of the value of a parameter.
pub(crate) enum Source {
    /// Borrowed parameter, created from the caller.
    Caller,
    /// Owned parameter, an argument of the call with this name.
    Wire(String),
}
