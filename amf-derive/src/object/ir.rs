//! Parsed model of a struct or an enum.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ExprPath, Generics, Ident, Index, Member, Type, WherePredicate};

use super::enums::{Constants, Variants};
use crate::paths::Root;
use crate::span;

/// Type for which the derive generates implementations.
pub(crate) struct Object<'a> {
    pub(crate) root: Root,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// Bounds that replace those derived from the members.
    pub(crate) bound: Option<Vec<WherePredicate>>,
    /// Alias of the class, empty for an anonymous object.
    pub(crate) alias: String,
    /// Alternative aliases that are accepted when reading.
    pub(crate) also: Vec<String>,
    pub(crate) body: Body<'a>,
}

/// Encoding of the type.
pub(crate) enum Body<'a> {
    /// The type reads and writes its own body. The span is that of the setting.
    Externalizable(Span),
    Fields {
        fields: Vec<Field<'a>>,
        /// Span of the `default` setting of the struct.
        default: Option<Span>,
        deny_unknown: bool,
    },
    /// The value of a single field.
    Newtype(Newtype<'a>),
    /// A tuple, encoded as a list.
    List(Vec<(Index, &'a Type)>),
    /// An enum whose variants are classes.
    Variants(Variants<'a>),
    /// An enum whose variants are strings or numbers.
    Constants(Constants<'a>),
}

/// Field of a struct or of a variant.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) role: FieldRole,
}

/// Role of a field in the encoding.
pub(crate) enum FieldRole {
    Member {
        wire: String,
        /// Alternative names that are accepted when reading.
        also: Vec<String>,
        conversion: Conversion,
        missing: IfMissing,
    },
    /// A struct whose members are members of the outer one.
    Flattened {
        default: bool,
    },
    Skipped,
    Dynamic,
}

/// Functions that read and write a value.
pub(crate) enum Conversion {
    /// Those of the type.
    Type,
    /// The functions `from_amf` and `to_amf` of a module. Type errors are reported at this span.
    Module { path: TokenStream, place: Span },
}

/// Replacement of a member that is missing on the wire.
pub(crate) enum IfMissing {
    /// Determined by the type, which may report an error.
    TypeDecides,
    /// `None` if the type is written as `Option`, otherwise an error.
    Null {
        allowed: bool,
    },
    Default,
    Call(ExprPath),
}

/// Struct that is encoded as its only field.
pub(crate) struct Newtype<'a> {
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
    pub(crate) conversion: Conversion,
    pub(crate) skipped: Vec<(Member, &'a Type)>,
}

impl Conversion {
    /// Generates a call of a function of the module.
    pub(crate) fn call(path: &TokenStream, place: Span, name: &str, arguments: &TokenStream) -> TokenStream {
        let function = Ident::new(name, place);
        span::at_location_of(&quote!(#path::#function(#arguments)), &place)
    }
}
