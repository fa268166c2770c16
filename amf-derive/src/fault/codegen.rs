//! Writes the conversion.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Generics, LitStr, parse_quote};

use super::format::Text;
use super::ir::{Answer, Case, ErrorType, Field};
use crate::bounds::is_generic;
use crate::lints;
use crate::paths::Root;

pub(crate) fn expand(error: &ErrorType<'_>) -> TokenStream {
    let arms = error.cases.iter().map(|case| arm(&error.root, case));
    from_impl(error, &bounded(error), &quote!(match __error { #(#arms)* }))
}

/// What stands beside the messages of a faulty type, so that its uses are not reported as well.
pub(crate) fn stub(error: &ErrorType<'_>) -> TokenStream {
    from_impl(error, error.generics, &quote!(::core::unimplemented!()))
}

fn from_impl(error: &ErrorType<'_>, bounded: &Generics, body: &TokenStream) -> TokenStream {
    let (root, ident, lints) = (&error.root, error.ident, lints::on_generated_impl());
    let (parameters, arguments, conditions) = bounded.split_for_impl();
    quote! {
        #lints
        impl #parameters ::core::convert::From<#ident #arguments> for #root::Fault #conditions {
            fn from(__error: #ident #arguments) -> Self {
                #body
            }
        }
    }
}

fn arm(root: &Root, case: &Case<'_>) -> TokenStream {
    let path = &case.path;
    match &case.answer {
        Answer::Internal => {
            let (pattern, logged) = (case.fields.iter().map(binding), logged(case));
            quote!(#path { #(#pattern),* } => #root::Fault::internal(#logged),)
        }
        Answer::Told { code, message, detail } => {
            let shown = case.fields.iter().enumerate().filter_map(|(index, field)| {
                let shows = |text: &Text| text.shown.iter().any(|(shown, _)| *shown == index);
                (shows(message) || detail.as_ref().is_some_and(shows)).then(|| binding(field))
            });
            let message = text(message, &case.fields);
            let detail = detail.as_ref().map(|detail| {
                let detail = text(detail, &case.fields);
                quote!(.with_detail(#detail))
            });
            quote!(#path { #(#shown,)* .. } => #root::Fault::new(#code, #message) #detail,)
        }
    }
}

/// `0: __field_0`, which fits all shapes of variants.
fn binding(field: &Field<'_>) -> TokenStream {
    let (member, variable) = (&field.member, &field.variable);
    quote!(#member: #variable)
}

fn text(text: &Text, fields: &[Field<'_>]) -> TokenStream {
    let literal = &text.literal;
    if text.shown.is_empty() {
        return quote!(#literal);
    }
    let mut indices: Vec<usize> = text.shown.iter().map(|(index, _)| *index).collect();
    indices.dedup();
    let arguments = indices.into_iter().filter_map(|index| fields.get(index)).map(argument);
    quote!(::std::format!(#literal, #(#arguments),*))
}

/// What the log says of an internal fault: its path and its fields.
fn logged(case: &Case<'_>) -> TokenStream {
    let path = &case.spoken_path;
    if case.fields.is_empty() {
        return quote!(#path);
    }
    let texts = case.fields.iter().map(|field| match &field.member {
        syn::Member::Named(_) => format!("{}: {{{}:?}}", field.name, field.variable),
        syn::Member::Unnamed(_) => format!("{{{}:?}}", field.variable),
    });
    let literal = format!("{path}: {}", texts.collect::<Vec<_>>().join(", "));
    let literal = LitStr::new(&literal, proc_macro2::Span::call_site());
    let arguments = case.fields.iter().map(argument);
    quote!(::core::format_args!(#literal, #(#arguments),*))
}

/// Named in the call, so that nothing depends on what a string literal captures.
fn argument(field: &Field<'_>) -> TokenStream {
    let variable = &field.variable;
    quote!(#variable = #variable)
}

/// Fields of a type with parameters are shown under the condition that they can be.
fn bounded(error: &ErrorType<'_>) -> Generics {
    let mut generics = error.generics.clone();
    for case in &error.cases {
        for (field, shows) in needed(case) {
            let ty = field.ty;
            if is_generic(ty, error.generics) {
                let shows = format_ident!("{shows}");
                generics.make_where_clause().predicates.push(parse_quote!(#ty: ::core::fmt::#shows));
            }
        }
    }
    generics
}

fn needed<'a>(case: &'a Case<'a>) -> Vec<(&'a Field<'a>, &'static str)> {
    match &case.answer {
        Answer::Internal => case.fields.iter().map(|field| (field, "Debug")).collect(),
        Answer::Told { message, detail, .. } => message
            .shown
            .iter()
            .chain(detail.iter().flat_map(|detail| &detail.shown))
            // A width is a number, whatever the other parameters are.
            .filter(|(_, shows)| !shows.is_empty())
            .filter_map(|(index, shows)| Some((case.fields.get(*index)?, *shows)))
            .collect(),
    }
}
