//! Reading of members: by position for classes whose traits are known, by name otherwise.

use std::borrow::Cow;
use std::rc::Rc;

use crate::class::Class;
use crate::decoder::token::{Layout, NOT_DECLARED};
use crate::decoder::{ClassMemberNames, Container, Frame, Shape, Token, WireTraits};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::external::{self, ExternalInput, Externalizable};
use crate::value::DynamicMembers;
use crate::{Decoder, FromAmf, work};

/// Class of maps, which accepts every member.
static MAP_CLASS: Class = Class::new("", &[]).dynamic();

/// Maximum number of members of a class that are searched linearly. Larger classes have a table of names.
const MAX_SEARCHED_MEMBERS: usize = 16;

/// Object whose members are being read; returned by [`Decoder::begin_object`].
#[derive(Debug)]
pub struct ObjectReader<'de> {
    pub(super) class: &'static Class,
    pub(super) frame: Frame,
    /// Open `ObjectProxy` around the object.
    pub(super) wrapper: Option<Frame>,
    pub(super) members: MemberState<'de>,
    /// Declared member that follows if the peer keeps the order of the class.
    pub(super) expected: usize,
}

#[derive(Debug)]
pub(super) enum MemberState<'de> {
    /// AMF0 members, up to the end marker.
    Named,
    /// AMF3 sealed members, by position.
    Sealed {
        traits: Rc<WireTraits<'de>>,
        layout: Layout,
        next: usize,
    },
    /// AMF3 dynamic members, up to an empty name.
    Dynamic,
    /// Named elements of an AMF3 array up to an empty name, followed by the dense ones.
    Associative {
        dense: usize,
    },
    Dense {
        next: usize,
        count: usize,
    },
    /// Entries of a dictionary. Their keys may have any type that can be converted to a name.
    Dictionary {
        remaining: usize,
    },
    Ended,
}

/// Member whose value is read next; returned by [`Decoder::next_member`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member<'de> {
    /// Declared member with this index in the class, from 0.
    Declared(usize),
    /// Member that the class does not declare.
    Unknown(Cow<'de, str>),
}

impl<'de> Decoder<'de> {
    /// Opens an object that becomes an instance of `class`. [`next_member`](Self::next_member) then returns its
    /// members.
    ///
    /// Anonymous objects, associative arrays, and objects with an alias that no known class has are accepted too.
    ///
    /// ```
    /// use amf_core::{Class, Decoder, FromAmf, Member, ObjectReader, Version};
    ///
    /// static POINT: Class = Class::new("", &["x", "y"]);
    /// // AMF0 {y: true, z: null}
    /// let bytes = [3, 0, 1, b'y', 1, 1, 0, 1, b'z', 5, 0, 0, 9];
    /// let mut decoder = Decoder::new(Version::Amf0, &bytes);
    /// let mut object: ObjectReader<'_> = decoder.begin_object(&POINT)?;
    /// assert_eq!(decoder.next_member(&mut object)?, Some(Member::Declared(1)));
    /// assert!(decoder.member::<bool>("y")?);
    /// assert_eq!(decoder.next_member(&mut object)?, Some(Member::Unknown("z".into())));
    /// decoder.skip()?;
    /// assert_eq!(decoder.next_member(&mut object)?, None);
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is not an object, or if it is an object of another known class.
    pub fn begin_object(&mut self, class: &'static Class) -> Result<ObjectReader<'de>, DecodeError> {
        match self.token()? {
            Token::Open(container) => self.object_from_container(container, class),
            other => Err(self.mismatch(expected_object(class), &other)),
        }
    }

    /// Opens any value with named members: objects of any class, associative arrays, dictionaries.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value has no named members.
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

    /// Returns the next member, or `None` at the end of the object. The value of the member must be read or
    /// [skipped](Self::skip) before the next call.
    ///
    /// # Errors
    ///
    /// Returns an error if the name of the next member cannot be read.
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
                // The copy is charged for each object, not once per traits record: a few bytes for each
                // object would otherwise copy a long name.
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

    /// Reads the name of a member. Returns `None` at the end marker, which is an empty name followed by `09` (AMF0
    /// §2.5).
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

    /// Reads the value of a member. Errors contain the name in their path.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be read as `T`.
    #[inline]
    pub fn member<T: FromAmf<'de>>(&mut self, name: &'static str) -> Result<T, DecodeError> {
        T::from_amf(self).map_err(|error| error.in_member(name))
    }

    /// Reads the value of an undeclared member into `dynamic`.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be read or exceeds a limit.
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

    /// Returns the value that was read, or [`T::missing()`](FromAmf::missing) for a missing member.
    ///
    /// # Errors
    ///
    /// Returns an error that names the member if `value` and `T::missing()` are both `None`.
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

    /// Reads an object of an externalizable class through the implementation of [`Externalizable`].
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is not an externalizable object of this class, or if its body cannot be
    /// read.
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

    /// Returns the index of a member in its class. The member at `expected`, where a peer that keeps the order has
    /// it, is compared first.
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

    /// Returns the index of a member in a class with many members, through a table of names that is built on first
    /// use.
    ///
    /// A name takes four bytes on the wire. Comparing each with hundreds of members would let a request occupy the
    /// processor for seconds.
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

    /// Returns the layout of a traits record for a class. It is computed once for each pair and stored with the
    /// record.
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

/// Parses the name of a member as an index of a list: decimal, without leading zeros.
pub(crate) fn parse_index(name: &str) -> Option<usize> {
    let canonical = name == "0" || !name.starts_with('0');
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { name.parse().ok() } else { None }
}
