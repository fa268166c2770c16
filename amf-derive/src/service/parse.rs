//! Parsing and validation of the impl block, and removal of `#[remote(...)]` from its methods.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::Parser;
use syn::{FnArg, ImplItem, ImplItemFn, ItemImpl, Lit, LitStr, PatType, Path, ReturnType, Type};

use super::ir::{Method, Parameter, Service, Source};
use super::ownership::{self, Ownership};
use crate::access::{Access, AccessRule};
use crate::attr::{SetOnce, parse_settings};
use crate::describe;
use crate::errors::Errors;
use crate::lints;
use crate::method::{
    RemoteAttribute, SERVICE_ADVICE, WireNames, check_signature, find_keyword, is_conditional,
    parameter_name, parameter_wire_name, refuse_impl_trait,
};
use crate::names;
use crate::paths::Root;

const BLOCK_SETTINGS: &[&str] = &["name", "crate", "role", "logged_in"];
const METHOD_SETTINGS: &[&str] =
    &["rename", "concurrent", "timeout", "blocking", "role", "logged_in", "public"];

pub(crate) fn service(arguments: TokenStream, item: &mut ItemImpl, errors: &mut Errors) -> Service {
    let block = BlockSettings::parse(arguments, errors);
    check_block(item, errors);
    let name = default_name(&item.self_ty, errors);
    Service {
        root: Root::remoting().or_given(block.root.take()),
        name: block.name.take().map(|name| name.value()).or(name).unwrap_or_default(),
        methods: methods(item, block.access.access(), errors),
    }
}

/// Settings of the block.
#[derive(Default)]
struct BlockSettings {
    name: SetOnce<LitStr>,
    root: SetOnce<Path>,
    access: AccessRule,
}

impl BlockSettings {
    fn parse(arguments: TokenStream, errors: &mut Errors) -> Self {
        let mut parsed = Self::default();
        if let Ok(Lit::Str(name)) = syn::parse2::<Lit>(arguments.clone()) {
            errors.at(&name, format_args!("a value has its name: write `name = \"{}\"`", name.value()));
            return parsed;
        }
        let settings = parse_settings.parse2(arguments).unwrap_or_else(|error| {
            errors.add(error);
            Vec::new()
        });
        for setting in settings {
            match setting.text().as_str() {
                "name" => {
                    // The empty name is valid: it is the service of targets without a dot.
                    let value = setting.string(errors);
                    parsed.name.set(&setting, value, errors);
                }
                "crate" => {
                    let value = setting.path("my_crate::amf_remoting", errors);
                    parsed.root.set(&setting, value, errors);
                }
                "role" | "logged_in" | "public" if parsed.access.take(&setting, false, errors) => {}
                _ => setting.unknown("`#[remoting_service]`", BLOCK_SETTINGS, errors),
            }
        }
        parsed
    }
}

fn check_block(item: &ItemImpl, errors: &mut Errors) {
    if let Some((_, path, _)) = &item.trait_ {
        errors.at(
            path,
            "the methods of a trait are not a service: write `#[remoting_service]` above an `impl` block of the \
             type itself, with methods that call the trait's",
        );
    }
    if let Some(unsafety) = &item.unsafety {
        errors.at(unsafety, "a service is safe to call: remove `unsafe`");
    }
    if let Some(lifetime) = item.generics.lifetimes().next() {
        errors.at(
            lifetime,
            "a service lives as long as the program: write a type that owns its parts, or shares them by `Arc`",
        );
    }
}

fn default_name(self_ty: &Type, errors: &mut Errors) -> Option<String> {
    if let Type::Path(path) = self_ty
        && let Some(last) = path.path.segments.last()
    {
        return Some(names::service_name(&last.ident));
    }
    errors.at(self_ty, "a service is a value of a struct or an enum: write the block of one");
    None
}

fn methods(item: &mut ItemImpl, of_block: Option<&Access>, errors: &mut Errors) -> Vec<Method> {
    let mut names = WireNames::default();
    let mut methods = Vec::new();
    for item in &mut item.items {
        match item {
            ImplItem::Fn(function) => methods.push(method(function, of_block, &mut names, errors)),
            ImplItem::Macro(call) => errors.at(
                &call.mac.path,
                "what a macro writes here cannot be seen: write the methods themselves, or move this to another \
                 `impl` block",
            ),
            // Clients cannot call constants and types. Invalid Rust is reported by rustc.
            _ => {}
        }
    }
    methods.sort_by(|one, other| one.wire.cmp(&other.wire));
    methods
}

fn method(
    function: &mut ImplItemFn,
    of_block: Option<&Access>,
    names: &mut WireNames,
    errors: &mut Errors,
) -> Method {
    let remote = RemoteAttribute::take(&mut function.attrs, METHOD_SETTINGS, errors);
    let signature = &function.sig;
    check_signature(signature, &SERVICE_ADVICE, errors);
    refuse_async_blocking(&remote, signature.asyncness.is_some(), errors);
    let wire = remote.wire_name(&signature.ident, errors);
    names.claim(&wire, &signature.ident, is_conditional(&function.attrs), errors);
    let parameters = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(_) => None,
        FnArg::Typed(typed) => parameter(typed, errors),
    });
    Method {
        parameters: parameters.collect(),
        ident: signature.ident.clone(),
        wire: wire.0,
        is_async: signature.asyncness.is_some(),
        is_concurrent: remote.concurrent.is_set(),
        is_blocking: remote.blocking.is_set(),
        timeout: remote.timeout.get().copied(),
        access: remote.access.access().or(of_block).cloned(),
        returns: returns(function, errors),
        docs: describe::docs(&function.attrs),
        attributes: lints::shared_attributes(&function.attrs),
    }
}

/// Reports a method that is `async` and `blocking`. Its future would occupy a thread of the pool while it waits.
fn refuse_async_blocking(remote: &RemoteAttribute, is_async: bool, errors: &mut Errors) {
    if let Some(blocking) = remote.blocking.get().filter(|_| is_async) {
        errors.at(
            blocking,
            "`blocking` is for a method that computes and does not wait: remove `async`; or remove `blocking`, and \
             give what computes to `tokio::task::spawn_blocking` within the method",
        );
    }
}

fn parameter(typed: &PatType, errors: &mut Errors) -> Option<Parameter> {
    if let Some(condition) = typed.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
        errors.at(
            condition,
            "a parameter cannot depend on a condition: write two methods, each with its `#[cfg]`",
        );
    }
    let name = parameter_name(typed, errors);
    if refuse_impl_trait(&typed.ty, errors) {
        return None;
    }
    let ident = name?.clone();
    match ownership::classify(&typed.ty) {
        Ok(Ownership::Borrowed(ty)) => Some(Parameter { ident, ty: ty.clone(), source: Source::Caller }),
        Ok(Ownership::Owned) => {
            let source = Source::Wire(parameter_wire_name(&ident));
            Some(Parameter { ident, ty: (*typed.ty).clone(), source })
        }
        Err(advice) => {
            errors.at(&typed.ty, advice);
            None
        }
    }
}

fn returns(function: &ImplItemFn, errors: &mut Errors) -> Option<Type> {
    let ReturnType::Type(_, ty) = &function.sig.output else { return None };
    if let Type::Tuple(tuple) = &**ty
        && tuple.elems.is_empty()
    {
        return None;
    }
    if let Type::ImplTrait(opaque) = &**ty
        && find_keyword(opaque.to_token_stream(), "Future").is_some()
    {
        errors.at(
            ty,
            format_args!(
                "a method that waits is `async`: write `async fn {}`, and here what the future gives",
                function.sig.ident
            ),
        );
    }
    Some((**ty).clone())
}
