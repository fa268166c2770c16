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
    Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError, TableDefinition, TableError,
};

use super::store::{SharedObjectStore, StoredCommit, StoredName, StoredObject, StoredSlot};

/// Application, instance, object: its version.
const OBJECTS: TableDefinition<'_, (&str, &str, &str), u32> = TableDefinition::new("shared_objects");
/// Application, instance, object, slot: its version, the number of its encoding (0 or 3), and its value.
const SLOTS: TableDefinition<'_, SlotKey, SlotRow> = TableDefinition::new("shared_object_slots");

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
/// The file grows with what it holds at one time and does not shrink. In memory are at most 16 MiB of it.
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
    {
        let mut objects = transaction.open_table(OBJECTS)?;
        let mut table = transaction.open_table(SLOTS)?;
        for StoredCommit { object: StoredName { application, instance, name }, version, slots } in commits {
            objects.insert((&**application, &**instance, &**name), version)?;
            for (key, slot) in slots {
                let key = (&**application, &**instance, &**name, &**key);
                match slot {
                    Some(StoredSlot { version, encoding, value }) => {
                        let encoding = if *encoding == Version::Amf3 { 3 } else { 0 };
                        table.insert(key, (*version, encoding, &**value))?;
                    }
                    None => drop(table.remove(key)?),
                }
            }
        }
    }
    transaction.commit()?;
    Ok(())
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
