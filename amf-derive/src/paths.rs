//! Where an expansion finds the runtime: absolute paths, unless `crate = "…"` says otherwise.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

/// The path in front of everything that an expansion uses of the runtime crate.
#[derive(Clone)]
pub(crate) struct Root(TokenStream);

impl Root {
    /// `amf-core`, for programs that depend on it.
    pub(crate) fn core() -> Self {
        Self(quote!(::amf_core))
    }

    /// `amf-core` as `amf-remoting` re-exports it, for programs that depend on that alone.
    pub(crate) fn core_in_remoting() -> Self {
        Self(quote!(::amf_remoting::amf_core))
    }

    /// `amf-remoting`.
    pub(crate) fn remoting() -> Self {
        Self(quote!(::amf_remoting))
    }

    /// What `crate = "…"` says, or else this one.
    pub(crate) fn or_given(self, given: Option<Path>) -> Self {
        given.map_or(self, |path| Self(path.into_token_stream()))
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
