//! Recognition of common types by their names.

use syn::{Type, TypePath};

/// Returns the text of a type whose name leaves no doubt about it. An alias may stand for any type, and has none.
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

/// Returns `true` if the type is written as `Option`.
pub(crate) fn is_option(ty: &Type) -> bool {
    is_named(ty, &["Option"])
}

/// Returns `true` if the type is written as one that collects named values.
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
