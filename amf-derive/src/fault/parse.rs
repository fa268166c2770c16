//! Reads the error type and its `#[fault(...)]` attributes, and checks both.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Index, LitStr, Member, Path};

use super::format::Text;
use super::ir::{Answer, Case, ErrorType, Field};
use crate::attr::{Once, settings};
use crate::errors::Errors;
use crate::names::spoken;
use crate::paths::Root;
use crate::span;

const ON_A_CASE: &[&str] = &["code", "message", "detail", "internal"];
const ON_AN_ENUM: &[&str] = &["crate"];
const ON_A_STRUCT: &[&str] = &["code", "message", "detail", "internal", "crate"];

pub(crate) fn error_type<'a>(input: &'a DeriveInput, errors: &mut Errors) -> ErrorType<'a> {
    let mut root = Once::default();
    let cases = match &input.data {
        Data::Enum(data) => {
            on_the_enum(&input.attrs, &mut root, errors);
            data.variants
                .iter()
                .map(|variant| {
                    let mut no_root = Once::default();
                    let answer =
                        CaseSettings::parse(&variant.attrs, "a variant", ON_A_CASE, &mut no_root, errors);
                    refuse_on_fields(&variant.fields, errors);
                    let ident = &variant.ident;
                    let error = &input.ident;
                    case(quote!(#error::#ident), &[&input.ident, ident], &variant.fields, answer, errors)
                })
                .collect()
        }
        Data::Struct(data) => {
            let answer = CaseSettings::parse(&input.attrs, "a struct", ON_A_STRUCT, &mut root, errors);
            refuse_on_fields(&data.fields, errors);
            let ident = &input.ident;
            vec![case(quote!(#ident), &[&input.ident], &data.fields, answer, errors)]
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

fn on_the_enum(attributes: &[Attribute], root: &mut Once<Path>, errors: &mut Errors) {
    for setting in settings(attributes, "fault", errors) {
        match setting.text().as_str() {
            "crate" => {
                let value = setting.path("my_crate::amf_remoting", errors);
                root.set(&setting, value, errors);
            }
            name if ON_A_CASE.contains(&name) => errors.at(
                &setting.name,
                format_args!("each variant has an answer of its own: write `{name}` on the variants"),
            ),
            _ => setting.unknown("an enum", ON_AN_ENUM, errors),
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

#[derive(Default)]
struct CaseSettings {
    code: Once<LitStr>,
    message: Once<LitStr>,
    detail: Once<LitStr>,
    internal: Once<Ident>,
    /// A mistake was reported, so what is missing may be what was meant.
    faulty: bool,
}

impl CaseSettings {
    fn parse(
        attributes: &[Attribute],
        place: &str,
        known: &[&str],
        root: &mut Once<Path>,
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

    fn answer(self, ident: &Ident, fields: &[Field<'_>], errors: &mut Errors) -> Answer {
        if self.internal.is_set() {
            for told in [self.code.name(), self.message.name(), self.detail.name()].into_iter().flatten() {
                errors.at(
                    told,
                    format_args!(
                        "with `internal`, the caller learns nothing of it: remove `{told}`, or `internal`"
                    ),
                );
            }
            return Answer::Internal;
        }
        if !self.code.is_set() && !self.faulty {
            self.refuse_without_code(ident, errors);
        }
        let default = || Text::plain(LitStr::new(&spoken(ident), ident.span()));
        Answer::Told {
            message: self.message.get().map_or_else(default, |message| Text::parse(message, fields, errors)),
            detail: self.detail.get().map(|detail| Text::parse(detail, fields, errors)),
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
) -> Case<'a> {
    let fields: Vec<Field<'a>> = fields.iter().enumerate().map(field).collect();
    let spoken_path: Vec<String> = names.iter().map(|name| name.unraw().to_string()).collect();
    let answer = match names.last() {
        Some(ident) => settings.answer(ident, &fields, errors),
        None => Answer::Internal,
    };
    Case { path, spoken_path: spoken_path.join("::"), fields, answer }
}

fn field((index, field): (usize, &syn::Field)) -> Field<'_> {
    let (name, member) = match &field.ident {
        Some(ident) => (ident.unraw().to_string(), Member::Named(ident.clone())),
        None => (index.to_string(), Member::Unnamed(Index::from(index))),
    };
    // With the span of the type, a type that cannot be shown is reported where it stands.
    let variable = format_ident!("__field_{}", name, span = span::at(&field.ty));
    Field { name, member, variable, ty: &field.ty }
}
