//! How a server deals with its store: what goes into one commit, what is written again, and when the store is closed.

#![cfg(feature = "persistence")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use amf_remoting::Services;
use amf_rtmp::{
    Instance, NetConnection, RedbStore, Server, SharedObject, SharedObjectAccess, SharedObjectError,
    SharedObjectGuard, SharedObjectLimits, SharedObjectOptions, SharedObjectStore, SharedObjects, StoreUsage,
    StoredCommit, StoredName, StoredObject,
};
use tokio::time::{sleep, timeout};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Clients may create persistent objects.
struct CreateAll;

impl SharedObjectGuard for CreateAll {
    fn may_create_persistent(&self, _: &SharedObjectAccess<'_>) -> bool {
        true
    }
}

/// A store in memory that waits at a gate, and fails when it is told to.
#[derive(Clone, Default)]
struct BlockingStore {
    is_blocked: Arc<(Mutex<bool>, Condvar)>,
    fails: Arc<AtomicBool>,
    /// Objects and bytes of each commit that was tried.
    attempts: Arc<Mutex<Vec<(usize, usize)>>>,
    stored: Arc<Mutex<HashMap<StoredName, StoredObject>>>,
    is_dropped: Arc<AtomicBool>,
}

impl BlockingStore {
    fn block(&self, is_blocked: bool) {
        *self.is_blocked.0.lock().unwrap() = is_blocked;
        self.is_blocked.1.notify_all();
    }

    fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    fn attempts(&self) -> Vec<(usize, usize)> {
        self.attempts.lock().unwrap().clone()
    }

    fn server(&self) -> Server {
        let store = StoreHandle(self.clone());
        Server::new(Services::new()).shared_objects(SharedObjects::new().store(store).unwrap())
    }

    /// Waits until a commit is tried.
    async fn wait_for_commits(&self, commits: usize) {
        until(|| self.attempts().len() >= commits).await;
    }
}

/// The one that the server has.
struct StoreHandle(BlockingStore);

impl Drop for StoreHandle {
    fn drop(&mut self) {
        self.0.is_dropped.store(true, Ordering::SeqCst);
    }
}

impl SharedObjectStore for StoreHandle {
    fn load(&self, object: &StoredName) -> io::Result<Option<StoredObject>> {
        Ok(self.0.stored.lock().unwrap().get(object).cloned())
    }

    fn usage(&self) -> io::Result<StoreUsage> {
        Ok(StoreUsage::default())
    }

    /// Where it fails, the version and the first slot of every object are kept all the same.
    fn commit(&self, commits: &[StoredCommit]) -> io::Result<()> {
        let value = |commit: &StoredCommit| {
            commit
                .slots
                .iter()
                .map(|(key, slot)| key.len() + slot.as_ref().map_or(0, |slot| slot.value.len()))
                .sum::<usize>()
        };
        self.0.attempts.lock().unwrap().push((commits.len(), commits.iter().map(value).sum()));
        let (is_blocked, opened) = &*self.0.is_blocked;
        drop(opened.wait_while(is_blocked.lock().unwrap(), |is_blocked| *is_blocked).unwrap());
        let fails = self.0.fails.load(Ordering::SeqCst);
        for commit in commits {
            let mut stored = self.0.stored.lock().unwrap();
            let object =
                stored.entry(commit.object.clone()).or_insert_with(|| StoredObject::new(1, Vec::new()));
            object.version = commit.version;
            for (key, slot) in commit.slots.iter().take(if fails { 1 } else { usize::MAX }) {
                object.slots.retain(|(other, _)| other != key);
                object.slots.extend(slot.clone().map(|slot| (Arc::clone(key), slot)));
            }
        }
        if fails { Err(io::Error::other("the disk was pulled out")) } else { Ok(()) }
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < TIMEOUT, "it does not come");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn open(instance: &Instance, count: usize) -> Vec<SharedObject> {
    let mut objects = Vec::new();
    for n in 0..count {
        objects.push(
            instance
                .shared_object(&format!("object {n}"), SharedObjectOptions::new().persistent(true))
                .await
                .unwrap(),
        );
    }
    objects
}

#[tokio::test]
async fn group_commits_are_bounded_in_objects_and_bytes() {
    let store = BlockingStore::default();
    let server = store.server();
    let [red, blue] = ["red", "blue"].map(|name| server.instance("lobby", name).unwrap());
    let mut objects = open(&red, 1_000).await;
    objects.extend(open(&blue, 1_000).await);

    // The first waits at the gate, the others for it.
    store.block(true);
    let mut written = vec![objects[0].set("x", &1).unwrap()];
    store.wait_for_commits(1).await;
    written.extend(objects[1..].iter().map(|object| object.set("x", &1).unwrap()));
    store.block(false);
    for written in written {
        written.await.unwrap();
    }
    assert_eq!(store.attempts().iter().map(|(count, _)| *count).collect::<Vec<_>>(), [1, 1_024, 975]);

    let text = "x".repeat(1_000_000);
    store.block(true);
    let mut written = vec![objects[0].set("x", &2).unwrap()];
    store.wait_for_commits(4).await;
    written.extend(objects[1..13].iter().map(|object| object.set("x", &text).unwrap()));
    store.block(false);
    for written in written {
        written.await.unwrap();
    }
    // What reaches 4 MiB is the last.
    let counts: Vec<_> = store.attempts()[3..].iter().map(|(count, _)| *count).collect();
    assert_eq!(counts, [1, 5, 5, 2]);
    assert!(store.attempts().iter().all(|(_, bytes)| *bytes < 5 << 20));
}

#[tokio::test]
async fn a_broken_store_is_not_retried_for_each_object() {
    let store = BlockingStore::default();
    let server = store.server();
    let objects = open(&server.instance("lobby", "red").unwrap(), 100).await;
    store.fail(true);
    store.block(true);
    let mut written = vec![objects[0].set("x", &1).unwrap()];
    store.wait_for_commits(1).await;
    written.extend(objects[1..].iter().map(|object| object.set("x", &1).unwrap()));
    store.block(false);
    for written in written {
        assert_eq!(written.await, Err(SharedObjectError::Storage));
    }
    // The first object, the others together, and three of them alone.
    assert_eq!(store.attempts()[..5].iter().map(|(count, _)| *count).collect::<Vec<_>>(), [1, 99, 1, 1, 1]);
    assert!(store.attempts().len() < 10);

    // All are as they were before, without a change.
    store.fail(false);
    until(|| {
        store.stored.lock().unwrap().values().all(|stored| stored.version == 1 && stored.slots.is_empty())
    })
    .await;
}

#[tokio::test]
async fn refused_changes_are_overwritten_in_the_store() {
    let store = BlockingStore::default();
    let server = store.server();
    let red = server.instance("lobby", "red").unwrap();
    let board = red.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap();
    board.set("a", &1).unwrap().await.unwrap();
    let stored = || store.stored.lock().unwrap().values().next().unwrap().clone();
    let before = stored();

    store.fail(true);
    let lock = board.lock().await.unwrap();
    lock.set("a", &2).unwrap();
    lock.set("b", &2).unwrap();
    assert_eq!(lock.unlock().await, Err(SharedObjectError::Storage));
    // Half of it is there.
    drop(board);
    // Nobody holds it any more, and still nobody reads that.
    let board = red.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap();
    assert_eq!((board.version(), board.get::<u32>("a").unwrap(), board.slots().len()), (2, Some(1), 1));
    drop(board);
    store.fail(false);
    until(|| stored() == before).await;

    // A change on the way does the same.
    store.fail(true);
    let board = red.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap();
    board.set("a", &3).unwrap().await.unwrap_err();
    store.fail(false);
    board.set("c", &3).unwrap().await.unwrap();
    let stored = stored();
    let mut keys: Vec<_> = stored.slots.iter().map(|(key, _)| &**key).collect();
    keys.sort_unstable();
    assert_eq!((stored.version, keys), (3, vec!["a", "c"]));
    assert_eq!(stored.slots.iter().find(|(key, _)| &**key == "a"), before.slots.first());
}

#[tokio::test]
async fn uncertain_slots_are_rewritten_before_the_store_closes() {
    let store = BlockingStore::default();
    let server = store.server();
    let board = server
        .instance("lobby", "red")
        .unwrap()
        .shared_object("board", SharedObjectOptions::new().persistent(true))
        .await
        .unwrap();
    store.fail(true);
    board.set("a", &1).unwrap().await.unwrap_err();
    store.fail(false);
    server.shutdown().await;
    let stored = store.stored.lock().unwrap().values().next().unwrap().clone();
    assert_eq!(stored, StoredObject::new(1, Vec::new()));
}

#[tokio::test]
async fn a_shutdown_waits_for_the_store() {
    let store = BlockingStore::default();
    let server = store.server();
    let red = server.instance("lobby", "red").unwrap();
    let objects = open(&red, 3).await;
    store.block(true);
    let first = objects[0].set("x", &1).unwrap();
    store.wait_for_commits(1).await;
    let second = objects[1].set("x", &1).unwrap();
    let ending = tokio::spawn({
        let server = server.clone();
        async move { server.shutdown().await }
    });
    sleep(Duration::from_millis(100)).await;
    assert!(!ending.is_finished());
    assert!(!store.is_dropped.load(Ordering::SeqCst));
    store.block(false);
    timeout(TIMEOUT, ending).await.unwrap().unwrap();
    // All that was asked before was done, and nothing else is.
    assert!(store.is_dropped.load(Ordering::SeqCst));
    assert_eq!((first.await, second.await), (Ok(()), Ok(())));
    let refused = objects[2].set("x", &1).unwrap().await;
    assert_eq!((refused, objects[2].slots().len()), (Err(SharedObjectError::Storage), 0));
    assert_eq!(
        red.shared_object("new", SharedObjectOptions::new().persistent(true)).await.unwrap_err(),
        SharedObjectError::Storage
    );
    // Again is no harm.
    timeout(TIMEOUT, server.shutdown()).await.unwrap();
}

#[tokio::test]
async fn the_file_is_closed_after_shutdown_despite_open_handles() {
    let folder = std::env::temp_dir().join(format!("amf-rtmp-shutdown-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("objects.redb");
    for round in 1..=3_u32 {
        let store = RedbStore::open(&file).unwrap();
        let limits = SharedObjectLimits::new().with_linger(Duration::from_hours(1));
        let objects = SharedObjects::new().limits(limits).guard(CreateAll).store(store).unwrap();
        let server = Server::new(Services::new()).shared_objects(objects);
        let (client, transport) = tokio::io::duplex(64 << 10);
        tokio::spawn(server.serve_stream(transport, None));
        let connection = NetConnection::builder("rtmp://test/lobby/red")
            .unwrap()
            .connect_with_stream(client)
            .await
            .unwrap();
        let lingering = connection.shared_object("cursors", SharedObjectOptions::new()).await.unwrap();
        lingering.set("x", &1).unwrap();
        let board =
            connection.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap();
        assert_eq!(board.version(), round);
        let red = server.instance("lobby", "red").unwrap();
        let own = red.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap();
        let written = own.set("round", &round).unwrap();
        timeout(TIMEOUT, server.shutdown()).await.unwrap();
        assert_eq!(written.await, Ok(()));
        // Nothing lingers: with these the instance is gone.
        drop((own, red));
        until(|| server.local_instances().is_empty()).await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn failures_are_counted() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().unwrap();
    let store = BlockingStore::default();
    store.fail(true);
    let server = store.server();
    let board = server
        .instance("lobby", "red")
        .unwrap()
        .shared_object("board", SharedObjectOptions::new().persistent(true))
        .await
        .unwrap();
    board.set("a", &1).unwrap().await.unwrap_err();
    let is_counted = snapshotter.snapshot().into_vec().into_iter().any(|(key, _, _, value)| {
        let label = key.key().labels().next().map(|label| (label.key().to_owned(), label.value().to_owned()));
        key.key().name() == "amf_rtmp_store_failures_total"
            && label == Some(("action".into(), "commit".into()))
            && matches!(value, DebugValue::Counter(1..))
    });
    assert!(is_counted);
}
