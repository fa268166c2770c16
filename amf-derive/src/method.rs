//! Methods that the attribute macros accept, in an impl block or in a trait.

use std::collections::HashMap;
use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{
    Attribute, FnArg, GenericParam, Ident, LitStr, Meta, Pat, PatIdent, PatType, Receiver, Signature, Type,
};

use crate::access::AccessRule;
use crate::attr::{SetOnce, settings};
use crate::errors::Errors;
use crate::names::RenameRule;
use crate::timeout;

/// Content of the `#[remote(...)]` attributes of a method.
#[derive(Default)]
pub(crate) struct RemoteAttribute {
    pub(crate) rename: SetOnce<LitStr>,
    pub(crate) concurrent: SetOnce<Ident>,
    pub(crate) blocking: SetOnce<Ident>,
    pub(crate) timeout: SetOnce<Duration>,
    pub(crate) access: AccessRule,
}

impl RemoteAttribute {
    /// Parses the attributes and removes them from the method. `known` contains the names that are valid there.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, known: &[&str], errors: &mut Errors) -> Self {
        let mut remote = Self::default();
        for setting in settings(attributes, "remote", errors) {
            match setting.text().as_str() {
                "rename" => {
                    let value = setting.text_value("a method's name is not empty", errors);
                    remote.rename.set(&setting, value, errors);
                }
                "concurrent" if known.contains(&"concurrent") => {
                    let value = setting.flag(errors);
                    remote.concurrent.set(&setting, value, errors);
                }
                "blocking" if known.contains(&"blocking") => {
                    let value = setting.flag(errors);
                    remote.blocking.set(&setting, value, errors);
                }
                "timeout" if known.contains(&"timeout") => {
                    let value = timeout::parse(&setting, errors);
                    remote.timeout.set(&setting, value, errors);
                }
                name if known.contains(&name) && remote.access.take(&setting, true, errors) => {}
                _ => setting.unknown("a method", known, errors),
            }
        }
        attributes.retain(|attribute| !attribute.path().is_ident("remote"));
        refuse_conditional(attributes, errors);
        remote
    }

    /// Returns the name on the wire and its position in the source.
    pub(crate) fn wire_name(&self, method: &Ident, errors: &mut Errors) -> (String, Span) {
        let (name, span) = match self.rename.get() {
            Some(rename) => (rename.value(), rename.span()),
            None => (RenameRule::Camel.apply_to_field(method), method.span()),
        };
        if name.is_empty() {
            errors.at_span(
                span,
                format_args!("`{method}` leaves no name for the wire: add `#[remote(rename = \"...\")]`"),
            );
        }
        if name.contains(['.', '/']) {
            errors
                .at_span(span, "`.` and `/` separate the service from the method: write a name without them");
        }
        (name, span)
    }
}

/// Reports `#[remote]` within `cfg_attr`. Conditions within an item are evaluated only after the macro ran, so the
/// attribute would have no effect.
fn refuse_conditional(attributes: &mut Vec<Attribute>, errors: &mut Errors) {
    attributes.retain(|attribute| {
        if let Meta::List(list) = &attribute.meta
            && list.path.is_ident("cfg_attr")
            && let Some(inner) = list.tokens.clone().into_iter().find(|token| token.to_string() == "remote")
        {
            errors.at(
                &inner,
                "`#[remote]` cannot depend on a condition: write two methods, each with its `#[cfg]`",
            );
            return false;
        }
        true
    });
}

/// Wire names of one item. Each belongs to one method.
#[derive(Default)]
pub(crate) struct WireNames(HashMap<String, (Ident, bool)>);

impl WireNames {
    /// Claims a name. Methods with conditions may share one, because at most one of them is compiled.
    pub(crate) fn claim(
        &mut self,
        (name, span): &(String, Span),
        method: &Ident,
        conditional: bool,
        errors: &mut Errors,
    ) {
        if let Some((first, first_conditional)) = self.0.insert(name.clone(), (method.clone(), conditional))
            && !(conditional && first_conditional)
        {
            errors.at_span(
                *span,
                format_args!(
                    "`{first}` is \"{name}\" on the wire already: give `{method}` another name with \
                     `#[remote(rename = \"...\")]`"
                ),
            );
        }
    }
}

/// Returns `true` if the method has a condition.
pub(crate) fn is_conditional(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
}

/// Parts of the error messages that differ between services and clients.
pub(crate) struct SignatureAdvice {
    elsewhere: &'static str,
    mutable_receiver: &'static str,
    other_receiver: &'static str,
}

pub(crate) const SERVICE_ADVICE: SignatureAdvice = SignatureAdvice {
    elsewhere: "to another `impl` block",
    mutable_receiver: "all calls share one value, at the same time: write `&self`, and keep what changes in a \
                       `Mutex` or an atomic",
    other_receiver: "all calls share one value, and more will come: write `&self`",
};

pub(crate) const CLIENT_ADVICE: SignatureAdvice = SignatureAdvice {
    elsewhere: "to another trait",
    mutable_receiver: "calling a client does not change it: write `&self`",
    other_receiver: "a client can be called again: write `&self`",
};

/// Checks everything before the parentheses, and the receiver.
pub(crate) fn check_signature(signature: &Signature, advice: &SignatureAdvice, errors: &mut Errors) {
    if let Some(unsafety) = &signature.unsafety {
        errors.at(unsafety, "a client cannot promise anything: a remote method is a safe `fn`");
    }
    if let Some(constness) = &signature.constness {
        errors.at(constness, "a remote method runs when it is called: write `fn` without `const`");
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, "a remote method is called by Rust code: write `fn` without `extern`");
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(
            variadic,
            "a remote method takes a fixed number of parameters: write `Vec<Value>` for the rest",
        );
    }
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(ty) => errors.at(
                ty,
                format_args!(
                    "AMF does not say what `{0}` is: write a type instead of `{0}`, `Value` for any",
                    ty.ident
                ),
            ),
            GenericParam::Const(constant) => errors.at(
                constant,
                format_args!(
                    "AMF does not say what `{0}` is: write its value instead of `{0}`",
                    constant.ident
                ),
            ),
        }
    }
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => check_receiver(receiver, advice, errors),
        _ => errors.at(
            &signature.ident,
            format_args!(
                "a remote method takes `&self` first: write `fn {}(&self, ...)`, or move the function {}",
                signature.ident, advice.elsewhere
            ),
        ),
    }
}

fn check_receiver(receiver: &Receiver, advice: &SignatureAdvice, errors: &mut Errors) {
    let shared = matches!(&*receiver.ty, Type::Reference(reference)
        if reference.mutability.is_none() && reference.elem.to_token_stream().to_string() == "Self");
    if shared {
        return;
    }
    let changes = match &*receiver.ty {
        Type::Reference(reference) => reference.mutability.is_some(),
        _ => receiver.mutability.is_some(),
    };
    errors.at(receiver, if changes { advice.mutable_receiver } else { advice.other_receiver });
}

/// Returns the name of a parameter. Reports an error and returns `None` if the parameter is a pattern.
pub(crate) fn parameter_name<'a>(parameter: &'a PatType, errors: &mut Errors) -> Option<&'a Ident> {
    let written = match &*parameter.pat {
        Pat::Ident(PatIdent { ident, by_ref: None, subpat: None, .. }) => return Some(ident),
        Pat::Wild(_) => "a remote method's parameters have names: write `_name: Type` where it is not used",
        _ => {
            "a remote method's parameters have names: write `name: Type`, and take it apart inside the method"
        }
    };
    errors.at(&parameter.pat, written);
    None
}

/// Returns the wire name `name` of a parameter that is written `name`, `r#name` or `_name`.
pub(crate) fn parameter_wire_name(ident: &Ident) -> String {
    let name = ident.unraw().to_string();
    match name.trim_start_matches('_') {
        "" => name,
        trimmed => trimmed.to_owned(),
    }
}

/// Reports `impl Trait`, which is an unnamed type parameter.
pub(crate) fn refuse_impl_trait(ty: &Type, errors: &mut Errors) -> bool {
    let found = find_keyword(ty.to_token_stream(), "impl");
    if let Some(keyword) = &found {
        errors.at(keyword, "AMF does not say which type it is: write the type itself, `Value` for any");
    }
    found.is_some()
}

/// Returns the first occurrence of a keyword, at any depth.
pub(crate) fn find_keyword(tokens: TokenStream, keyword: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        proc_macro2::TokenTree::Ident(ident) if ident == keyword => Some(ident),
        proc_macro2::TokenTree::Group(group) => find_keyword(group.stream(), keyword),
        _ => None,
    })
}
