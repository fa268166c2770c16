//! Common syntax of the attributes: `#[amf(name, name = value)]`, with each name at most once.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token, token};

use crate::errors::Errors;
use crate::names::closest;

/// One `name` or `name = value` of an attribute.
pub(crate) struct Setting {
    pub(crate) name: Ident,
    value: SettingValue,
}

/// Value of a setting.
enum SettingValue {
    None,
    Given(Expr),
    /// `name(...)`, which is never valid.
    List(Span),
}

/// Returns the settings in all attributes of one name, such as `#[amf(...)]`.
pub(crate) fn settings(attributes: &[Attribute], name: &str, errors: &mut Errors) -> Vec<Setting> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        match &attribute.meta {
            Meta::List(list) => match parse_settings.parse2(list.tokens.clone()) {
                Ok(settings) => found.extend(settings),
                Err(error) => errors.add(error),
            },
            Meta::Path(_) | Meta::NameValue(_) => {
                errors.at(attribute, format_args!("settings stand in parentheses: write `#[{name}(...)]`"));
            }
        }
    }
    found
}

/// Parses the settings between the parentheses.
pub(crate) fn parse_settings(input: ParseStream<'_>) -> syn::Result<Vec<Setting>> {
    let mut settings = Vec::new();
    while !input.is_empty() {
        settings.push(input.parse()?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(settings)
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            SettingValue::Given(input.parse()?)
        } else if input.peek(token::Paren) {
            let list;
            let parentheses = syn::parenthesized!(list in input);
            list.parse::<proc_macro2::TokenStream>()?;
            SettingValue::List(parentheses.span.join())
        } else {
            SettingValue::None
        };
        Ok(Self { name, value })
    }
}

impl Setting {
    /// Returns the name as it is written.
    pub(crate) fn text(&self) -> String {
        self.name.to_string()
    }

    /// Returns the name of a setting that must not have a value.
    pub(crate) fn flag(&self, errors: &mut Errors) -> Option<Ident> {
        match &self.value {
            SettingValue::None => return Some(self.name.clone()),
            SettingValue::Given(value) => {
                errors.at(value, format_args!("`{0}` takes no value: write `{0}`", self.name));
            }
            SettingValue::List(span) => {
                errors.at_span(*span, format_args!("`{0}` takes no value: write `{0}`", self.name));
            }
        }
        None
    }

    /// Returns the value of a setting that must be a string.
    pub(crate) fn string(&self, errors: &mut Errors) -> Option<LitStr> {
        let message = format_args!("`{0}` takes a string: write `{0} = \"...\"`", self.name).to_string();
        match &self.value {
            SettingValue::Given(value) => match literal(value) {
                Some(literal) => return Some(literal.clone()),
                None => errors.at(value, message),
            },
            SettingValue::None => errors.at(&self.name, message),
            SettingValue::List(span) => errors.at_span(*span, message),
        }
        None
    }

    /// Returns the value of a setting that must be a non-empty string. `empty` is the error for an empty one.
    pub(crate) fn text_value(&self, empty: &str, errors: &mut Errors) -> Option<LitStr> {
        let literal = self.string(errors)?;
        if literal.value().is_empty() {
            errors.at(&literal, empty);
            return None;
        }
        Some(literal)
    }

    /// Returns the value of a setting that must be a path, with or without quotes. The error shows `example`.
    pub(crate) fn path(&self, example: &str, errors: &mut Errors) -> Option<Path> {
        if let SettingValue::Given(Expr::Path(path)) = &self.value {
            return Some(path.path.clone());
        }
        let literal = self.string(errors)?;
        let path = literal.parse_with(Path::parse_mod_style).ok();
        if path.is_none() {
            errors.at(
                &literal,
                format_args!(
                    "`{}` is not a path: write it as in `{} = \"{example}\"`",
                    literal.value(),
                    self.name
                ),
            );
        }
        path
    }

    /// Returns `true` if the setting has a value.
    pub(crate) fn has_value(&self) -> bool {
        !matches!(self.value, SettingValue::None)
    }

    /// Reports a name that is not valid in this place.
    pub(crate) fn unknown(&self, place: &str, known: &[&str], errors: &mut Errors) {
        let name = self.text();
        match closest(&name, known) {
            Some(meant) => {
                errors.at(&self.name, format_args!("unknown attribute `{name}`; did you mean `{meant}`?"));
            }
            None => errors.at(
                &self.name,
                format_args!(
                    "unknown attribute `{name}`; {place} takes {}",
                    crate::names::list_alternatives(known)
                ),
            ),
        }
    }
}

fn literal(value: &Expr) -> Option<&LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some(literal),
        // A literal from a `macro_rules!` fragment is wrapped in an invisible group.
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// Value of a setting that may be given once.
pub(crate) struct SetOnce<T> {
    value: Option<(Ident, T)>,
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self { value: None }
    }
}

impl<T> SetOnce<T> {
    /// Stores the value, and reports a second one. `None` stands for a value whose error was already reported.
    pub(crate) fn set(&mut self, setting: &Setting, value: Option<T>, errors: &mut Errors) {
        if self.value.is_some() {
            errors.at(&setting.name, format_args!("`{}` is given twice; keep one of them", setting.name));
        } else if let Some(value) = value {
            self.value = Some((setting.name.clone(), value));
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().map(|(_, value)| value)
    }

    /// Returns the name of the setting, for the position of errors.
    pub(crate) fn name(&self) -> Option<&Ident> {
        self.value.as_ref().map(|(name, _)| name)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.value.is_some()
    }

    pub(crate) fn take(self) -> Option<T> {
        self.value.map(|(_, value)| value)
    }
}
