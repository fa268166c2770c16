//! Persistent objects in a file of redb.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use amf_core::Version;
use bytes::Bytes;
use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition, TableError};

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
/// Each commit is one transaction, which is synced to disk: after a crash the file holds all of the last one that
/// was told of, and nothing of a later one that was torn. One process can have the file open. After an error of the
/// disk it is opened again.
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
    open: Box<Open>,
    /// Nothing after an error.
    database: Mutex<Option<Database>>,
}

impl RedbStore {
    /// Opens a file, or makes it. Its folder must be there.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        Self::with(move || Database::create(&path))
    }

    fn with(open: impl Fn() -> Result<Database, DatabaseError> + Send + Sync + 'static) -> io::Result<Self> {
        let database = open().map_err(io::Error::other)?;
        Ok(Self { open: Box::new(open), database: Mutex::new(Some(database)) })
    }

    /// Does something with the database; opens it again the next time, if that fails.
    fn act<T>(&self, act: impl FnOnce(&Database) -> Result<T, redb::Error>) -> io::Result<T> {
        let mut slot = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match slot.take() {
            Some(database) => database,
            None => (self.open)().map_err(io::Error::other)?,
        };
        let outcome = act(&database).map_err(io::Error::other)?;
        *slot = Some(database);
        Ok(outcome)
    }
}

impl SharedObjectStore for RedbStore {
    fn load(&self, object: &StoredName) -> io::Result<Option<StoredObject>> {
        self.act(|database| load(database, object))
    }

    fn commit(&self, commits: &[StoredCommit]) -> io::Result<()> {
        self.act(|database| commit(database, commits))
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
        let encoding = if encoding == 3 { Version::Amf3 } else { Version::Amf0 };
        let value = Bytes::copy_from_slice(value);
        slots.push((key.into(), StoredSlot { version, encoding, value }));
    }
    Ok(Some(StoredObject { version: version.value(), slots }))
}

fn commit(database: &Database, commits: &[StoredCommit]) -> Result<(), redb::Error> {
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

#[cfg(test)]
#[path = "redb_tests.rs"]
mod tests;
