//! What the macro understood of an impl block.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Ident, Type};

use crate::access::Access;
use crate::paths::Root;

pub(crate) struct Service {
    pub(crate) root: Root,
    pub(crate) name: String,
    /// Sorted by their names on the wire.
    pub(crate) methods: Vec<Method>,
}

pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) wire: String,
    pub(crate) is_async: bool,
    pub(crate) is_concurrent: bool,
    /// Whether it runs on the blocking pool; never where it is `async`.
    pub(crate) is_blocking: bool,
    /// Its own timeout; [`Duration::MAX`] for no limit.
    pub(crate) timeout: Option<Duration>,
    /// None where nothing is said, neither on the method nor on the block.
    pub(crate) access: Option<Access>,
    pub(crate) parameters: Vec<Parameter>,
    /// None where nothing is returned.
    pub(crate) returns: Option<Type>,
    pub(crate) docs: Option<TokenStream>,
    /// Conditions and lints, which the entry in the table has as well.
    pub(crate) attributes: TokenStream,
}

pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    /// Without the `&` of a borrowed one.
    pub(crate) ty: Type,
    pub(crate) source: Source,
}

pub(crate) enum Source {
    /// Borrowed: made from the caller.
    Caller,
    /// Owned: arrives on the wire, under this name.
    Wire(String),
}
