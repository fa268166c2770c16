//! Where persistent objects are kept.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use amf_core::Version;
use bytes::Bytes;

use super::encoded::Encoded;
use super::object::Object;
use super::slots::{Slot, Slots};

/// Keeps persistent shared objects.
///
/// Its methods may wait for the disk: they are called on a thread of their own, one after another. An error or a
/// panic costs the writes that it is about, which are then refused; the objects go back to what was kept last, and
/// with the next change every slot is written again of which nobody knows what became of it.
///
/// With the feature `persistence` there is `RedbStore`, one file of redb.
pub trait SharedObjectStore: Send + Sync + 'static {
    /// What is kept of an object; `None` if nothing was kept yet.
    fn load(&self, object: &StoredName) -> io::Result<Option<StoredObject>>;

    /// Keeps changes of several objects. When it returns `Ok`, all of them are on disk and stay there if the
    /// process is killed or the machine stops: clients are told of success then. On an error none should be; where
    /// there were several, each is tried again alone.
    fn commit(&self, commits: &[StoredCommit]) -> io::Result<()>;
}

/// Which object it is, among all of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
pub struct StoredObject {
    /// The object's version.
    pub version: u32,
    /// Its slots.
    pub slots: Vec<(Arc<str>, StoredSlot)>,
}

/// A slot as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
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
pub struct StoredCommit {
    /// The object.
    pub object: StoredName,
    /// The object's version after them.
    pub version: u32,
    /// Each slot that changed, and what it is now; `None` where it is gone.
    pub slots: Vec<(Arc<str>, Option<StoredSlot>)>,
}

impl From<&Slot> for StoredSlot {
    fn from(slot: &Slot) -> Self {
        Self { version: slot.version, encoding: slot.value.version(), value: slot.value.bytes().clone() }
    }
}

impl From<StoredObject> for Slots {
    fn from(StoredObject { version, slots }: StoredObject) -> Self {
        let slot = |StoredSlot { version, encoding, value }| Slot {
            value: Arc::new(Encoded::new(encoding, value)),
            version,
        };
        Self::restore(version, slots.into_iter().map(|(key, stored)| (key, slot(stored))))
    }
}

/// The thread that works for a store. It ends when nobody can ask it any more.
#[derive(Clone)]
pub(crate) struct Keeper {
    jobs: Sender<Job>,
}

/// The object is kept alive until it has the answer: so there are never two of one name.
enum Job {
    Load(Arc<Object>),
    Commit(Arc<Object>, StoredCommit),
}

impl Keeper {
    pub(crate) fn new(store: impl SharedObjectStore) -> io::Result<Self> {
        let (jobs, inbox) = channel();
        thread::Builder::new().name("shared objects".into()).spawn(move || work(&store, &inbox))?;
        Ok(Self { jobs })
    }

    pub(super) fn load(&self, object: Arc<Object>) {
        // The thread is there as long as anybody can ask.
        let _ = self.jobs.send(Job::Load(object));
    }

    pub(super) fn commit(&self, object: Arc<Object>, commit: StoredCommit) {
        let _ = self.jobs.send(Job::Commit(object, commit));
    }
}

fn work(store: &impl SharedObjectStore, inbox: &Receiver<Job>) {
    while let Ok(job) = inbox.recv() {
        let (mut objects, mut commits) = (Vec::new(), Vec::new());
        // All that waits goes into one commit.
        for job in std::iter::once(job).chain(inbox.try_iter()) {
            match job {
                Job::Load(object) => {
                    let found = attempt("loaded", || store.load(&object.stored_name()));
                    object.restored(found.map(|found| found.map(Slots::from).unwrap_or_default()));
                }
                Job::Commit(object, commit) => {
                    objects.push(object);
                    commits.push(commit);
                }
            }
        }
        if commits.is_empty() {
            continue;
        }
        if attempt("written", || store.commit(&commits)).is_some() {
            for object in objects {
                object.committed(true);
            }
        } else if commits.len() == 1 {
            for object in objects {
                object.committed(false);
            }
        } else {
            for (object, commit) in objects.iter().zip(commits.chunks(1)) {
                object.committed(attempt("written", || store.commit(commit)).is_some());
            }
        }
    }
}

fn attempt<T>(what: &str, act: impl FnOnce() -> io::Result<T>) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::error!(%error, "a shared object could not be {what}");
            None
        }
        Err(_panic) => {
            tracing::error!("the store of shared objects panicked");
            None
        }
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}
