//! What the derive understood of a struct or an enum.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ExprPath, Generics, Ident, Index, Member, Type, WherePredicate};

use super::enums::{Constants, Variants};
use crate::paths::Root;
use crate::span;

pub(crate) struct Object<'a> {
    pub(crate) root: Root,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// What stands in place of the bounds that members ask for.
    pub(crate) bound: Option<Vec<WherePredicate>>,
    /// Empty for an anonymous object.
    pub(crate) alias: String,
    /// Other aliases that its objects may have on the wire.
    pub(crate) also: Vec<String>,
    pub(crate) body: Body<'a>,
}

pub(crate) enum Body<'a> {
    /// The type reads and writes itself; here it says so.
    Externalizable(Span),
    Fields {
        fields: Vec<Field<'a>>,
        /// Where it says that the struct's `Default` stands in for what is missing.
        default: Option<Span>,
        deny_unknown: bool,
    },
    /// What one field holds.
    Newtype(Newtype<'a>),
    /// A tuple, as a list.
    List(Vec<(Index, &'a Type)>),
    /// An enum whose variants are classes.
    Variants(Variants<'a>),
    /// An enum whose variants are strings or numbers.
    Constants(Constants<'a>),
}

pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) role: FieldRole,
}

pub(crate) enum FieldRole {
    Member {
        wire: String,
        /// Other names that are read as this member.
        also: Vec<String>,
        conversion: Conversion,
        missing: IfMissing,
    },
    /// A struct whose members are this one's too.
    Flattened {
        default: bool,
    },
    Skipped,
    Dynamic,
}

/// What reads and writes a value.
pub(crate) enum Conversion {
    /// Its type.
    Type,
    /// The functions `from_amf` and `to_amf` of a module; what does not fit is reported at this place.
    Module { path: TokenStream, place: Span },
}

/// What becomes of a member that is not on the wire.
pub(crate) enum IfMissing {
    /// What the type says, or an error.
    TypeDecides,
    /// An error, or `None` for what is plainly an `Option`.
    Null {
        allowed: bool,
    },
    Default,
    Call(ExprPath),
}

pub(crate) struct Newtype<'a> {
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
    pub(crate) conversion: Conversion,
    pub(crate) skipped: Vec<(Member, &'a Type)>,
}

impl Conversion {
    /// One of the module's functions, called with these arguments.
    pub(crate) fn call(path: &TokenStream, place: Span, name: &str, arguments: &TokenStream) -> TokenStream {
        let function = Ident::new(name, place);
        span::at_location_of(&quote!(#path::#function(#arguments)), &place)
    }
}
