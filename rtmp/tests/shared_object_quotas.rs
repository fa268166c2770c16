//! What clients take of what all clients share: who may create persistent objects, what is refused at a limit and in
//! which words, what a restart keeps, and what a flood leaves to others.

#![cfg(feature = "persistence")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod temp_dir;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use amf_remoting::{MemoryBudget, Services, Value, remoting_service};
use amf_rtmp::proto::Status;
use amf_rtmp::{
    LimitError, NetConnection, PersistenceLimits, RemoteSharedObject, Server, SharedObject,
    SharedObjectAccess, SharedObjectError, SharedObjectGuard, SharedObjectLimits, SharedObjectOptions,
    SharedObjectStore, SharedObjects, StoreUsage, StoredCommit, StoredName, StoredObject, SyncChange,
    SyncEvent, SyncEvents,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use temp_dir::TempDir;

const TIMEOUT: Duration = Duration::from_secs(20);
const PERSISTENT: SharedObjectOptions = SharedObjectOptions::new().persistent(true);
const NO_WRITE: &str = "SharedObject.NoWriteAccess";
const NO_OBJECT: &str = "SharedObject.ObjectCreationFailed";

/// Clients may create persistent objects with this name, or with all.
struct MayCreate(Option<&'static str>);

impl SharedObjectGuard for MayCreate {
    fn may_create_persistent(&self, access: &SharedObjectAccess<'_>) -> bool {
        self.0.is_none_or(|name| access.name() == name)
    }
}

fn server(objects: SharedObjects) -> Server {
    Server::new(Services::new()).shared_objects(objects)
}

/// A client's program, which is told of refusals.
#[derive(Clone, Default)]
struct Program(Arc<Mutex<Vec<(String, String)>>>);

#[remoting_service(name = "")]
impl Program {
    fn on_status(&self, status: Value) {
        let status = Status::from(&status);
        self.0.lock().unwrap().push((status.code().to_owned(), status.description().to_owned()));
    }
}

struct Client {
    connection: NetConnection,
    program: Program,
}

impl Client {
    /// Connects from an address.
    async fn connect(server: &Server, address: &str) -> Self {
        let (near, far) = tokio::io::duplex(64 << 10);
        let peer = SocketAddr::new(address.parse().unwrap(), 50_000);
        tokio::spawn(server.serve_stream(far, Some(peer)));
        let program = Program::default();
        let builder = NetConnection::builder("rtmp://test/lobby").unwrap();
        let builder = builder.services(Services::new().add(program.clone()));
        let connection = timeout(TIMEOUT, builder.connect_with_stream(near)).await.unwrap().unwrap();
        Self { connection, program }
    }

    async fn open(&self, name: &str, options: SharedObjectOptions) -> Result<Object, String> {
        let object = timeout(TIMEOUT, self.connection.shared_object(name, options)).await.unwrap();
        let object = object.map_err(|error| error.to_string())?;
        Ok(Object { events: object.events(), object })
    }

    /// Waits until the program was told this.
    async fn told(&self, code: &str, description: &str) {
        let begun = Instant::now();
        let is_it = |(told, why): &(String, String)| told == code && why == description;
        while !self.program.0.lock().unwrap().iter().any(is_it) {
            assert!(begun.elapsed() < TIMEOUT, "{:?}", self.program.0.lock().unwrap());
            sleep(Duration::from_millis(5)).await;
        }
    }
}

struct Object {
    object: RemoteSharedObject,
    events: SyncEvents,
}

impl Object {
    async fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        self.object.set(key, value).unwrap();
        self.outcome().await
    }

    async fn remove(&mut self, key: &str) -> Result<(), String> {
        self.object.remove(key).unwrap();
        self.outcome().await
    }

    /// What became of a change; where it was refused, the code.
    async fn outcome(&mut self) -> Result<(), String> {
        let mut refused = None;
        loop {
            match timeout(TIMEOUT, self.events.recv()).await.unwrap().unwrap() {
                SyncEvent::Status { code, .. } => refused = Some(code.to_string()),
                SyncEvent::Sync(changes) => match (&changes[0], refused) {
                    (SyncChange::Success { .. } | SyncChange::Delete { .. }, None) => return Ok(()),
                    (SyncChange::Reject { .. }, Some(code)) => return Err(code),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn program_object(server: &Server, name: &str) -> SharedObject {
    let instance = server.instance("lobby", "").unwrap();
    timeout(TIMEOUT, instance.shared_object(name, PERSISTENT)).await.unwrap().unwrap()
}

#[tokio::test]
async fn clients_create_persistent_objects_only_with_the_right() {
    let folder = TempDir::new("right");
    let refused = format!("the server refused the shared object: {NO_OBJECT}");
    let why = "there is no such persistent object, and this client may not create it";
    {
        // Without a guard no client has it.
        let server = server(SharedObjects::new().store(folder.store()).unwrap());
        let ann = Client::connect(&server, "192.0.2.1").await;
        assert_eq!(ann.open("board", PERSISTENT).await.err(), Some(refused.clone()));
        ann.told(NO_OBJECT, why).await;
        // What the program opened is there for all.
        let own = program_object(&server, "board").await;
        let mut board = ann.open("board", PERSISTENT).await.unwrap();
        assert_eq!(board.set("x", "1").await, Ok(()));
        drop((board, own));
        ann.connection.close();
        server.shutdown().await;
    }
    let objects = SharedObjects::new().guard(MayCreate(Some("diary"))).store(folder.store()).unwrap();
    let server = server(objects);
    let ann = Client::connect(&server, "192.0.2.1").await;
    // So is what the store has.
    let board = ann.open("board", PERSISTENT).await.unwrap();
    assert_eq!(board.object.get::<String>("x").unwrap().as_deref(), Some("1"));
    assert_eq!(ann.open("other", PERSISTENT).await.err(), Some(refused.clone()));
    assert_eq!(ann.open("diary", PERSISTENT).await.unwrap().set("today", "rain").await, Ok(()));
    // An object that is not kept needs no right.
    assert_eq!(ann.open("cursors", SharedObjectOptions::new()).await.unwrap().set("ann", "1").await, Ok(()));
    ann.connection.close();
    server.shutdown().await;
    drop(server);
    let kept = folder.store();
    let load = |name: &str| kept.load(&StoredName::new("lobby", "_definst_", name)).unwrap();
    assert!(load("board").is_some() && load("diary").is_some() && load("other").is_none());
}

#[tokio::test]
async fn changes_of_a_client_that_was_refused_are_not_kept() {
    let folder = TempDir::new("refused");
    let server = server(SharedObjects::new().store(folder.store()).unwrap());
    let (client, mut bytes) = tokio::io::duplex(64 << 10);
    tokio::spawn(server.serve_stream(client, None));
    // A client that does not heed the refusal: connect, Use and RequestChange of `b` to true.
    let connect = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\x03\0\x03app\x02\0\x05lobby\0\0\x09";
    let message = |kind: u8, payload: &[u8]| {
        [&[3, 0, 0, 0, 0, 0, payload.len() as u8, kind, 0, 0, 0, 0][..], payload].concat()
    };
    let object = |events: &[u8]| message(19, &[b"\0\x01b\0\0\0\0\0\0\0\x02\0\0\0\0", events].concat());
    let sent = [
        &[&[3], [0; 3072].as_slice()].concat()[..],
        &message(20, connect),
        &object(b"\x01\0\0\0\0"),
        &object(b"\x03\0\0\0\x05\0\x01s\x01\x01"),
    ];
    bytes.write_all(&sent.concat()).await.unwrap();
    let mut read = Vec::new();
    // The object is refused, and so is what is written to it all the same.
    let refusals = async {
        while read.windows(NO_WRITE.len()).all(|seen| seen != NO_WRITE.as_bytes()) {
            assert!(bytes.read_buf(&mut read).await.unwrap() > 0);
        }
    };
    timeout(TIMEOUT, refusals).await.unwrap();
    assert!(read.windows(NO_OBJECT.len()).any(|seen| seen == NO_OBJECT.as_bytes()));
    let own = program_object(&server, "b").await;
    assert_eq!((own.slots().len(), own.version()), (0, 1));
}

#[tokio::test]
async fn quotas_hold_across_a_restart_and_name_the_limit() {
    let folder = TempDir::new("quotas");
    let objects = || {
        let limits = PersistenceLimits::new()
            .with_persistent_objects(3)
            .with_persistent_bytes_per_client(1_000)
            .with_persistent_bytes(2_000);
        SharedObjects::new().guard(MayCreate(None)).persistence_limits(limits).store(folder.store()).unwrap()
    };
    {
        let server = server(objects());
        let ann = Client::connect(&server, "192.0.2.1").await;
        let mut first = ann.open("1", PERSISTENT).await.unwrap();
        // Two rows: `lobby`, `_definst_`, `1` and 32 bytes each. The slot's name is `x`; its value in AMF3 has 0x11, the
        // marker of strings and a length of two bytes before the letters.
        let rest = 1_000 - 2 * (5 + 9 + 1 + 32) - 1 - 4;
        assert_eq!(first.set("x", &"x".repeat(rest + 1)).await, Err(NO_WRITE.into()));
        ann.told(NO_WRITE, "the limit `persistent_bytes_per_client` of shared objects is 1000").await;
        assert_eq!(first.object.get::<String>("x").unwrap(), None);
        assert_eq!(first.set("x", &"x".repeat(rest)).await, Ok(()));
        // The server's own side may write more than a client.
        program_object(&server, "2").await.set("x", &"x".repeat(600)).unwrap().await.unwrap();
        program_object(&server, "3").await.set("x", &1).unwrap().await.unwrap();
        ann.connection.close();
        server.shutdown().await;
    }
    let before = folder.store().usage().unwrap();
    assert_eq!(before.objects, 3);
    let server = server(objects());
    let ann = Client::connect(&server, "192.0.2.1").await;
    let mut fourth = ann.open("4", PERSISTENT).await.unwrap();
    assert_eq!(fourth.set("x", "1").await, Err(NO_WRITE.into()));
    ann.told(NO_WRITE, "the limit `persistent_objects` of shared objects is 3").await;
    let own = program_object(&server, "5").await;
    let full = own.set("x", &1).unwrap().await.unwrap_err();
    assert!(matches!(full, SharedObjectError::Limit(LimitError { limit: "persistent_objects", max: 3, .. })));
    assert_eq!(full.to_string(), "the limit `persistent_objects` of shared objects is 3");
    // What is removed makes room.
    let mut third = ann.open("3", PERSISTENT).await.unwrap();
    assert_eq!(third.remove("x").await, Ok(()));
    assert_eq!(fourth.set("x", "1").await, Ok(()));
    let left = 2_000 - before.bytes;
    let full = program_object(&server, "2").await.set("y", &"y".repeat(left)).unwrap().await.unwrap_err();
    assert!(matches!(full, SharedObjectError::Limit(LimitError { limit: "persistent_bytes", .. })));
    ann.connection.close();
    drop((third, fourth, own));
    server.shutdown().await;
    drop(server);
    let after = folder.store().usage().unwrap();
    assert_eq!(after.objects, 3);
}

#[tokio::test]
async fn a_client_that_writes_too_fast_is_refused() {
    let folder = TempDir::new("rate");
    // 8,000 bytes at once; a slot counts 256.
    let limits = PersistenceLimits::new().with_persistent_write_rate_per_client(1_000);
    let objects = SharedObjects::new().guard(MayCreate(None)).persistence_limits(limits);
    let server = server(objects.store(folder.store()).unwrap());
    let ann = Client::connect(&server, "192.0.2.1").await;
    let mut board = ann.open("board", PERSISTENT).await.unwrap();
    assert_eq!(board.set("x", &"x".repeat(7_900)).await, Ok(()));
    assert_eq!(board.set("y", &"y".repeat(7_900)).await, Err(NO_WRITE.into()));
    ann.told(NO_WRITE, "the limit `persistent_write_rate_per_client` of shared objects is 1000").await;
    // Others, the server's own side, and what is not kept are not in it.
    let mut cursors = ann.open("cursors", SharedObjectOptions::new()).await.unwrap();
    assert_eq!(cursors.set("y", &"y".repeat(7_900)).await, Ok(()));
    let own = program_object(&server, "board").await;
    for _ in 0..3 {
        own.set("y", &"y".repeat(7_900)).unwrap().await.unwrap();
    }
    let ben = Client::connect(&server, "192.0.2.1").await;
    assert_eq!(ben.open("bens", PERSISTENT).await.unwrap().set("x", "1").await, Ok(()));
}

/// A store in memory that waits at a gate.
#[derive(Clone, Default)]
struct BlockingStore {
    is_blocked: Arc<(Mutex<bool>, Condvar)>,
    stored: Arc<Mutex<Vec<StoredCommit>>>,
}

impl BlockingStore {
    fn block(&self, is_blocked: bool) {
        *self.is_blocked.0.lock().unwrap() = is_blocked;
        self.is_blocked.1.notify_all();
    }

    fn pass(&self) {
        let (is_blocked, opened) = &*self.is_blocked;
        drop(opened.wait_while(is_blocked.lock().unwrap(), |is_blocked| *is_blocked).unwrap());
    }

    /// Names of the objects that have slots.
    fn names(&self) -> Vec<String> {
        let stored = self.stored.lock().unwrap();
        stored
            .iter()
            .filter(|commit| !commit.is_deleted)
            .map(|commit| commit.object.name.to_string())
            .collect()
    }
}

impl SharedObjectStore for BlockingStore {
    fn load(&self, _: &StoredName) -> io::Result<Option<StoredObject>> {
        self.pass();
        Ok(None)
    }

    fn usage(&self) -> io::Result<StoreUsage> {
        Ok(StoreUsage::default())
    }

    fn commit(&self, commits: &[StoredCommit]) -> io::Result<()> {
        self.pass();
        self.stored.lock().unwrap().extend_from_slice(commits);
        Ok(())
    }
}

#[tokio::test]
async fn the_queue_of_the_store_is_bounded_in_jobs() {
    let store = BlockingStore::default();
    let limits = PersistenceLimits::new().with_store_queue_jobs(3);
    let objects = SharedObjects::new().guard(MayCreate(None)).persistence_limits(limits);
    let server = server(objects.store(store.clone()).unwrap());
    let ann = Client::connect(&server, "192.0.2.1").await;
    let mut anns = ann.open("ann", PERSISTENT).await.unwrap();
    let mut own = Vec::new();
    for name in ["0", "1", "2", "3"] {
        own.push(program_object(&server, name).await);
    }
    store.block(true);
    // Three wait, or are at the gate. The next are refused, a load too, and nothing waits in their place.
    let written: Vec<_> = own[..3].iter().map(|object| object.set("x", &1).unwrap()).collect();
    let refused = own[3].set("x", &1).unwrap().await.unwrap_err();
    assert!(matches!(
        refused,
        SharedObjectError::Limit(LimitError { limit: "store_queue_jobs", max: 3, .. })
    ));
    assert_eq!((own[3].slots().len(), own[3].version()), (0, 1));
    assert_eq!(anns.set("x", "1").await, Err(NO_WRITE.into()));
    ann.told(NO_WRITE, "the limit `store_queue_jobs` of shared objects is 3").await;
    assert!(ann.open("new", PERSISTENT).await.err().unwrap().contains(NO_OBJECT));
    let instance = server.instance("lobby", "").unwrap();
    let refused = instance.shared_object("new too", PERSISTENT).await.unwrap_err();
    assert!(matches!(refused, SharedObjectError::Limit(LimitError { limit: "store_queue_jobs", .. })));
    // What was written meanwhile goes with the next commit of the same object, in its order.
    let later = own[0].set("x", &2).unwrap();
    store.block(false);
    for written in written {
        written.await.unwrap();
    }
    later.await.unwrap();
    assert_eq!(own[0].get::<u32>("x").unwrap(), Some(2));
    assert_eq!(anns.set("x", "2").await, Ok(()));
    own[3].set("x", &2).unwrap().await.unwrap();
    server.shutdown().await;
    // What was refused was never written.
    assert_eq!(store.names(), ["0", "1", "2", "0", "ann", "3"]);
}

#[tokio::test]
async fn the_queue_of_the_store_is_bounded_in_bytes_and_charged() {
    let store = BlockingStore::default();
    let budget = MemoryBudget::new(16 << 20);
    let limits = PersistenceLimits::new().with_store_queue_bytes(300_000);
    let objects = SharedObjects::new().persistence_limits(limits).store(store.clone()).unwrap();
    let server = Server::new(Services::new().memory_budget(budget.clone())).shared_objects(objects);
    let mut own = Vec::new();
    for name in ["0", "1", "2", "3"] {
        own.push(program_object(&server, name).await);
    }
    let at_first = budget.used_bytes();
    store.block(true);
    // The key has one byte, and the value 0x11, the marker of strings and a length of three bytes before the letters:
    // 100,000 bytes.
    let text = "x".repeat(100_000 - 1 - 5);
    let mut written = Vec::new();
    for object in &own[..3] {
        written.push(object.set("x", &text).unwrap());
    }
    let refused = own[3].set("x", &1).unwrap().await.unwrap_err();
    assert!(
        matches!(
            refused,
            SharedObjectError::Limit(LimitError { limit: "store_queue_bytes", max: 300_000, .. })
        ),
        "{refused}"
    );
    // Each is in the object and in the queue.
    assert!(budget.used_bytes() - at_first >= 600_000, "{}", budget.used_bytes() - at_first);
    store.block(false);
    for written in written {
        written.await.unwrap();
    }
    let begun = Instant::now();
    while budget.used_bytes() - at_first > 400_000 {
        assert!(begun.elapsed() < TIMEOUT, "{}", budget.used_bytes() - at_first);
        sleep(Duration::from_millis(5)).await;
    }
    own[3].set("x", &1).unwrap().await.unwrap();
    // One is let in however large it is, if nothing else waits.
    own[3].set("x", &"x".repeat(900_000)).unwrap().await.unwrap();
    // Where the budget has no room, commits are refused as well.
    let work = budget.charge(16 << 20);
    let refused = own[3].set("x", &2).unwrap().await.unwrap_err();
    assert!(
        matches!(refused, SharedObjectError::Limit(LimitError { limit: "memory_budget", .. })),
        "{refused}"
    );
    drop(work);
    own[3].set("x", &2).unwrap().await.unwrap();
    drop(own);
    server.shutdown().await;
    drop(server);
    let begun = Instant::now();
    while budget.used_bytes() > 0 {
        assert!(begun.elapsed() < TIMEOUT, "{}", budget.used_bytes());
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_flood_of_objects_leaves_room_for_other_addresses() {
    let limits =
        SharedObjectLimits::new().with_objects(40).with_objects_per_address(20).with_objects_per_client(8);
    let server = server(SharedObjects::new().limits(limits));
    let mut floods = Vec::new();
    for (flooder, most) in [8, 8, 4, 0].into_iter().enumerate() {
        let client = Client::connect(&server, "2001:db8::1").await;
        let mut objects = Vec::new();
        for number in 0.. {
            match client.open(&format!("{flooder} {number}"), SharedObjectOptions::new()).await {
                Ok(object) => objects.push(object),
                Err(error) => {
                    assert!(error.contains(NO_OBJECT), "{error}");
                    break;
                }
            }
        }
        assert_eq!(objects.len(), most, "flooder {flooder}");
        let limit = if most == 8 {
            "objects_per_client` of shared objects is 8"
        } else {
            "objects_per_address` of shared objects is 20"
        };
        client.told(NO_OBJECT, &format!("the limit `{limit}")).await;
        floods.push((client, objects));
    }
    // Of the same network, with another name for itself; and from elsewhere.
    let same = Client::connect(&server, "2001:db8::2").await;
    assert!(same.open("mine", SharedObjectOptions::new()).await.is_err());
    let ben = Client::connect(&server, "192.0.2.2").await;
    let mut mine = ben.open("mine", SharedObjectOptions::new()).await.unwrap();
    assert_eq!(mine.set("x", "1").await, Ok(()));
    // What others created may be used.
    let mut theirs = same.open("mine", SharedObjectOptions::new()).await.unwrap();
    assert_eq!(theirs.set("x", "2").await, Ok(()));
    // With an object its place is free again.
    let (first, mut objects) = floods.remove(0);
    objects.pop();
    let begun = Instant::now();
    while first.open("again", SharedObjectOptions::new()).await.is_err() {
        assert!(begun.elapsed() < TIMEOUT, "the place is not free");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_flood_of_writes_leaves_room_on_disk_for_other_addresses() {
    let folder = TempDir::new("flood");
    let limits = PersistenceLimits::new()
        .with_persistent_bytes(1_000_000)
        .with_persistent_bytes_per_address(600_000)
        .with_persistent_bytes_per_client(200_000)
        .with_persistent_objects_per_client(10);
    let objects = SharedObjects::new().guard(MayCreate(None)).persistence_limits(limits);
    let server = server(objects.store(folder.store()).unwrap());
    let flooders: JoinSet<usize> = (0..8)
        .map(|client| {
            let server = server.clone();
            async move {
                let flooder = Client::connect(&server, "192.0.2.1").await;
                let mut written = 0;
                for number in 0..20 {
                    let mut object = flooder.open(&format!("{client} {number}"), PERSISTENT).await.unwrap();
                    // The object is left at once, so that only the store has it.
                    match object.set("x", &"x".repeat(30_000)).await {
                        Ok(()) => written += 30_000,
                        Err(code) => assert_eq!(code, NO_WRITE),
                    }
                }
                written
            }
        })
        .collect();
    let written = flooders.join_all().await;
    let all: usize = written.iter().sum();
    assert!(
        written.iter().all(|written| *written <= 180_000) && (570_000..600_000).contains(&all),
        "{written:?}"
    );
    // A flooder that comes again begins with what its address has.
    let again = Client::connect(&server, "192.0.2.1").await;
    let mut object = again.open("again", PERSISTENT).await.unwrap();
    assert_eq!(object.set("x", &"x".repeat(30_000)).await, Err(NO_WRITE.into()));
    let ben = Client::connect(&server, "192.0.2.2").await;
    let begun = Instant::now();
    assert_eq!(ben.open("bens", PERSISTENT).await.unwrap().set("x", &"x".repeat(150_000)).await, Ok(()));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    ben.connection.close();
    again.connection.close();
    server.shutdown().await;
    drop((server, object));
    let usage = folder.store().usage().unwrap();
    assert!(usage.bytes <= 800_000, "{usage:?}");
}
