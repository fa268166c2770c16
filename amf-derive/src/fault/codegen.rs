//! Generation of the conversion to `Fault`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Generics, LitStr, parse_quote};

use super::format::FormatText;
use super::ir::{ErrorCase, ErrorType, FaultReply, Field};
use crate::bounds::is_generic;
use crate::lints;
use crate::paths::Root;

pub(crate) fn expand(error: &ErrorType<'_>) -> TokenStream {
    let arms = error.cases.iter().map(|case| match_arm(&error.root, case));
    from_impl(error, &bounded_generics(error), &quote!(match __error { #(#arms)* }))
}

/// Generates a stub for a type with errors, so that uses of the type are not reported as well.
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

fn match_arm(root: &Root, case: &ErrorCase<'_>) -> TokenStream {
    let path = &case.path;
    match &case.reply {
        FaultReply::Internal => {
            let (pattern, logged) = (case.fields.iter().map(binding), log_message(case));
            quote!(#path { #(#pattern),* } => #root::Fault::internal(#logged),)
        }
        FaultReply::Public { code, message, detail } => {
            let placeholders = case.fields.iter().enumerate().filter_map(|(index, field)| {
                let shows = |text: &FormatText| text.placeholders.iter().any(|(shown, _)| *shown == index);
                (shows(message) || detail.as_ref().is_some_and(shows)).then(|| binding(field))
            });
            let message = text(message, &case.fields);
            let detail = detail.as_ref().map(|detail| {
                let detail = text(detail, &case.fields);
                quote!(.with_detail(#detail))
            });
            quote!(#path { #(#placeholders,)* .. } => #root::Fault::new(#code, #message) #detail,)
        }
    }
}

/// Returns the pattern `0: __field_0`, which is valid for all shapes of variants.
fn binding(field: &Field<'_>) -> TokenStream {
    let (member, variable) = (&field.member, &field.variable);
    quote!(#member: #variable)
}

fn text(text: &FormatText, fields: &[Field<'_>]) -> TokenStream {
    let literal = &text.literal;
    if text.placeholders.is_empty() {
        return quote!(#literal);
    }
    let mut indices: Vec<usize> = text.placeholders.iter().map(|(index, _)| *index).collect();
    indices.dedup();
    let arguments = indices.into_iter().filter_map(|index| fields.get(index)).map(argument);
    quote!(::std::format!(#literal, #(#arguments),*))
}

/// Returns the log message of an internal fault: its path and its fields.
fn log_message(case: &ErrorCase<'_>) -> TokenStream {
    let path = &case.log_path;
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

/// Returns a named argument for `format!`, so that the expansion does not rely on implicit captures.
fn argument(field: &Field<'_>) -> TokenStream {
    let variable = &field.variable;
    quote!(#variable = #variable)
}

/// Adds bounds for the fields that are displayed, if their types are generic.
fn bounded_generics(error: &ErrorType<'_>) -> Generics {
    let mut generics = error.generics.clone();
    for case in &error.cases {
        for (field, shows) in required_traits(case) {
            let ty = field.ty;
            if is_generic(ty, error.generics) {
                let shows = format_ident!("{shows}");
                generics.make_where_clause().predicates.push(parse_quote!(#ty: ::core::fmt::#shows));
            }
        }
    }
    generics
}

fn required_traits<'a>(case: &'a ErrorCase<'a>) -> Vec<(&'a Field<'a>, &'static str)> {
    match &case.reply {
        FaultReply::Internal => case.fields.iter().map(|field| (field, "Debug")).collect(),
        FaultReply::Public { message, detail, .. } => message
            .placeholders
            .iter()
            .chain(detail.iter().flat_map(|detail| &detail.placeholders))
            // A width is a number, whatever the type parameters are.
            .filter(|(_, shows)| !shows.is_empty())
            .filter_map(|(index, shows)| Some((case.fields.get(*index)?, *shows)))
            .collect(),
    }
}
