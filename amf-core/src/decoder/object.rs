//! Reading members: of a struct's class by position, of anything else by name.

use std::borrow::Cow;
use std::rc::Rc;

use crate::class::Class;
use crate::decoder::token::{Layout, NOT_DECLARED};
use crate::decoder::{ClassMemberNames, Container, Frame, Shape, Token, WireTraits};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::external::{self, ExternalInput, Externalizable};
use crate::value::DynamicMembers;
use crate::{Decoder, FromAmf, work};

/// The class of a map: whatever comes is a member of it.
static MAP_CLASS: Class = Class::new("", &[]).dynamic();

/// Classes of more members have a table of their names.
const MAX_SEARCHED_MEMBERS: usize = 16;

/// An object whose members are being read; see [`Decoder::begin_object`].
#[derive(Debug)]
pub struct ObjectReader<'de> {
    pub(super) class: &'static Class,
    pub(super) frame: Frame,
    /// What was around it: the `ObjectProxy` of a proxied object.
    pub(super) wrapper: Option<Frame>,
    pub(super) members: MemberState<'de>,
    /// The declared member that comes next if the peer keeps the order.
    pub(super) expected: usize,
}

#[derive(Debug)]
pub(super) enum MemberState<'de> {
    /// AMF0: until the end marker.
    Named,
    /// AMF3: sealed ones by position.
    Sealed {
        traits: Rc<WireTraits<'de>>,
        layout: Layout,
        next: usize,
    },
    /// AMF3: until an empty name.
    Dynamic,
    /// AMF3 array: named ones until an empty name, then the dense ones.
    Associative {
        dense: usize,
    },
    Dense {
        next: usize,
        count: usize,
    },
    /// Keys of any type, those that can be names.
    Dictionary {
        remaining: usize,
    },
    Ended,
}

/// A member whose value is read next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member<'de> {
    /// The class's member of this index, from 0.
    Declared(usize),
    /// A member that the class does not declare.
    Unknown(Cow<'de, str>),
}

impl<'de> Decoder<'de> {
    /// Opens an object that is to become one of `class`; [`next_member`](Self::next_member) then gives its
    /// members until it ends.
    ///
    /// An anonymous object, an associative array and an object of an alias that no known class has are
    /// accepted as well. An object of another known class is an error, and so is anything else.
    ///
    /// ```
    /// use amf_core::{Class, Decoder, FromAmf, Member, Version};
    ///
    /// static POINT: Class = Class::new("", &["x", "y"]);
    /// // AMF0 {y: true, z: null}
    /// let bytes = [3, 0, 1, b'y', 1, 1, 0, 1, b'z', 5, 0, 0, 9];
    /// let mut decoder = Decoder::new(Version::Amf0, &bytes);
    /// let mut object = decoder.begin_object(&POINT)?;
    /// assert_eq!(decoder.next_member(&mut object)?, Some(Member::Declared(1)));
    /// assert!(decoder.member::<bool>("y")?);
    /// assert_eq!(decoder.next_member(&mut object)?, Some(Member::Unknown("z".into())));
    /// decoder.skip()?;
    /// assert_eq!(decoder.next_member(&mut object)?, None);
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    pub fn begin_object(&mut self, class: &'static Class) -> Result<ObjectReader<'de>, DecodeError> {
        match self.token()? {
            Token::Open(container) => self.object_from_container(container, class),
            other => Err(self.mismatch(expected_object(class), &other)),
        }
    }

    /// Opens anything with named members: objects of any class, associative arrays, dictionaries.
    pub fn begin_map(&mut self) -> Result<ObjectReader<'de>, DecodeError> {
        self.begin_object(&MAP_CLASS)
    }

    pub(crate) fn map_from_container(
        &mut self,
        container: Container<'de>,
    ) -> Result<ObjectReader<'de>, DecodeError> {
        self.object_from_container(container, &MAP_CLASS)
    }

    pub(crate) fn object_from_container(
        &mut self,
        container: Container<'de>,
        class: &'static Class,
    ) -> Result<ObjectReader<'de>, DecodeError> {
        let Container { frame, shape } = container;
        let is_map = std::ptr::eq(class, &raw const MAP_CLASS);
        let members = match shape {
            Shape::Object { alias } => {
                self.check_alias(class, &alias)?;
                MemberState::Named
            }
            Shape::EcmaArray { .. } => MemberState::Named,
            Shape::Traits(traits) => {
                let layout = self.layout_for(&traits, class)?;
                MemberState::Sealed { traits, layout, next: 0 }
            }
            Shape::Array { dense } if dense == 0 || is_map => MemberState::Associative { dense },
            Shape::Dictionary { count, .. } if is_map => MemberState::Dictionary { remaining: count },
            Shape::StrictArray { count } if is_map => MemberState::Dense { next: 0, count },
            Shape::External(traits) if external::is_proxy(&traits.alias) => {
                return self.proxied_object(frame, class);
            }
            shape => {
                let found = Token::Open(Container { frame, shape });
                return Err(self.mismatch(expected_object(class), &found));
            }
        };
        Ok(ObjectReader { class, frame, wrapper: None, members, expected: 0 })
    }

    fn proxied_object(
        &mut self,
        proxy: Frame,
        class: &'static Class,
    ) -> Result<ObjectReader<'de>, DecodeError> {
        let mut object = self.begin_object(class)?;
        if object.wrapper.is_some() {
            return Err(self.custom_error("expected an object, got a proxy of a proxy"));
        }
        object.wrapper = Some(proxy);
        Ok(object)
    }

    /// The next member, whose value must be read or [skipped](Self::skip) then; `None` when the object ended.
    #[inline]
    pub fn next_member(
        &mut self,
        object: &mut ObjectReader<'de>,
    ) -> Result<Option<Member<'de>>, DecodeError> {
        if let MemberState::Sealed { traits, layout, next } = &mut object.members {
            if let Some(&index) = layout.get(*next) {
                *next += 1;
                if index != NOT_DECLARED {
                    return Ok(Some(Member::Declared(usize::from(index))));
                }
                let name = traits.members.get(*next - 1).cloned().unwrap_or_default();
                if let Cow::Owned(copy) = &name {
                    self.charge_copy(copy.len())?;
                }
                return Ok(Some(Member::Unknown(name)));
            }
            object.members = if traits.dynamic { MemberState::Dynamic } else { MemberState::Ended };
        }
        if let Some(name) = self.next_name(object)? {
            return Ok(Some(match self.member_index(object.class, &name, object.expected) {
                Some(index) => {
                    object.expected = index + 1;
                    Member::Declared(index)
                }
                None => Member::Unknown(name),
            }));
        }
        object.members = MemberState::Ended;
        self.close(object.frame);
        if let Some(wrapper) = object.wrapper {
            self.close(wrapper);
        }
        Ok(None)
    }

    fn next_name(&mut self, object: &mut ObjectReader<'de>) -> Result<Option<Cow<'de, str>>, DecodeError> {
        loop {
            match &mut object.members {
                MemberState::Ended | MemberState::Sealed { .. } => return Ok(None),
                MemberState::Named => return self.amf0_name(),
                MemberState::Dynamic => {
                    return self.amf3_string().map(|name| Some(name).filter(|name| !name.is_empty()));
                }
                MemberState::Associative { dense } => {
                    let name = self.amf3_string()?;
                    if !name.is_empty() {
                        return Ok(Some(name));
                    }
                    object.members = MemberState::Dense { next: 0, count: *dense };
                }
                MemberState::Dense { next, count } => {
                    if next == count {
                        return Ok(None);
                    }
                    *next += 1;
                    return Ok(Some(Cow::Owned((*next - 1).to_string())));
                }
                MemberState::Dictionary { remaining } => {
                    if *remaining == 0 {
                        return Ok(None);
                    }
                    *remaining -= 1;
                    return self.dictionary_name().map(Some);
                }
            }
        }
    }

    /// A member's name, or `None` at the end marker: an empty name, then `09` (§2.5).
    #[inline]
    pub(crate) fn amf0_name(&mut self) -> Result<Option<Cow<'de, str>>, DecodeError> {
        if self.take_object_end() { Ok(None) } else { self.amf0_text().map(Some) }
    }

    fn dictionary_name(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        match self.token()? {
            Token::String(text) => Ok(text.content),
            Token::Integer(number) => Ok(Cow::Owned(number.to_string())),
            Token::Number(number) => Ok(Cow::Owned(number.to_string())),
            other => Err(self.mismatch("a key that can be a name", &other)),
        }
    }

    /// Reads the value of a member, whose name becomes part of the address of an error.
    #[inline]
    pub fn member<T: FromAmf<'de>>(&mut self, name: &'static str) -> Result<T, DecodeError> {
        T::from_amf(self).map_err(|error| error.in_member(name))
    }

    /// Reads the value of a member that the class does not declare into `dynamic`.
    pub fn dynamic_member(
        &mut self,
        name: Cow<'de, str>,
        dynamic: &mut DynamicMembers,
    ) -> Result<(), DecodeError> {
        self.charge(name.len() + size_of::<crate::Value>() + size_of::<String>())?;
        match self.read_value() {
            Ok(value) => {
                dynamic.insert(&*name, value);
                Ok(())
            }
            Err(error) => Err(error.in_member(name.into_owned())),
        }
    }

    /// What was read, or what the type becomes where the member is missing, or an error that names it.
    #[inline]
    pub fn required<T: FromAmf<'de>>(
        &self,
        class: &'static Class,
        member: &'static str,
        value: Option<T>,
    ) -> Result<T, DecodeError> {
        match value.or_else(T::missing) {
            Some(value) => Ok(value),
            None => Err(self.error(DecodeErrorKind::MissingMember { class: class.alias(), member })),
        }
    }

    /// Reads an object of an externalizable class by the class's own code.
    pub fn externalizable<T: Externalizable>(&mut self, class: &'static Class) -> Result<T, DecodeError> {
        match self.token()? {
            Token::Open(Container { frame, shape: Shape::External(traits) }) => {
                self.check_alias(class, &traits.alias)?;
                let value = T::read_external(&mut ExternalInput::new(self))?;
                self.close(frame);
                Ok(value)
            }
            other => {
                Err(self.mismatch(format!("an externalizable object of class {}", class.alias()), &other))
            }
        }
    }

    /// A member's index in its class, where a peer that keeps the order has it at `expected`.
    #[inline]
    fn member_index(&mut self, class: &'static Class, name: &str, expected: usize) -> Option<usize> {
        let members = class.members();
        work::count(1);
        if members.get(expected).is_some_and(|member| *member == name) {
            return Some(expected);
        }
        if members.len() > MAX_SEARCHED_MEMBERS {
            return self.member_index_by_name(class, name);
        }
        work::count(members.len());
        members.iter().position(|member| *member == name)
    }

    /// The same for a class of many members, of which the first lookup in a message makes a table: a name takes four
    /// bytes on the wire, and comparing it with hundreds of members each time would take seconds.
    #[cold]
    #[inline(never)]
    fn member_index_by_name(&mut self, class: &'static Class, name: &str) -> Option<usize> {
        work::count_bytes(name.len());
        let names = self.member_names.get_mut();
        let names = names.entry(std::ptr::from_ref(class).addr()).or_insert_with(|| {
            work::count(class.members().len());
            ClassMemberNames::new(class)
        });
        names.get(name)
    }

    /// The layout of a traits record for a class: made once for each pair, then kept with the record.
    fn layout_for(
        &mut self,
        traits: &Rc<WireTraits<'de>>,
        class: &'static Class,
    ) -> Result<Layout, DecodeError> {
        if let Some((_, layout)) =
            traits.layouts.borrow().iter().find(|(known, _)| std::ptr::eq(*known, class))
        {
            return Ok(Rc::clone(layout));
        }
        self.check_alias(class, &traits.alias)?;
        let layout: Layout = traits
            .members
            .iter()
            .enumerate()
            .map(|(position, name)| {
                self.member_index(class, name, position).map_or(NOT_DECLARED, |index| index as u16)
            })
            .collect();
        if !traits.dynamic && traits.members == class.members() {
            traits.in_order.set(Some(class));
        }
        traits.layouts.borrow_mut().push((class, Rc::clone(&layout)));
        Ok(layout)
    }

    pub(crate) fn check_alias(&self, class: &'static Class, alias: &str) -> Result<(), DecodeError> {
        let fits = alias.is_empty() || class.alias().is_empty() || class.is_called(alias);
        if fits || self.class(alias).is_none() {
            return Ok(());
        }
        let found = alias.to_owned();
        Err(self.error(DecodeErrorKind::Class { expected: class.alias(), found }))
    }
}

#[cold]
fn expected_object(class: &Class) -> String {
    match class.alias() {
        "" => "an object".to_owned(),
        alias => format!("an object of class {alias}"),
    }
}

/// A member's name as an index of a list: decimal, without leading zeros.
pub(crate) fn parse_index(name: &str) -> Option<usize> {
    let canonical = name == "0" || !name.starts_with('0');
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { name.parse().ok() } else { None }
}
