//! Parsing of the variants of an enum, which determine its encoding.

use std::collections::HashMap;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{DataEnum, DeriveInput, Fields, Ident, LitStr, Type};

use super::{Constant, ConstantForm, Constants, OtherVariant, Variant, VariantContent, Variants};
use crate::attr::{SetOnce, settings};
use crate::errors::Errors;
use crate::names::RenameRule;
use crate::object::ir::{Body, FieldRole};
use crate::object::parse::{ItemSettings, named};
use crate::paths::Root;

const VARIANT_SETTINGS: &[&str] = &["alias", "also", "rename", "other"];

/// Parses an enum. Unit variants are strings, unless the attributes request numbers or one of the variants is a
/// class.
pub(crate) fn body<'a>(
    input: &'a DeriveInput,
    data: &'a DataEnum,
    item: &ItemSettings,
    root: &Root,
    errors: &mut Errors,
) -> Body<'a> {
    item.only_for_structs(errors);
    if data.variants.is_empty() {
        errors.at(&input.ident, "an enum without variants has no values that could be sent: add a variant");
    }
    let variants: Vec<ParsedVariant<'a>> =
        data.variants.iter().map(|variant| ParsedVariant::new(variant, errors)).collect();
    if let (Some(_), Some(number)) = (item.string.name(), item.number.name()) {
        errors.at(number, "the variants are strings or numbers: keep `string` or `number`");
    }
    let form_setting = item.string.name().or(item.number.name());
    if form_setting.is_none() && variants.iter().any(ParsedVariant::is_class) {
        let case = item.case.get().copied().unwrap_or(RenameRule::Camel);
        return Body::Variants(classes(variants, case, root, errors));
    }
    let form = if item.number.is_set() { ConstantForm::Numbers } else { ConstantForm::Strings };
    if let (ConstantForm::Numbers, Some(case)) = (form, item.case.name()) {
        errors.at(case, format_args!("numbers have no case: remove `{case}`"));
    }
    let case = item.case.get().copied().unwrap_or(RenameRule::AsWritten);
    Body::Constants(constants(&variants, form, case, errors))
}

/// Variant with its attributes.
struct ParsedVariant<'a> {
    syntax: &'a syn::Variant,
    alias: SetOnce<LitStr>,
    rename: SetOnce<LitStr>,
    also: Vec<LitStr>,
    also_at: Option<Ident>,
    other: SetOnce<Ident>,
}

impl<'a> ParsedVariant<'a> {
    fn new(syntax: &'a syn::Variant, errors: &mut Errors) -> Self {
        let mut parsed = Self {
            syntax,
            alias: SetOnce::default(),
            rename: SetOnce::default(),
            also: Vec::new(),
            also_at: None,
            other: SetOnce::default(),
        };
        for setting in settings(&syntax.attrs, "amf", errors) {
            match setting.text().as_str() {
                "alias" => {
                    let value =
                        setting.text_value("an alias is not empty: it says which variant it is", errors);
                    parsed.alias.set(&setting, value, errors);
                }
                "rename" => {
                    let value = setting.string(errors);
                    parsed.rename.set(&setting, value, errors);
                }
                "also" => {
                    parsed.also.extend(setting.string(errors));
                    parsed.also_at.get_or_insert_with(|| setting.name.clone());
                }
                "other" => {
                    let value = setting.flag(errors);
                    parsed.other.set(&setting, value, errors);
                }
                "skip" => errors.at(
                    &setting.name,
                    "every variant can be written: mark the one that takes what no other does with `other`",
                ),
                _ => setting.unknown("a variant", VARIANT_SETTINGS, errors),
            }
        }
        parsed
    }

    /// Returns `true` if the variant cannot be a string or a number.
    fn is_class(&self) -> bool {
        self.alias.is_set() || (!self.other.is_set() && !matches!(self.syntax.fields, Fields::Unit))
    }

    /// Returns the type of a newtype variant.
    fn held_type(&self) -> Option<&'a Type> {
        match &self.syntax.fields {
            Fields::Unnamed(fields) => match fields.unnamed.iter().collect::<Vec<_>>()[..] {
                [field] => Some(&field.ty),
                _ => None,
            },
            Fields::Named(_) | Fields::Unit => None,
        }
    }

    fn ident(&self) -> &'a Ident {
        &self.syntax.ident
    }

    /// Returns the alternative aliases or names of the variant.
    fn also(&self) -> Vec<String> {
        self.also.iter().map(LitStr::value).collect()
    }

    /// Reports settings that have no effect on this kind of variant.
    fn reject(names: &[Option<&Ident>], because: &str, errors: &mut Errors) {
        for name in names.iter().copied().flatten() {
            errors.at(name, format_args!("{because}: remove `{name}`"));
        }
    }
}

/// Returns the variant with `other`, and reports a second one.
fn take_other<'a>(
    variants: &[ParsedVariant<'a>],
    must_keep: bool,
    errors: &mut Errors,
) -> Option<OtherVariant<'a>> {
    let mut found: Option<OtherVariant<'a>> = None;
    for variant in variants.iter().filter(|variant| variant.other.is_set()) {
        if let Some(first) = &found {
            errors.at(
                &variant.other.name(),
                format_args!("`{}` takes what no variant does already; one has `other`", first.ident),
            );
            continue;
        }
        let held = variant.held_type();
        let is_unit = matches!(variant.syntax.fields, Fields::Unit);
        if held.is_none() && (must_keep || !is_unit) {
            errors.at(
                variant.ident(),
                format_args!("`other` keeps what it took: write `{}(Value)`", variant.ident()),
            );
        }
        found = Some(OtherVariant { ident: variant.ident(), kept_type: held });
    }
    found
}

fn classes<'a>(
    variants: Vec<ParsedVariant<'a>>,
    case: RenameRule,
    root: &Root,
    errors: &mut Errors,
) -> Variants<'a> {
    let other = take_other(&variants, true, errors);
    let mut taken = ClaimedNames::new("alias");
    let variants = variants
        .into_iter()
        .filter_map(|variant| {
            if variant.other.is_set() {
                let useless = [variant.alias.name(), variant.rename.name(), variant.also_at.as_ref()];
                ParsedVariant::reject(&useless, "`other` takes any alias", errors);
                return None;
            }
            let because = "a variant of a class is told by its alias";
            ParsedVariant::reject(&[variant.rename.name()], because, errors);
            for alias in variant.alias.get().into_iter().chain(&variant.also) {
                taken.claim(&alias.value(), &variant, alias, errors);
            }
            Some(Variant { ident: variant.ident(), content: content(&variant, case, root, errors)? })
        })
        .collect();
    Variants { variants, other }
}

fn content<'a>(
    variant: &ParsedVariant<'a>,
    case: RenameRule,
    root: &Root,
    errors: &mut Errors,
) -> Option<VariantContent<'a>> {
    let fields = match &variant.syntax.fields {
        Fields::Named(fields) => named(fields, case, root, errors),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(fields) => {
            let Some(held) = variant.held_type() else {
                errors.at(
                    fields,
                    "a variant holds one struct, as in `Circle(Circle)`, or has named fields and an alias",
                );
                return None;
            };
            let because = "the class that the variant holds has the alias";
            ParsedVariant::reject(&[variant.alias.name(), variant.also_at.as_ref()], because, errors);
            return Some(VariantContent::Class(held));
        }
    };
    let Some(alias) = variant.alias.get() else {
        let ident = variant.ident();
        errors.at(
            ident,
            format_args!(
                "nothing on the wire says that an object is `{ident}`: add `#[amf(alias = \"...\")]`"
            ),
        );
        return None;
    };
    for field in fields.iter().filter(|field| matches!(field.role, FieldRole::Flattened { .. })) {
        errors.at(
            field.ident,
            "the members of a variant are its own: to flatten, let it hold a struct, as in `Circle(Circle)`",
        );
    }
    Some(VariantContent::Members { alias: alias.value(), also: variant.also(), fields })
}

fn constants<'a>(
    variants: &[ParsedVariant<'a>],
    form: ConstantForm,
    case: RenameRule,
    errors: &mut Errors,
) -> Constants<'a> {
    let other = take_other(variants, false, errors);
    let mut taken = ClaimedNames::new("string");
    let mut discriminants = Discriminants::default();
    let units = variants
        .iter()
        .filter_map(|variant| {
            let value = discriminants.next_discriminant(variant.syntax);
            if variant.other.is_set() && variant.held_type().is_some() {
                let useless = [variant.alias.name(), variant.rename.name(), variant.also_at.as_ref()];
                ParsedVariant::reject(&useless, "`other` keeps what it took", errors);
                return None;
            }
            check_constant(variant, form, errors);
            if form == ConstantForm::Numbers {
                return Some(Constant { ident: variant.ident(), value, also: Vec::new() });
            }
            let name = match variant.rename.get() {
                Some(rename) => rename.value(),
                None => case.apply_to_variant(variant.ident()),
            };
            taken.claim(&name, variant, variant.ident(), errors);
            for also in &variant.also {
                taken.claim(&also.value(), variant, also, errors);
            }
            Some(Constant { ident: variant.ident(), value: name.to_token_stream(), also: variant.also() })
        })
        .collect();
    Constants { form, units, other }
}

fn check_constant(variant: &ParsedVariant<'_>, form: ConstantForm, errors: &mut Errors) {
    if !matches!(variant.syntax.fields, Fields::Unit) {
        errors.at(
            &variant.syntax.fields,
            "a variant that is a string or a number has no fields; `#[amf(other)]` may keep one value",
        );
    }
    ParsedVariant::reject(&[variant.alias.name()], "a string or a number has no class", errors);
    if form == ConstantForm::Numbers {
        let useless = [variant.rename.name(), variant.also_at.as_ref()];
        ParsedVariant::reject(
            &useless,
            "the number of a variant is its discriminant, as in `Low = 1`",
            errors,
        );
    }
}

/// Names on the wire, each of which belongs to one variant.
struct ClaimedNames {
    /// Kind of the names, for errors.
    what: &'static str,
    variants: HashMap<String, String>,
}

impl ClaimedNames {
    fn new(what: &'static str) -> Self {
        Self { what, variants: HashMap::new() }
    }

    fn claim(&mut self, name: &str, variant: &ParsedVariant<'_>, place: &impl ToTokens, errors: &mut Errors) {
        let Self { what, variants } = self;
        if let Some(first) = variants.insert(name.to_owned(), variant.ident().to_string()) {
            errors.at(place, format_args!("the {what} \"{name}\" is that of `{first}` already"));
        }
    }
}

/// Discriminants, counted as Rust does: from the last explicit one.
#[derive(Default)]
struct Discriminants {
    written: Option<TokenStream>,
    after: i128,
}

impl Discriminants {
    fn next_discriminant(&mut self, variant: &syn::Variant) -> TokenStream {
        if let Some((_, written)) = &variant.discriminant {
            self.written = Some(quote!((#written) as ::core::primitive::i128));
            self.after = 0;
        }
        let after = Literal::i128_suffixed(self.after);
        self.after += 1;
        match &self.written {
            None => quote!(#after),
            Some(written) if self.after == 1 => written.clone(),
            Some(written) => quote!(#written + #after),
        }
    }
}
