//! Parsing of the attributes above the item.

use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Ident, LitStr, Path, Token, WherePredicate};

use crate::attr::{SetOnce, Setting, settings};
use crate::errors::Errors;
use crate::names::RenameRule;

const STRUCT_SETTINGS: &[&str] = &[
    "alias",
    "also",
    "rename_all",
    "default",
    "deny_unknown",
    "transparent",
    "externalizable",
    "bound",
    "crate",
];
const ENUM_SETTINGS: &[&str] =
    &["string", "number", "rename_all", "alias", "externalizable", "bound", "crate"];

/// Settings of a struct or an enum.
#[derive(Default)]
pub(crate) struct ItemSettings {
    pub(crate) alias: SetOnce<LitStr>,
    pub(crate) also: Vec<String>,
    /// Position of the first `also`.
    also_at: Option<Ident>,
    pub(crate) case: SetOnce<RenameRule>,
    pub(crate) default: SetOnce<Ident>,
    pub(crate) deny_unknown: SetOnce<Ident>,
    pub(crate) transparent: SetOnce<Ident>,
    pub(crate) externalizable: SetOnce<Ident>,
    pub(crate) string: SetOnce<Ident>,
    pub(crate) number: SetOnce<Ident>,
    pub(crate) bound: SetOnce<Vec<WherePredicate>>,
    pub(crate) root: SetOnce<Path>,
}

impl ItemSettings {
    pub(super) fn parse(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut parsed = Self::default();
        for setting in settings(&input.attrs, "amf", errors) {
            parsed.take(&setting, input, errors);
        }
        parsed
    }

    fn take(&mut self, setting: &Setting, input: &DeriveInput, errors: &mut Errors) {
        match setting.text().as_str() {
            "alias" => {
                let empty = "an alias is not empty; leave `alias` out where objects are anonymous";
                let value = setting.text_value(empty, errors);
                self.alias.set(setting, value, errors);
            }
            "also" => {
                let value = setting.text_value("an alias is not empty", errors);
                self.also.extend(value.map(|alias| alias.value()));
                self.also_at.get_or_insert_with(|| setting.name.clone());
            }
            "rename_all" => {
                let value = setting.string(errors).and_then(|literal| {
                    RenameRule::parse(&literal.value()).map_err(|message| errors.at(&literal, message)).ok()
                });
                self.case.set(setting, value, errors);
            }
            "bound" => {
                let value = bound(setting, errors);
                self.bound.set(setting, value, errors);
            }
            "crate" => {
                let value = setting.path("my_crate::amf_core", errors);
                self.root.set(setting, value, errors);
            }
            name => match self.flag(name) {
                Some(flag) => {
                    let value = setting.flag(errors);
                    flag.set(setting, value, errors);
                }
                None => unknown(setting, input, errors),
            },
        }
    }

    fn flag(&mut self, name: &str) -> Option<&mut SetOnce<Ident>> {
        Some(match name {
            "default" => &mut self.default,
            "deny_unknown" => &mut self.deny_unknown,
            "transparent" => &mut self.transparent,
            "externalizable" => &mut self.externalizable,
            "string" => &mut self.string,
            "number" => &mut self.number,
            _ => return None,
        })
    }

    /// Returns the settings that apply to the members of an object, or that select another encoding.
    pub(super) fn member_settings(&self) -> impl Iterator<Item = &Ident> {
        [
            self.case.name(),
            self.default.name(),
            self.deny_unknown.name(),
            self.transparent.name(),
            self.string.name(),
            self.number.name(),
            self.bound.name(),
        ]
        .into_iter()
        .flatten()
    }

    pub(super) fn only_for_enums(&self, errors: &mut Errors) {
        for form in [self.string.name(), self.number.name()].into_iter().flatten() {
            errors.at(
                form,
                format_args!(
                    "`{form}` is for enums; a struct of one field is what that field holds: remove it"
                ),
            );
        }
    }

    /// Reports settings that only an object with members may have.
    pub(super) fn only_for_members(&self, what: &str, errors: &mut Errors) {
        let settings = [self.alias.name(), self.case.name(), self.default.name(), self.deny_unknown.name()];
        for name in settings.into_iter().flatten().chain(&self.also_at) {
            errors.at(
                name,
                format_args!("{what} is no object of a class: remove `{name}`, or give it named fields"),
            );
        }
    }

    pub(super) fn check_also(&self, errors: &mut Errors) {
        if let (Some(also), false) = (&self.also_at, self.alias.is_set()) {
            errors.at(
                also,
                "`also` gives other aliases that are read: add the one that is written, `alias = \"...\"`",
            );
        }
    }

    /// Reports settings that have no effect on an enum.
    pub(crate) fn only_for_structs(&self, errors: &mut Errors) {
        for name in [self.alias.name(), self.also_at.as_ref()].into_iter().flatten() {
            errors.at(
                name,
                format_args!("each variant of an enum is a class of its own: write `{name}` on the variants"),
            );
        }
        let settings = [self.default.name(), self.deny_unknown.name(), self.transparent.name()];
        for name in settings.into_iter().flatten() {
            errors
                .at(name, format_args!("`{name}` is for structs: write it on those that the variants hold"));
        }
    }
}

fn bound(setting: &Setting, errors: &mut Errors) -> Option<Vec<WherePredicate>> {
    let literal = setting.string(errors)?;
    let parse = Punctuated::<WherePredicate, Token![,]>::parse_terminated;
    let predicates = literal.parse_with(parse).ok();
    if predicates.is_none() {
        errors.at(
            &literal,
            "these are not bounds: write them as in `bound = \"T: FromAmf<'de> + ToAmf, U: Default\"`, or `\"\"` \
             for none",
        );
    }
    predicates.map(|predicates| predicates.into_iter().collect())
}

fn unknown(setting: &Setting, input: &DeriveInput, errors: &mut Errors) {
    let message = match setting.text().as_str() {
        "rename" => "`rename` is for fields; the name of a class is `alias = \"...\"`",
        "skip" => "`skip` is for fields: write it on the one that is not on the wire",
        "dynamic" => "`dynamic` is for a field: write `#[amf(dynamic)] extra: DynamicMembers` among them",
        "flatten" => "`flatten` is for a field: write it on the one whose members are this struct's too",
        "with" | "as" => "`with` and `as` are for fields: write them on the one that has another form",
        "other" => "`other` is for a variant: write it on the one that takes what no other does",
        _ if matches!(input.data, Data::Enum(_)) => return setting.unknown("an enum", ENUM_SETTINGS, errors),
        _ => return setting.unknown("a struct", STRUCT_SETTINGS, errors),
    };
    errors.at(&setting.name, message);
}
