//! Generation of the method table.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, ItemImpl, Type, parse_quote};

use super::ir::{Method, Service, Source};
use crate::access::Access;
use crate::describe;
use crate::method::find_keyword;
use crate::{lints, span};

pub(crate) fn expand(item: &ItemImpl, service: &Service) -> TokenStream {
    let entries = service.methods.iter().map(|method| entry(service, method));
    let table = table(item, service, &quote!(&[#(#entries),*]));
    // The macro dictates the shape of the methods, so clippy must not object to it.
    quote! {
        #[allow(
            clippy::future_not_send,
            clippy::missing_const_for_fn,
            clippy::needless_pass_by_value,
            clippy::ref_option,
            clippy::trivially_copy_pass_by_ref,
            clippy::unused_async,
            clippy::unused_self
        )]
        #item
        #table
    }
}

/// Generates a stub for a block with errors, so that uses of the service are not reported as well.
pub(crate) fn stub(item: &ItemImpl, service: &Service) -> TokenStream {
    if !matches!(*item.self_ty, Type::Path(_)) {
        return quote!(#item);
    }
    let mut owned = item.clone();
    for lifetime in owned.generics.lifetimes_mut() {
        lifetime.bounds.push(parse_quote!('static));
    }
    let table = table(&owned, service, &quote!(&[]));
    quote!(#item #table)
}

fn table(item: &ItemImpl, service: &Service, methods: &TokenStream) -> TokenStream {
    let (root, name) = (&service.root, &service.name);
    let (lints, attributes) = (lints::on_generated_impl(), lints::shared_attributes(&item.attrs));
    let self_ty = &item.self_ty;
    let mut generics = item.generics.clone();
    // With this bound, a type that does not satisfy it is reported once at its position, not once for each
    // method.
    let condition = quote_spanned!(span::at(self_ty)=> ::core::marker::Send + ::core::marker::Sync + 'static);
    generics.make_where_clause().predicates.push(parse_quote!(#self_ty: #condition));
    let (parameters, _, conditions) = generics.split_for_impl();
    quote! {
        #lints
        #attributes
        impl #parameters #root::Service for #self_ty #conditions {
            const NAME: &'static ::core::primitive::str = #name;
            const METHODS: &'static [#root::service::Method<Self>] = #methods;
        }
    }
}

fn entry(service: &Service, method: &Method) -> TokenStream {
    let root = &service.root;
    let Method { ident, wire, attributes, .. } = method;
    let decode = method.parameters.iter().filter_map(|parameter| match &parameter.source {
        Source::Wire(name) => {
            let (variable, ty) = (variable(&parameter.ident), &parameter.ty);
            Some(quote!(let #variable = __arguments.next::<#ty>(#name)?;))
        }
        Source::Caller => None,
    });
    let borrow = method.parameters.iter().filter_map(|parameter| match &parameter.source {
        Source::Caller => {
            let (variable, ty) = (variable(&parameter.ident), &parameter.ty);
            let place = span::at(ty);
            let trait_path = span::with_span(&quote!(#root::FromCaller), place);
            let made = quote_spanned!(place=> <#ty as #trait_path>::from_caller(__context.caller()).await?);
            Some(quote!(let #variable = #made;))
        }
        Source::Wire(_) => None,
    });
    let arguments = method.parameters.iter().map(|parameter| {
        let variable = variable(&parameter.ident);
        match parameter.source {
            Source::Wire(_) => quote!(#variable),
            Source::Caller => quote!(&#variable),
        }
    });
    let wait = method.is_async.then(|| quote!(.await));
    let reply = reply(root, method);
    // rustc reports a future that is not `Send` at the name of the method.
    let place = span::at(ident);
    let running = span::with_span(&quote!(#root::__private::boxed_method), place);
    let run = quote_spanned! {place=>
        let __output = Self::#ident(&*__service, #(#arguments),*)#wait;
        #reply
    };
    let run = if method.is_blocking {
        let run_blocking = span::with_span(&quote!(#root::__private::run_blocking), place);
        quote_spanned!(place=> #run_blocking(move || { #run }).await)
    } else {
        run
    };
    let running = quote_spanned! {place=> #running(async move {
        #(#borrow)*
        #run
    })};
    let description = description(service, method);
    quote! {
        #attributes
        #root::service::Method::<Self>::new(#wire, |__service, __arguments, __context| {
            #(#decode)*
            #running
        })
        #description
    }
}

/// Generates the conversion of the result to a reply. A type that has none is reported at its position.
fn reply(root: &impl ToTokens, method: &Method) -> TokenStream {
    let Some(ty) = &method.returns else {
        return quote!(#root::IntoReply::into_reply(__output, &__context));
    };
    if find_keyword(ty.to_token_stream(), "impl").is_some() || ty.to_token_stream().to_string().contains('\'')
    {
        // Neither can be written outside of the signature.
        return quote!(#root::IntoReply::into_reply(__output, &__context));
    }
    quote!(<#ty as #root::IntoReply<_>>::into_reply(__output, &__context))
}

/// Generates the description of a method in the table.
fn description(service: &Service, method: &Method) -> TokenStream {
    let root = &service.root;
    let parameters: Vec<TokenStream> = method
        .parameters
        .iter()
        .filter_map(|parameter| match &parameter.source {
            Source::Wire(name) => {
                let (ty, text) = (&parameter.ty, describe::type_text(&parameter.ty));
                Some(quote!(#root::service::Parameter::new::<#ty>(#name, #text)))
            }
            Source::Caller => None,
        })
        .collect();
    let parameters = (!parameters.is_empty()).then(|| quote!(.parameters(const { &[#(#parameters),*] })));
    let returns = method.returns.as_ref().map(|ty: &Type| {
        let text = describe::type_text(ty);
        quote!(.returns(#text))
    });
    let docs = method.docs.as_ref().map(|docs| quote!(.docs(#docs)));
    let concurrent = method.is_concurrent.then(|| quote!(.concurrent()));
    let timeout = method.timeout.map(timeout_call);
    let access = method.access.as_ref().and_then(|access| match access {
        Access::Public => None,
        Access::LoggedIn => Some(quote!(.access(#root::service::Access::LoggedIn))),
        Access::Role(role) => Some(quote!(.access(#root::service::Access::Role(#role)))),
    });
    quote!(#parameters #returns #docs #concurrent #timeout #access)
}

fn timeout_call(timeout: Duration) -> TokenStream {
    let (seconds, milliseconds) = (timeout.as_secs(), timeout.as_millis() as u64);
    let timeout = if timeout == Duration::MAX {
        quote!(MAX)
    } else if timeout.subsec_nanos() == 0 {
        quote!(from_secs(#seconds))
    } else {
        quote!(from_millis(#milliseconds))
    };
    quote!(.timeout(::core::time::Duration::#timeout))
}

/// Returns the name of the variable of a parameter, which cannot collide with those of the expansion.
fn variable(parameter: &Ident) -> Ident {
    format_ident!("__parameter_{}", parameter.unraw(), span = span::at(parameter))
}
