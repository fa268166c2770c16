//! Classes with their ActionScript aliases, and the table of the classes that a decoder knows.

use std::any::type_name;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::error::DecodeError;
use crate::external::{self, ExternalInput, Externalizable};

/// Description of a class on the wire: its alias, its sealed members, and its kind of traits.
///
/// The derive creates one static `Class` for each struct.
///
/// ```
/// use amf_core::Class;
///
/// static PLAYER: Class = Class::new("com.example.Player", &["name", "level"]).dynamic();
/// assert_eq!(PLAYER.alias(), "com.example.Player");
/// assert_eq!(PLAYER.members(), ["name", "level"]);
/// assert!(PLAYER.is_dynamic());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    alias: &'static str,
    also: &'static [&'static str],
    members: &'static [&'static str],
    dynamic: bool,
    externalizable: bool,
}

impl Class {
    /// Creates a class with sealed members only. Objects of a class with an empty alias are anonymous.
    pub const fn new(alias: &'static str, members: &'static [&'static str]) -> Self {
        Self { alias, also: &[], members, dynamic: false, externalizable: false }
    }

    /// Adds aliases that are accepted when objects are read, for example former names of the class. Objects are
    /// always written with [`alias`](Self::alias).
    #[must_use]
    pub const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.also = aliases;
        self
    }

    /// Allows dynamic members in addition to the sealed ones.
    #[must_use]
    pub const fn dynamic(mut self) -> Self {
        self.dynamic = true;
        self
    }

    /// Makes the class externalizable: its objects read and write their own body.
    #[must_use]
    pub const fn externalizable(mut self) -> Self {
        self.externalizable = true;
        self
    }

    /// Returns the alias, the name given to ActionScript's `registerClassAlias`. The alias of anonymous objects is
    /// empty.
    pub const fn alias(&self) -> &'static str {
        self.alias
    }

    /// Returns `true` if objects with this alias belong to the class.
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

    /// Returns the names of the sealed members on the wire, in order.
    pub const fn members(&self) -> &'static [&'static str] {
        self.members
    }

    /// Returns `true` if objects may have members that the class does not declare.
    pub const fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    /// Returns `true` if objects of the class read and write their own body.
    pub const fn is_externalizable(&self) -> bool {
        self.externalizable
    }
}

/// Type that is written as objects of one class. `#[derive(AmfObject)]` implements this trait for structs.
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

/// Function that reads an externalizable body and discards the value. The decoder calls it to find the end of the
/// body.
pub(crate) type ExternalBody = fn(&mut ExternalInput<'_, '_>) -> Result<(), DecodeError>;

/// Table of classes that a decoder knows by alias.
///
/// An unknown alias instantiates nothing: objects with such an alias are read as plain data. An unknown
/// externalizable object cannot be read at all, because only its class determines where its body ends.
///
/// ```
/// use amf_core::{AmfObject, Classes, FromAmf};
///
/// #[derive(AmfObject)]
/// #[amf(alias = "com.example.Player")]
/// struct Player {
///     name: String,
/// }
///
/// let mut classes = Classes::new();
/// Player::classes(&mut classes);
/// assert_eq!(classes.get("com.example.Player").unwrap().members(), ["name"]);
/// assert!(classes.get("com.example.Room").is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Classes {
    by_alias: HashMap<&'static str, ClassEntry>,
    /// Length in bytes of the longest alias. Longer aliases sent by a peer are not hashed.
    longest_alias: usize,
    /// Names of the Rust types that were added. `Page<Player>` and `Page<Room>` have the same class, but different
    /// members.
    types: HashSet<&'static str>,
    conflicts: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
struct ClassEntry {
    class: &'static Class,
    body: Option<ExternalBody>,
}

impl Classes {
    /// Creates a table that contains the built-in classes only: `ArrayCollection`, `ArrayList`, `ObjectProxy` and
    /// `ManagedObjectProxy` of `flex.messaging.io`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the class of a type. Returns `true` if the type is new to the table, so that the caller adds the types of
    /// its members too.
    ///
    /// A second class with the same alias is not entered, but recorded as a [conflict](Self::conflicts).
    pub fn add<T: AmfClass>(&mut self) -> bool {
        self.register::<T>(None)
    }

    /// Adds a class whose objects read and write their own body. Returns `true` if the type is new to the table.
    pub fn add_externalizable<T: AmfClass + Externalizable>(&mut self) -> bool {
        self.register::<T>(Some(|input| T::read_external(input).map(drop)))
    }

    /// Adds a class without a type of its own, such as that of an enum variant.
    pub fn add_class(&mut self, class: &'static Class) {
        self.insert(class, None);
    }

    /// Records a visit to a type and returns `true` if it is the first one.
    ///
    /// A type that has no class itself calls this method before it adds the types that it contains, so that recursive
    /// types terminate.
    pub fn visit<T>(&mut self) -> bool {
        self.types.insert(type_name::<T>())
    }

    /// Returns the class with this alias, or a built-in class.
    pub fn get(&self, alias: &str) -> Option<&'static Class> {
        let added = self.entry(alias).map(|entry| entry.class);
        added.or_else(|| Self::built_in(alias).map(|(class, _)| class))
    }

    /// Returns the aliases that more than one class claimed, in the order of the claims.
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

    /// Returns the built-in class with this alias.
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
