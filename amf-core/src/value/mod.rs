//! Dynamic values, for data that has no Rust type.

mod collection;
mod compare;
mod date;
mod debug;
mod decode;
mod enclosing;
mod encode;
mod object;
mod part;
mod typed;

use std::sync::{Arc, Weak};

pub use collection::{Array, Dictionary, EcmaArray, External, ExternalPart, Vector};
pub use date::SharedDate;
pub use object::{DynamicMembers, DynamicMembersIntoIter, DynamicMembersIter, Object, Traits};
pub use part::ValuePart;
pub use typed::{from_value, to_value};

use crate::Date;

/// Value of any type in either version.
///
/// Types with identity on the wire are behind an `Arc`. Two members that refer to the same object share one `Arc`,
/// and are written as one object and a reference. A reference to an enclosing object is an
/// [`Ancestor`](Self::Ancestor), so a cyclic graph does not keep itself alive. A [`ValuePart`] holds a part of a
/// cyclic graph together with the rest.
///
/// The enum is exhaustive, as are [`Vector`], [`WeakValue`] and [`ExternalPart`]: both formats are complete, and no
/// type will be added to them.
///
/// `Debug` prints a readable form: a shared object once, dates in ISO 8601, the beginning of long text and of bytes,
/// and at most 1 MiB in total. [`dump`](crate::dump) prints the encoded bytes.
///
/// ```
/// use amf_core::{Object, Value};
///
/// let room = Object::typed("com.example.Room").with("name", "Lobby").with("seats", 8);
/// let value = Value::from(room);
/// assert_eq!(value.as_object().and_then(|room| room.get("seats")), Some(&Value::Integer(8)));
/// assert_eq!(format!("{value:?}"), r#"com.example.Room { name: "Lobby", seats: 8 }"#);
/// ```
#[derive(Clone, Default)]
pub enum Value {
    /// Undefined.
    Undefined,
    /// Null.
    #[default]
    Null,
    /// A Boolean.
    Bool(bool),
    /// AMF3 integer, with 29 bits on the wire. A larger one is written as a double.
    Integer(i32),
    /// A double.
    Number(f64),
    /// A string.
    String(Arc<str>),
    /// A date.
    Date(SharedDate),
    /// XML of ActionScript 3 (E4X), as text. The text is never parsed.
    Xml(Arc<str>),
    /// XML of ActionScript 2, as text.
    XmlDocument(Arc<str>),
    /// A `ByteArray`.
    ByteArray(Arc<[u8]>),
    /// An AMF0 strict array, or an AMF3 array.
    Array(Arc<Array>),
    /// An AMF0 ECMA array.
    EcmaArray(Arc<EcmaArray>),
    /// An object, typed or anonymous.
    Object(Arc<Object>),
    /// A Vector of AMF3.
    Vector(Arc<Vector>),
    /// A Dictionary of AMF3.
    Dictionary(Arc<Dictionary>),
    /// An object whose class wrote its body.
    External(Arc<External>),
    /// The AMF0 value "unsupported".
    Unsupported,
    /// A reference to an object that encloses this value.
    Ancestor(WeakValue),
}

/// Weak reference of a [`Value`] to an object that encloses it; the content of [`Value::Ancestor`].
///
/// ```
/// use amf_core::{Value, Version, WeakValue, from_slice};
///
/// // AMF3: an object whose member `self` refers to the object.
/// let object: Value = from_slice(Version::Amf3, b"\x0A\x0B\x01\x09self\x0A\x00\x01")?;
/// let Some(Value::Ancestor(weak)) = object.get("self") else { unreachable!() };
/// assert!(matches!(weak, WeakValue::Object(_)));
/// assert!(weak.upgrade().is_some());
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Clone)]
pub enum WeakValue {
    /// An array.
    Array(Weak<Array>),
    /// An ECMA array.
    EcmaArray(Weak<EcmaArray>),
    /// An object.
    Object(Weak<Object>),
    /// A Vector.
    Vector(Weak<Vector>),
    /// A Dictionary.
    Dictionary(Weak<Dictionary>),
    /// An externalizable object.
    External(Weak<External>),
}

impl Value {
    /// Returns `true` for null and undefined.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null | Self::Undefined)
    }

    /// Returns the Boolean, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the number, if the value is an integer or a double.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(f64::from(*value)),
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the text, if the value is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the date, if the value is one.
    pub fn as_date(&self) -> Option<Date> {
        match self {
            Self::Date(date) => Some(date.date()),
            _ => None,
        }
    }

    /// Returns the bytes, if the value is a `ByteArray`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::ByteArray(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the object, if the value is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Returns the elements in order, if the value is an array, an `ArrayCollection`, or a Vector of objects.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::Array(array) => Some(&array.items),
            Self::Vector(vector) => match &**vector {
                Vector::Object { items, .. } => Some(items),
                _ => None,
            },
            Self::External(external) => external.as_list(),
            _ => None,
        }
    }

    /// Returns the member with this name, if the value is an object or an associative array that has one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(object) => object.get(name),
            Self::EcmaArray(array) => array.members.get(name),
            Self::Array(array) => array.members.get(name),
            _ => None,
        }
    }

    /// Returns the name of the type for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
            Self::Bool(_) => "Boolean",
            Self::Integer(_) => "Integer",
            Self::Number(_) => "Number",
            Self::String(_) => "String",
            Self::Date(_) => "Date",
            Self::Xml(_) => "XML",
            Self::XmlDocument(_) => "XMLDocument",
            Self::ByteArray(_) => "ByteArray",
            Self::Array(_) => "Array",
            Self::EcmaArray(_) => "ECMA array",
            Self::Object(_) => "Object",
            Self::Vector(_) => "Vector",
            Self::Dictionary(_) => "Dictionary",
            Self::External(_) => "externalizable object",
            Self::Unsupported => "unsupported",
            Self::Ancestor(_) => "reference",
        }
    }
}

impl WeakValue {
    /// Returns the object, unless it was dropped.
    pub fn upgrade(&self) -> Option<Value> {
        match self {
            Self::Array(weak) => weak.upgrade().map(Value::Array),
            Self::EcmaArray(weak) => weak.upgrade().map(Value::EcmaArray),
            Self::Object(weak) => weak.upgrade().map(Value::Object),
            Self::Vector(weak) => weak.upgrade().map(Value::Vector),
            Self::Dictionary(weak) => weak.upgrade().map(Value::Dictionary),
            Self::External(weak) => weak.upgrade().map(Value::External),
        }
    }
}

macro_rules! from {
    ($($type:ty => |$value:ident| $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $make
            }
        }
    )*};
}
from! {
    bool => |value| Self::Bool(value);
    i32 => |value| Self::Integer(value);
    u8 => |value| Self::Integer(i32::from(value));
    i16 => |value| Self::Integer(i32::from(value));
    u16 => |value| Self::Integer(i32::from(value));
    u32 => |value| i32::try_from(value).map_or(Self::Number(f64::from(value)), Self::Integer);
    f64 => |value| Self::Number(value);
    &str => |text| Self::String(text.into());
    String => |text| Self::String(text.into());
    Arc<str> => |text| Self::String(text);
    Date => |date| Self::Date(date.into());
    &[u8] => |bytes| Self::ByteArray(bytes.into());
    Array => |array| Self::Array(Arc::new(array));
    EcmaArray => |array| Self::EcmaArray(Arc::new(array));
    Object => |object| Self::Object(Arc::new(object));
    Vector => |vector| Self::Vector(Arc::new(vector));
    Dictionary => |dictionary| Self::Dictionary(Arc::new(dictionary));
    External => |external| Self::External(Arc::new(external));
    Vec<Value> => |items| Self::from(Array::new(items));
    DynamicMembers => |members| Self::from(Object::from(members));
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<Vec<_>>())
    }
}
