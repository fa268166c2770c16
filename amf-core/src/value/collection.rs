//! Lists, dictionaries and bodies of externalizable objects.

use std::sync::Arc;

use super::{DynamicMembers, Traits, Value};

/// AMF0 strict array, or AMF3 array, which may have named members too.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Array {
    /// Elements.
    pub items: Vec<Value>,
    /// Named members, the associative part of an AMF3 array.
    pub members: DynamicMembers,
}

/// AMF0 ECMA array: named members, whose names are often indices.
///
/// ```
/// use amf_core::{EcmaArray, Value, Version, to_vec};
///
/// let array = EcmaArray::new([("0", true)].into_iter().collect());
/// let bytes = to_vec(Version::Amf0, &Value::from(array))?;
/// assert_eq!(bytes, [0x08, 0, 0, 0, 1, 0, 1, b'0', 0x01, 1, 0, 0, 0x09]);
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct EcmaArray {
    /// Length that the peer declared. It is not reliable: it may be 0, wrong, or that of a sparse array.
    pub length: u32,
    /// Members.
    pub members: DynamicMembers,
}

/// AMF3 Vector (§3.15). The length of a fixed Vector cannot be changed.
///
/// ```
/// use amf_core::{Value, Vector, Version, from_slice};
///
/// // AMF3: Vector.<int> of one element, -1.
/// let value: Value = from_slice(Version::Amf3, &[0x0D, 0x03, 0x00, 0xFF, 0xFF, 0xFF, 0xFF])?;
/// assert_eq!(value, Vector::Int { fixed: false, items: vec![-1] }.into());
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
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
        /// Alias of the class of the elements. Empty or `*` for elements of any type.
        class: Arc<str>,
        items: Vec<Value>,
    },
}

/// AMF3 Dictionary (§3.16), whose keys are values of any type.
///
/// ```
/// use amf_core::{Dictionary, Value};
///
/// let seats = Dictionary::new(vec![(Value::from(7), "Ann".into())]).with_weak_keys(true);
/// assert_eq!(seats.entries[0].1.as_str(), Some("Ann"));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Dictionary {
    /// Whether ActionScript holds the keys weakly.
    pub weak: bool,
    /// Keys and values, in order.
    pub entries: Vec<(Value, Value)>,
}

/// Object whose class wrote its body (AMF3 §3.12).
///
/// ```
/// use amf_core::{External, ExternalPart, Value};
///
/// let list = Value::from(vec![Value::from(7)]);
/// let collection = External::new("flex.messaging.io.ArrayCollection", vec![ExternalPart::Value(list)]);
/// assert_eq!(collection.as_list(), Some(&[Value::from(7)][..]));
/// ```
#[derive(Clone, Default)]
pub struct External {
    pub(super) traits: Arc<Traits>,
    /// Parts of the body, in order.
    pub parts: Vec<ExternalPart>,
}

/// Part of the body of an [`External`].
#[derive(Clone)]
pub enum ExternalPart {
    /// Raw bytes.
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
    /// Creates an object of a class with the given body.
    pub fn new(alias: impl Into<Arc<str>>, parts: Vec<ExternalPart>) -> Self {
        Self { traits: Arc::new(Traits::new(alias, [], false)), parts }
    }

    /// Creates an object whose traits record is shared.
    pub(super) fn with_traits(traits: Arc<Traits>, parts: Vec<ExternalPart>) -> Self {
        Self { traits, parts }
    }

    /// Returns the alias of the class.
    pub fn alias(&self) -> &str {
        self.traits.alias()
    }

    /// Returns the elements, if the object is an `ArrayCollection` or an `ArrayList`.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self.parts.as_slice() {
            [ExternalPart::Value(body)] if crate::external::is_collection(self.alias()) => body.as_list(),
            _ => None,
        }
    }
}

impl Vector {
    /// Returns `true` if the length is fixed.
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
