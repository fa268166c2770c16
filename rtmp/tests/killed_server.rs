//! A server that is killed while clients change persistent objects: whatever a client was told, as the writer or as
//! another, is there after the restart.

#![cfg(feature = "persistence")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use amf_remoting::{Services, Version};
use amf_rtmp::{
    NetConnection, RedbStore, RemoteSharedObject, Server, SharedObjectAccess, SharedObjectGuard,
    SharedObjectOptions, SharedObjects, SyncChange, SyncEvent, SyncEvents,
};
use tokio::time::{sleep, timeout};

const TIMEOUT: Duration = Duration::from_secs(20);
const SLOTS: u32 = 20;
/// Clients may create persistent objects.
struct CreateAll;

impl SharedObjectGuard for CreateAll {
    fn may_create_persistent(&self, _: &SharedObjectAccess<'_>) -> bool {
        true
    }
}

/// Changes that a writer has on their way; fewer than slots, so that a success says which change it is for.
const MAX_IN_FLIGHT: usize = 8;
/// Names the file to the process that is to be killed: this test program again.
const FILE: &str = "AMF_RTMP_SERVER_TO_BE_KILLED";

/// Not a test: the process that is killed.
#[tokio::test]
async fn serves_until_killed() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let objects = SharedObjects::new().guard(CreateAll).store(RedbStore::open(file).unwrap()).unwrap();
    let bound = Server::new(Services::new()).shared_objects(objects).bind("127.0.0.1:0").await.unwrap();
    println!("bound at {}", bound.local_addr().unwrap());
    // A test that dies does not leave this running.
    let _ = timeout(Duration::from_mins(1), bound.serve()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_kill_9() {
    let folder = std::env::temp_dir().join(format!("amf-rtmp-killed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("objects.redb");
    let (mut first, mut second) = (Observations::default(), Observations::default());
    let (begun, mut rounds) = (Instant::now(), 0);
    while rounds < 12 || first.acknowledged.min(second.acknowledged) == 0 {
        assert!(begun.elapsed() < TIMEOUT, "{rounds} rounds, {} changes", first.acknowledged);
        let (server, address) = ServerProcess::start(&file);
        let (ann, ben) = (connect(&address, Version::Amf3).await, connect(&address, Version::Amf0).await);
        let (mut first_of_ann, mut first_of_ben) = (join(&ann, "first").await, join(&ben, "first").await);
        let (mut second_of_ann, mut second_of_ben) = (join(&ann, "second").await, join(&ben, "second").await);
        for joined in [&first_of_ann, &first_of_ben] {
            first.check(&joined.object);
        }
        for joined in [&second_of_ann, &second_of_ben] {
            second.check(&joined.object);
        }
        tokio::select! {
            () = write(&mut first_of_ann, &mut first_of_ben, &mut first) => panic!("{rounds}"),
            () = write(&mut second_of_ben, &mut second_of_ann, &mut second) => panic!("{rounds}"),
            () = sleep(Duration::from_millis(rand::random_range(0..150))) => {}
        }
        drop(server);
        rounds += 1;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What clients heard of an object.
#[derive(Default)]
struct Observations {
    /// The last number that was written, to the slot of its remainder.
    written: u32,
    version: u32,
    slots: HashMap<String, u32>,
    acknowledged: u32,
}

impl Observations {
    fn record(&mut self, slot: &str, number: u32, version: u32) {
        let last = self.slots.entry(slot.to_owned()).or_default();
        *last = number.max(*last);
        self.version = version.max(self.version);
    }

    /// Whether an object that was just joined has it all, and nothing else.
    fn check(&self, object: &RemoteSharedObject) {
        assert!(object.version() >= self.version, "version {} became {}", self.version, object.version());
        assert!(object.slots().len() <= SLOTS as usize);
        for n in 0..SLOTS {
            let slot = format!("slot {n}");
            let acknowledged = self.slots.get(&slot).copied().unwrap_or_default();
            let is = object.get::<u32>(&slot).unwrap().unwrap_or_default();
            assert!((acknowledged..=self.written).contains(&is), "{slot} was {acknowledged}, is {is}");
            assert!(is == 0 || is % SLOTS == n, "{slot} is {is}");
        }
    }
}

/// Writes numbers, for ever.
async fn write(writer: &mut JoinedObject, other: &mut JoinedObject, observed: &mut Observations) {
    let mut in_flight = VecDeque::new();
    loop {
        while in_flight.len() < MAX_IN_FLIGHT {
            observed.written += 1;
            let slot = format!("slot {}", observed.written % SLOTS);
            writer.object.set(&slot, &observed.written).unwrap();
            in_flight.push_back((slot, observed.written));
        }
        tokio::select! {
            event = writer.events.recv() => for change in &*sync(event) {
                let SyncChange::Success { key } = change else { panic!("{change:?}") };
                let at = in_flight.iter().position(|(slot, _)| **slot == **key).unwrap();
                let (slot, number) = in_flight.remove(at).unwrap();
                observed.record(&slot, number, writer.object.version());
                observed.acknowledged += 1;
            },
            event = other.events.recv() => for change in &*sync(event) {
                let SyncChange::Change { key, .. } = change else { panic!("{change:?}") };
                let number = other.object.get(key).unwrap().unwrap();
                observed.record(key, number, other.object.version());
            },
        }
    }
}

fn sync(event: Option<SyncEvent>) -> std::sync::Arc<[SyncChange]> {
    match event {
        Some(SyncEvent::Sync(changes)) => changes,
        event => panic!("{event:?}"),
    }
}

struct JoinedObject {
    object: RemoteSharedObject,
    events: SyncEvents,
}

async fn connect(address: &str, version: Version) -> NetConnection {
    let builder = NetConnection::builder(&format!("rtmp://{address}/game/room")).unwrap().encoding(version);
    builder.connect().await.unwrap()
}

async fn join(connection: &NetConnection, name: &str) -> JoinedObject {
    let object =
        timeout(TIMEOUT, connection.shared_object(name, SharedObjectOptions::new().persistent(true)))
            .await
            .unwrap()
            .unwrap();
    JoinedObject { events: object.events(), object }
}

/// A server in a process of its own, which is killed when this is dropped.
struct ServerProcess(Child);

impl ServerProcess {
    fn start(file: &Path) -> (Self, String) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "serves_until_killed", "--nocapture", "--test-threads=1"])
            .env(FILE, file)
            .stdout(Stdio::piped())
            .spawn();
        let mut killed = Self(child.unwrap());
        let output = killed.0.stdout.take().unwrap();
        let mut lines = BufReader::new(output).lines().map(Result::unwrap);
        let address = lines.find_map(|line| Some(line.split_once("bound at ")?.1.to_owned()));
        (killed, address.expect("the server did not start"))
    }
}

/// By SIGKILL.
impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
