//! Encoding of objects of a class, and of their traits.

use std::sync::Arc;

use super::{OutputMode, TraitsKey, TraitsTable};
use crate::class::Class;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::external::{ExternalOutput, Externalizable};
use crate::value::{self, DynamicMembers};
use crate::wire::u29;
use crate::{Encoder, ToAmf, Version, amf0, amf3};

/// Bits of a traits record below the number of sealed members (AMF3 §3.12).
const INLINE: u32 = 0b0011;
const EXTERNALIZABLE: u32 = 0b0111;
const DYNAMIC: u32 = 0b1000;

impl Encoder {
    /// Begins an object of a class. The sealed members are written next, in order and [by index](Self::member), then
    /// the [dynamic ones](Self::dynamic_members), then [`end_object`](Self::end_object).
    ///
    /// ```
    /// use amf_core::{Class, Encoder, Version};
    ///
    /// static POINT: Class = Class::new("P", &["x"]);
    /// let mut encoder = Encoder::new(Version::Amf0);
    /// encoder.begin_object(&POINT)?;
    /// encoder.member(&POINT, 0, &true)?;
    /// encoder.end_object(&POINT);
    /// assert_eq!(encoder.finish()?, [0x10, 0, 1, b'P', 0, 1, b'x', 1, 1, 0, 0, 9]);
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the depth limit or the output limit is exceeded, or if a name is longer than the format
    /// allows.
    pub fn begin_object(&mut self, class: &'static Class) -> Result<(), EncodeError> {
        // The common case of a list of objects: the marker and a traits reference that fits in one byte.
        if self.mode == OutputMode::Amf3
            && let Some(index @ 0..0x20) = self.traits.recent(class)
        {
            self.begin_container()?;
            self.register_object(Version::Amf3, amf3::marker::OBJECT);
            self.raw(&[amf3::marker::OBJECT, (index << 2 | 1) as u8]);
            return Ok(());
        }
        if class.alias().is_empty() {
            return self.begin_map();
        }
        match self.begin_container()? {
            Version::Amf0 => self.begin_amf0_object(class.alias()),
            Version::Amf3 => {
                let known = self.begin_amf3_object(|traits| traits.find_or_insert_class(class));
                let kind = if class.is_dynamic() { INLINE | DYNAMIC } else { INLINE };
                self.write_traits(known, kind, class.alias(), class.members())
            }
        }
    }

    /// Writes the member with this index in the class.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be written.
    #[inline]
    pub fn member<T: ToAmf + ?Sized>(
        &mut self,
        class: &'static Class,
        index: usize,
        value: &T,
    ) -> Result<(), EncodeError> {
        if self.mode != OutputMode::Amf3 || class.alias().is_empty() {
            self.name(class.members().get(index).copied().unwrap_or_default())?;
        }
        value.to_amf(self)
    }

    /// Writes a member whose name is given as AMF0 encodes it, with its length in 16 bits.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "name and value are written at once where the version is looked at"
    )]
    pub(crate) fn named_member<T: ToAmf + ?Sized>(
        &mut self,
        class: &'static Class,
        index: usize,
        amf0_name: &'static [u8],
        value: &T,
    ) -> Result<(), EncodeError> {
        if self.mode == OutputMode::Amf0 {
            self.raw(amf0_name);
            value.to_amf(self)
        } else {
            self.member(class, index, value)
        }
    }

    /// Writes members that the class does not declare.
    ///
    /// # Errors
    ///
    /// Returns an error if a name or a value cannot be written.
    pub fn dynamic_members(&mut self, dynamic: &DynamicMembers) -> Result<(), EncodeError> {
        for (name, value) in dynamic.iter_shared() {
            if !self.omits_member(name) {
                self.shared_name(name)?;
                value.to_amf(self)?;
            }
        }
        Ok(())
    }

    /// Returns `true` if a dynamic member with this name cannot be written in the current version, and counts it as
    /// [omitted](Self::omitted_members).
    #[inline]
    pub(crate) fn omits_member(&mut self, name: &str) -> bool {
        let is_omitted = name.is_empty() && self.current_version() == Version::Amf3;
        if is_omitted {
            self.omitted_members += 1;
        }
        is_omitted
    }

    /// Ends an object.
    #[inline]
    pub fn end_object(&mut self, class: &'static Class) {
        self.end_members(class.is_dynamic() || class.alias().is_empty());
    }

    /// Begins an anonymous object. Each member is written as a [`name`](Self::name) followed by a value.
    ///
    /// # Errors
    ///
    /// Returns an error if the depth limit or the output limit is exceeded.
    pub fn begin_map(&mut self) -> Result<(), EncodeError> {
        match self.begin_container()? {
            Version::Amf0 => self.begin_amf0_object(""),
            Version::Amf3 => {
                let known = self.begin_amf3_object(|traits| traits.find_or_insert(TraitsKey::Anonymous));
                self.write_traits(known, INLINE | DYNAMIC, "", &[""; 0])
            }
        }
    }

    /// Writes the name of a dynamic member. The value is written next.
    ///
    /// # Errors
    ///
    /// Returns an error for an empty name in AMF3, which would end the object, and for a name of more than 65,535
    /// bytes in AMF0.
    pub fn name(&mut self, name: &str) -> Result<(), EncodeError> {
        match self.current_version() {
            Version::Amf0 => self.amf0_name(name),
            Version::Amf3 if name.is_empty() => {
                Err(EncodeError::custom("a dynamic member without a name would end the object in AMF3"))
            }
            Version::Amf3 => self.amf3_string(name),
        }
    }

    /// Writes the name of a dynamic member. The name may be shared by many objects.
    pub(crate) fn shared_name(&mut self, name: &Arc<str>) -> Result<(), EncodeError> {
        match self.current_version() {
            Version::Amf3 if !name.is_empty() => self.amf3_shared_string(name),
            _ => self.name(name),
        }
    }

    /// Ends an anonymous object.
    pub fn end_map(&mut self) {
        self.end_members(true);
    }

    /// Writes an object of an externalizable class through the implementation of [`Externalizable`]. AMF0 has no such
    /// type, so the value is switched to AMF3 there.
    ///
    /// # Errors
    ///
    /// Returns an error if the depth limit or the output limit is exceeded, or if the implementation returns one.
    pub fn externalizable<T: Externalizable>(
        &mut self,
        class: &'static Class,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.begin_amf3_container()?;
        let known = self.begin_amf3_object(|traits| traits.find_or_insert_class(class));
        self.write_traits(known, EXTERNALIZABLE, class.alias(), &[""; 0])?;
        value.write_external(&mut ExternalOutput::new(self))?;
        self.end_container();
        Ok(())
    }

    /// Begins an externalizable object of a dynamic value.
    pub(crate) fn begin_external_value(&mut self, traits: &Arc<value::Traits>) -> Result<(), EncodeError> {
        self.begin_amf3_container()?;
        let known =
            self.begin_amf3_object(|known| known.find_or_insert_value(traits, TraitsKey::ExternalValue));
        self.write_traits(known, EXTERNALIZABLE, traits.alias(), &[""; 0])
    }

    /// Begins an object of a dynamic value.
    pub(crate) fn begin_object_value(&mut self, traits: &Arc<value::Traits>) -> Result<(), EncodeError> {
        if traits.is_anonymous() {
            return self.begin_map();
        }
        match self.begin_container()? {
            Version::Amf0 => self.begin_amf0_object(traits.alias()),
            Version::Amf3 => {
                let known =
                    self.begin_amf3_object(|known| known.find_or_insert_value(traits, TraitsKey::Value));
                let kind = if traits.is_dynamic() { INLINE | DYNAMIC } else { INLINE };
                self.write_traits(known, kind, traits.alias(), traits.members())
            }
        }
    }

    /// Writes the name of a sealed member. In AMF3 the names are in the traits, and nothing is written.
    pub(crate) fn sealed_name(&mut self, name: &str) -> Result<(), EncodeError> {
        match self.current_version() {
            Version::Amf0 => self.amf0_name(name),
            Version::Amf3 => Ok(()),
        }
    }

    /// Ends an object whose members were written by name.
    #[inline]
    pub(crate) fn end_members(&mut self, dynamic: bool) {
        match self.current_version() {
            Version::Amf0 => self.raw(&[0, 0, amf0::marker::OBJECT_END]),
            Version::Amf3 if dynamic => self.byte(0x01),
            Version::Amf3 => {}
        }
        self.end_container();
    }

    fn begin_amf0_object(&mut self, alias: &str) -> Result<(), EncodeError> {
        let marker = if alias.is_empty() { amf0::marker::OBJECT } else { amf0::marker::TYPED_OBJECT };
        self.register_object(Version::Amf0, marker);
        self.byte(marker);
        if alias.is_empty() { Ok(()) } else { self.amf0_name(alias) }
    }

    /// Registers an AMF3 object, and returns the index of its traits if they were written before.
    #[inline]
    fn begin_amf3_object(&mut self, traits: impl FnOnce(&mut TraitsTable) -> Option<u32>) -> Option<u32> {
        self.register_object(Version::Amf3, amf3::marker::OBJECT);
        traits(&mut self.traits)
    }

    /// Writes the marker and the traits of an object, by reference if they were written before.
    #[inline]
    fn write_traits<S: AsRef<str>>(
        &mut self,
        known: Option<u32>,
        kind: u32,
        alias: &str,
        members: &[S],
    ) -> Result<(), EncodeError> {
        match known {
            Some(index) => {
                self.byte(amf3::marker::OBJECT);
                self.out.u29(index << 2 | 1);
                Ok(())
            }
            None => self.write_inline_traits(kind, alias, members),
        }
    }

    fn write_inline_traits<S: AsRef<str>>(
        &mut self,
        kind: u32,
        alias: &str,
        members: &[S],
    ) -> Result<(), EncodeError> {
        const MAX_MEMBERS: usize = (u29::MAX >> 4) as usize;
        if members.len() > MAX_MEMBERS {
            let kind =
                EncodeErrorKind::Length { what: "a traits record", len: members.len(), max: MAX_MEMBERS };
            return Err(EncodeError::new(kind));
        }
        self.byte(amf3::marker::OBJECT);
        self.out.u29((members.len() as u32) << 4 | kind);
        self.amf3_string(alias)?;
        for name in members {
            self.amf3_string(name.as_ref())?;
        }
        Ok(())
    }
}
