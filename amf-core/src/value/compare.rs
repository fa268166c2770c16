//! Structural comparison of graphs. The comparison ends at references to enclosing objects.

use std::collections::HashSet;
use std::sync::Arc;

use super::{
    Array, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, Traits, Value, Vector,
    WeakValue,
};
use crate::work;

impl PartialEq for Value {
    /// Compares the structure. References to enclosing objects are equal if their targets have the same type and
    /// alias.
    fn eq(&self, other: &Self) -> bool {
        self.structurally_eq(other, &mut EqualPairs::default())
    }
}

macro_rules! equal {
    ($($type:ty)*) => {$(
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.structurally_eq(other, &mut EqualPairs::default())
            }
        }
    )*};
}
equal! { Array EcmaArray Object DynamicMembers Vector Dictionary External ExternalPart }

/// Pairs of shared nodes that were found to be equal. A graph may have far more paths than nodes, so each pair is
/// compared once. Long texts and traits records are included: a reference to a text of a megabyte takes two bytes on
/// the wire.
#[derive(Default)]
struct EqualPairs(HashSet<(usize, usize)>);

impl EqualPairs {
    /// Compares the contents of two pointers. The result for content longer than 64 bytes is remembered.
    fn are_equal<T: PartialEq + ?Sized>(&mut self, a: &Arc<T>, b: &Arc<T>, len: usize) -> bool {
        const MIN_REMEMBERED_LEN: usize = 64;
        if Arc::ptr_eq(a, b) {
            return true;
        }
        let pair = (Arc::as_ptr(a).addr(), Arc::as_ptr(b).addr());
        if len > MIN_REMEMBERED_LEN && self.0.contains(&pair) {
            return true;
        }
        work::count_bytes(len);
        let equal = **a == **b;
        if equal && len > MIN_REMEMBERED_LEN {
            self.0.insert(pair);
        }
        equal
    }

    fn have_equal_traits(&mut self, a: &Arc<Traits>, b: &Arc<Traits>) -> bool {
        // Traits records are always remembered. Adding up the length of their texts, to exempt short ones,
        // would cost more.
        if Arc::ptr_eq(a, b) {
            return true;
        }
        let pair = (Arc::as_ptr(a).addr(), Arc::as_ptr(b).addr());
        if self.0.contains(&pair) {
            return true;
        }
        let texts = a.members().iter().map(|name| 1 + name.len().div_ceil(8));
        work::count(a.alias().len().div_ceil(8) + texts.sum::<usize>());
        let equal = a == b;
        if equal {
            self.0.insert(pair);
        }
        equal
    }
}

trait StructuralEq {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool;
}

impl StructuralEq for Value {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        match (self, other) {
            (Self::Undefined, Self::Undefined)
            | (Self::Null, Self::Null)
            | (Self::Unsupported, Self::Unsupported) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => same_number(*a, *b),
            (Self::Date(a), Self::Date(b)) => same_number(a.as_millis(), b.as_millis()),
            (Self::String(a), Self::String(b))
            | (Self::Xml(a), Self::Xml(b))
            | (Self::XmlDocument(a), Self::XmlDocument(b)) => pairs.are_equal(a, b, a.len()),
            (Self::ByteArray(a), Self::ByteArray(b)) => pairs.are_equal(a, b, a.len()),
            (Self::Array(a), Self::Array(b)) => a.structurally_eq(b, pairs),
            (Self::EcmaArray(a), Self::EcmaArray(b)) => a.structurally_eq(b, pairs),
            (Self::Object(a), Self::Object(b)) => a.structurally_eq(b, pairs),
            (Self::Vector(a), Self::Vector(b)) => a.structurally_eq(b, pairs),
            (Self::Dictionary(a), Self::Dictionary(b)) => a.structurally_eq(b, pairs),
            (Self::External(a), Self::External(b)) => a.structurally_eq(b, pairs),
            (Self::Ancestor(a), Self::Ancestor(b)) => a.has_type_of(b, pairs),
            _ => false,
        }
    }
}

/// Compares two numbers. NaN is equal to itself here, because it is the same value on the wire.
#[allow(clippy::float_cmp, reason = "exact by intent")]
fn same_number(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

impl<T: StructuralEq> StructuralEq for Arc<T> {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        if Self::ptr_eq(self, other) {
            return true;
        }
        let shared = Self::strong_count(self) > 1 && Self::strong_count(other) > 1;
        let pair = (Self::as_ptr(self).addr(), Self::as_ptr(other).addr());
        if shared && pairs.0.contains(&pair) {
            return true;
        }
        let same = (**self).structurally_eq(other, pairs);
        if shared && same {
            pairs.0.insert(pair);
        }
        same
    }
}

impl StructuralEq for [Value] {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.structurally_eq(b, pairs))
    }
}

impl StructuralEq for Array {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        self.items.structurally_eq(&other.items, pairs) && self.members.structurally_eq(&other.members, pairs)
    }
}

impl StructuralEq for EcmaArray {
    /// Compares the members. The length is a hint and is ignored.
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        self.members.structurally_eq(&other.members, pairs)
    }
}

impl StructuralEq for DynamicMembers {
    /// Compares the members regardless of their order.
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        let is_there = |(name, value): (&str, &Value), pairs: &mut EqualPairs| {
            other.get(name).is_some_and(|other| value.structurally_eq(other, pairs))
        };
        self.len() == other.len() && self.iter().all(|member| is_there(member, pairs))
    }
}

impl StructuralEq for Object {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        pairs.have_equal_traits(self.traits(), other.traits())
            && self.sealed().zip(other.sealed()).all(|((_, a), (_, b))| a.structurally_eq(b, pairs))
            && self.dynamic().structurally_eq(other.dynamic(), pairs)
    }
}

impl StructuralEq for Vector {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        if self.is_fixed() != other.is_fixed() {
            return false;
        }
        match (self, other) {
            (Self::Int { items: a, .. }, Self::Int { items: b, .. }) => a == b,
            (Self::Uint { items: a, .. }, Self::Uint { items: b, .. }) => a == b,
            (Self::Number { items: a, .. }, Self::Number { items: b, .. }) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_number(*a, *b))
            }
            (Self::Object { class, items, .. }, Self::Object { class: other_class, items: others, .. }) => {
                class == other_class && items.structurally_eq(others, pairs)
            }
            _ => false,
        }
    }
}

impl StructuralEq for Dictionary {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        let mut entries = self.entries.iter().zip(&other.entries);
        self.weak == other.weak
            && self.entries.len() == other.entries.len()
            && entries.all(|((key, value), (other_key, other))| {
                key.structurally_eq(other_key, pairs) && value.structurally_eq(other, pairs)
            })
    }
}

impl StructuralEq for External {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        self.alias() == other.alias()
            && self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|(a, b)| a.structurally_eq(b, pairs))
    }
}

impl StructuralEq for ExternalPart {
    fn structurally_eq(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        match (self, other) {
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Value(a), Self::Value(b)) => a.structurally_eq(b, pairs),
            _ => false,
        }
    }
}

impl WeakValue {
    /// Returns `true` if both targets have the same type and alias, or if both were dropped.
    fn has_type_of(&self, other: &Self, pairs: &mut EqualPairs) -> bool {
        match (self.upgrade(), other.upgrade()) {
            (None, None) => true,
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                pairs.are_equal(a.traits().shared_alias(), b.traits().shared_alias(), a.alias().len())
            }
            (Some(Value::External(a)), Some(Value::External(b))) => {
                pairs.are_equal(a.traits.shared_alias(), b.traits.shared_alias(), a.alias().len())
            }
            (Some(a), Some(b)) => a.type_name() == b.type_name(),
            _ => false,
        }
    }

    /// Returns the type and the alias of the target, unless it was dropped.
    pub(super) fn target_type(&self) -> Option<(&'static str, String)> {
        let value = self.upgrade()?;
        let alias = match &value {
            Value::Object(object) => object.alias().to_owned(),
            Value::External(external) => external.alias().to_owned(),
            _ => String::new(),
        };
        Some((value.type_name(), alias))
    }
}
