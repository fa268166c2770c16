//! Enums: whose variants are classes, told by alias, or constants, written as strings or numbers.

pub(super) mod classes;
pub(super) mod constants;
mod ir;
pub(super) mod parse;

pub(super) use ir::{Constant, ConstantForm, Constants, OtherVariant, Variant, VariantContent, Variants};
