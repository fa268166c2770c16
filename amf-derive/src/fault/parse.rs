//! Parsing and validation of the error type and its `#[fault(...)]` attributes.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Index, LitStr, Member, Path};

use super::format::FormatText;
use super::ir::{ErrorCase, ErrorType, FaultReply, Field};
use crate::attr::{SetOnce, settings};
use crate::errors::Errors;
use crate::names::to_sentence;
use crate::paths::Root;
use crate::span;

const CASE_SETTINGS: &[&str] = &["code", "message", "detail", "internal"];
const ENUM_SETTINGS: &[&str] = &["crate"];
const STRUCT_SETTINGS: &[&str] = &["code", "message", "detail", "internal", "crate"];

pub(crate) fn error_type<'a>(input: &'a DeriveInput, errors: &mut Errors) -> ErrorType<'a> {
    let mut root = SetOnce::default();
    let cases = match &input.data {
        Data::Enum(data) => {
            parse_enum_settings(&input.attrs, &mut root, errors);
            data.variants
                .iter()
                .map(|variant| {
                    let mut no_root = SetOnce::default();
                    let reply =
                        CaseSettings::parse(&variant.attrs, "a variant", CASE_SETTINGS, &mut no_root, errors);
                    refuse_on_fields(&variant.fields, errors);
                    let ident = &variant.ident;
                    let error = &input.ident;
                    case(quote!(#error::#ident), &[&input.ident, ident], &variant.fields, reply, errors)
                })
                .collect()
        }
        Data::Struct(data) => {
            let reply = CaseSettings::parse(&input.attrs, "a struct", STRUCT_SETTINGS, &mut root, errors);
            refuse_on_fields(&data.fields, errors);
            let ident = &input.ident;
            vec![case(quote!(#ident), &[&input.ident], &data.fields, reply, errors)]
        }
        Data::Union(data) => {
            errors.at(&data.union_token, "a union does not say what went wrong: write an enum or a struct");
            Vec::new()
        }
    };
    ErrorType {
        root: Root::remoting().or_given(root.take()),
        ident: &input.ident,
        generics: &input.generics,
        cases,
    }
}

fn parse_enum_settings(attributes: &[Attribute], root: &mut SetOnce<Path>, errors: &mut Errors) {
    for setting in settings(attributes, "fault", errors) {
        match setting.text().as_str() {
            "crate" => {
                let value = setting.path("my_crate::amf_remoting", errors);
                root.set(&setting, value, errors);
            }
            name if CASE_SETTINGS.contains(&name) => errors.at(
                &setting.name,
                format_args!("each variant has an answer of its own: write `{name}` on the variants"),
            ),
            _ => setting.unknown("an enum", ENUM_SETTINGS, errors),
        }
    }
}

fn refuse_on_fields(fields: &Fields, errors: &mut Errors) {
    for field in fields {
        for setting in settings(&field.attrs, "fault", errors) {
            errors.at(
                &setting.name,
                "a field has no answer: write `#[fault(...)]` on the variant or the struct",
            );
        }
    }
}

/// Settings of one variant or struct.
#[derive(Default)]
struct CaseSettings {
    code: SetOnce<LitStr>,
    message: SetOnce<LitStr>,
    detail: SetOnce<LitStr>,
    internal: SetOnce<Ident>,
    /// Whether an error was reported. A missing setting may then be the misspelt one, and is not reported.
    faulty: bool,
}

impl CaseSettings {
    fn parse(
        attributes: &[Attribute],
        place: &str,
        known: &[&str],
        root: &mut SetOnce<Path>,
        errors: &mut Errors,
    ) -> Self {
        let mut parsed = Self::default();
        let errors_before = errors.count();
        for setting in settings(attributes, "fault", errors) {
            let slot = match setting.text().as_str() {
                "code" => &mut parsed.code,
                "message" => &mut parsed.message,
                "detail" => &mut parsed.detail,
                "internal" => {
                    let value = setting.flag(errors);
                    parsed.internal.set(&setting, value, errors);
                    continue;
                }
                "crate" if known.contains(&"crate") => {
                    let value = setting.path("my_crate::amf_remoting", errors);
                    root.set(&setting, value, errors);
                    continue;
                }
                "crate" => {
                    errors.at(&setting.name, "`crate` is for the enum: write it above `enum`");
                    continue;
                }
                _ => {
                    setting.unknown(place, known, errors);
                    continue;
                }
            };
            let empty = format!("`{}` is not empty: say what went wrong", setting.name);
            let value = setting.text_value(&empty, errors);
            slot.set(&setting, value, errors);
        }
        parsed.faulty = errors.count() > errors_before;
        parsed
    }

    fn reply(self, ident: &Ident, fields: &[Field<'_>], errors: &mut Errors) -> FaultReply {
        if self.internal.is_set() {
            for told in [self.code.name(), self.message.name(), self.detail.name()].into_iter().flatten() {
                errors.at(
                    told,
                    format_args!(
                        "with `internal`, the caller learns nothing of it: remove `{told}`, or `internal`"
                    ),
                );
            }
            return FaultReply::Internal;
        }
        if !self.code.is_set() && !self.faulty {
            self.refuse_without_code(ident, errors);
        }
        let default = || FormatText::plain(LitStr::new(&to_sentence(ident), ident.span()));
        FaultReply::Public {
            message: self
                .message
                .get()
                .map_or_else(default, |message| FormatText::parse(message, fields, errors)),
            detail: self.detail.get().map(|detail| FormatText::parse(detail, fields, errors)),
            code: self.code.take().unwrap_or_else(|| LitStr::new("", ident.span())),
        }
    }

    fn refuse_without_code(&self, ident: &Ident, errors: &mut Errors) {
        if self.message.is_set() || self.detail.is_set() {
            errors.at(
                ident,
                format_args!("programs tell faults apart by their codes: add `code = \"...\"` for `{ident}`"),
            );
        } else {
            errors.at(
                ident,
                format_args!(
                    "what does a caller learn of `{ident}`? Write `#[fault(code = \"...\", message = \"...\")]`, or \
                     `#[fault(internal)]` if nothing"
                ),
            );
        }
    }
}

fn case<'a>(
    path: TokenStream,
    names: &[&Ident],
    fields: &'a Fields,
    settings: CaseSettings,
    errors: &mut Errors,
) -> ErrorCase<'a> {
    let fields: Vec<Field<'a>> = fields.iter().enumerate().map(field).collect();
    let log_path: Vec<String> = names.iter().map(|name| name.unraw().to_string()).collect();
    let reply = match names.last() {
        Some(ident) => settings.reply(ident, &fields, errors),
        None => FaultReply::Internal,
    };
    ErrorCase { path, log_path: log_path.join("::"), fields, reply }
}

fn field((index, field): (usize, &syn::Field)) -> Field<'_> {
    let (name, member) = match &field.ident {
        Some(ident) => (ident.unraw().to_string(), Member::Named(ident.clone())),
        None => (index.to_string(), Member::Unnamed(Index::from(index))),
    };
    // With the span of the type, rustc reports a type that cannot be displayed at its position.
    let variable = format_ident!("__field_{}", name, span = span::at(&field.ty));
    Field { name, member, variable, ty: &field.ty }
}
