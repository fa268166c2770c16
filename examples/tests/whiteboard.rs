//! Two who draw, and what is left when the server is started again.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;
use std::time::Duration;

use amf_rtmp::{NetConnection, RedbStore, RemoteEvent, RemoteEvents, Server, SyncChange};
use examples::whiteboard::{self, Cursor, Stroke};
use tokio::task::JoinHandle;
use tokio::time::timeout;

async fn serve(path: &Path) -> (Server, JoinHandle<()>, String) {
    let server = whiteboard::server(open(path).await).unwrap();
    let listening = server.clone().bind("127.0.0.1:0").await.unwrap();
    let address = listening.local_addr().unwrap();
    let serving = tokio::spawn(async { listening.serve().await.unwrap() });
    (server, serving, format!("rtmp://{address}/whiteboard/kitchen"))
}

/// The thread that keeps the file ends a moment after the server that had it before.
async fn open(path: &Path) -> RedbStore {
    let opened = async {
        loop {
            match RedbStore::open(path) {
                Ok(store) => return store,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    timeout(Duration::from_secs(10), opened).await.unwrap()
}

async fn connect(url: &str) -> NetConnection {
    NetConnection::to(url).unwrap().connect().await.unwrap()
}

/// Waits for such a change.
async fn until(events: &mut RemoteEvents, wanted: impl Fn(&SyncChange) -> bool) {
    let found = async {
        loop {
            if let RemoteEvent::Sync(changes) = events.next().await.unwrap()
                && changes.iter().any(&wanted)
            {
                return;
            }
        }
    };
    timeout(Duration::from_secs(10), found).await.unwrap();
}

#[tokio::test]
async fn strokes_stay_and_cursors_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("whiteboard.redb");
    let (server, serving, url) = serve(&path).await;
    let (ann, bob) = (connect(&url).await, connect(&url).await);
    let (anns, bobs) = (
        ann.shared_object("strokes", true).await.unwrap(),
        bob.shared_object("strokes", true).await.unwrap(),
    );
    let (mut heard, mut said) = (anns.events(), bobs.events());

    let stroke = Stroke { color: 0xff_00_00, points: vec![0.0, 0.0, 10.5, 7.0] };
    bobs.set("1", &stroke).unwrap();
    until(&mut said, |change| matches!(change, SyncChange::Success { key } if &**key == "1")).await;
    until(&mut heard, |change| matches!(change, SyncChange::Change { key, .. } if &**key == "1")).await;
    assert_eq!(anns.get::<Stroke>("1").unwrap(), Some(stroke.clone()));
    anns.set("2", "no stroke").unwrap();
    until(&mut heard, |change| matches!(change, SyncChange::Reject { .. })).await;

    // A cursor goes with its client, and nobody moves another's.
    let me: String = bob.call("whiteboard.me", ()).await.unwrap();
    let seen = ann.shared_object("cursors", false).await.unwrap();
    let mut cursors = seen.events();
    let own = bob.shared_object("cursors", false).await.unwrap();
    own.set(&me, &Cursor { x: 3.0, y: 4.0, color: 0xff_00_00 }).unwrap();
    until(&mut cursors, |change| matches!(change, SyncChange::Change { key, .. } if **key == me)).await;
    seen.set(&me, &Cursor { x: 0.0, y: 0.0, color: 0 }).unwrap();
    until(&mut cursors, |change| matches!(change, SyncChange::Reject { .. })).await;
    bob.close();
    until(&mut cursors, |change| matches!(change, SyncChange::Delete { key, .. } if **key == me)).await;
    server.shutdown().await;
    serving.await.unwrap();
    drop((server, ann, bob, anns, bobs, seen, own));

    let (_server, _serving, url) = serve(&path).await;
    let ann = connect(&url).await;
    let strokes = ann.shared_object("strokes", true).await.unwrap();
    assert_eq!(strokes.get::<Stroke>("1").unwrap(), Some(stroke));
    let mut events = strokes.events();
    ann.call::<()>("whiteboard.wipe", ()).await.unwrap();
    until(&mut events, |change| matches!(change, SyncChange::Clear | SyncChange::Delete { .. })).await;
    assert!(strokes.slots().is_empty());
}
