//! Parsing and validation of the trait, and removal of `#[remote(...)]` from its methods.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::{
    FnArg, GenericArgument, ItemTrait, Path, PathArguments, ReturnType, TraitItem, TraitItemFn, Type,
    TypePath,
};

use super::ir::{Method, MethodKind, RemoteClient};
use crate::attr::{SetOnce, parse_settings};
use crate::describe::type_text;
use crate::errors::Errors;
use crate::method::{
    CLIENT_ADVICE, RemoteAttribute, WireNames, check_signature, is_conditional, parameter_name,
    refuse_impl_trait,
};
use crate::paths::Root;
use crate::{lints, span, types};

/// Maximum number of parameters, equal to that of the elements of a tuple of arguments.
const MAX_PARAMETERS: usize = 12;

pub(crate) fn client(arguments: TokenStream, item: &mut ItemTrait, errors: &mut Errors) -> RemoteClient {
    let root = root(arguments, errors);
    check_trait(item, errors);
    let mut names = WireNames::default();
    let mut methods = Vec::new();
    for item in &mut item.items {
        match item {
            TraitItem::Fn(function) => methods.push(method(function, &mut names, errors)),
            TraitItem::Verbatim(_) => {}
            other => errors.at(other, "a client has methods only: move this to a trait of its own"),
        }
    }
    RemoteClient { root: Root::remoting().or_given(root), methods }
}

fn root(arguments: TokenStream, errors: &mut Errors) -> Option<Path> {
    let mut root = SetOnce::default();
    let settings = parse_settings.parse2(arguments).unwrap_or_else(|error| {
        errors.add(error);
        Vec::new()
    });
    for setting in settings {
        match setting.text().as_str() {
            "crate" => {
                let value = setting.path("my_crate::amf_remoting", errors);
                root.set(&setting, value, errors);
            }
            "name" => {
                errors.at(&setting.name, "a client's methods are called by their names alone: remove `name`");
            }
            _ => setting.unknown("`#[remote_client]`", &["crate"], errors),
        }
    }
    root.take()
}

fn check_trait(item: &ItemTrait, errors: &mut Errors) {
    if let Some(unsafety) = &item.unsafety {
        errors.at(unsafety, "a client promises nothing: remove `unsafe`");
    }
    if let Some(auto) = &item.auto_token {
        errors.at(auto, "a client's methods are in its trait: remove `auto`");
    }
    if let Some(parameter) = item.generics.params.first() {
        errors.at(
            parameter,
            "all clients are called in the same way: write the type in the methods, without a parameter",
        );
    }
}

fn method(function: &mut TraitItemFn, names: &mut WireNames, errors: &mut Errors) -> Method {
    let remote = RemoteAttribute::take(&mut function.attrs, &["rename"], errors);
    let signature = &function.sig;
    check_signature(signature, &CLIENT_ADVICE, errors);
    if let Some(body) = &function.default {
        errors.at(body, "the client has the body: write `;` instead");
    }
    let wire = remote.wire_name(&signature.ident, errors);
    names.claim(&wire, &signature.ident, is_conditional(&function.attrs), errors);
    let mut parameters = Vec::new();
    for input in &signature.inputs {
        if let FnArg::Typed(typed) = input {
            refuse_impl_trait(&typed.ty, errors);
            parameters.extend(parameter_name(typed, errors).cloned());
        }
    }
    if let Some(first_too_many) = signature.inputs.iter().nth(MAX_PARAMETERS + 1) {
        errors.at(
            first_too_many,
            format_args!(
                "a call has up to {MAX_PARAMETERS} arguments: put them into a struct with `AmfObject`"
            ),
        );
    }
    Method {
        wire: wire.0,
        parameters,
        kind: kind(function, errors),
        attributes: lints::shared_attributes(&function.attrs),
        signature: signature.clone(),
    }
}

fn kind(function: &TraitItemFn, errors: &mut Errors) -> MethodKind {
    let signature = &function.sig;
    let name = &signature.ident;
    let returns = match &signature.output {
        ReturnType::Type(_, ty) if !is_unit(ty) => Some(&**ty),
        _ => None,
    };
    match (&signature.asyncness, returns) {
        (None, None) => MethodKind::Notify,
        (None, Some(ty)) => {
            if let Some(answer) = result_ok_type(ty) {
                let answer = type_text(answer);
                errors.at(
                    ty,
                    format_args!("an answer takes time: write `async fn {name}`, or `Result<(), CallError>` without the `{answer}`"),
                );
            } else if let Some(known) = types::known_name(ty) {
                errors.at(
                    ty,
                    format_args!(
                        "an answer takes time and may not come: write `async fn {name}(...) -> Result<{known}, CallError>`"
                    ),
                );
            }
            MethodKind::TryNotify(span::at(ty))
        }
        (Some(asyncness), None) => {
            errors.at(
                asyncness,
                format_args!(
                    "an answer may not come: write `-> Result<(), CallError>` behind `async fn {name}(...)`, or `fn` \
                     without `async` to wait for none"
                ),
            );
            MethodKind::Notify
        }
        (Some(_), Some(ty)) => {
            if let Some(known) = types::known_name(ty) {
                errors.at(ty, format_args!("an answer may not come: write `Result<{known}, CallError>`"));
            }
            MethodKind::Invoke(Box::new(ty.clone()))
        }
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Returns the `T` of a type that is written `Result<T, …>`, unless `T` is `()`.
fn result_ok_type(ty: &Type) -> Option<&Type> {
    let Type::Path(TypePath { qself: None, path }) = ty else { return None };
    let last = path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(answer) if !is_unit(answer) => Some(answer),
        _ => None,
    }
}
