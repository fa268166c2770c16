//! Serializer of AMF.

use serde_core::ser::{
    Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

use super::{map_keys::KeySerializer, plain};
use crate::error::EncodeError;
use crate::{Date, Decoder, Encoder, FromAmf, Limits, ToAmf, Value};

/// Serializer of one value. Several values can be serialized to one [`Encoder`] one after the other.
///
/// ```
/// use amf_core::{Encoder, Version, serde::Serializer};
/// use serde::Serialize;
///
/// let mut encoder = Encoder::new(Version::Amf3);
/// ("hi", 5).serialize(Serializer::new(&mut encoder))?;
/// // AMF3 §3.11: an array of two, no named members.
/// assert_eq!(encoder.finish()?, [0x09, 0x05, 0x01, 0x06, 0x05, b'h', b'i', 0x04, 5]);
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Serializer<'a> {
    encoder: &'a mut Encoder,
    newtype: NewtypeKind,
}

/// Type that serde's data model lacks, denoted by the name of a newtype.
#[derive(Clone, Copy, Debug, PartialEq)]
enum NewtypeKind {
    None,
    Date,
    Bytes,
}

impl<'a> Serializer<'a> {
    /// Creates a serializer of the next value.
    pub fn new(encoder: &'a mut Encoder) -> Self {
        Self { encoder, newtype: NewtypeKind::None }
    }

    fn list(
        self,
        len: Option<usize>,
        variant: Option<&'static str>,
    ) -> Result<ListSerializer<'a>, EncodeError> {
        let encoder = self.encoder;
        let len = match len {
            Some(len) => {
                encoder.begin_list(len)?;
                Length::Known(len)
            }
            None => Length::Unknown(Box::new(encoder.detached())),
        };
        Ok(ListSerializer { encoder, len, written: 0, variant })
    }

    fn map(self, variant: Option<&'static str>) -> Result<MapSerializer<'a>, EncodeError> {
        self.encoder.begin_map()?;
        Ok(MapSerializer { encoder: self.encoder, name: String::new(), omits_value: false, variant })
    }

    /// Begins the object around the content of a variant.
    fn begin_variant(&mut self, variant: &'static str) -> Result<(), EncodeError> {
        self.encoder.begin_map()?;
        self.encoder.name(variant)
    }
}

macro_rules! scalars {
    ($($method:ident $type:ty;)*) => {$(
        fn $method(self, value: $type) -> Result<(), EncodeError> {
            value.to_amf(self.encoder)
        }
    )*};
}

impl<'a> serde_core::Serializer for Serializer<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = ListSerializer<'a>;
    type SerializeTuple = ListSerializer<'a>;
    type SerializeTupleStruct = ListSerializer<'a>;
    type SerializeTupleVariant = ListSerializer<'a>;
    type SerializeMap = MapSerializer<'a>;
    type SerializeStruct = MapSerializer<'a>;
    type SerializeStructVariant = MapSerializer<'a>;

    scalars! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i128 i128;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
        serialize_f32 f32;
        serialize_char char;
        serialize_str &str;
    }

    fn is_human_readable(&self) -> bool {
        self.newtype != NewtypeKind::Bytes
    }

    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        if self.newtype == NewtypeKind::Date {
            return self.serialize_f64(value as f64);
        }
        value.to_amf(self.encoder)
    }

    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        if self.newtype == NewtypeKind::Date {
            return Date::from_millis(value).to_amf(self.encoder);
        }
        value.to_amf(self.encoder)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.encoder.byte_array(bytes)
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.encoder.null();
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.encoder.string(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.newtype = match name {
            super::date::DATE_NEWTYPE => NewtypeKind::Date,
            plain::BYTES_NEWTYPE => NewtypeKind::Bytes,
            _ => NewtypeKind::None,
        };
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.begin_variant(variant)?;
        value.serialize(Serializer::new(self.encoder)).map_err(|error| error.in_member(variant))?;
        self.encoder.end_map();
        Ok(())
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<ListSerializer<'a>, EncodeError> {
        self.list(len, None)
    }

    fn serialize_tuple(self, len: usize) -> Result<ListSerializer<'a>, EncodeError> {
        self.list(Some(len), None)
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        len: usize,
    ) -> Result<ListSerializer<'a>, EncodeError> {
        self.list(Some(len), None)
    }

    fn serialize_tuple_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ListSerializer<'a>, EncodeError> {
        self.begin_variant(variant)?;
        self.list(Some(len), Some(variant))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<MapSerializer<'a>, EncodeError> {
        self.map(None)
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<MapSerializer<'a>, EncodeError> {
        self.map(None)
    }

    fn serialize_struct_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<MapSerializer<'a>, EncodeError> {
        self.begin_variant(variant)?;
        self.map(Some(variant))
    }
}

/// List that is being written; part of a [`Serializer`].
///
/// ```
/// use amf_core::{Encoder, Version, serde::{ListSerializer, Serializer}};
/// use serde::ser::{SerializeSeq, Serializer as _};
///
/// let mut encoder = Encoder::new(Version::Amf3);
/// let mut list: ListSerializer<'_> = Serializer::new(&mut encoder).serialize_seq(None)?;
/// list.serialize_element(&true)?;
/// SerializeSeq::end(list)?;
/// assert_eq!(encoder.finish()?, [0x09, 0x03, 0x01, 0x03]);
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct ListSerializer<'a> {
    encoder: &'a mut Encoder,
    len: Length,
    written: usize,
    /// Variant whose content the list is.
    variant: Option<&'static str>,
}

/// Number of elements of a list.
#[derive(Debug)]
enum Length {
    Known(usize),
    /// Unknown in advance. The number precedes the elements on the wire, so they are written to a separate encoder
    /// until they are counted.
    Unknown(Box<Encoder>),
}

impl ListSerializer<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let encoder = match &mut self.len {
            Length::Known(_) => &mut *self.encoder,
            Length::Unknown(detached) => detached,
        };
        value.serialize(Serializer::new(encoder)).map_err(|error| {
            let error = error.at_index(self.written);
            self.variant.into_iter().fold(error, EncodeError::in_member)
        })?;
        self.written += 1;
        Ok(())
    }

    fn finish(self) -> Result<(), EncodeError> {
        match self.len {
            Length::Known(len) if len == self.written => {}
            Length::Known(len) => {
                let written = self.written;
                return Err(EncodeError::custom(format!(
                    "a list that announced {len} elements had {written}"
                )));
            }
            Length::Unknown(detached) => {
                self.encoder.begin_list(self.written)?;
                copy_values(*detached, self.written, self.encoder)?;
            }
        }
        self.encoder.end_list();
        if self.variant.is_some() {
            self.encoder.end_map();
        }
        Ok(())
    }
}

/// Copies values from a separate encoder as dynamic values, which can represent everything that serde writes.
fn copy_values(detached: Encoder, count: usize, encoder: &mut Encoder) -> Result<(), EncodeError> {
    let version = detached.current_version();
    let bytes = detached.finish()?;
    let mut decoder = Decoder::new(version, &bytes).with_limits(Limits::for_trusted_input());
    for _ in 0..count {
        let value = Value::from_amf(&mut decoder).map_err(|error| EncodeError::custom(error.to_string()))?;
        value.to_amf(encoder)?;
    }
    Ok(())
}

macro_rules! lists {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for ListSerializer<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.element(value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish()
            }
        }
    )*};
}
lists! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// Object that is being written; part of a [`Serializer`].
///
/// ```
/// use amf_core::{Encoder, Version, serde::{MapSerializer, Serializer}};
/// use serde::ser::{SerializeMap, Serializer as _};
///
/// let mut encoder = Encoder::new(Version::Amf3);
/// let mut map: MapSerializer<'_> = Serializer::new(&mut encoder).serialize_map(None)?;
/// map.serialize_entry("x", &true)?;
/// SerializeMap::end(map)?;
/// assert_eq!(encoder.finish()?, [0x0A, 0x0B, 0x01, 0x03, b'x', 0x03, 0x01]);
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct MapSerializer<'a> {
    encoder: &'a mut Encoder,
    /// Name of the value that follows.
    name: String,
    /// Whether the following value is omitted together with its name.
    omits_value: bool,
    /// Variant whose content the object is.
    variant: Option<&'static str>,
}

impl MapSerializer<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        if self.encoder.omits_member(name) {
            return Ok(());
        }
        self.encoder.name(name)?;
        value.serialize(Serializer::new(self.encoder)).map_err(|error| {
            let error = error.in_member(name);
            self.variant.into_iter().fold(error, EncodeError::in_member)
        })
    }

    fn finish(self) {
        self.encoder.end_map();
        if self.variant.is_some() {
            self.encoder.end_map();
        }
    }
}

impl SerializeMap for MapSerializer<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.name.clear();
        key.serialize(KeySerializer(&mut self.name))?;
        self.omits_value = self.encoder.omits_member(&self.name);
        if self.omits_value { Ok(()) } else { self.encoder.name(&self.name) }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        if self.omits_value {
            return Ok(());
        }
        value.serialize(Serializer::new(self.encoder)).map_err(|error| error.in_member(self.name.clone()))
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish();
        Ok(())
    }
}

macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl $trait for MapSerializer<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), EncodeError> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish();
                Ok(())
            }
        }
    )*};
}
structs! { SerializeStruct SerializeStructVariant }

/// Serializer of a compound key, which does not exist.
pub(super) type Unsupported = Impossible<(), EncodeError>;
