//! Classes by their ActionScript alias, and the table of those that a decoder knows.

use std::any::type_name;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::error::DecodeError;
use crate::external::{self, ExternalInput, Externalizable};

/// What the wire says of a class: its alias, its sealed members, and which kind of traits it has.
///
/// A derive makes one for each struct; two classes are the same one when they stand at the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    alias: &'static str,
    also: &'static [&'static str],
    members: &'static [&'static str],
    dynamic: bool,
    externalizable: bool,
}

impl Class {
    /// A sealed class. An empty alias makes objects of it anonymous.
    pub const fn new(alias: &'static str, members: &'static [&'static str]) -> Self {
        Self { alias, also: &[], members, dynamic: false, externalizable: false }
    }

    /// The same class, whose objects may come under these aliases too: those that it had before, for example. It
    /// is written under its own.
    #[must_use]
    pub const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.also = aliases;
        self
    }

    /// The same class with dynamic members beside the sealed ones.
    #[must_use]
    pub const fn dynamic(mut self) -> Self {
        self.dynamic = true;
        self
    }

    /// The same class, writing and reading its own body.
    #[must_use]
    pub const fn externalizable(mut self) -> Self {
        self.externalizable = true;
        self
    }

    /// The name that ActionScript's `registerClassAlias` gave the class; empty for an anonymous object.
    pub const fn alias(&self) -> &'static str {
        self.alias
    }

    /// Whether objects of this alias are of the class.
    ///
    /// ```
    /// use amf_core::Class;
    ///
    /// static PLAYER: Class = Class::new("com.example.Player", &["name"]).also(&["org.old.Player"]);
    /// assert!(PLAYER.is_called("com.example.Player") && PLAYER.is_called("org.old.Player"));
    /// assert!(!PLAYER.is_called("Player"));
    /// ```
    pub fn is_called(&self, alias: &str) -> bool {
        self.alias == alias || self.also.contains(&alias)
    }

    /// The sealed members' names on the wire, in order.
    pub const fn members(&self) -> &'static [&'static str] {
        self.members
    }

    /// Whether objects have members that the class does not declare.
    pub const fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    /// Whether objects of the class write their own body.
    pub const fn is_externalizable(&self) -> bool {
        self.externalizable
    }
}

/// A type that is written as objects of one class.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no class of objects",
    label = "not a class",
    note = "a class is a struct that derives `AmfObject` and has members; in an enum, `#[amf(other)]` takes other types"
)]
pub trait AmfClass {
    /// The class.
    const CLASS: &'static Class;
}

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<T: AmfClass> AmfClass for $pointer<T> {
            const CLASS: &'static Class = T::CLASS;
        }
    )*};
}
pointers! { Box Arc Rc }

/// Reads an externalizable body and lets the value go: enough to know where it ends and what it holds.
pub(crate) type ExternalBody = fn(&mut ExternalInput<'_, '_>) -> Result<(), DecodeError>;

/// The classes that a decoder knows by alias.
///
/// An alias that is not here is inert: its objects are read as plain data. Only an externalizable one
/// cannot be read without its class, because nothing but the class knows where the value ends.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    by_alias: HashMap<&'static str, ClassEntry>,
    /// Bytes of the longest alias: a longer one of a peer's is not even looked up.
    longest_alias: usize,
    /// Rust types that were added, by name: `Page<Player>` and `Page<Room>` share a class, not their members.
    types: HashSet<&'static str>,
    conflicts: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
struct ClassEntry {
    class: &'static Class,
    body: Option<ExternalBody>,
}

impl Classes {
    /// The built-in ones alone: `ArrayCollection`, `ArrayList`, `ObjectProxy` and `ManagedObjectProxy` of
    /// `flex.messaging.io`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the class of a type. True when the type was not there yet, and those of its members are to be
    /// added too.
    ///
    /// Another class of the same alias is kept as a [conflict](Self::conflicts) and not entered.
    pub fn add<T: AmfClass>(&mut self) -> bool {
        self.register::<T>(None)
    }

    /// Adds a class whose objects read and write their own body. True when the type was not there yet.
    pub fn add_externalizable<T: AmfClass + Externalizable>(&mut self) -> bool {
        self.register::<T>(Some(|input| T::read_external(input).map(drop)))
    }

    /// Adds a class that no type stands for: that of an enum's variant.
    pub fn add_class(&mut self, class: &'static Class) {
        self.insert(class, None);
    }

    /// Whether a type has not been seen yet. A type that is no class itself asks before it adds those inside
    /// it, so that one that contains itself ends.
    pub fn visit<T>(&mut self) -> bool {
        self.types.insert(type_name::<T>())
    }

    /// The class of an alias.
    pub fn get(&self, alias: &str) -> Option<&'static Class> {
        let added = self.entry(alias).map(|entry| entry.class);
        added.or_else(|| Self::built_in(alias).map(|(class, _)| class))
    }

    /// The aliases that more than one class claimed, in the order of the claims.
    pub fn conflicts(&self) -> impl Iterator<Item = &'static str> {
        self.conflicts.iter().copied()
    }

    pub(crate) fn external_body(&self, alias: &str) -> Option<ExternalBody> {
        match self.entry(alias) {
            Some(entry) => entry.body,
            None => Self::built_in(alias).map(|(_, body)| body),
        }
    }

    fn entry(&self, alias: &str) -> Option<&ClassEntry> {
        if alias.len() <= self.longest_alias { self.by_alias.get(alias) } else { None }
    }

    /// Those that every decoder knows.
    pub(crate) fn built_in(alias: &str) -> Option<(&'static Class, ExternalBody)> {
        external::BUILT_IN.iter().find(|(class, _)| class.alias == alias).copied()
    }

    fn register<T: AmfClass>(&mut self, body: Option<ExternalBody>) -> bool {
        let is_new = self.visit::<T>();
        if is_new {
            self.insert(T::CLASS, body);
        }
        is_new
    }

    fn insert(&mut self, class: &'static Class, body: Option<ExternalBody>) {
        let aliases = std::iter::once(&class.alias).chain(class.also);
        for alias in aliases.filter(|alias| !alias.is_empty()) {
            self.longest_alias = self.longest_alias.max(alias.len());
            let known = self.by_alias.entry(alias).or_insert(ClassEntry { class, body });
            if *known.class != *class {
                self.conflicts.push(alias);
            }
        }
    }
}
