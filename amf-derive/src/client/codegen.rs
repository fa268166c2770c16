//! Generation of the trait and its implementations.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{ItemTrait, ReturnType, Signature, TraitItem, parse_quote_spanned};

use super::ir::{Method, MethodKind, RemoteClient};
use crate::paths::Root;
use crate::{lints, span};

pub(crate) fn expand(mut item: ItemTrait, client: &RemoteClient) -> TokenStream {
    rewrite_async(&mut item);
    let implementations = target_types(client).map(|target| {
        let methods = client.methods.iter().map(|method| method_impl(&client.root, &target, method));
        trait_impl(&item, &target, methods)
    });
    quote!(#item #(#implementations)*)
}

/// Generates stub implementations for a trait with errors, so that uses of the trait are not reported as well.
pub(crate) fn stub(mut item: ItemTrait, client: &RemoteClient) -> TokenStream {
    item.items.retain(|item| matches!(item, TraitItem::Fn(_)));
    item.unsafety = None;
    item.auto_token = None;
    rewrite_async(&mut item);
    let implementations = target_types(client).map(|target| {
        let methods = item.items.iter().filter_map(|item| match item {
            TraitItem::Fn(function) => {
                let (signature, attributes) = (&function.sig, lints::shared_attributes(&function.attrs));
                let body = match &signature.output {
                    ReturnType::Type(_, ty) if matches!(**ty, syn::Type::ImplTrait(_)) => {
                        quote!(::core::future::pending())
                    }
                    _ => quote!(::core::unimplemented!()),
                };
                Some(quote!(#attributes #[allow(unused)] #signature { #body }))
            }
            _ => None,
        });
        trait_impl(&item, &target, methods)
    });
    quote!(#item #(#implementations)*)
}

fn target_types(client: &RemoteClient) -> impl Iterator<Item = TokenStream> {
    let root = &client.root;
    let group = client.supports_groups().then(|| quote!(#root::Group));
    [quote!(#root::Client)].into_iter().chain(group)
}

fn trait_impl(
    item: &ItemTrait,
    target: &TokenStream,
    methods: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    let (lints, attributes) = (lints::on_generated_impl(), lints::shared_attributes(&item.attrs));
    let ident = &item.ident;
    let (parameters, arguments, conditions) = item.generics.split_for_impl();
    quote! {
        #lints
        #attributes
        impl #parameters #ident #arguments for #target #conditions {
            #(#methods)*
        }
    }
}

fn method_impl(root: &Root, target: &TokenStream, method: &Method) -> TokenStream {
    let Method { wire, attributes, parameters, .. } = method;
    let signature = without_async(&method.signature);
    let arguments = quote_spanned!(span::at(&method.signature.ident)=> (#(#parameters,)*));
    let body = match &method.kind {
        MethodKind::Notify => {
            quote!(#root::__private::log_failed_notification(#wire, #target::notify(self, #wire, #arguments)))
        }
        MethodKind::TryNotify(span) => {
            let target = span::with_span(target, *span);
            quote_spanned!(*span=> #target::notify(self, #wire, #arguments))
        }
        MethodKind::Invoke(ty) => {
            let place = span::at(&**ty);
            let target = span::with_span(target, place);
            quote_spanned!(place=> #target::invoke(self, #wire, #arguments))
        }
    };
    quote!(#attributes #signature { #body })
}

/// Rewrites `async fn` to functions that return `impl Future + Send`. Callers may move such futures between threads,
/// and rustc does not warn about `async fn` in traits.
fn rewrite_async(item: &mut ItemTrait) {
    for item in &mut item.items {
        if let TraitItem::Fn(function) = item {
            function.sig = without_async(&function.sig);
        }
    }
}

fn without_async(signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    if signature.asyncness.take().is_some() {
        let (span, output) = match &signature.output {
            ReturnType::Type(_, ty) => (span::at(ty), quote!(#ty)),
            ReturnType::Default => (span::at(&signature.ident), quote!(())),
        };
        signature.output = parse_quote_spanned! {span=>
            -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
        };
    }
    signature
}
