//! Fields and their attributes.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{ExprPath, FieldsNamed, Ident, LitStr, Type};

use crate::attr::{Once, Setting, settings};
use crate::errors::Errors;
use crate::names::{Case, list};
use crate::object::ir::{Field, Missing, Role, Through};
use crate::paths::Root;
use crate::{span, types};

const ON_A_FIELD: &[&str] = &["rename", "also", "default", "as", "with", "skip", "flatten", "dynamic"];

/// The fields of a struct or of a variant that has names for them.
pub(crate) fn named<'a>(
    fields: &'a FieldsNamed,
    case: Case,
    root: &Root,
    errors: &mut Errors,
) -> Vec<Field<'a>> {
    let mut taken = Taken::default();
    fields
        .named
        .iter()
        .filter_map(|field| {
            let ident = field.ident.as_ref()?;
            let settings = FieldSettings::parse(field, root, errors);
            let role = settings.role(ident, &field.ty, case, &mut taken, errors);
            Some(Field { ident, ty: &field.ty, role })
        })
        .collect()
}

/// How the value of a field without a name is read; `None` where it is skipped.
pub(super) fn unnamed(field: &syn::Field, root: &Root, errors: &mut Errors) -> Option<Through> {
    let settings = FieldSettings::parse(field, root, errors);
    for name in settings.about_members() {
        errors.at(
            name,
            format_args!("this field is no member of an object: remove `{name}`, or give the fields names"),
        );
    }
    if settings.skip.is_set() { None } else { Some(settings.through.take().unwrap_or(Through::Type)) }
}

/// What only one field may have.
#[derive(Default)]
struct Taken {
    wire: HashMap<String, String>,
    dynamic: Option<Ident>,
}

#[derive(Default)]
struct FieldSettings {
    rename: Once<LitStr>,
    also: Vec<LitStr>,
    also_at: Option<Ident>,
    default: Once<Missing>,
    through: Once<Through>,
    skip: Once<Ident>,
    flatten: Once<Ident>,
    dynamic: Once<Ident>,
}

impl FieldSettings {
    fn parse(field: &syn::Field, root: &Root, errors: &mut Errors) -> Self {
        let mut parsed = Self::default();
        for setting in settings(&field.attrs, "amf", errors) {
            parsed.take(&setting, &field.ty, root, errors);
        }
        parsed
    }

    fn take(&mut self, setting: &Setting, ty: &Type, root: &Root, errors: &mut Errors) {
        match setting.text().as_str() {
            "rename" => {
                let value = setting.text_value("a member's name is not empty", errors);
                self.rename.set(setting, value, errors);
            }
            "also" => {
                self.also.extend(setting.text_value("a member's name is not empty", errors));
                self.also_at.get_or_insert_with(|| setting.name.clone());
            }
            "default" if setting.has_value() => {
                let value = setting
                    .path("path::to::function", errors)
                    .map(|path| Missing::Call(ExprPath { attrs: Vec::new(), qself: None, path }));
                self.default.set(setting, value, errors);
            }
            "default" => self.default.set(setting, Some(Missing::Default), errors),
            "with" => {
                let value = setting.path("path::to::module", errors);
                let module = value
                    .map(|path| Through::Module { place: span::at(&path), path: path.into_token_stream() });
                self.through(setting, module, errors);
            }
            "as" => {
                let value = form(setting, ty, root, errors);
                self.through(setting, value, errors);
            }
            "skip" => {
                let value = setting.flag(errors);
                self.skip.set(setting, value, errors);
            }
            "flatten" => {
                let value = setting.flag(errors);
                self.flatten.set(setting, value, errors);
            }
            "dynamic" => {
                let value = setting.flag(errors);
                self.dynamic.set(setting, value, errors);
            }
            _ => unknown(setting, errors),
        }
    }

    fn through(&mut self, setting: &Setting, value: Option<Through>, errors: &mut Errors) {
        match self.through.name() {
            Some(first) if *first != setting.name => errors.at(
                &setting.name,
                format_args!("`{first}` says already how the value is read and written; keep one of them"),
            ),
            _ => self.through.set(setting, value, errors),
        }
    }

    fn about_members(&self) -> impl Iterator<Item = &Ident> {
        [self.rename.name(), self.default.name(), self.flatten.name(), self.dynamic.name()]
            .into_iter()
            .flatten()
            .chain(&self.also_at)
    }

    fn role(self, ident: &Ident, ty: &Type, case: Case, taken: &mut Taken, errors: &mut Errors) -> Role {
        if let Some(skip) = self.skip.name() {
            for other in self.about_members().chain(self.through.name()) {
                errors.at(
                    other,
                    format_args!("a field with `{skip}` is not on the wire: remove `{other}`, or `{skip}`"),
                );
            }
            return Role::Skipped;
        }
        if let Some(dynamic) = self.dynamic.name() {
            self.no_member(dynamic, "holds many", errors);
            for other in self.default.name().into_iter().chain(self.flatten.name()) {
                errors.at(
                    other,
                    format_args!("a field with `{dynamic}` is not a member, it holds many: remove `{other}`"),
                );
            }
            taken.claim_dynamic(dynamic, ident, ty, errors);
            return Role::Dynamic;
        }
        if let Some(flatten) = self.flatten.name() {
            self.no_member(flatten, "stands for those of its type", errors);
            check_flattened(ty, errors);
            if let Some(Missing::Call(_)) = self.default.get() {
                errors.at(&self.default.name(), "where members are missing, `flatten` takes them from the type's `Default`: write `default`");
            }
            return Role::Flattened { default: self.default.is_set() };
        }
        let wire = match self.rename.get() {
            Some(rename) => rename.value(),
            None => case.of(ident),
        };
        let span = self.rename.get().map_or(ident.span(), LitStr::span);
        taken.claim(&wire, ident, span, errors);
        for also in &self.also {
            taken.claim(&also.value(), ident, also.span(), errors);
        }
        let through = self.through.take().unwrap_or(Through::Type);
        let missing = match (self.default.take(), &through) {
            (Some(default), _) => default,
            (None, Through::Type) => Missing::TypeDecides,
            (None, Through::Module { .. }) => Missing::Null { allowed: types::is_option(ty) },
        };
        let also = self.also.iter().map(LitStr::value).collect();
        Role::Member { wire, also, through, missing }
    }

    fn no_member(&self, role: &Ident, because: &str, errors: &mut Errors) {
        let others = [self.rename.name(), self.also_at.as_ref(), self.through.name()];
        for other in others.into_iter().flatten() {
            errors.at(
                other,
                format_args!("a field with `{role}` is not a member, it {because}: remove `{other}`"),
            );
        }
    }
}

/// `as = "string"` or `as = "double"`.
fn form(setting: &Setting, ty: &Type, root: &Root, errors: &mut Errors) -> Option<Through> {
    const FORMS: &[&str] = &["string", "double"];
    let literal = setting.string(errors)?;
    match literal.value().as_str() {
        "string" => Some(Through::Module { path: quote!(#root::as_string), place: span::at(ty) }),
        "double" => Some(Through::Module { path: quote!(#root::as_double), place: span::at(ty) }),
        other => {
            let known = list(FORMS);
            errors
                .at(&literal, format_args!("unknown form `{other}`; write {known}, or `with = \"module\"`"));
            None
        }
    }
}

fn check_flattened(ty: &Type, errors: &mut Errors) {
    if let Some(known) = types::known(ty) {
        let message = if types::is_map(ty) {
            format!(
                "`{known}` has no members of its own: for those that are not declared, write `#[amf(dynamic)]` on a \
                 `DynamicMembers`"
            )
        } else {
            format!("`{known}` has no members: `flatten` is for a struct that derives `AmfObject`")
        };
        errors.at(ty, message);
    }
}

fn unknown(setting: &Setting, errors: &mut Errors) {
    let name = setting.text();
    let message = match name.as_str() {
        "alias" => "`alias` is for the struct; the name of a member is `rename = \"...\"`".to_owned(),
        "rename_all" | "externalizable" | "crate" | "bound" | "deny_unknown" | "transparent" => {
            format!("`{name}` is for the struct: write it above `struct`")
        }
        "string" | "number" => {
            format!("`{name}` is for enums; for a field's other form write `as = \"string\"`")
        }
        "other" => "`other` is for a variant of an enum".to_owned(),
        _ => return setting.unknown("a field", ON_A_FIELD, errors),
    };
    errors.at(&setting.name, message);
}

impl Taken {
    fn claim(&mut self, wire: &str, ident: &Ident, span: Span, errors: &mut Errors) {
        let field = ident.unraw().to_string();
        if wire.is_empty() {
            errors
                .at_span(span, format_args!("`{field}` leaves no name for the wire: add `rename = \"...\"`"));
        } else if let Some(first) = self.wire.insert(wire.to_owned(), field.clone()) {
            errors.at_span(
                span,
                format_args!("`{first}` is \"{wire}\" on the wire already: give `{field}` another `rename`"),
            );
        }
    }

    fn claim_dynamic(&mut self, dynamic: &Ident, ident: &Ident, ty: &Type, errors: &mut Errors) {
        if let Some(known) = types::known(ty) {
            errors.at(
                ty,
                format_args!(
                    "`{dynamic}` members have names and any values: write `DynamicMembers` instead of `{known}`"
                ),
            );
        }
        match &self.dynamic {
            Some(first) => errors.at(
                dynamic,
                format_args!(
                    "`{first}` holds the members that are not declared already; one field has `dynamic`"
                ),
            ),
            None => self.dynamic = Some(ident.clone()),
        }
    }
}
