//! Lists, dictionaries and bodies of externalizable objects.

use std::sync::Arc;

use super::{DynamicMembers, Traits, Value};

/// An AMF0 strict array, or an AMF3 array, which may have named members too.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Array {
    /// The elements.
    pub items: Vec<Value>,
    /// What AMF3 calls the associative part.
    pub members: DynamicMembers,
}

/// An AMF0 ECMA array: named members, whose names are often indices.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct EcmaArray {
    /// The length that the peer gave. It says little: it is 0, or wrong, or that of a sparse array.
    pub length: u32,
    /// The members.
    pub members: DynamicMembers,
}

/// A Vector of AMF3 (§3.15). A fixed one does not change its length.
#[derive(Clone)]
#[allow(missing_docs, reason = "`fixed` and `items` say it")]
pub enum Vector {
    /// `Vector.<int>`
    Int { fixed: bool, items: Vec<i32> },
    /// `Vector.<uint>`
    Uint { fixed: bool, items: Vec<u32> },
    /// `Vector.<Number>`
    Number { fixed: bool, items: Vec<f64> },
    /// A Vector of any other type.
    Object {
        fixed: bool,
        /// The alias of the elements' class; empty, or `*`, for any.
        class: Arc<str>,
        items: Vec<Value>,
    },
}

/// A Dictionary of AMF3 (§3.16), whose keys are values.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Dictionary {
    /// Whether it holds its keys weakly.
    pub weak: bool,
    /// Keys and values, in order.
    pub entries: Vec<(Value, Value)>,
}

/// An object whose class wrote its body itself (AMF3 §3.12).
#[derive(Clone, Default)]
pub struct External {
    pub(super) traits: Arc<Traits>,
    /// The body, in order.
    pub parts: Vec<ExternalPart>,
}

/// A piece of an externalizable body.
#[derive(Clone)]
pub enum ExternalPart {
    /// Raw data.
    Bytes(Arc<[u8]>),
    /// A value.
    Value(Value),
}

impl Array {
    /// Creates an array of elements, without named members.
    ///
    /// ```
    /// use amf_core::{Array, Value};
    ///
    /// let array = Array::new(vec![Value::from(7)]).with_members([("name", "Ann")].into_iter().collect());
    /// assert_eq!(array.members.get("name"), Some(&Value::from("Ann")));
    /// ```
    pub fn new(items: Vec<Value>) -> Self {
        Self { items, members: DynamicMembers::new() }
    }

    /// Sets the named members. Default: none.
    #[must_use]
    pub fn with_members(mut self, members: DynamicMembers) -> Self {
        self.members = members;
        self
    }
}

impl EcmaArray {
    /// Creates an array whose length is the number of its members.
    pub fn new(members: DynamicMembers) -> Self {
        Self { length: u32::try_from(members.len()).unwrap_or(u32::MAX), members }
    }

    /// Sets the length that is written in AMF0; readers use it as a hint. Default: the number of members.
    #[must_use]
    pub fn with_length(mut self, length: u32) -> Self {
        self.length = length;
        self
    }
}

impl Dictionary {
    /// Creates a Dictionary that holds its keys strongly.
    pub fn new(entries: Vec<(Value, Value)>) -> Self {
        Self { weak: false, entries }
    }

    /// Sets whether ActionScript holds the keys weakly. Default: `false`.
    #[must_use]
    pub fn with_weak_keys(mut self, weak: bool) -> Self {
        self.weak = weak;
        self
    }
}

impl External {
    /// A body of a class.
    pub fn new(alias: impl Into<Arc<str>>, parts: Vec<ExternalPart>) -> Self {
        Self { traits: Arc::new(Traits::new(alias, [], false)), parts }
    }

    /// A body of a class whose record is shared.
    pub(super) fn with_traits(traits: Arc<Traits>, parts: Vec<ExternalPart>) -> Self {
        Self { traits, parts }
    }

    /// The class's alias.
    pub fn alias(&self) -> &str {
        self.traits.alias()
    }

    /// The elements, if it is an `ArrayCollection` or an `ArrayList`.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self.parts.as_slice() {
            [ExternalPart::Value(body)] if crate::external::is_collection(self.alias()) => body.as_list(),
            _ => None,
        }
    }
}

impl Vector {
    /// Whether its length is fixed.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::Int { fixed, .. }
            | Self::Uint { fixed, .. }
            | Self::Number { fixed, .. }
            | Self::Object { fixed, .. } => *fixed,
        }
    }
}

impl Default for Vector {
    fn default() -> Self {
        Self::Object { fixed: false, class: "".into(), items: Vec::new() }
    }
}
