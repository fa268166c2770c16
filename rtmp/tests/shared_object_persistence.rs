//! Persistent objects: what was acknowledged is there after a restart, and beside a store that fails.

#![cfg(feature = "persistence")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod temp_dir;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::Services;
use amf_rtmp::{
    NetConnection, RedbStore, Server, SharedObject, SharedObjectAccess, SharedObjectError, SharedObjectGuard,
    SharedObjectOptions, SharedObjectStore, SharedObjects, StoreUsage, StoredCommit, StoredName,
    StoredObject, StoredSlot, SyncChange, SyncEvent, SyncEvents,
};
use tokio::time::{sleep, timeout};

use temp_dir::TempDir;

const TIMEOUT: Duration = Duration::from_secs(20);

/// Clients may create persistent objects.
struct CreateAll;

impl SharedObjectGuard for CreateAll {
    fn may_create_persistent(&self, _: &SharedObjectAccess<'_>) -> bool {
        true
    }
}

async fn serve(store: impl SharedObjectStore) -> (Server, SocketAddr) {
    let server = Server::new(Services::new())
        .shared_objects(SharedObjects::new().guard(CreateAll).store(store).unwrap());
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    (server, address)
}

async fn connect(address: SocketAddr) -> NetConnection {
    NetConnection::builder(&format!("rtmp://{address}/lobby")).unwrap().connect().await.unwrap()
}

async fn next(events: &mut SyncEvents) -> SyncEvent {
    timeout(TIMEOUT, events.recv()).await.expect("nothing came").unwrap()
}

#[tokio::test]
async fn slots_and_version_survive_a_restart() {
    let folder = TempDir::new("restart");
    {
        let (server, address) = serve(RedbStore::open(folder.file()).unwrap()).await;
        let ann = connect(address).await;
        let board = ann.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap();
        let mut events = board.events();
        for (key, value) in [("a", 1), ("b", 2), ("a", 3)] {
            board.set(key, &value).unwrap();
            assert!(matches!(next(&mut events).await, SyncEvent::Sync(_)));
        }
        board.remove("b").unwrap();
        next(&mut events).await;
        let other = server
            .instance("other", "")
            .unwrap()
            .shared_object("board", SharedObjectOptions::new().persistent(true))
            .await
            .unwrap();
        other.set("text", "ä").unwrap().await.unwrap();
        // An object whose name begins as another's.
        let longer = server
            .instance("lobby", "")
            .unwrap()
            .shared_object("board2", SharedObjectOptions::new().persistent(true))
            .await
            .unwrap();
        longer.set("x", &1).unwrap().await.unwrap();
        assert_eq!(board.version(), 5);
        server.shutdown().await;
    }
    let (server, address) = serve(RedbStore::open(folder.file()).unwrap()).await;
    let ann = connect(address).await;
    let board = ann.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap();
    assert_eq!((board.get::<u32>("a").unwrap(), board.slots().len(), board.version()), (Some(3), 1, 5));
    let other = server
        .instance("other", "")
        .unwrap()
        .shared_object("board", SharedObjectOptions::new().persistent(true))
        .await
        .unwrap();
    assert_eq!((other.get::<String>("text").unwrap().as_deref(), other.version()), (Some("ä"), 2));
    // Not persistent is another kind.
    assert_eq!(
        server
            .instance("other", "")
            .unwrap()
            .shared_object("board", SharedObjectOptions::new())
            .await
            .unwrap_err(),
        SharedObjectError::PersistenceMismatch
    );
    other.clear().await.unwrap();
    drop(other);
    // The object goes out of memory with its last handle and the thread that wrote it, and what it says is what the file
    // says. One without slots is not in the file, so it begins anew.
    for _ in 0..2 {
        let again = when_it_begins_anew(&server).await;
        assert_eq!((again.slots().len(), again.version()), (0, 1));
    }
}

/// Opens the object of the other instance again, until it is no longer the one in memory.
async fn when_it_begins_anew(server: &Server) -> SharedObject {
    let reopened = async {
        loop {
            let instance = server.instance("other", "").unwrap();
            let options = SharedObjectOptions::new().persistent(true);
            let object = instance.shared_object("board", options).await.unwrap();
            if object.version() == 1 {
                return object;
            }
            drop(object);
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(TIMEOUT, reopened).await.expect("the object stays in memory")
}

/// What a store does next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    None,
    /// Nothing of it is kept.
    Error,
    /// Half of it is kept, and the version.
    Partial,
    Panic,
}

/// A version and slots.
type Stored = (u32, HashMap<Arc<str>, StoredSlot>);

/// A store in memory that fails for the object `bad`.
#[derive(Clone, Default)]
struct FailingStore {
    failure: Arc<Mutex<Option<Failure>>>,
    kept: Arc<Mutex<HashMap<String, Stored>>>,
}

impl FailingStore {
    fn failure(&self) -> Failure {
        self.failure.lock().unwrap().unwrap_or(Failure::None)
    }

    fn set(&self, failure: Failure) {
        *self.failure.lock().unwrap() = Some(failure);
    }
}

impl SharedObjectStore for FailingStore {
    fn load(&self, object: &StoredName) -> io::Result<Option<StoredObject>> {
        if &*object.name == "bad" && self.failure() != Failure::None {
            return Err(io::Error::other("the disk is not well"));
        }
        let kept = self.kept.lock().unwrap();
        Ok(kept.get(&*object.name).map(|(version, slots)| {
            StoredObject::new(
                *version,
                slots.iter().map(|(key, slot)| (Arc::clone(key), slot.clone())).collect(),
            )
        }))
    }

    fn usage(&self) -> io::Result<StoreUsage> {
        Ok(StoreUsage::default())
    }

    fn commit(&self, commits: &[StoredCommit]) -> io::Result<()> {
        let failure = self.failure();
        let is_bad = |commit: &StoredCommit| &*commit.object.name == "bad";
        if commits.iter().any(is_bad) && failure == Failure::Error {
            return Err(io::Error::other("the disk is full"));
        }
        assert!(!commits.iter().any(is_bad) || failure != Failure::Panic, "the store panics");
        for commit in commits {
            let is_torn = is_bad(commit) && failure == Failure::Partial;
            let take = if is_torn { commit.slots.len().div_ceil(2) } else { commit.slots.len() };
            let mut kept = self.kept.lock().unwrap();
            let (version, slots) = kept.entry(commit.object.name.to_string()).or_default();
            *version = commit.version;
            for (key, slot) in commit.slots.iter().take(take) {
                match slot {
                    Some(slot) => drop(slots.insert(Arc::clone(key), slot.clone())),
                    None => drop(slots.remove(key)),
                }
            }
            if is_torn {
                return Err(io::Error::other("the disk was pulled out"));
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_failed_commit_refuses_only_its_write() {
    let store = FailingStore::default();
    let (server, address) = serve(store.clone()).await;
    let (ann, ben) = (connect(address).await, connect(address).await);
    let bad = ann.shared_object("bad", SharedObjectOptions::new().persistent(true)).await.unwrap();
    let bens_bad = ben.shared_object("bad", SharedObjectOptions::new().persistent(true)).await.unwrap();
    let good = ben.shared_object("good", SharedObjectOptions::new().persistent(true)).await.unwrap();
    let (mut to_ann, mut to_ben, mut to_good) = (bad.events(), bens_bad.events(), good.events());
    bad.set("x", &1).unwrap();
    assert!(matches!(next(&mut to_ann).await, SyncEvent::Sync(_)));
    assert!(matches!(next(&mut to_ben).await, SyncEvent::Sync(_)));

    for (round, failure) in [Failure::Error, Failure::Partial, Failure::Panic].into_iter().enumerate() {
        store.set(failure);
        let value = 10 + round as u32;
        bad.set("x", &value).unwrap();
        good.set("y", &value).unwrap();
        // The writer: no success, and the slot as it was.
        let SyncEvent::Status { code, .. } = next(&mut to_ann).await else { panic!("{failure:?}") };
        assert_eq!(&*code, "SharedObject.NoWriteAccess");
        let SyncEvent::Sync(changes) = next(&mut to_ann).await else { panic!("{failure:?}") };
        assert!(matches!(&*changes, [SyncChange::Reject { .. }]), "{changes:?}");
        assert_eq!((bad.get::<u32>("x").unwrap(), bad.version()), (Some(1), 2), "{failure:?}");
        // Another object of the same commit.
        let SyncEvent::Sync(changes) = next(&mut to_good).await else { panic!("{failure:?}") };
        assert!(matches!(&*changes, [SyncChange::Success { .. }]), "{changes:?}");
        // The server's own side.
        let instance = server.instance("lobby", "").unwrap();
        let own = instance.shared_object("bad", SharedObjectOptions::new().persistent(true)).await.unwrap();
        own.set("z", &value).unwrap().await.unwrap_err();
        assert_eq!((own.get::<u32>("z").unwrap(), own.version()), (None, 2));
    }
    store.set(Failure::None);
    // The others heard of nothing that was not kept; what they hear next is this.
    bad.set("w", &5).unwrap();
    let SyncEvent::Sync(changes) = next(&mut to_ben).await else { panic!() };
    assert!(matches!(&*changes, [SyncChange::Change { key, old: None }] if &**key == "w"), "{changes:?}");
    assert!(matches!(next(&mut to_ann).await, SyncEvent::Sync(_)));
    // What was torn is mended by it.
    let kept = store.kept.lock().unwrap()["bad"].clone();
    let mut keys: Vec<_> = kept.1.keys().map(|key| &**key).collect();
    keys.sort_unstable();
    assert_eq!((kept.0, keys), (3, vec!["w", "x"]));
    let restarted = serve(store.clone()).await;
    let again =
        connect(restarted.1).await.shared_object("bad", SharedObjectOptions::new().persistent(true)).await;
    drop(again);
    let ann = connect(restarted.1).await;
    let bad = ann.shared_object("bad", SharedObjectOptions::new().persistent(true)).await.unwrap();
    assert_eq!((bad.get::<u32>("x").unwrap(), bad.get::<u32>("w").unwrap()), (Some(1), Some(5)));
}

#[tokio::test]
async fn an_object_that_cannot_be_loaded_is_refused_and_tried_again() {
    let store = FailingStore::default();
    store.set(Failure::Error);
    let (server, address) = serve(store.clone()).await;
    let ann = connect(address).await;
    let refused = ann.shared_object("bad", SharedObjectOptions::new().persistent(true)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the server refused the shared object: SharedObject.ObjectCreationFailed"
    );
    let instance = server.instance("lobby", "").unwrap();
    let failed =
        instance.shared_object("bad", SharedObjectOptions::new().persistent(true)).await.unwrap_err();
    assert_eq!(failed, SharedObjectError::Storage);
    store.set(Failure::None);
    let bad = ann.shared_object("bad", SharedObjectOptions::new().persistent(true)).await.unwrap();
    bad.set("x", &1).unwrap();
    let mut events = bad.events();
    assert!(matches!(next(&mut events).await, SyncEvent::Sync(_)));
}
