//! Collection of the errors in one item, so that all are reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// Errors found so far, each with its own position.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<Error>,
    count: usize,
}

impl Errors {
    /// Adds an error at the position of some tokens. The message states the correct code.
    pub(crate) fn at(&mut self, place: &impl ToTokens, message: impl Display) {
        self.add(Error::new_spanned(place, message));
    }

    /// Adds an error at a position that is known by its span only.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.add(Error::new(span, message));
    }

    /// Adds an error of the parser.
    pub(crate) fn add(&mut self, error: Error) {
        self.count += 1;
        match &mut self.all {
            Some(first) => first.combine(error),
            None => self.all = Some(error),
        }
    }

    /// Returns the number of errors. Callers compare two numbers to find out if a step reported any.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the errors as `compile_error!` invocations, or `None` if there are none.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        self.all.map(|error| error.to_compile_error())
    }
}
