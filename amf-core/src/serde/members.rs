//! Access to the members of an object, and to an object that represents a variant of an enum.

use std::borrow::Cow;

use serde_core::de::{DeserializeSeed, EnumAccess, MapAccess, VariantAccess, Visitor};
use serde_core::{Deserialize, Deserializer as _};

use super::Deserializer;
use super::map_keys::KeyDeserializer;
use crate::decoder::ObjectReader;
use crate::error::DecodeError;
use crate::{Decoder, Member};

/// Access to the members of an open object.
#[derive(Debug)]
pub(super) struct MemberAccess<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    object: ObjectReader<'de>,
    /// Name of the value that is read next.
    name: Cow<'de, str>,
    ended: bool,
}

impl<'a, 'de> MemberAccess<'a, 'de> {
    pub(super) fn new(decoder: &'a mut Decoder<'de>, object: ObjectReader<'de>) -> Self {
        Self { decoder, object, name: Cow::Borrowed(""), ended: false }
    }

    /// Skips the members that the type did not request.
    pub(super) fn end(mut self) -> Result<(), DecodeError> {
        while !self.ended && next_name(self.decoder, &mut self.object)?.is_some() {
            self.decoder.skip()?;
        }
        Ok(())
    }
}

fn next_name<'de>(
    decoder: &mut Decoder<'de>,
    object: &mut ObjectReader<'de>,
) -> Result<Option<Cow<'de, str>>, DecodeError> {
    Ok(decoder.next_member(object)?.map(|member| match member {
        Member::Unknown(name) => name,
        Member::Declared(index) => Cow::Owned(index.to_string()),
    }))
}

impl<'de> MapAccess<'de> for &mut MemberAccess<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(name) = next_name(self.decoder, &mut self.object)? else {
            self.ended = true;
            return Ok(None);
        };
        self.name.clone_from(&name);
        seed.deserialize(KeyDeserializer { decoder: self.decoder, name }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        self.decoder.charge(size_of::<V::Value>())?;
        let value = seed.deserialize(Deserializer::new(self.decoder));
        value.map_err(|error| {
            error.with_default_offset(self.decoder.offset()).in_member(self.name.clone().into_owned())
        })
    }
}

/// Content of a variant: the only member of an object.
pub(super) struct SingleMemberVariant<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    name: Cow<'de, str>,
}

impl<'a, 'de> SingleMemberVariant<'a, 'de> {
    /// Reads an object as the variant that its only member names.
    pub(super) fn read<V: Visitor<'de>>(
        decoder: &'a mut Decoder<'de>,
        mut object: ObjectReader<'de>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        const EXPECTED: &str = "expected an object with one member, named as a variant";
        let Some(name) = next_name(decoder, &mut object)? else {
            return Err(decoder.custom_error(format!("{EXPECTED}; got one without members")));
        };
        let value = visitor.visit_enum(SingleMemberVariant { decoder: &mut *decoder, name })?;
        match next_name(decoder, &mut object)? {
            None => Ok(value),
            Some(name) => Err(decoder.custom_error(format!("{EXPECTED}; got one with `{name}` too"))),
        }
    }
}

impl<'de> EnumAccess<'de> for SingleMemberVariant<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DecodeError> {
        let name = self.name.clone();
        let variant = seed.deserialize(KeyDeserializer { decoder: &mut *self.decoder, name })?;
        Ok((variant, self))
    }
}

impl<'de> SingleMemberVariant<'_, 'de> {
    fn read_content<T>(
        self,
        read: impl FnOnce(Deserializer<'_, 'de>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let value = read(Deserializer::new(self.decoder));
        value.map_err(|error| {
            error.with_default_offset(self.decoder.offset()).in_member(self.name.into_owned())
        })
    }
}

impl<'de> VariantAccess<'de> for SingleMemberVariant<'_, 'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        self.read_content(|content| <()>::deserialize(content))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        self.read_content(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.read_content(|content| content.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.read_content(|content| content.deserialize_struct("", fields, visitor))
    }
}
