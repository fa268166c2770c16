//! The mistakes in one item, gathered so that they are reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// Every mistake found so far, each on its own place.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<Error>,
    count: usize,
}

impl Errors {
    /// A mistake in these tokens; the message says what to write instead.
    pub(crate) fn at(&mut self, place: &impl ToTokens, message: impl Display) {
        self.add(Error::new_spanned(place, message));
    }

    /// A mistake in a place that is known by its span alone.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.add(Error::new(span, message));
    }

    /// A mistake that the parser found.
    pub(crate) fn add(&mut self, error: Error) {
        self.count += 1;
        match &mut self.all {
            Some(first) => first.combine(error),
            None => self.all = Some(error),
        }
    }

    /// How many there are, to see whether a step found any.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The mistakes as `compile_error!` invocations; none where there were none.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        self.all.map(|error| error.to_compile_error())
    }
}
