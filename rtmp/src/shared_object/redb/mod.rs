//! Persistent objects in a file of redb.

mod file;
mod resync;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use amf_core::Version;
use bytes::Bytes;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, StorageError, TableDefinition,
    TableError,
};

use super::state::quota::row_bytes;
use super::store::{SharedObjectStore, StoreUsage, StoredCommit, StoredName, StoredObject, StoredSlot};

/// Application, instance, object: its version.
const OBJECTS: TableDefinition<'_, (&str, &str, &str), u32> = TableDefinition::new("shared_objects");
/// Application, instance, object, slot: its version, the number of its encoding (0 or 3), and its value.
const SLOTS: TableDefinition<'_, SlotKey, SlotRow> = TableDefinition::new("shared_object_slots");

/// What the other tables hold: `objects`, and `bytes` as [`StoreUsage`] counts them. It is changed together with them, so
/// that nothing has to be counted when the file is opened.
const USAGE: TableDefinition<'_, &str, u64> = TableDefinition::new("shared_object_usage");
const USED_OBJECTS: &str = "objects";
const USED_BYTES: &str = "bytes";

type ObjectKey = (&'static str, &'static str, &'static str);
type SlotKey = (&'static str, &'static str, &'static str, &'static str);
type SlotRow = (u32, u8, &'static [u8]);
type Open = dyn Fn() -> Result<Database, DatabaseError> + Send + Sync;

/// Keeps persistent shared objects in one file of [redb](https://docs.rs/redb).
///
/// Each commit is one transaction, which is synced to disk: after a crash of the process or the machine the file
/// holds all of the last one that was told of, and all or nothing of one that was on its way. One process can have
/// the file open. After a crash the whole file is read, written again and checked when it is opened, which takes
/// time with its size.
///
/// After an error of the disk, or when it was full, the file is opened again with the next commit, and what was
/// told of before is there. If a flush has failed, all of the file is written again first, because a system that
/// fails to write takes what it did not write for written.
///
/// An object without slots is removed from the file, with its version. The file grows with what it holds at one time and
/// does not shrink. In memory are at most 16 MiB of it.
///
/// ```no_run
/// use amf_remoting::Services;
/// use amf_rtmp::{RedbStore, Server, SharedObjects};
///
/// # fn run() -> std::io::Result<()> {
/// let store = RedbStore::open("/var/lib/lobby/objects.redb")?;
/// let server = Server::new(Services::new()).shared_objects(SharedObjects::new().store(store)?);
/// # Ok(())
/// # }
/// ```
pub struct RedbStore {
    path: PathBuf,
    open: Box<Open>,
    /// Nothing after an error.
    database: Mutex<Option<Database>>,
}

impl RedbStore {
    /// Opens a file, or makes it if there is none or an empty one. Its folder must be there; until the new file is
    /// whole, its name ends with `.new`.
    ///
    /// # Errors
    /// They name the file: it cannot be read or written, is none of redb or of another version of its format, or is
    /// open already, here or in another process ([`io::ErrorKind::ResourceBusy`]).
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        file::prepare(&path).map_err(|error| StoreError::new(&path, error))?;
        Self::with_backend(path.clone(), move || file::backend(&path))
    }

    fn with_backend<B: StorageBackend>(
        path: PathBuf,
        backend: impl Fn() -> Result<B, DatabaseError> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        // Whoever had the file before may have left it after a flush that failed.
        let is_uncertain = Arc::new(AtomicBool::new(true));
        let open = move || file::open(&backend, &is_uncertain);
        let database = open().map_err(|error| StoreError::new(&path, error))?;
        Ok(Self { path, open: Box::new(open), database: Mutex::new(Some(database)) })
    }

    /// Does something with the database; opens it again the next time, if that fails.
    fn with_database<T>(&self, operation: impl FnOnce(&Database) -> Result<T, redb::Error>) -> io::Result<T> {
        let mut slot = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match slot.take() {
            Some(database) => database,
            None => (self.open)().map_err(|error| StoreError::new(&self.path, error))?,
        };
        let outcome = operation(&database).map_err(|error| StoreError::new(&self.path, error))?;
        *slot = Some(database);
        Ok(outcome)
    }
}

impl SharedObjectStore for RedbStore {
    fn load(&self, object: &StoredName) -> io::Result<Option<StoredObject>> {
        self.with_database(|database| load(database, object))
    }

    fn usage(&self) -> io::Result<StoreUsage> {
        self.with_database(usage)
    }

    fn commit(&self, commits: &[StoredCommit]) -> io::Result<()> {
        self.with_database(|database| commit(database, commits))
    }
}

fn load(database: &Database, object: &StoredName) -> Result<Option<StoredObject>, redb::Error> {
    let StoredName { application, instance, name } = object;
    let transaction = database.begin_read()?;
    let objects = match transaction.open_table(OBJECTS) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        objects => objects?,
    };
    let Some(version) = objects.get((&**application, &**instance, &**name))? else { return Ok(None) };
    let mut slots = Vec::new();
    for entry in transaction.open_table(SLOTS)?.range((&**application, &**instance, &**name, "")..)? {
        let (key, slot) = entry?;
        let (of_application, of_instance, of_name, key) = key.value();
        if (of_application, of_instance, of_name) != (application, instance, name) {
            break;
        }
        let (version, encoding, value) = slot.value();
        let encoding = match encoding {
            0 => Version::Amf0,
            3 => Version::Amf3,
            other => return Err(StorageError::Corrupted(format!("there is no AMF{other}")).into()),
        };
        let value = Bytes::copy_from_slice(value);
        slots.push((key.into(), StoredSlot { version, encoding, value }));
    }
    Ok(Some(StoredObject { version: version.value(), slots }))
}

fn commit(database: &Database, commits: &[StoredCommit]) -> Result<(), redb::Error> {
    // One phase, with one flush: what was written in part is known by its checksums. Two phases would guard against
    // somebody who writes values with checksums of his choice, decides which of their sectors reach the disk, and
    // stops the machine then; a client can do only the first, and that not without knowing the file.
    let transaction = database.begin_write()?;
    let before = match stored_usage(&transaction.open_table(USAGE)?)? {
        Some(usage) => usage,
        None => count(&transaction.open_table(OBJECTS)?, &transaction.open_table(SLOTS)?)?,
    };
    {
        let mut objects = transaction.open_table(OBJECTS)?;
        let mut table = transaction.open_table(SLOTS)?;
        // Sums of what was added and removed, so that nothing is ever below zero.
        let (mut added, mut removed) = (before, StoreUsage::default());
        for StoredCommit { object, version, slots, is_deleted } in commits {
            let StoredName { application, instance, name } = object;
            let (key, size) = ((&**application, &**instance, &**name), object.size());
            let (was_there, is_there) = if *is_deleted {
                (objects.remove(key)?.is_some(), false)
            } else {
                (objects.insert(key, version)?.is_some(), true)
            };
            for (usage, is_counted) in [(&mut added, is_there), (&mut removed, was_there)] {
                usage.objects += usize::from(is_counted);
                usage.bytes += if is_counted { row_bytes(size, 0) } else { 0 };
            }
            for (key, slot) in slots {
                let row = (&**application, &**instance, &**name, &**key);
                let old = match slot {
                    Some(StoredSlot { version, encoding, value }) => {
                        let encoding = if *encoding == Version::Amf3 { 3 } else { 0 };
                        added.bytes += row_bytes(size, key.len() + value.len());
                        table.insert(row, (*version, encoding, &**value))?
                    }
                    None => table.remove(row)?,
                };
                removed.bytes += old.map_or(0, |old| row_bytes(size, key.len() + old.value().2.len()));
            }
        }
        let mut table = transaction.open_table(USAGE)?;
        table.insert(USED_OBJECTS, added.objects.saturating_sub(removed.objects) as u64)?;
        table.insert(USED_BYTES, added.bytes.saturating_sub(removed.bytes) as u64)?;
    }
    transaction.commit()?;
    Ok(())
}

fn usage(database: &Database) -> Result<StoreUsage, redb::Error> {
    let transaction = database.begin_read()?;
    let usage = match transaction.open_table(USAGE) {
        Err(TableError::TableDoesNotExist(_)) => None,
        table => stored_usage(&table?)?,
    };
    if let Some(usage) = usage {
        return Ok(usage);
    }
    match (transaction.open_table(OBJECTS), transaction.open_table(SLOTS)) {
        (Err(TableError::TableDoesNotExist(_)), _) | (_, Err(TableError::TableDoesNotExist(_))) => {
            Ok(StoreUsage::default())
        }
        (objects, slots) => count(&objects?, &slots?),
    }
}

/// Nothing in a file of an earlier version.
fn stored_usage(table: &impl ReadableTable<&'static str, u64>) -> Result<Option<StoreUsage>, redb::Error> {
    let read = |key| Ok::<_, redb::Error>(table.get(key)?.map(|value| value.value()));
    let (Some(objects), Some(bytes)) = (read(USED_OBJECTS)?, read(USED_BYTES)?) else { return Ok(None) };
    let size = |value| usize::try_from(value).unwrap_or(usize::MAX);
    Ok(Some(StoreUsage { objects: size(objects), bytes: size(bytes) }))
}

/// Reads everything. An earlier version kept objects without slots; they count until they are deleted.
fn count(
    objects: &impl ReadableTable<ObjectKey, u32>,
    slots: &impl ReadableTable<SlotKey, SlotRow>,
) -> Result<StoreUsage, redb::Error> {
    let mut usage = StoreUsage::default();
    for entry in objects.iter()? {
        let (key, _) = entry?;
        let (application, instance, name) = key.value();
        usage.objects += 1;
        usage.bytes += row_bytes(application.len() + instance.len() + name.len(), 0);
    }
    for entry in slots.iter()? {
        let (key, slot) = entry?;
        let (application, instance, name, key) = key.value();
        let names = application.len() + instance.len() + name.len();
        usage.bytes += row_bytes(names, key.len() + slot.value().2.len());
    }
    Ok(usage)
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").finish_non_exhaustive()
    }
}

/// What went wrong with which file.
#[derive(Debug)]
struct StoreError {
    path: PathBuf,
    source: redb::Error,
}

impl StoreError {
    fn new(path: &Path, source: impl Into<redb::Error>) -> Self {
        Self { path: path.to_owned(), source: source.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shared objects in {}: {}", self.path.display(), self.source)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        let kind = match &error.source {
            redb::Error::Io(io) => io.kind(),
            redb::Error::DatabaseAlreadyOpen => io::ErrorKind::ResourceBusy,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
