//! Parsing and validation of the item and its `#[amf(...)]` attributes.

mod fields;
mod item;

use proc_macro2::Span;
use syn::{Data, DataStruct, DeriveInput, Fields, FieldsUnnamed, Ident, Index, Member};

use super::enums;
use super::ir::{Body, Conversion, Field, FieldRole, Newtype, Object};
use crate::attr::settings;
use crate::errors::Errors;
use crate::names::RenameRule;
use crate::paths::Root;
use crate::span;

pub(super) use fields::named;
pub(super) use item::ItemSettings;

pub(crate) fn object<'a>(input: &'a DeriveInput, root: Root, errors: &mut Errors) -> Object<'a> {
    let settings = ItemSettings::parse(input, errors);
    let root = root.or_given(settings.root.get().cloned());
    let body = body(input, &settings, &root, errors);
    Object {
        root,
        ident: &input.ident,
        generics: &input.generics,
        bound: settings.bound.take(),
        alias: settings.alias.take().map(|alias| alias.value()).unwrap_or_default(),
        also: settings.also,
        body,
    }
}

fn body<'a>(input: &'a DeriveInput, settings: &ItemSettings, root: &Root, errors: &mut Errors) -> Body<'a> {
    if let Some(externalizable) = settings.externalizable.name() {
        check_externalizable(input, settings, externalizable, errors);
        return Body::Externalizable(span::at(externalizable));
    }
    match &input.data {
        Data::Struct(data) => structure(input, data, settings, root, errors),
        Data::Enum(data) => enums::parse::body(input, data, settings, root, errors),
        Data::Union(data) => {
            errors.at(&data.union_token, "a union has no form in AMF: write a struct with named fields");
            Body::List(Vec::new())
        }
    }
}

fn structure<'a>(
    input: &'a DeriveInput,
    data: &'a DataStruct,
    settings: &ItemSettings,
    root: &Root,
    errors: &mut Errors,
) -> Body<'a> {
    settings.only_for_enums(errors);
    settings.check_also(errors);
    let case = settings.case.get().copied().unwrap_or(RenameRule::Camel);
    let fields = match &data.fields {
        Fields::Named(fields) => named(fields, case, root, errors),
        Fields::Unnamed(fields) => {
            settings.only_for_members("a tuple struct", errors);
            return tuple(input, fields, root, errors);
        }
        Fields::Unit => Vec::new(),
    };
    if let Some(transparent) = settings.transparent.name() {
        settings.only_for_members("a transparent struct", errors);
        return transparent_fields(transparent, fields, errors);
    }
    Body::Fields {
        fields,
        default: settings.default.name().map(span::at),
        deny_unknown: settings.deny_unknown.is_set(),
    }
}

fn transparent_fields<'a>(transparent: &Ident, fields: Vec<Field<'a>>, errors: &mut Errors) -> Body<'a> {
    let mut skipped = Vec::new();
    let mut members = Vec::new();
    for field in fields {
        let member = Member::Named(field.ident.clone());
        match field.role {
            FieldRole::Skipped => skipped.push((member, field.ty)),
            FieldRole::Member { conversion, .. } => members.push((member, field.ty, conversion)),
            FieldRole::Flattened { .. } | FieldRole::Dynamic => {
                errors.at(field.ident, "a transparent struct is what its one field holds, not an object");
            }
        }
    }
    newtype(transparent, members, skipped, errors)
}

/// Parses a tuple struct. One field is encoded as its value, several fields as a list.
fn tuple<'a>(
    input: &'a DeriveInput,
    fields: &'a FieldsUnnamed,
    root: &Root,
    errors: &mut Errors,
) -> Body<'a> {
    const MAX_TUPLE_LEN: usize = 8;
    let mut skipped = Vec::new();
    let mut members = Vec::new();
    for (index, field) in fields.unnamed.iter().enumerate() {
        let index = Index { index: index as u32, span: Span::call_site() };
        match fields::unnamed(field, root, errors) {
            None => skipped.push((Member::Unnamed(index), &field.ty)),
            Some(conversion) => members.push((index, &field.ty, conversion)),
        }
    }
    let is_list = members.len() > 1;
    if !is_list {
        let members =
            members.into_iter().map(|(index, ty, conversion)| (index.into(), ty, conversion)).collect();
        return newtype(&input.ident, members, skipped, errors);
    }
    let plain = members.iter().all(|(_, _, conversion)| matches!(conversion, Conversion::Type));
    if !plain || !skipped.is_empty() {
        errors.at(
            fields,
            "a tuple struct of several values is a list of them, whose elements take no attributes: give the \
             fields names",
        );
    }
    if members.len() > MAX_TUPLE_LEN {
        errors
            .at(fields, format_args!("a tuple has at most {MAX_TUPLE_LEN} elements: give the fields names"));
    }
    Body::List(members.into_iter().map(|(index, ty, _)| (index, ty)).collect())
}

fn newtype<'a>(
    place: &Ident,
    members: Vec<(Member, &'a syn::Type, Conversion)>,
    skipped: Vec<(Member, &'a syn::Type)>,
    errors: &mut Errors,
) -> Body<'a> {
    let count = members.len();
    if let Ok([(member, ty, conversion)]) = <[_; 1]>::try_from(members) {
        return Body::Newtype(Newtype { member, ty, conversion, skipped });
    }
    errors.at(place, format_args!("it is written as the one value that it holds, but it holds {count}"));
    Body::List(Vec::new())
}

/// Checks an externalizable type. It needs an alias, must not borrow, and has no use for settings about members.
fn check_externalizable(
    input: &DeriveInput,
    settings: &ItemSettings,
    externalizable: &Ident,
    errors: &mut Errors,
) {
    if !settings.alias.is_set() {
        errors.at(
            externalizable,
            "only its alias tells a reader which code reads an externalizable object: add `alias = \"...\"`",
        );
    }
    for useless in settings.member_settings() {
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
