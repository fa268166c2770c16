//! Parsing of fields and their attributes.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{ExprPath, FieldsNamed, Ident, LitStr, Type};

use crate::attr::{SetOnce, Setting, settings};
use crate::errors::Errors;
use crate::names::{RenameRule, list_alternatives};
use crate::object::ir::{Conversion, Field, FieldRole, IfMissing};
use crate::paths::Root;
use crate::{span, types};

const FIELD_SETTINGS: &[&str] = &["rename", "also", "default", "as", "with", "skip", "flatten", "dynamic"];

/// Parses the named fields of a struct or of a variant.
pub(crate) fn named<'a>(
    fields: &'a FieldsNamed,
    case: RenameRule,
    root: &Root,
    errors: &mut Errors,
) -> Vec<Field<'a>> {
    let mut claimed = ClaimedNames::default();
    fields
        .named
        .iter()
        .filter_map(|field| {
            let ident = field.ident.as_ref()?;
            let settings = FieldSettings::parse(field, root, errors);
            let role = settings.role((ident, &field.ty), case, &mut claimed, errors);
            Some(Field { ident, ty: &field.ty, role })
        })
        .collect()
}

/// Parses an unnamed field. Returns `None` if the field is skipped.
pub(super) fn unnamed(field: &syn::Field, root: &Root, errors: &mut Errors) -> Option<Conversion> {
    let settings = FieldSettings::parse(field, root, errors);
    for name in settings.member_settings() {
        errors.at(
            name,
            format_args!("this field is no member of an object: remove `{name}`, or give the fields names"),
        );
    }
    if settings.skip.is_set() { None } else { Some(settings.conversion.take().unwrap_or(Conversion::Type)) }
}

/// Names and roles that only one field may have.
#[derive(Default)]
struct ClaimedNames {
    wire: HashMap<String, String>,
    dynamic: Option<Ident>,
}

/// Settings of one field.
#[derive(Default)]
struct FieldSettings {
    rename: SetOnce<LitStr>,
    also: Vec<LitStr>,
    also_at: Option<Ident>,
    default: SetOnce<IfMissing>,
    conversion: SetOnce<Conversion>,
    skip: SetOnce<Ident>,
    flatten: SetOnce<Ident>,
    dynamic: SetOnce<Ident>,
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
                    .map(|path| IfMissing::Call(ExprPath { attrs: Vec::new(), qself: None, path }));
                self.default.set(setting, value, errors);
            }
            "default" => self.default.set(setting, Some(IfMissing::Default), errors),
            "with" => {
                let value = setting.path("path::to::module", errors);
                let module = value.map(|path| Conversion::Module {
                    place: span::at(&path),
                    path: path.into_token_stream(),
                });
                self.conversion(setting, module, errors);
            }
            "as" => {
                let value = integer_form(setting, ty, root, errors);
                self.conversion(setting, value, errors);
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

    fn conversion(&mut self, setting: &Setting, value: Option<Conversion>, errors: &mut Errors) {
        match self.conversion.name() {
            Some(first) if *first != setting.name => errors.at(
                &setting.name,
                format_args!("`{first}` says already how the value is read and written; keep one of them"),
            ),
            _ => self.conversion.set(setting, value, errors),
        }
    }

    fn member_settings(&self) -> impl Iterator<Item = &Ident> {
        [self.rename.name(), self.default.name(), self.flatten.name(), self.dynamic.name()]
            .into_iter()
            .flatten()
            .chain(&self.also_at)
    }

    fn role(
        self,
        (ident, ty): (&Ident, &Type),
        case: RenameRule,
        claimed: &mut ClaimedNames,
        errors: &mut Errors,
    ) -> FieldRole {
        if let Some(skip) = self.skip.name() {
            for other in self.member_settings().chain(self.conversion.name()) {
                errors.at(
                    other,
                    format_args!("a field with `{skip}` is not on the wire: remove `{other}`, or `{skip}`"),
                );
            }
            return FieldRole::Skipped;
        }
        if let Some(dynamic) = self.dynamic.name() {
            self.reject_member_settings(dynamic, "holds many", errors);
            for other in self.default.name().into_iter().chain(self.flatten.name()) {
                errors.at(
                    other,
                    format_args!("a field with `{dynamic}` is not a member, it holds many: remove `{other}`"),
                );
            }
            claimed.claim_dynamic(dynamic, ident, ty, errors);
            return FieldRole::Dynamic;
        }
        if let Some(flatten) = self.flatten.name() {
            self.reject_member_settings(flatten, "stands for those of its type", errors);
            check_flattened(ty, errors);
            if let Some(IfMissing::Call(_)) = self.default.get() {
                errors.at(&self.default.name(), "where members are missing, `flatten` takes them from the type's `Default`: write `default`");
            }
            return FieldRole::Flattened { default: self.default.is_set() };
        }
        let wire = match self.rename.get() {
            Some(rename) => rename.value(),
            None => case.apply_to_field(ident),
        };
        let span = self.rename.get().map_or(ident.span(), LitStr::span);
        claimed.claim(&wire, ident, span, errors);
        for also in &self.also {
            claimed.claim(&also.value(), ident, also.span(), errors);
        }
        let conversion = self.conversion.take().unwrap_or(Conversion::Type);
        let missing = match (self.default.take(), &conversion) {
            (Some(default), _) => default,
            (None, Conversion::Type) => IfMissing::TypeDecides,
            (None, Conversion::Module { .. }) => IfMissing::Null { allowed: types::is_option(ty) },
        };
        let also = self.also.iter().map(LitStr::value).collect();
        FieldRole::Member { wire, also, conversion, missing }
    }

    fn reject_member_settings(&self, role: &Ident, because: &str, errors: &mut Errors) {
        let others = [self.rename.name(), self.also_at.as_ref(), self.conversion.name()];
        for other in others.into_iter().flatten() {
            errors.at(
                other,
                format_args!("a field with `{role}` is not a member, it {because}: remove `{other}`"),
            );
        }
    }
}

/// Parses `as = "string"` or `as = "double"`.
fn integer_form(setting: &Setting, ty: &Type, root: &Root, errors: &mut Errors) -> Option<Conversion> {
    const INTEGER_FORMS: &[&str] = &["string", "double"];
    let literal = setting.string(errors)?;
    match literal.value().as_str() {
        "string" => Some(Conversion::Module { path: quote!(#root::as_string), place: span::at(ty) }),
        "double" => Some(Conversion::Module { path: quote!(#root::as_double), place: span::at(ty) }),
        other => {
            let known = list_alternatives(INTEGER_FORMS);
            errors
                .at(&literal, format_args!("unknown form `{other}`; write {known}, or `with = \"module\"`"));
            None
        }
    }
}

fn check_flattened(ty: &Type, errors: &mut Errors) {
    if let Some(known) = types::known_name(ty) {
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
        _ => return setting.unknown("a field", FIELD_SETTINGS, errors),
    };
    errors.at(&setting.name, message);
}

impl ClaimedNames {
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
        if let Some(known) = types::known_name(ty) {
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
