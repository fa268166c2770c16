//! What the AMF peers have in common: they encode and decode a tree of values of their own.

use std::fmt::Debug;

use amf_core::Date;

/// Makes the values of one library and one version; borrows where the library can. One allocation for each that the
/// library cannot do without, and no more.
pub trait Tree {
    type Value: Debug;

    fn null() -> Self::Value;
    fn flag(flag: bool) -> Self::Value;
    fn integer(integer: i32) -> Self::Value;
    fn number(number: f64) -> Self::Value;
    fn date(date: Date) -> Self::Value;
    fn text(text: &'static str) -> Self::Value;
    /// An empty alias is that of an anonymous object.
    fn object<const N: usize>(alias: &'static str, members: [(&'static str, Self::Value); N]) -> Self::Value;
    fn list(items: impl ExactSizeIterator<Item = Self::Value>) -> Self::Value;

    /// A `ByteArray`.
    fn bytes(_: &'static [u8]) -> Self::Value {
        unimplemented!("AMF0 has no ByteArray")
    }

    /// A `Vector.<Number>`.
    fn vector(_: &'static [f64]) -> Self::Value {
        unimplemented!("AMF0 has no Vector")
    }
}

/// An AMF library.
pub trait Peer: Tree {
    const NAME: &'static str;

    /// What can be encoded at once.
    type Message<const N: usize>;

    fn message<const N: usize>(values: [Self::Value; N]) -> Self::Message<N>;
    fn encode<const N: usize>(message: &mut Self::Message<N>) -> Vec<u8>;
    /// Reads so many values, which are all that there is.
    fn decode<const N: usize>(bytes: &'static [u8]) -> [Self::Value; N];

    /// Reads again what was encoded.
    fn read_back<const N: usize>(bytes: &'static [u8]) -> [Self::Value; N] {
        Self::decode(bytes)
    }

    /// Whether a value is what was encoded; equality, unless the library numbers its values.
    fn is_same(a: &Self::Value, b: &Self::Value) -> bool;
}

/// Data that can become one value of a tree.
pub trait ToTree {
    fn to_tree<T: Tree>(&'static self) -> T::Value;
}

/// Data that becomes several values, one after another.
pub trait Values<const N: usize> {
    fn values<T: Tree>(&'static self) -> [T::Value; N];
}

impl<D: ToTree> Values<1> for D {
    fn values<T: Tree>(&'static self) -> [T::Value; 1] {
        [self.to_tree::<T>()]
    }
}

impl<D: ToTree> ToTree for Vec<D> {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::list(self.iter().map(ToTree::to_tree::<T>))
    }
}

impl<D: ToTree> ToTree for Option<D> {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        match self {
            Some(value) => value.to_tree::<T>(),
            None => T::null(),
        }
    }
}

impl<D: ToTree> ToTree for Box<D> {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        (**self).to_tree::<T>()
    }
}

impl ToTree for String {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::text(self)
    }
}

impl ToTree for f64 {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::number(*self)
    }
}

impl ToTree for i32 {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::integer(*self)
    }
}

/// What becomes a `ByteArray` instead of a list.
#[derive(Clone, Debug)]
pub struct Bytes(pub Vec<u8>);

impl ToTree for Bytes {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::bytes(&self.0)
    }
}

/// What becomes a `Vector.<Number>` instead of a list.
#[derive(Clone, Debug)]
pub struct Numbers(pub Vec<f64>);

impl ToTree for Numbers {
    fn to_tree<T: Tree>(&'static self) -> T::Value {
        T::vector(&self.0)
    }
}
