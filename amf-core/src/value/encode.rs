//! Encoding of dynamic values.

use std::sync::Arc;

use super::{
    Array, Dictionary, EcmaArray, External, ExternalPart, Object, SharedDate, Value, Vector, WeakValue,
};
use crate::encoder::{KeepAlive, VectorItem, write_object_vector};
use crate::error::{EncodeError, EncodeErrorKind};
use crate::{Encoder, ToAmf, Version, amf0, amf3, work};

impl ToAmf for Value {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        work::count(1);
        match self {
            Self::Undefined => encoder.undefined(),
            Self::Null => encoder.null(),
            Self::Unsupported => encoder.unsupported(),
            Self::Bool(value) => encoder.bool(*value),
            Self::Integer(value) => encoder.integer(*value),
            Self::Number(value) => encoder.number(*value),
            Self::Date(date) => return date.to_amf(encoder),
            Self::String(text) => return encoder.shared_string(text),
            Self::Xml(text) => {
                return encoder.write_shared(
                    address(text),
                    || KeepAlive::Text(Arc::clone(text)),
                    |encoder| encoder.xml(text),
                );
            }
            Self::XmlDocument(text) => {
                return encoder.write_shared(
                    address(text),
                    || KeepAlive::Text(Arc::clone(text)),
                    |encoder| encoder.xml_document(text),
                );
            }
            Self::ByteArray(bytes) => {
                return encoder.write_shared(
                    address(bytes),
                    || KeepAlive::Bytes(Arc::clone(bytes)),
                    |encoder| encoder.byte_array(bytes),
                );
            }
            Self::Array(array) => return array.to_amf(encoder),
            Self::EcmaArray(array) => return array.to_amf(encoder),
            Self::Object(object) => return object.to_amf(encoder),
            Self::Vector(vector) => return vector.to_amf(encoder),
            Self::Dictionary(dictionary) => return dictionary.to_amf(encoder),
            Self::External(external) => return external.to_amf(encoder),
            Self::Ancestor(weak) => return weak.to_amf(encoder),
        }
        Ok(())
    }
}

impl ToAmf for SharedDate {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let write = |encoder: &mut Encoder| {
            encoder.date(self.date());
            Ok(())
        };
        match self.identity() {
            // AMF0 has no references to dates (AMF0 §2.9).
            Some(identity) if encoder.current_version() == Version::Amf3 => {
                encoder.write_shared(address(identity), || KeepAlive::Arc(Arc::clone(identity) as _), write)
            }
            _ => write(encoder),
        }
    }
}

impl ToAmf for WeakValue {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        match self.upgrade() {
            Some(value) => value.to_amf(encoder),
            None => Err(EncodeError::new(EncodeErrorKind::Dangling)),
        }
    }
}

fn address<T: ?Sized>(pointer: &Arc<T>) -> usize {
    Arc::as_ptr(pointer).addr()
}

impl ToAmf for Object {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.begin_object_value(self.traits())?;
        for (name, value) in self.sealed() {
            encoder.sealed_name(name)?;
            value.to_amf(encoder)?;
        }
        encoder.dynamic_members(self.dynamic())?;
        encoder.end_members(self.traits().is_dynamic());
        Ok(())
    }
}

impl ToAmf for Array {
    /// Writes an array. In AMF0 an array with named members becomes an ECMA array, and its elements are named by
    /// index.
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        if encoder.current_version() == Version::Amf0 && !self.members.is_empty() {
            begin_ecma_array(encoder, (self.items.len() + self.members.len()) as u32)?;
            for (index, item) in self.items.iter().enumerate() {
                encoder.name(&index.to_string())?;
                item.to_amf(encoder)?;
            }
            encoder.dynamic_members(&self.members)?;
            encoder.end_members(true);
            return Ok(());
        }
        if self.members.is_empty() {
            encoder.begin_list(self.items.len())?;
        } else {
            begin_amf3_array(encoder, self.items.len())?;
            encoder.dynamic_members(&self.members)?;
            encoder.amf3_string("")?;
        }
        for item in &self.items {
            item.to_amf(encoder)?;
        }
        encoder.end_list();
        Ok(())
    }
}

impl ToAmf for EcmaArray {
    /// Writes an ECMA array. In AMF3 the members that are named 0, 1, … in this order become elements, and the others
    /// remain named.
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        if encoder.current_version() == Version::Amf0 {
            begin_ecma_array(encoder, self.length)?;
            encoder.dynamic_members(&self.members)?;
            encoder.end_members(true);
            return Ok(());
        }
        let is_next =
            |(index, (name, _)): &(usize, (&str, &Value))| crate::decoder::parse_index(name) == Some(*index);
        let dense = self.members.iter().enumerate().take_while(is_next).count();
        begin_amf3_array(encoder, dense)?;
        for (name, value) in self.members.iter_shared().skip(dense) {
            if !encoder.omits_member(name) {
                encoder.shared_name(name)?;
                value.to_amf(encoder)?;
            }
        }
        encoder.amf3_string("")?;
        for (_, value) in self.members.iter().take(dense) {
            value.to_amf(encoder)?;
        }
        encoder.end_list();
        Ok(())
    }
}

impl ToAmf for Vector {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Self::Int { fixed, items } => i32::write_vector(items, *fixed, encoder),
            Self::Uint { fixed, items } => u32::write_vector(items, *fixed, encoder),
            Self::Number { fixed, items } => f64::write_vector(items, *fixed, encoder),
            Self::Object { fixed, class, items } => write_object_vector(class, items, *fixed, encoder),
        }
    }
}

impl ToAmf for Dictionary {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.begin_amf3_container()?;
        encoder.register_object(Version::Amf3, amf3::marker::DICTIONARY);
        encoder.byte(amf3::marker::DICTIONARY);
        encoder.amf3_length("a Dictionary", self.entries.len())?;
        encoder.byte(u8::from(self.weak));
        for (key, value) in &self.entries {
            key.to_amf(encoder)?;
            value.to_amf(encoder)?;
        }
        encoder.end_container();
        Ok(())
    }
}

impl ToAmf for External {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.begin_external_value(&self.traits)?;
        for part in &self.parts {
            match part {
                ExternalPart::Bytes(bytes) => encoder.raw(bytes),
                ExternalPart::Value(value) => value.to_amf(encoder)?,
            }
        }
        encoder.end_container();
        Ok(())
    }
}

fn begin_ecma_array(encoder: &mut Encoder, length: u32) -> Result<(), EncodeError> {
    encoder.begin_container()?;
    encoder.register_object(Version::Amf0, amf0::marker::ECMA_ARRAY);
    encoder.byte(amf0::marker::ECMA_ARRAY);
    encoder.raw(&length.to_be_bytes());
    Ok(())
}

/// Writes the head of an AMF3 array. The named members, an empty name, and the elements follow.
fn begin_amf3_array(encoder: &mut Encoder, len: usize) -> Result<(), EncodeError> {
    encoder.begin_container()?;
    encoder.register_object(Version::Amf3, amf3::marker::ARRAY);
    encoder.byte(amf3::marker::ARRAY);
    encoder.amf3_length("an array", len)
}
