//! Tests of the whiteboard with two clients, and with a restarted server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::path::Path;
use std::time::Duration;

use amf_rtmp::{NetConnection, RedbStore, Server, SharedObjectOptions, SyncChange, SyncEvent, SyncEvents};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use examples::whiteboard::{self, Cursor, Stroke};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tower::ServiceExt as _;

async fn serve(path: &Path) -> (Server, JoinHandle<()>, String) {
    let server = whiteboard::server(RedbStore::open(path).unwrap()).unwrap();
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    let serving = tokio::spawn(async { bound.serve().await.unwrap() });
    (server, serving, format!("rtmp://{address}/whiteboard/kitchen"))
}

async fn connect(url: &str) -> NetConnection {
    NetConnection::builder(url).unwrap().connect().await.unwrap()
}

/// Connects a stream that carries RTMP in the messages of a WebSocket, as Ruffle does.
async fn tunnel(url: &str) -> DuplexStream {
    let (mut browser, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let (near, mut far) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        let mut buffer = vec![0; 1000];
        loop {
            tokio::select! {
                read = far.read(&mut buffer) => match read {
                    Ok(len @ 1..) => browser.send(Message::binary(buffer[..len].to_vec())).await.unwrap(),
                    _ => return,
                },
                message = browser.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => far.write_all(&bytes).await.unwrap(),
                    Some(Ok(_)) => {}
                    _ => return,
                },
            }
        }
    });
    near
}

/// Waits for a change that `wanted` accepts.
async fn until(events: &mut SyncEvents, wanted: impl Fn(&SyncChange) -> bool) {
    let found = async {
        loop {
            if let SyncEvent::Sync(changes) = events.recv().await.unwrap()
                && changes.iter().any(&wanted)
            {
                return;
            }
        }
    };
    timeout(Duration::from_secs(10), found).await.unwrap();
}

#[tokio::test]
async fn strokes_persist_and_cursors_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("whiteboard.redb");
    let (server, serving, url) = serve(&path).await;
    let (ann, bob) = (connect(&url).await, connect(&url).await);
    let (anns, bobs) = (
        ann.shared_object("strokes", SharedObjectOptions::new().persistent(true)).await.unwrap(),
        bob.shared_object("strokes", SharedObjectOptions::new().persistent(true)).await.unwrap(),
    );
    let (mut heard, mut said) = (anns.events(), bobs.events());

    let stroke = Stroke { color: 0xff_00_00, points: vec![0.0, 0.0, 10.5, 7.0] };
    bobs.set("1", &stroke).unwrap();
    until(&mut said, |change| matches!(change, SyncChange::Success { key } if &**key == "1")).await;
    until(&mut heard, |change| matches!(change, SyncChange::Change { key, .. } if &**key == "1")).await;
    assert_eq!(anns.get::<Stroke>("1").unwrap(), Some(stroke.clone()));
    anns.set("2", "no stroke").unwrap();
    until(&mut heard, |change| matches!(change, SyncChange::Reject { .. })).await;

    // A cursor is removed when its client disconnects, and other clients cannot change it.
    let me: String = bob.call("whiteboard.me", ()).await.unwrap();
    let seen = ann.shared_object("cursors", SharedObjectOptions::new()).await.unwrap();
    let mut cursors = seen.events();
    let own = bob.shared_object("cursors", SharedObjectOptions::new()).await.unwrap();
    own.set(&me, &Cursor { x: 3.0, y: 4.0, color: 0xff_00_00 }).unwrap();
    until(&mut cursors, |change| matches!(change, SyncChange::Change { key, .. } if **key == me)).await;
    seen.set(&me, &Cursor { x: 0.0, y: 0.0, color: 0 }).unwrap();
    until(&mut cursors, |change| matches!(change, SyncChange::Reject { .. })).await;
    bob.close();
    until(&mut cursors, |change| matches!(change, SyncChange::Delete { key, .. } if **key == me)).await;
    server.shutdown().await;
    serving.await.unwrap();

    let (_server, _serving, url) = serve(&path).await;
    let ann = connect(&url).await;
    let strokes = ann.shared_object("strokes", SharedObjectOptions::new().persistent(true)).await.unwrap();
    assert_eq!(strokes.get::<Stroke>("1").unwrap(), Some(stroke));
    let mut events = strokes.events();
    ann.call::<()>("whiteboard.wipe", ()).await.unwrap();
    until(&mut events, |change| matches!(change, SyncChange::Clear | SyncChange::Delete { .. })).await;
    assert!(strokes.slots().is_empty());
}

#[tokio::test]
async fn a_websocket_client_draws_on_the_same_board() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _serving, url) = serve(&directory.path().join("whiteboard.redb")).await;
    let app = whiteboard::http(&server, directory.path().join("none.swf"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ws_url = format!("ws://{}/rtmp", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let ann = connect(&url).await;
    let bob = NetConnection::builder(&url).unwrap().connect_with_stream(tunnel(&ws_url).await).await.unwrap();
    let anns = ann.shared_object("strokes", SharedObjectOptions::new().persistent(true)).await.unwrap();
    let mut heard = anns.events();
    anns.set("1", &Stroke { color: 1, points: vec![0.0, 0.0] }).unwrap();
    until(&mut heard, |change| matches!(change, SyncChange::Success { .. })).await;

    // A client that connects later receives the stroke. Its own strokes reach the first client.
    let bobs = bob.shared_object("strokes", SharedObjectOptions::new().persistent(true)).await.unwrap();
    assert_eq!(bobs.get::<Stroke>("1").unwrap().unwrap().color, 1);
    let long = Stroke { color: 2, points: vec![0.5; 1024] };
    bobs.set("2", &long).unwrap();
    until(&mut heard, |change| matches!(change, SyncChange::Change { key, .. } if &**key == "2")).await;
    assert_eq!(anns.get::<Stroke>("2").unwrap(), Some(long.clone()));
    let mut said = bobs.events();
    bobs.set("2", &Stroke { points: vec![0.5; 1026], ..long.clone() }).unwrap();
    until(&mut said, |change| matches!(change, SyncChange::Reject { .. })).await;
    assert_eq!(bobs.get::<Stroke>("2").unwrap(), Some(long));
    bob.call::<()>("whiteboard.wipe", ()).await.unwrap();
    until(&mut heard, |change| matches!(change, SyncChange::Clear)).await;
    until(&mut said, |change| matches!(change, SyncChange::Clear)).await;
}

#[tokio::test]
async fn the_page_has_the_movie_when_it_is_compiled() {
    let directory = tempfile::tempdir().unwrap();
    let server =
        whiteboard::server(RedbStore::open(directory.path().join("whiteboard.redb")).unwrap()).unwrap();
    let movie = directory.path().join("movie.swf");
    let app = whiteboard::http(&server, &movie);
    let visit = async |path: &str| {
        let answer = app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
        (answer.status(), kind, to_bytes(answer.into_body(), 1 << 20).await.unwrap())
    };

    let (status, kind, page) = visit("/").await;
    assert_eq!((status, kind.unwrap().to_str().unwrap()), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(String::from_utf8_lossy(&page).contains("whiteboard.swf"));
    assert_eq!(visit("/whiteboard.swf").await.0, StatusCode::NOT_FOUND);
    std::fs::write(&movie, "FWS").unwrap();
    let (status, kind, bytes) = visit("/whiteboard.swf").await;
    assert_eq!((status, &*bytes), (StatusCode::OK, &b"FWS"[..]));
    assert_eq!(kind.unwrap(), "application/x-shockwave-flash");
}
