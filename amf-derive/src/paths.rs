//! Paths of the runtime crates in expansions: absolute, unless `crate = "…"` sets another one.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

/// Path of the crate that an expansion refers to.
#[derive(Clone)]
pub(crate) struct Root(TokenStream);

impl Root {
    /// Returns the path of `amf-core`, for programs that depend on it.
    pub(crate) fn core() -> Self {
        Self(quote!(::amf_core))
    }

    /// Returns the path of `amf-core` as re-exported by `amf-remoting`, for programs that depend on that crate only.
    pub(crate) fn core_in_remoting() -> Self {
        Self(quote!(::amf_remoting::amf_core))
    }

    /// Returns the path of `amf-remoting`.
    pub(crate) fn remoting() -> Self {
        Self(quote!(::amf_remoting))
    }

    /// Returns the path that `crate = "…"` sets, or else this one.
    pub(crate) fn or_given(self, given: Option<Path>) -> Self {
        given.map_or(self, |path| Self(path.into_token_stream()))
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
