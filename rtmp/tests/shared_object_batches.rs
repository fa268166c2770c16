//! What a Rust client asks for several changes with, byte by byte, and what it may not ask for.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::{CallError, Services, Version};
use amf_rtmp::{
    NetConnection, RemoteSharedObject, Server, SharedObject, SharedObjectAccess, SharedObjectGuard,
    SharedObjectOptions, SharedObjects, SlotWrite, SyncChange, SyncEvent, SyncEvents,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, split};
use tokio::time::{sleep, timeout};

const TIMEOUT: Duration = Duration::from_secs(10);

/// What a client sends, on its way.
type Wire = Arc<Mutex<Vec<u8>>>;

/// Hands bytes on, and writes down what comes from the client.
fn tap(transport: DuplexStream) -> (DuplexStream, Wire) {
    let (client, near) = tokio::io::duplex(64 << 10);
    let (mut from_client, mut to_client) = split(near);
    let (mut from_server, mut to_server) = split(transport);
    let wire = Wire::default();
    let written = Arc::clone(&wire);
    tokio::spawn(async move {
        let mut bytes = vec![0; 4096];
        while let Ok(len @ 1..) = from_client.read(&mut bytes).await {
            written.lock().unwrap().extend(&bytes[..len]);
            to_server.write_all(&bytes[..len]).await.unwrap();
        }
    });
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    (client, wire)
}

struct Fixture {
    board: SharedObject,
    theirs: RemoteSharedObject,
    events: SyncEvents,
    wire: Wire,
    connection: NetConnection,
}

async fn fixture(objects: SharedObjects, encoding: Version) -> Fixture {
    let server = Server::new(Services::new()).shared_objects(objects);
    let (client, transport) = tokio::io::duplex(64 << 10);
    tokio::spawn(server.serve_stream(transport, None));
    let (client, wire) = tap(client);
    let builder = NetConnection::builder("rtmp://test/lobby/red").unwrap().encoding(encoding);
    let connection = builder.connect_with_stream(client).await.unwrap();
    let theirs = connection.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    let events = theirs.events();
    let board = server
        .instance("lobby", "red")
        .unwrap()
        .shared_object("board", SharedObjectOptions::new())
        .await
        .unwrap();
    wire.lock().unwrap().clear();
    Fixture { board, theirs, events, wire, connection }
}

/// The next change of the copy, in words; messages and refusals are left out.
async fn sync(events: &mut SyncEvents) -> Vec<String> {
    loop {
        let event = timeout(TIMEOUT, events.recv()).await.expect("nothing came").unwrap();
        let SyncEvent::Sync(changes) = event else { continue };
        let word = |change: &SyncChange| match change {
            SyncChange::Success { key } => format!("success {key}"),
            SyncChange::Reject { key, .. } => format!("reject {key}"),
            other => panic!("{other:?}"),
        };
        return changes.iter().map(word).collect();
    }
}

/// The one message that was sent: its type and what is in it.
async fn one_message(wire: &Wire, len: usize) -> (u8, Vec<u8>) {
    let came = async {
        while wire.lock().unwrap().len() < 12 + len {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, came).await.unwrap_or_else(|_| panic!("{:02x?}", wire.lock().unwrap()));
    let bytes = std::mem::take(&mut *wire.lock().unwrap());
    // Format 0, chunk stream 3, time 0; length, type, stream 0.
    let [_, _, high, low] = u32::try_from(len).unwrap().to_be_bytes();
    assert_eq!(bytes[..7], [3, 0, 0, 0, 0, high, low], "{bytes:02x?}");
    assert_eq!(bytes[8..12], [0; 4]);
    assert_eq!(bytes.len(), 12 + len, "one message, and nothing behind it");
    (bytes[7], bytes[12..].to_vec())
}

#[tokio::test]
async fn a_batch_is_one_message_in_amf0() {
    let mut fixture = fixture(SharedObjects::new(), Version::Amf0).await;
    let mut changes = fixture.theirs.batch();
    changes.set("x", &7.5).unwrap();
    changes.set("on", &true).unwrap();
    changes.remove("y").unwrap();
    changes.send("hi", (false,)).unwrap();
    assert_eq!(fixture.theirs.slots().len(), 0, "not yet");
    changes.submit().unwrap();
    assert_eq!(fixture.theirs.get::<f64>("x").unwrap(), Some(7.5), "at once");
    // Name, version 0, not persistent, zero.
    let payload = [
        &b"\0\x05board\0\0\0\0\0\0\0\0\0\0\0\0"[..],
        // RequestChange, 12 bytes: x, the number 7.5.
        b"\x03\0\0\0\x0c\0\x01x\0\x40\x1e\0\0\0\0\0\0",
        // RequestChange, 6 bytes: on, true.
        b"\x03\0\0\0\x06\0\x02on\x01\x01",
        // RequestChange, 4 bytes: y, null.
        b"\x03\0\0\0\x04\0\x01y\x05",
        // SendMessage, 7 bytes: the string hi, false.
        b"\x06\0\0\0\x07\x02\0\x02hi\x01\0",
    ]
    .concat();
    assert_eq!(one_message(&fixture.wire, payload.len()).await, (19, payload));
    assert_eq!(sync(&mut fixture.events).await, ["success x", "success on", "success y"]);
    assert_eq!((fixture.board.version(), fixture.board.slots().len()), (2, 2));
}

#[tokio::test]
async fn a_batch_is_one_message_in_amf3() {
    let mut fixture = fixture(SharedObjects::new(), Version::Amf3).await;
    let mut changes = fixture.theirs.batch();
    changes.set("a", &1).unwrap();
    changes.set("b", "b").unwrap();
    changes.submit().unwrap();
    let payload = [
        &b"\0\0\x05board\0\0\0\0\0\0\0\0\0\0\0\0"[..],
        // 0x11: AMF3; the integer 1.
        b"\x03\0\0\0\x06\0\x01a\x11\x04\x01",
        // A string of one byte.
        b"\x03\0\0\0\x07\0\x01b\x11\x06\x03b",
    ]
    .concat();
    assert_eq!(one_message(&fixture.wire, payload.len()).await, (16, payload));
    assert_eq!(sync(&mut fixture.events).await, ["success a", "success b"]);
    assert_eq!(fixture.board.version(), 2);
}

struct KeyGuard;

impl SharedObjectGuard for KeyGuard {
    fn may_write(&self, _: &SharedObjectAccess<'_>, write: &SlotWrite<'_>) -> bool {
        write.key() != "mine"
    }

    fn may_send(&self, _: &SharedObjectAccess<'_>, _: &str) -> bool {
        false
    }
}

#[tokio::test]
async fn a_refused_change_does_not_affect_the_rest_of_the_batch() {
    let mut fixture = fixture(SharedObjects::new().guard(KeyGuard), Version::Amf3).await;
    fixture.board.set("mine", &1).unwrap();
    fixture.board.set("old", &1).unwrap();
    while fixture.theirs.version() < 3 {
        timeout(TIMEOUT, fixture.events.recv()).await.expect("nothing came").unwrap();
    }
    fixture.events = fixture.theirs.events();
    let mut changes = fixture.theirs.batch();
    changes.remove("mine").unwrap();
    changes.set("mine", &2).unwrap();
    changes.set("x", &3).unwrap();
    // Of no slot: what is behind it is not what was refused.
    changes.send("hi", ()).unwrap();
    changes.remove("old").unwrap();
    changes.set("mine", &4).unwrap();
    changes.submit().unwrap();
    let mut told = Vec::new();
    while told.len() < 5 {
        told.extend(sync(&mut fixture.events).await);
    }
    assert_eq!(told, ["reject mine", "reject mine", "success x", "success old", "reject mine"]);
    let mut slots = fixture.theirs.slots();
    slots.sort_by(|(a, _), (b, _)| a.cmp(b));
    let slots: Vec<_> = slots.iter().map(|(key, value)| (&**key, value.read::<u32>().unwrap())).collect();
    assert_eq!(slots, [("mine", 1), ("x", 3)]);
}

#[tokio::test]
async fn batches_over_the_limits_are_not_sent() {
    let mut fixture = fixture(SharedObjects::new(), Version::Amf3).await;
    let many = |count: u32| {
        let mut changes = fixture.theirs.batch();
        for slot in 0..count {
            changes.set(&format!("slot {slot}"), &slot).unwrap();
        }
        changes.submit()
    };
    assert!(matches!(many(1_025), Err(CallError::Unsupported(_))));
    assert_eq!(fixture.theirs.slots().len(), 0);
    many(1_024).unwrap();
    while sync(&mut fixture.events).await.last().unwrap() != "success slot 1023" {}
    assert_eq!((fixture.board.version(), fixture.board.slots().len()), (2, 1_024));

    // 1 MiB: the message's header of 20 bytes, the event's 5, the key's 2 + 1, and 0x11, 6 and 3 of length.
    let longest = (1 << 20) - 20 - 5 - 3 - 5;
    fixture.board.clear().await.unwrap();
    assert!(matches!(fixture.theirs.set("x", &"x".repeat(longest + 1)), Err(CallError::Unsupported(_))));
    fixture.theirs.set("x", &"x".repeat(longest)).unwrap();
    fixture.theirs.set("x", &"short").unwrap();
    fixture.theirs.set(&"k".repeat(256), &1).unwrap();
    assert!(matches!(fixture.theirs.set(&"k".repeat(257), &1), Err(CallError::Unsupported(_))));
    // Nothing at all is nothing.
    fixture.theirs.batch().submit().unwrap();
    assert!(matches!(
        timeout(TIMEOUT, fixture.events.recv()).await.unwrap(),
        Some(SyncEvent::Sync(changes)) if matches!(changes[..], [SyncChange::Clear])
    ));
    for key in ["x", "x", &"k".repeat(256)] {
        assert_eq!(sync(&mut fixture.events).await, [format!("success {key}")]);
    }
    assert!(fixture.connection.is_open());
}
