//! Who uses an object, begins and ends that in odd orders, and who may not any more.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amf_remoting::{CallError, Services};
use amf_rtmp::{
    Backoff, NetConnection, Server, SharedObject, SharedObjectAccess, SharedObjectGuard, SharedObjectOptions,
    SharedObjects, SyncEvent,
};
use peer::{TIMEOUT, read_until};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

async fn serve(objects: SharedObjects) -> (Server, SocketAddr) {
    let server = Server::new(Services::new()).shared_objects(objects);
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    (server, address)
}

async fn board(server: &Server) -> SharedObject {
    server.instance("test", "").unwrap().shared_object("b", SharedObjectOptions::new()).await.unwrap()
}

const USE: &[u8] = b"\x01\0\0\0\0";
const RELEASE: &[u8] = b"\x02\0\0\0\0";
/// `RequestChange` of x to true, and its Success and Change.
const SET: &[u8] = b"\x03\0\0\0\x05\0\x01x\x01\x01";
const SUCCESS: &[u8] = b"\x05\0\0\0\x03\0\x01x";
const CHANGE: &[u8] = b"\x04\0\0\0\x05\0\x01x\x01\x01";
/// `UseSuccess` and Clear.
const JOINED: &[u8] = b"\x0b\0\0\0\0\x08\0\0\0\0";

/// A message of the object `b`.
fn message(persistence: u8, events: &[&[u8]]) -> Vec<u8> {
    let header = [b"\0\x01b\0\0\0\0\0\0\0", &[persistence][..], b"\0\0\0\0"].concat();
    peer::message(19, &[&header, events.concat().as_slice()].concat())
}

async fn send(socket: &mut TcpStream, events: &[&[u8]]) {
    socket.write_all(&message(0, events)).await.unwrap();
}

fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|window| *window == wanted).count()
}

#[tokio::test]
async fn use_release_and_use_work_in_one_message() {
    let (server, address) = serve(SharedObjects::new()).await;
    let board = board(&server).await;
    let mut ann = peer::connected(address).await;
    send(&mut ann, &[USE, RELEASE, USE, SET]).await;
    let told = read_until(&mut ann, SUCCESS).await;
    assert_eq!(count(&told, JOINED), 2, "{told:02x?}");
    board.set("x", &true).unwrap();
    read_until(&mut ann, CHANGE).await;
    // The other way round nobody is left.
    send(&mut ann, &[RELEASE, USE, RELEASE, SET]).await;
    send(&mut ann, &[USE]).await;
    let told = read_until(&mut ann, JOINED).await;
    assert_eq!(count(&told, SUCCESS), 0, "{told:02x?}");
}

#[tokio::test]
async fn requests_without_use_are_ignored_and_two_uses_are_one_subscription() {
    let (server, address) = serve(SharedObjects::new()).await;
    let board = board(&server).await;
    let mut ann = peer::connected(address).await;
    send(&mut ann, &[SET, RELEASE]).await;
    send(&mut ann, &[RELEASE]).await;
    send(&mut ann, &[USE]).await;
    read_until(&mut ann, JOINED).await;
    assert_eq!(board.version(), 1);
    send(&mut ann, &[USE]).await;
    read_until(&mut ann, JOINED).await;
    board.set("x", &true).unwrap();
    board.send("over", ()).unwrap();
    let told = read_until(&mut ann, b"\x02\0\x04over").await;
    assert_eq!(count(&told, CHANGE), 1, "{told:02x?}");
    // With the other kind of persistence it is refused, and stays as it is.
    ann.write_all(&message(2, &[USE])).await.unwrap();
    // Status, 2 + 27 + 2 + 5 bytes.
    let refused = b"\x07\0\0\0\x24\0\x1bSharedObject.BadPersistence\0\x05error";
    read_until(&mut ann, refused).await;
    send(&mut ann, &[SET]).await;
    read_until(&mut ann, SUCCESS).await;
    // One release is enough.
    send(&mut ann, &[RELEASE]).await;
    send(&mut ann, &[SET]).await;
    send(&mut ann, &[USE]).await;
    let told = read_until(&mut ann, JOINED).await;
    assert_eq!((count(&told, SUCCESS), board.version()), (0, 3), "{told:02x?}");
}

struct ReadGuard(Arc<AtomicBool>);

impl SharedObjectGuard for ReadGuard {
    fn may_read(&self, _: &SharedObjectAccess<'_>) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_refusal_after_a_reconnect_is_reported() {
    let (first, address) = serve(SharedObjects::new()).await;
    let backoff =
        Backoff::new().initial_delay(Duration::from_millis(50)).max_delay(Duration::from_millis(100));
    let builder = NetConnection::builder(&format!("rtmp://{address}/test")).unwrap().reconnect(backoff);
    let ann = builder.connect().await.unwrap();
    let theirs = ann.shared_object("b", SharedObjectOptions::new()).await.unwrap();
    let mut events = theirs.events();
    timeout(TIMEOUT, first.shutdown()).await.unwrap();

    let may_read = Arc::new(AtomicBool::new(false));
    let objects = SharedObjects::new().guard(ReadGuard(Arc::clone(&may_read)));
    let server = Server::new(Services::new()).shared_objects(objects);
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    };
    tokio::spawn(server.clone().listen(listener).serve());
    let refused = async {
        loop {
            if let Some(SyncEvent::Status { code, .. }) = events.recv().await {
                return code;
            }
        }
    };
    assert_eq!(&*timeout(TIMEOUT, refused).await.unwrap(), "SharedObject.NoReadAccess");
    assert!(matches!(theirs.set("x", &1), Err(CallError::Unsupported(_))));
    // It may be asked for again.
    may_read.store(true, Ordering::Relaxed);
    let again = timeout(TIMEOUT, ann.shared_object("b", SharedObjectOptions::new())).await.unwrap().unwrap();
    again.set("x", &1).unwrap();
    let done = async {
        while board(&server).await.get::<u32>("x").unwrap().is_none() {
            events.recv().await.unwrap();
        }
    };
    timeout(TIMEOUT, done).await.unwrap();
}
