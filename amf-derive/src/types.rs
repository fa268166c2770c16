//! Types that everybody knows by their names.

use syn::{Type, TypePath};

/// What a type surely is, where its name leaves no doubt; an alias may be anything.
pub(crate) fn known_name(ty: &Type) -> Option<String> {
    const KNOWN: &[&str] = &[
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
        "isize", "f32", "f64", "String", "Vec", "Option", "Box", "Arc", "Rc", "HashMap", "BTreeMap",
        "HashSet", "BTreeSet", "Value", "Date",
    ];
    let known = match ty {
        Type::Path(TypePath { qself: None, .. }) => is_named(ty, KNOWN),
        Type::Path(_) | Type::Macro(_) | Type::Group(_) | Type::Paren(_) | Type::Verbatim(_) => false,
        _ => true,
    };
    known.then(|| crate::describe::type_text(ty))
}

/// Whether a type is plainly an `Option`.
pub(crate) fn is_option(ty: &Type) -> bool {
    is_named(ty, &["Option"])
}

/// Whether a type plainly collects named values.
pub(crate) fn is_map(ty: &Type) -> bool {
    is_named(ty, &["HashMap", "BTreeMap", "Value"])
}

fn is_named(ty: &Type, names: &[&str]) -> bool {
    match ty {
        Type::Path(TypePath { qself: None, path }) => {
            path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
        }
        _ => false,
    }
}
