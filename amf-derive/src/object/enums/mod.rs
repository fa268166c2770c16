//! Enums, whose variants are classes, selected by alias, or constants, encoded as strings or numbers.

pub(super) mod classes;
pub(super) mod constants;
mod ir;
pub(super) mod parse;

pub(super) use ir::{Constant, ConstantForm, Constants, OtherVariant, Variant, VariantContent, Variants};
