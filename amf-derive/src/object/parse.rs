//! Reads the struct and its `#[amf(...)]` attributes, and checks both.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Data, DataStruct, DeriveInput, ExprPath, Fields, Ident, LitStr, Path, Type};

use super::ir::{Body, Field, Missing, Object, Role};
use crate::attr::{Once, settings};
use crate::errors::Errors;
use crate::names::Case;
use crate::paths::Root;
use crate::{span, types};

const ON_THE_STRUCT: &[&str] = &["alias", "rename_all", "default", "externalizable", "crate"];
const ON_A_FIELD: &[&str] = &["rename", "default", "skip", "dynamic"];

pub(crate) fn object<'a>(input: &'a DeriveInput, root: Root, errors: &mut Errors) -> Object<'a> {
    let settings = StructSettings::parse(input, errors);
    let body = if let Some(externalizable) = settings.externalizable.name() {
        check_externalizable(input, &settings, externalizable, errors);
        Body::Externalizable(span::at(externalizable))
    } else {
        let fields = match &input.data {
            Data::Struct(data) => fields(input, data, settings.case(), errors),
            Data::Enum(data) => {
                errors.at(
                    &data.enum_token,
                    "an enum has no form in AMF: derive `AmfObject` on a struct with named fields, or implement \
                     `FromAmf` and `ToAmf` by hand, for example through the variant's name as a string",
                );
                Vec::new()
            }
            Data::Union(data) => {
                errors.at(&data.union_token, "a union has no form in AMF: write a struct with named fields");
                Vec::new()
            }
        };
        Body::Fields { fields, default: settings.default.name().map(span::at) }
    };
    Object {
        root: root.or_given(settings.root.take()),
        ident: &input.ident,
        generics: &input.generics,
        alias: settings.alias.take().map(|alias| alias.value()).unwrap_or_default(),
        body,
    }
}

#[derive(Default)]
struct StructSettings {
    alias: Once<LitStr>,
    rename_all: Once<Case>,
    default: Once<Ident>,
    externalizable: Once<Ident>,
    root: Once<Path>,
}

impl StructSettings {
    fn parse(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut parsed = Self::default();
        for setting in settings(&input.attrs, "amf", errors) {
            match setting.text().as_str() {
                "alias" => {
                    let empty = "an alias is not empty; leave `alias` out where objects are anonymous";
                    let value = setting.text_value(empty, errors);
                    parsed.alias.set(&setting, value, errors);
                }
                "rename_all" => {
                    let value = setting.string(errors).and_then(|literal| {
                        Case::parse(&literal.value()).map_err(|message| errors.at(&literal, message)).ok()
                    });
                    parsed.rename_all.set(&setting, value, errors);
                }
                "default" => {
                    let value = setting.flag(errors);
                    parsed.default.set(&setting, value, errors);
                }
                "externalizable" => {
                    let value = setting.flag(errors);
                    parsed.externalizable.set(&setting, value, errors);
                }
                "crate" => {
                    let value = setting.path("my_crate::amf_core", errors);
                    parsed.root.set(&setting, value, errors);
                }
                name @ ("rename" | "skip" | "dynamic") => errors.at(
                    &setting.name,
                    match name {
                        "rename" => "`rename` is for fields; the name of a class is `alias = \"...\"`",
                        "skip" => "`skip` is for fields: write it on the one that is not on the wire",
                        _ => "`dynamic` is for a field: write `#[amf(dynamic)] extra: Dynamic` among them",
                    },
                ),
                _ => setting.unknown("a struct", ON_THE_STRUCT, errors),
            }
        }
        parsed
    }

    fn case(&self) -> Case {
        self.rename_all.get().copied().unwrap_or(Case::Camel)
    }
}

/// Such a type needs an alias, owns what it reads, and has no use for anything that is about members.
fn check_externalizable(
    input: &DeriveInput,
    settings: &StructSettings,
    externalizable: &Ident,
    errors: &mut Errors,
) {
    if !settings.alias.is_set() {
        errors.at(
            externalizable,
            "only its alias tells a reader which code reads an externalizable object: add `alias = \"...\"`",
        );
    }
    for useless in [settings.rename_all.name(), settings.default.name()].into_iter().flatten() {
        errors.at(
            useless,
            format_args!(
                "an externalizable type reads and writes itself: remove `{useless}`, it changes nothing"
            ),
        );
    }
    if let Some(lifetime) = input.generics.lifetimes().next() {
        errors.at(
            lifetime,
            "an externalizable type owns what it reads: write `String` or `Vec<u8>` where it borrows",
        );
    }
    let fields = match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    };
    for setting in
        fields.iter().flat_map(|field| self::settings(&field.attrs, "amf", errors)).collect::<Vec<_>>()
    {
        errors.at(
            &setting.name,
            format_args!(
                "an externalizable type reads and writes itself: remove `{}`, it changes nothing",
                setting.name
            ),
        );
    }
}

fn fields<'a>(
    input: &'a DeriveInput,
    data: &'a DataStruct,
    case: Case,
    errors: &mut Errors,
) -> Vec<Field<'a>> {
    let named = match &data.fields {
        Fields::Named(named) => named,
        Fields::Unnamed(unnamed) => {
            errors.at(
                unnamed,
                format_args!(
                    "members of an AMF object have names: write `struct {} {{ name: Type, ... }}`",
                    input.ident
                ),
            );
            return Vec::new();
        }
        Fields::Unit => {
            errors.at(
                &input.ident,
                format_args!(
                    "an object without members is written with braces: `struct {} {{}}`",
                    input.ident
                ),
            );
            return Vec::new();
        }
    };
    let mut taken = Taken::default();
    named
        .named
        .iter()
        .filter_map(|field| {
            let ident = field.ident.as_ref()?;
            let role = FieldSettings::parse(field, errors).role(ident, &field.ty, case, &mut taken, errors);
            Some(Field { ident, ty: &field.ty, role })
        })
        .collect()
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
    default: Once<Missing>,
    skip: Once<Ident>,
    dynamic: Once<Ident>,
}

impl FieldSettings {
    fn parse(field: &syn::Field, errors: &mut Errors) -> Self {
        let mut parsed = Self::default();
        for setting in settings(&field.attrs, "amf", errors) {
            match setting.text().as_str() {
                "rename" => {
                    let value = setting.text_value("a member's name is not empty", errors);
                    parsed.rename.set(&setting, value, errors);
                }
                "default" if setting.has_value() => {
                    let value = setting
                        .path("path::to::function", errors)
                        .map(|path| Missing::Call(ExprPath { attrs: Vec::new(), qself: None, path }));
                    parsed.default.set(&setting, value, errors);
                }
                "default" => parsed.default.set(&setting, Some(Missing::Default), errors),
                "skip" => {
                    let value = setting.flag(errors);
                    parsed.skip.set(&setting, value, errors);
                }
                "dynamic" => {
                    let value = setting.flag(errors);
                    parsed.dynamic.set(&setting, value, errors);
                }
                name @ ("alias" | "rename_all" | "externalizable" | "crate") => errors.at(
                    &setting.name,
                    match name {
                        "alias" => {
                            "`alias` is for the struct; the name of a member is `rename = \"...\"`".to_owned()
                        }
                        _ => format!("`{name}` is for the struct: write it above `struct`"),
                    },
                ),
                _ => setting.unknown("a field", ON_A_FIELD, errors),
            }
        }
        parsed
    }

    fn role(self, ident: &Ident, ty: &Type, case: Case, taken: &mut Taken, errors: &mut Errors) -> Role {
        if let Some(skip) = self.skip.name() {
            for other in [self.rename.name(), self.default.name(), self.dynamic.name()].into_iter().flatten()
            {
                errors.at(
                    other,
                    format_args!("a field with `{skip}` is not on the wire: remove `{other}`, or `{skip}`"),
                );
            }
            return Role::Skipped;
        }
        if let Some(dynamic) = self.dynamic.name() {
            for other in [self.rename.name(), self.default.name()].into_iter().flatten() {
                errors.at(
                    other,
                    format_args!("a field with `{dynamic}` is not a member, it holds many: remove `{other}`"),
                );
            }
            if let Some(known) = types::known(ty) {
                errors.at(
                    ty,
                    format_args!(
                        "`{dynamic}` members have names and any values: write `Dynamic` instead of `{known}`"
                    ),
                );
            }
            match &taken.dynamic {
                Some(first) => errors.at(
                    dynamic,
                    format_args!(
                        "`{first}` holds the members that are not declared already; one field has `dynamic`"
                    ),
                ),
                None => taken.dynamic = Some(ident.clone()),
            }
            return Role::Dynamic;
        }
        let wire = match self.rename.get() {
            Some(rename) => rename.value(),
            None => case.of(ident),
        };
        let span = self.rename.get().map_or(ident.span(), LitStr::span);
        taken.claim(&wire, ident, span, errors);
        Role::Member { wire, missing: self.default.take().unwrap_or(Missing::TypeDecides) }
    }
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
}
