//! Shared objects on sockets of the loopback: who is told what, refusals, how objects begin and end.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use amf_remoting::{Services, Value, Version, remoting_service};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::{
    Backoff, Instance, JoinError, LimitError, NetConnection, RemoteSharedObject, Server, SharedObject,
    SharedObjectAccess, SharedObjectError, SharedObjectGuard, SharedObjectLimits, SharedObjectOptions,
    SharedObjects, SlotChange, SlotWrite, SyncChange, SyncEvent, SyncEvents,
};
use peer::{TIMEOUT, read_until};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

async fn serve(objects: SharedObjects) -> (Server, SocketAddr) {
    let limits = Limits::server().with_stall_timeout(Duration::from_secs(2));
    let config = Config::server().with_limits(limits);
    let server = Server::new(Services::new().add(Desk)).shared_objects(objects).config(config);
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    (server, address)
}

struct Desk;

#[remoting_service(name = "desk")]
impl Desk {
    async fn sign(&self, instance: &Instance, name: String) -> u32 {
        let guests = instance.shared_object("guests", SharedObjectOptions::new()).await.unwrap();
        guests.set("last", &name).unwrap();
        guests.version()
    }
}

async fn connect(address: SocketAddr, version: Version) -> NetConnection {
    let builder = NetConnection::builder(&format!("rtmp://{address}/lobby/red")).unwrap();
    builder.encoding(version).connect().await.unwrap()
}

async fn red(server: &Server, name: &str) -> SharedObject {
    server.instance("lobby", "red").unwrap().shared_object(name, SharedObjectOptions::new()).await.unwrap()
}

async fn next(events: &mut SyncEvents) -> SyncEvent {
    timeout(TIMEOUT, events.recv()).await.expect("nothing came").unwrap()
}

/// The next changes, in words.
async fn sync(events: &mut SyncEvents) -> Vec<String> {
    let SyncEvent::Sync(changes) = next(events).await else { panic!() };
    let old = |old: &Option<amf_rtmp::SlotValue>| match old {
        Some(value) => format!(" was {:?}", value.read::<Value>().unwrap().as_f64().unwrap()),
        None => String::new(),
    };
    let word = |change: &SyncChange| match change {
        SyncChange::Change { key, old: was } => format!("change {key}{}", old(was)),
        SyncChange::Success { key } => format!("success {key}"),
        SyncChange::Reject { key, old: was } => format!("reject {key}{}", old(was)),
        SyncChange::Delete { key, old: was } => format!("delete {key}{}", old(was)),
        SyncChange::Clear => "clear".to_owned(),
        other => panic!("{other:?}"),
    };
    changes.iter().map(word).collect()
}

async fn until(condition: impl Fn() -> bool) {
    let waited = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, waited).await.expect("it did not come to that");
}

fn values_of(object: &RemoteSharedObject) -> HashMap<String, f64> {
    object.slots().into_iter().map(|(key, value)| (key.to_string(), value.read().unwrap())).collect()
}

#[tokio::test]
async fn clients_share_what_they_write_in_either_encoding() {
    let (server, address) = serve(SharedObjects::new()).await;
    let (ann, ben) = (connect(address, Version::Amf3).await, connect(address, Version::Amf0).await);
    let anns = ann.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    let bens = ben.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    assert_eq!((anns.version(), bens.slots().len()), (1, 0));
    let (mut to_ann, mut to_ben) = (anns.events(), bens.events());

    anns.set("x", &1).unwrap();
    assert_eq!(anns.get::<f64>("x").unwrap(), Some(1.0), "here at once");
    assert_eq!(sync(&mut to_ann).await, ["success x"]);
    assert_eq!(sync(&mut to_ben).await, ["change x"]);
    bens.set("x", &2.5).unwrap();
    assert_eq!(sync(&mut to_ben).await, ["success x"]);
    assert_eq!(sync(&mut to_ann).await, ["change x was 1.0"]);
    assert_eq!(
        (values_of(&anns), values_of(&bens)),
        ([("x".into(), 2.5)].into(), [("x".into(), 2.5)].into())
    );
    assert_eq!((anns.version(), bens.version()), (3, 3));

    // Somebody who comes later.
    let late = connect(address, Version::Amf3).await;
    let lates = late.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    assert_eq!((values_of(&lates), lates.version()), ([("x".into(), 2.5)].into(), 3));

    // A handler of everybody, the sender too.
    bens.send("moved", ("e4", 2)).unwrap();
    for events in [&mut to_ann, &mut to_ben] {
        let SyncEvent::Message(message) = next(events).await else { panic!() };
        let mut arguments = message.decoder().unwrap();
        assert_eq!(message.handler(), "moved");
        assert_eq!((arguments.read().unwrap(), arguments.read::<u32>().unwrap()), ("e4", 2));
    }

    anns.remove("x").unwrap();
    assert_eq!(sync(&mut to_ben).await, ["delete x was 2.5"]);
    assert_eq!(sync(&mut to_ann).await, ["success x"]);

    // The server.
    let board = red(&server, "board").await;
    board.set("y", &7).unwrap().await.unwrap();
    board.clear().await.unwrap();
    for events in [&mut to_ann, &mut to_ben] {
        assert_eq!(sync(events).await, ["change y"]);
        assert_eq!(sync(events).await, ["clear"]);
    }
    board.send("over", ()).unwrap();
    assert!(matches!(next(&mut to_ann).await, SyncEvent::Message(message) if message.handler() == "over"));
    assert!(matches!(board.set("z", &Value::Null).unwrap().await, Ok(())));
    assert_eq!(board.get::<Value>("z").unwrap(), None);
}

#[tokio::test]
async fn a_method_writes_and_a_watch_receives_the_update() {
    let (server, address) = serve(SharedObjects::new()).await;
    let guests = red(&server, "guests").await;
    let mut watch = guests.watch();
    let ann = connect(address, Version::Amf3).await;
    assert_eq!(ann.call::<u32>("desk.sign", ("Ann",)).await.unwrap(), 2);
    let update = timeout(TIMEOUT, watch.recv()).await.unwrap().unwrap();
    assert_eq!((update.version, update.client, update.missed), (2, None, 0));
    let SlotChange::Set { key, value } = &update.changes[0] else { panic!() };
    assert_eq!((&**key, value.read::<String>().unwrap()), ("last", "Ann".to_owned()));

    let theirs = ann.shared_object("guests", SharedObjectOptions::new()).await.unwrap();
    theirs.set("last", &"Ben").unwrap();
    let update = timeout(TIMEOUT, watch.recv()).await.unwrap().unwrap();
    assert!(update.client.is_some() && update.version == 3);
    assert_eq!(guests.get::<String>("last").unwrap().as_deref(), Some("Ben"));
    // What does not fit the type is an error, not a panic.
    guests.get::<u32>("last").unwrap_err();

    drop((theirs, ann));
    drop(guests);
    let end = async { while watch.recv().await.is_some() {} };
    // It lingers, as it holds something.
    timeout(Duration::from_millis(100), end).await.unwrap_err();
}

#[tokio::test]
async fn changes_under_a_lock_are_one_message() {
    let (server, address) = serve(SharedObjects::new()).await;
    let ann = connect(address, Version::Amf3).await;
    let anns = ann.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    let mut events = anns.events();
    let board = red(&server, "board").await;
    let lock = board.lock().await.unwrap();
    lock.set("a", &1).unwrap();
    anns.set("b", &9).unwrap();
    sleep(Duration::from_millis(50)).await;
    lock.set("b", &2).unwrap();
    assert_eq!((lock.get::<u32>("b").unwrap(), board.get::<u32>("b").unwrap()), (Some(2), None));
    assert_eq!(board.version(), 1);
    lock.unlock().await.unwrap();
    assert_eq!(sync(&mut events).await, ["change a", "change b was 9.0"]);
    // What the client asked for under the lock comes after it.
    assert_eq!(sync(&mut events).await, ["success b"]);
    assert_eq!((board.get::<u32>("b").unwrap(), board.version()), (Some(9), 3));
    assert_eq!(values_of(&anns), [("a".into(), 1.0), ("b".into(), 9.0)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_and_writes_under_a_lock_are_atomic() {
    let server = Server::new(Services::new());
    let board = red(&server, "board").await;
    let counting = (0..8).map(|_| {
        let board = board.clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                let lock = board.lock().await.unwrap();
                let count: u32 = lock.get("count").unwrap().unwrap_or_default();
                tokio::task::yield_now().await;
                lock.set("count", &(count + 1)).unwrap();
            }
        })
    });
    for counts in counting.collect::<Vec<_>>() {
        timeout(TIMEOUT, counts).await.unwrap().unwrap();
    }
    assert_eq!((board.get::<u32>("count").unwrap(), board.version()), (Some(400), 401));

    // Who has waited in vain is passed over, whether the lock came or not.
    let lock = board.lock().await.unwrap();
    timeout(Duration::from_millis(10), board.lock()).await.unwrap_err();
    let mut wanted = Box::pin(board.lock());
    assert!(futures_util::poll!(&mut wanted).is_pending());
    drop(lock);
    drop(wanted);
    let lock = timeout(TIMEOUT, board.lock()).await.unwrap().unwrap();
    let written = board.set("count", &0).unwrap();
    lock.send("reset", ()).unwrap();
    lock.remove("count");
    lock.unlock().await.unwrap();
    written.await.unwrap();
    assert_eq!(board.get::<u32>("count").unwrap(), Some(0));
}

/// What is allowed is said by names.
struct TestGuard;

impl SharedObjectGuard for TestGuard {
    fn may_create(&self, access: &SharedObjectAccess<'_>) -> bool {
        access.name() != "no creation"
    }

    fn may_read(&self, access: &SharedObjectAccess<'_>) -> bool {
        assert_ne!(access.name(), "panic");
        access.name() != "secret"
    }

    fn may_write(&self, access: &SharedObjectAccess<'_>, write: &SlotWrite<'_>) -> bool {
        assert_eq!((access.instance().name(), access.is_persistent()), ("red", false));
        write.key() != "mine" && !matches!(write.value::<f64>(), Ok(Some(value)) if value > 10.0)
    }

    fn may_send(&self, _: &SharedObjectAccess<'_>, handler: &str) -> bool {
        handler != "shout"
    }
}

async fn status(events: &mut SyncEvents) -> String {
    let SyncEvent::Status { code, level } = next(events).await else { panic!() };
    assert_eq!(&*level, "error");
    code.to_string()
}

#[tokio::test]
async fn a_guard_refuses_per_client() {
    let (server, address) = serve(SharedObjects::new().guard(TestGuard)).await;
    let ann = connect(address, Version::Amf0).await;
    for (name, code) in [
        ("no creation", "SharedObject.ObjectCreationFailed"),
        ("secret", "SharedObject.NoReadAccess"),
        ("panic", "SharedObject.NoReadAccess"),
    ] {
        let refused = ann.shared_object(name, SharedObjectOptions::new()).await.unwrap_err();
        assert_eq!(refused, JoinError::Refused(code.into()), "{name}");
    }
    // What is there need not be created.
    let _kept = red(&server, "no creation").await;
    ann.shared_object("no creation", SharedObjectOptions::new()).await.unwrap();

    let board = red(&server, "board").await;
    board.set("mine", &1).unwrap();
    let ben = connect(address, Version::Amf0).await;
    let (anns, bens) = (
        ann.shared_object("board", SharedObjectOptions::new()).await.unwrap(),
        ben.shared_object("board", SharedObjectOptions::new()).await.unwrap(),
    );
    let (mut to_ann, mut to_ben) = (anns.events(), bens.events());
    anns.set("mine", &5).unwrap();
    assert_eq!(status(&mut to_ann).await, "SharedObject.NoWriteAccess");
    assert_eq!(sync(&mut to_ann).await, ["reject mine was 5.0"]);
    assert_eq!(values_of(&anns), [("mine".into(), 1.0)].into());
    anns.set("big", &11).unwrap();
    assert_eq!(status(&mut to_ann).await, "SharedObject.NoWriteAccess");
    assert_eq!(sync(&mut to_ann).await, ["reject big was 11.0"]);
    anns.remove("mine").unwrap();
    assert_eq!(status(&mut to_ann).await, "SharedObject.NoWriteAccess");
    assert_eq!(sync(&mut to_ann).await, ["reject mine"]);
    anns.send("shout", ()).unwrap();
    assert_eq!(status(&mut to_ann).await, "SharedObject.NoWriteAccess");
    anns.set("small", &10).unwrap();
    assert_eq!(sync(&mut to_ann).await, ["success small"]);
    // Nobody else heard of any of it.
    assert_eq!(sync(&mut to_ben).await, ["change small"]);
    assert_eq!(board.version(), 3);
}

#[tokio::test]
async fn invalid_objects_are_refused() {
    let limits = SharedObjectLimits::new().with_objects(66).with_slots(2);
    let (server, address) = serve(SharedObjects::new().limits(limits)).await;
    let ann = connect(address, Version::Amf3).await;
    let persistent =
        ann.shared_object("kept", SharedObjectOptions::new().persistent(true)).await.unwrap_err();
    assert_eq!(
        persistent,
        JoinError::Refused("SharedObject.ObjectCreationFailed".into()),
        "there is no store"
    );
    let instance = server.instance("lobby", "red").unwrap();
    assert_eq!(
        instance.shared_object("kept", SharedObjectOptions::new().persistent(true)).await.unwrap_err(),
        SharedObjectError::NoStore
    );
    let board = red(&server, "board").await;
    let refused = ann.shared_object("board", SharedObjectOptions::new().persistent(true)).await.unwrap_err();
    assert_eq!(refused, JoinError::Refused("SharedObject.BadPersistence".into()));

    let mut objects = Vec::new();
    for number in 0..64 {
        objects
            .push(ann.shared_object(&format!("object {number}"), SharedObjectOptions::new()).await.unwrap());
    }
    let one_more = ann.shared_object("one more", SharedObjectOptions::new()).await.unwrap_err();
    assert_eq!(one_more, JoinError::Refused("SharedObject.ObjectCreationFailed".into()));
    // 64 and the board are 65.
    let _last = red(&server, "last").await;
    let full = instance.shared_object("one more", SharedObjectOptions::new()).await.unwrap_err();
    assert!(matches!(full, SharedObjectError::Limit(LimitError { limit: "objects", max: 66, .. })), "{full}");
    drop(objects.pop());
    let frees_up = async {
        while instance.shared_object("one more", SharedObjectOptions::new()).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, frees_up).await.unwrap();
    ann.shared_object("one more", SharedObjectOptions::new()).await.unwrap();

    board.set("a", &1).unwrap().await.unwrap();
    board.set("b", &1).unwrap().await.unwrap();
    let limit = board.set("c", &1).unwrap().await.unwrap_err();
    assert!(matches!(limit, SharedObjectError::Limit(LimitError { limit: "slots", max: 2, .. })), "{limit}");
    for name in [String::new(), "a\0".into(), "n".repeat(257)] {
        assert!(
            matches!(
                instance.shared_object(&name, SharedObjectOptions::new()).await,
                Err(SharedObjectError::Name(_))
            ),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_unused_object_lingers_and_is_dropped() {
    let linger = Duration::from_millis(300);
    let limits = SharedObjectLimits::new().with_linger(linger);
    let (server, address) = serve(SharedObjects::new().limits(limits)).await;
    let ann = connect(address, Version::Amf3).await;
    let board = ann.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    let mut events = board.events();
    board.set("x", &1).unwrap();
    sync(&mut events).await;
    drop(board);
    // The same client again, another, and after a connection that was cut.
    let board = ann.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    assert_eq!(board.get::<u32>("x").unwrap(), Some(1));
    drop((board, ann));
    let ben = connect(address, Version::Amf3).await;
    assert_eq!(
        ben.shared_object("board", SharedObjectOptions::new()).await.unwrap().get::<u32>("x").unwrap(),
        Some(1)
    );
    sleep(linger * 3).await;
    let board = ben.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    assert_eq!((board.get::<u32>("x").unwrap(), board.version()), (None, 1));

    // Acquired by the program, it stays.
    board.set("x", &2).unwrap();
    let acquired = red(&server, "board").await;
    drop((board, ben));
    sleep(linger * 3).await;
    assert_eq!(acquired.get::<u32>("x").unwrap(), Some(2));
    // Instances have objects of their own.
    let blue = server
        .instance("lobby", "blue")
        .unwrap()
        .shared_object("board", SharedObjectOptions::new())
        .await
        .unwrap();
    assert_eq!(blue.get::<u32>("x").unwrap(), None);
}

#[tokio::test]
async fn objects_are_rejoined_after_a_reconnect() {
    let (server, address) = serve(SharedObjects::new()).await;
    let backoff =
        Backoff::new().initial_delay(Duration::from_millis(100)).max_delay(Duration::from_millis(200));
    let builder = NetConnection::builder(&format!("rtmp://{address}/lobby/red")).unwrap().reconnect(backoff);
    let ann = builder.connect().await.unwrap();
    let board = ann.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    board.set("old", &1).unwrap();
    let written = async {
        while red(&server, "board").await.version() < 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, written).await.unwrap();
    timeout(TIMEOUT, server.shutdown()).await.unwrap();
    timeout(TIMEOUT, ann.lost()).await.unwrap();
    assert!(board.set("lost", &1).is_err());
    assert_eq!(board.get::<u32>("lost").unwrap(), None);

    let second = Server::new(Services::new());
    let kept = red(&second, "board").await;
    kept.set("new", &2).unwrap();
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    };
    tokio::spawn(second.listen(listener).serve());
    until(|| board.get::<u32>("new").unwrap() == Some(2)).await;
    assert_eq!(values_of(&board), [("new".into(), 2.0)].into());
    board.set("new", &3).unwrap();
    until(|| kept.get::<u32>("new").unwrap() == Some(3)).await;
}

/// A message of the object `b`, not persistent.
fn object(events: &[u8]) -> Vec<u8> {
    peer::message(19, &[b"\0\x01b\0\0\0\0\0\0\0\0\0\0\0\0", events].concat())
}

#[tokio::test]
async fn messages_have_the_expected_bytes() {
    let (server, address) = serve(SharedObjects::new()).await;
    let mut ann = peer::connected(address).await;
    let mut ben = peer::connected(address).await;
    // Use.
    ann.write_all(&object(b"\x01\0\0\0\0")).await.unwrap();
    // Version 1, not persistent; UseSuccess, Clear.
    let joined = b"\0\x01b\0\0\0\x01\0\0\0\0\0\0\0\0\x0b\0\0\0\0\x08\0\0\0\0";
    read_until(&mut ann, joined).await;
    // RequestChange of x to 7.5 makes Success, and version 2.
    ann.write_all(&object(b"\x03\0\0\0\x0c\0\x01x\0\x40\x1e\0\0\0\0\0\0")).await.unwrap();
    read_until(&mut ann, b"\0\x01b\0\0\0\x02\0\0\0\0\0\0\0\0\x05\0\0\0\x03\0\x01x").await;
    // Who joins now gets the slot, too.
    ben.write_all(&object(b"\x01\0\0\0\0")).await.unwrap();
    let state = b"\0\x01b\0\0\0\x02\0\0\0\0\0\0\0\0\x0b\0\0\0\0\x08\0\0\0\0\x04\0\0\0\x0c\0\x01x\0\x40\x1e\0\0\0\0\0\0";
    read_until(&mut ben, state).await;
    // The body of six bytes holds two values: this event is ignored, and the connection goes on.
    ben.write_all(&object(b"\x03\0\0\0\x06\0\x01y\x01\x01\x05")).await.unwrap();
    // A change and a removal in one message are one version, 3; the removal is told to its writer, too.
    ben.write_all(&object(b"\x03\0\0\0\x05\0\x01y\x01\x01\x0a\0\0\0\x03\0\x01x")).await.unwrap();
    read_until(&mut ben, b"\0\x01b\0\0\0\x03\0\0\0\0\0\0\0\0\x05\0\0\0\x03\0\x01y\x09\0\0\0\x03\0\x01x")
        .await;
    let change = b"\0\x01b\0\0\0\x03\0\0\0\0\0\0\0\0\x04\0\0\0\x05\0\x01y\x01\x01\x09\0\0\0\x03\0\x01x";
    read_until(&mut ann, change).await;
    assert_eq!(
        server
            .instance("test", "")
            .unwrap()
            .shared_object("b", SharedObjectOptions::new())
            .await
            .unwrap()
            .version(),
        3
    );
    // SendMessage to all, the sender too.
    let sent = b"\x06\0\0\0\x06\x02\0\x02hi\x05";
    ann.write_all(&object(sent)).await.unwrap();
    read_until(&mut ann, sent).await;
    read_until(&mut ben, sent).await;
    // Release: what comes then is not for this one.
    ann.write_all(&object(b"\x02\0\0\0\0")).await.unwrap();
    ann.write_all(&object(b"\x01\0\0\0\0")).await.unwrap();
    read_until(&mut ann, b"\x0b\0\0\0\0\x08\0\0\0\0\x04\0\0\0\x05\0\x01y\x01\x01").await;
}

/// The messages of npm `rtmp-client` 1.6.3, as it was recorded, for the object `b`: flags 0x10 although the object is
/// temporary, event 13 expected as the reply to event 3, event 14 to clear. The layout of those events is that of the
/// document of its author, `SharedObject.md`.
#[tokio::test]
async fn a_client_with_the_flags_of_proxies_receives_their_events() {
    fn proxied(version: u8, events: &[u8]) -> Vec<u8> {
        [b"\0\x01b\0\0\0", &[version][..], b"\0\0\0\x10\0\0\0\0", events].concat()
    }
    let (server, address) = serve(SharedObjects::new()).await;
    let mut foreign = peer::connected(address).await;
    let mut flash = peer::connected(address).await;
    let number = b"\0\x40\x1e\0\0\0\0\0\0";
    // Use makes a temporary object, for which no store is needed.
    foreign.write_all(&peer::message(19, &proxied(0, b"\x01\0\0\0\0"))).await.unwrap();
    read_until(&mut foreign, &proxied(1, b"\x0b\0\0\0\0\x08\0\0\0\0")).await;
    flash.write_all(&object(b"\x01\0\0\0\0")).await.unwrap();
    read_until(&mut flash, b"\x0b\0\0\0\0\x08\0\0\0\0").await;

    let slot = [&b"\0\0\0\x0c\0\x01x"[..], number].concat();
    foreign.write_all(&peer::message(19, &proxied(1, &[&[3], &*slot].concat()))).await.unwrap();
    read_until(&mut foreign, &proxied(2, &[&[13], &*slot].concat())).await;
    read_until(&mut flash, &[&[4], &*slot].concat()).await;
    // A player is told of its own change as before.
    flash.write_all(&object(&[&[3], &*slot].concat())).await.unwrap();
    read_until(&mut flash, b"\x05\0\0\0\x03\0\x01x").await;
    read_until(&mut foreign, &[&[4], &*slot].concat()).await;
    // To set a slot to undefined removes it: 9 for all.
    foreign.write_all(&peer::message(19, &proxied(3, b"\x03\0\0\0\x04\0\x01x\x06"))).await.unwrap();
    read_until(&mut foreign, &proxied(4, b"\x09\0\0\0\x03\0\x01x")).await;
    read_until(&mut flash, b"\x09\0\0\0\x03\0\x01x").await;

    flash.write_all(&object(&[&[3], &*slot].concat())).await.unwrap();
    read_until(&mut foreign, &[&[4], &*slot].concat()).await;
    foreign.write_all(&peer::message(19, &proxied(5, b"\x0e\0\0\0\0"))).await.unwrap();
    read_until(&mut foreign, &proxied(6, b"\x08\0\0\0\0")).await;
    read_until(&mut flash, b"\0\x01b\0\0\0\x06\0\0\0\0\0\0\0\0\x08\0\0\0\0").await;
    // An empty object has nothing to clear: the writer is answered, the version stays.
    foreign.write_all(&peer::message(19, &proxied(6, b"\x0e\0\0\0\0"))).await.unwrap();
    read_until(&mut foreign, &proxied(6, b"\x08\0\0\0\0")).await;
    let instance = server.instance("test", "").unwrap();
    assert!(!instance.shared_object("b", SharedObjectOptions::new()).await.unwrap().is_persistent());
}

#[tokio::test]
async fn only_the_flag_of_value_2_means_persistent() {
    let (_server, address) = serve(SharedObjects::new()).await;
    let mut client = peer::connected(address).await;
    // 0x10, 0x20 and 0x30 are the flags that Adobe Media Server sends, 0xFFFFFFFD is all but the bit of value 2.
    for (name, flags, is_persistent) in [
        (b'c', 0_u32, false),
        (b'd', 1, false),
        (b'e', 0x10, false),
        (b'f', 0x20, false),
        (b'g', 0x30, false),
        (b'h', 0xFFFF_FFFD, false),
        (b'i', 2, true),
        (b'j', 0x12, true),
    ] {
        let head = [&[0, 1, name, 0, 0, 0, 0][..], &flags.to_be_bytes(), &[0; 4], b"\x01\0\0\0\0"].concat();
        client.write_all(&peer::message(19, &head)).await.unwrap();
        // There is no store: UseSuccess, or the status of a persistent object that cannot be.
        let expected: &[u8] =
            if is_persistent { b"ObjectCreationFailed\0\x05error" } else { b"\x0b\0\0\0\0\x08\0\0\0\0" };
        let read = read_until(&mut client, expected).await;
        assert!(read.windows(3).any(|bytes| bytes == [0, 1, name]), "{flags:#x}");
    }
}

struct OnlyWrites;

impl SharedObjectGuard for OnlyWrites {
    fn may_write(&self, _: &SharedObjectAccess<'_>, write: &SlotWrite<'_>) -> bool {
        write.key() != "kept"
    }
}

#[tokio::test]
async fn a_guard_refuses_to_clear_unless_it_says_otherwise() {
    let (server, address) = serve(SharedObjects::new().guard(OnlyWrites)).await;
    let board = server.instance("test", "").unwrap();
    let board = board.shared_object("b", SharedObjectOptions::new()).await.unwrap();
    board.set("kept", &1).unwrap();
    let mut client = peer::connected(address).await;
    client.write_all(&object(b"\x01\0\0\0\0\x0e\0\0\0\0")).await.unwrap();
    read_until(&mut client, b"\x07\0\0\0\x23\0\x1aSharedObject.NoWriteAccess\0\x05error").await;
    assert_eq!(board.slots().len(), 1);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_alone() {
    let (server, address) = serve(SharedObjects::new()).await;
    let mut idle = peer::connected(address).await;
    idle.write_all(&peer::message(19, b"\0\x05board\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0")).await.unwrap();
    let board = server
        .instance("test", "")
        .unwrap()
        .shared_object("board", SharedObjectOptions::new())
        .await
        .unwrap();
    let connection =
        NetConnection::builder(&format!("rtmp://{address}/test")).unwrap().connect().await.unwrap();
    let reads = connection.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    // 64 MiB to a peer that takes none of it: its queue is bounded by 4 MiB.
    let long = "x".repeat(256 << 10);
    for round in 1..=256_u32 {
        board.set("long", &long).unwrap();
        board.set("round", &round).unwrap();
        until(|| reads.get::<u32>("round").unwrap() == Some(round)).await;
    }
    until(|| server.counters().connections == 1).await;
    drop(idle);
    assert_eq!(reads.get::<String>("long").unwrap().as_deref(), Some(&*long));
}

#[tokio::test]
async fn repeated_use_requests_are_bounded_by_what_the_client_reads() {
    let (server, address) = serve(SharedObjects::new()).await;
    let board =
        server.instance("test", "").unwrap().shared_object("b", SharedObjectOptions::new()).await.unwrap();
    board.set("long", &"x".repeat(1_000_000)).unwrap();
    let connection =
        NetConnection::builder(&format!("rtmp://{address}/test")).unwrap().connect().await.unwrap();
    let reads = connection.shared_object("b", SharedObjectOptions::new()).await.unwrap();
    // 1,000 in one message are one; of 10,000 messages that nobody reads the answers to, a few are answered.
    let mut greedy = peer::connected(address).await;
    greedy.write_all(&object(&b"\x01\0\0\0\0".repeat(1_000))).await.unwrap();
    let flood = tokio::spawn(peer::flood(greedy, object(b"\x01\0\0\0\0").repeat(10_000)));
    until(|| server.counters().connections == 1).await;
    timeout(TIMEOUT, flood).await.unwrap().unwrap();
    board.set("short", &1).unwrap();
    until(|| reads.get::<u32>("short").unwrap() == Some(1)).await;
}

#[tokio::test]
async fn an_object_with_the_maximum_of_slots_arrives_complete() {
    let (server, address) = serve(SharedObjects::new()).await;
    let board = red(&server, "board").await;
    let lock = board.lock().await.unwrap();
    for slot in 0..4_096 {
        lock.set(&format!("slot {slot}"), &slot).unwrap();
    }
    drop(lock);
    assert_eq!((board.slots().len(), board.version()), (4_096, 2));
    let ann = connect(address, Version::Amf0).await;
    let anns = ann.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    until(|| anns.slots().len() == 4_096).await;
    assert_eq!(anns.get::<u32>("slot 4095").unwrap(), Some(4_095));
    let mut events = anns.events();
    anns.set("one more", &1).unwrap();
    assert_eq!(status(&mut events).await, "SharedObject.NoWriteAccess");
    assert_eq!(sync(&mut events).await, ["reject one more was 1.0"]);
    // 1 MiB is for names and values together: 4,096 slots leave less than that.
    let text = "x".repeat((1 << 20) - 4_096 * 4);
    let refused = board.set("slot 0", &text).unwrap().await.unwrap_err();
    assert!(
        matches!(refused, SharedObjectError::Limit(LimitError { limit: "bytes", max: 0x10_0000, .. })),
        "{refused}"
    );
}
