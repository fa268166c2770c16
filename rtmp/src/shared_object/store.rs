//! Where persistent objects are kept.

use std::fmt;
use std::io;
use std::sync::Arc;

use amf_core::Version;
use bytes::Bytes;

use super::state::encoded::EncodedValue;
use super::state::quota::row_bytes;
use super::state::slots::{Slot, Slots};

/// Keeps persistent shared objects.
///
/// Its methods may wait for the disk: they are called on a thread of their own, one after another. An error or a
/// panic costs the writes that it is about, which are then refused, and the objects go back to what was kept last.
/// Of the slots that were to be written nobody knows what became of them: they are written again, as they are, with
/// the next change, and without one every second, 60 times. So an object that was kept in part is mended as soon as
/// the store is well. If the process ends before, what was refused may be there after all.
///
/// Failures are logged, and counted as `amf_rtmp_store_failures_total` by the feature `metrics`.
///
/// The store is dropped when [`Server::shutdown`](crate::Server::shutdown) is done, or some time after the server
/// and all that it made were dropped.
///
/// With the feature `persistence` there is `RedbStore`, one file of redb.
pub trait SharedObjectStore: Send + Sync + 'static {
    /// What is kept of an object; `None` if nothing was kept yet.
    fn load(&self, object: &StoredName) -> io::Result<Option<StoredObject>>;

    /// Returns what the store holds, for the limits on all of it. It is called once, when the store is given to
    /// [`SharedObjects::store`](crate::SharedObjects::store), and should not have to read everything: `RedbStore` keeps a
    /// running total.
    ///
    /// # Errors
    /// If it cannot be read: then the store is not used.
    fn usage(&self) -> io::Result<StoreUsage>;

    /// Keeps changes of several objects. When it returns `Ok`, all of them are on disk and stay there if the
    /// process is killed or the machine stops: clients are told of success then. On an error none should be; where
    /// there were several, each is tried again alone, until three in a row have failed.
    ///
    /// There are at most 1,024 objects, each once. Once they have 4 MiB of names and values together, the rest
    /// waits for the next commit: so a flood of changes does not keep others from theirs for long.
    fn commit(&self, commits: &[StoredCommit]) -> io::Result<()>;
}

/// Which object it is, among all of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StoredName {
    /// The application's name.
    pub application: Arc<str>,
    /// The instance's name.
    pub instance: Arc<str>,
    /// The object's name.
    pub name: Arc<str>,
}

/// An object as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredObject {
    /// The object's version.
    pub version: u32,
    /// Its slots.
    pub slots: Vec<(Arc<str>, StoredSlot)>,
}

/// A slot as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSlot {
    /// The object's version with which the slot was last changed.
    pub version: u32,
    /// The encoding of the value's bytes.
    pub encoding: Version,
    /// The value, in the form that an envelope carries.
    pub value: Bytes,
}

/// Changes of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCommit {
    /// The object.
    pub object: StoredName,
    /// The object's version after them.
    pub version: u32,
    /// Each slot that changed, and what it is now; `None` where it is gone.
    pub slots: Vec<(Arc<str>, Option<StoredSlot>)>,
    /// Whether the object has no slots any more. The store need not keep it then, nor its version; it does not count for
    /// [`usage`](SharedObjectStore::usage).
    pub is_deleted: bool,
}

/// What a store holds.
///
/// The bytes of an object are those of its rows: one for the object and one for each slot. A row has the bytes of the
/// names of application, instance and object, those of a slot's name and value, and 32 more.
///
/// ```
/// use amf_rtmp::{StoreUsage, StoredName, StoredObject};
///
/// let mut usage = StoreUsage::default();
/// usage.add(&StoredName::new("lobby", "red", "board"), &StoredObject::new(1, Vec::new()));
/// assert_eq!((usage.objects, usage.bytes), (1, 5 + 3 + 5 + 32));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreUsage {
    /// Number of objects.
    pub objects: usize,
    /// Bytes of their rows.
    pub bytes: usize,
}

impl StoreUsage {
    /// Adds an object.
    pub fn add(&mut self, name: &StoredName, object: &StoredObject) {
        let slots =
            object.slots.iter().map(|(key, slot)| row_bytes(name.size(), key.len() + slot.value.len()));
        self.objects += 1;
        self.bytes += row_bytes(name.size(), 0) + slots.sum::<usize>();
    }
}

impl StoredName {
    /// Creates the name of an object of an instance.
    pub fn new(
        application: impl Into<Arc<str>>,
        instance: impl Into<Arc<str>>,
        name: impl Into<Arc<str>>,
    ) -> Self {
        Self { application: application.into(), instance: instance.into(), name: name.into() }
    }

    /// Returns the name as one text, which no other name has: none of them holds a NUL.
    pub(super) fn key(&self) -> Arc<str> {
        format!("{}\0{}\0{}", self.application, self.instance, self.name).into()
    }

    /// Bytes of the names.
    pub(super) fn size(&self) -> usize {
        self.application.len() + self.instance.len() + self.name.len()
    }
}

impl StoredObject {
    /// Creates an object of a version with its slots.
    pub fn new(version: u32, slots: Vec<(Arc<str>, StoredSlot)>) -> Self {
        Self { version, slots }
    }
}

impl StoredSlot {
    /// Creates a slot that was last changed with this version of its object; `value` is one value of the encoding, in
    /// the form that an envelope carries.
    pub fn new(version: u32, encoding: Version, value: impl Into<Bytes>) -> Self {
        Self { version, encoding, value: value.into() }
    }
}

/// `application/instance/name`.
impl fmt::Display for StoredName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.application, self.instance, self.name)
    }
}

impl StoredCommit {
    /// Creates the changes that bring an object to a version; a slot without a value is removed.
    pub fn new(object: StoredName, version: u32, slots: Vec<(Arc<str>, Option<StoredSlot>)>) -> Self {
        Self { object, version, slots, is_deleted: false }
    }

    /// Sets whether the object has no slots any more. Default: `false`.
    #[must_use]
    pub fn deleted(self, is_deleted: bool) -> Self {
        Self { is_deleted, ..self }
    }

    /// Bytes of names and values.
    pub(super) fn size(&self) -> usize {
        let value = |slot: &Option<StoredSlot>| slot.as_ref().map_or(0, |slot| slot.value.len());
        self.slots.iter().map(|(key, slot)| key.len() + value(slot)).sum()
    }
}

impl From<&Slot> for StoredSlot {
    fn from(slot: &Slot) -> Self {
        Self { version: slot.version, encoding: slot.value.version(), value: slot.value.bytes().clone() }
    }
}

impl From<StoredObject> for Slots {
    fn from(StoredObject { version, slots }: StoredObject) -> Self {
        let slot = |StoredSlot { version, encoding, value }| Slot {
            value: Arc::new(EncodedValue::new(encoding, value)),
            version,
        };
        Self::restore(version, slots.into_iter().map(|(key, stored)| (key, slot(stored))))
    }
}
