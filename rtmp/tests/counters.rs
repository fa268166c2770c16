//! What is counted of connections, bytes, messages, calls and limits.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use amf_remoting::{Services, remoting_service};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::{Server, SharedObjectLimits, SharedObjectOptions, SharedObjects};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use peer::{LONG_TIMEOUT, TIMEOUT, closed, command, connected, flood, handshaken, message, raw, read_until};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

struct Test;

#[remoting_service(name = "test")]
impl Test {
    fn echo(&self, text: String) -> String {
        text
    }

    async fn stay(&self) {
        std::future::pending::<()>().await;
    }
}

/// Counts what this thread does: the server's tasks run on it.
struct Counters {
    snapshotter: Snapshotter,
    counted: BTreeMap<String, f64>,
    _recorder: metrics::LocalRecorderGuard<'static>,
}

impl Counters {
    fn start() -> Self {
        let recorder = Box::leak(Box::new(DebuggingRecorder::new()));
        let snapshotter = recorder.snapshotter();
        let guard = metrics::set_default_local_recorder(recorder);
        Self { snapshotter, counted: BTreeMap::new(), _recorder: guard }
    }

    /// The value now, as `name{label=value}`.
    fn value(&mut self, name: &str) -> f64 {
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let key = key.key();
            let labels: Vec<_> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let name = format!("{}{{{}}}", key.name(), labels.join(","));
            match value {
                // A snapshot takes counters away.
                DebugValue::Counter(more) => *self.counted.entry(name).or_default() += more as f64,
                DebugValue::Gauge(now) => drop(self.counted.insert(name, now.into_inner())),
                // Those of the calls, if that is counted too.
                DebugValue::Histogram(_) => {}
            }
        }
        self.counted.get(name).copied().unwrap_or_default()
    }

    /// Waits until the value is this.
    async fn wait_for(&mut self, name: &str, expected: f64) {
        let start = Instant::now();
        while (self.value(name) - expected).abs() > 0.5 {
            assert!(start.elapsed() < TIMEOUT, "{name} is not {expected}: {:?}", self.counted);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until this limit was passed once.
    async fn wait_for_limit(&mut self, limit: &str) {
        self.wait_for(&format!("amf_limits_exceeded_total{{limit={limit}}}"), 1.0).await;
    }

    /// Waits until this limit has ended the only connection.
    async fn wait_for_end_by(&mut self, limit: &str) {
        self.wait_for_limit(limit).await;
        self.wait_for_no_connections().await;
    }

    async fn wait_for_no_connections(&mut self) {
        self.wait_for("amf_rtmp_connections{}", 0.0).await;
    }
}

async fn serve(limits: Limits, max: usize) -> SocketAddr {
    let server = Server::new(Services::new().add(Test)).config(Config::server().with_limits(limits));
    let bound = server.max_connections(max).pending_refusals(0).bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    address
}

#[tokio::test]
async fn connections_bytes_messages_and_calls_are_counted() {
    let mut counters = Counters::start();
    let server = serve(Limits::server(), 10).await;
    let mut socket = handshaken(server).await;
    counters.wait_for("amf_rtmp_connections{}", 1.0).await;
    counters.wait_for("amf_rtmp_received_bytes_total{}", 3073.0).await;
    counters.wait_for("amf_rtmp_sent_bytes_total{}", 3073.0).await;

    // connect with {app: "test"}: 02 0004 "test" and the member's name behind the object's marker.
    let connect = command("connect", 1.0, b"\x03\0\x03app\x02\0\x04test\0\0\x09");
    socket.write_all(&connect).await.unwrap();
    // The reply's last member is objectEncoding, 0: a number of 9 bytes, then the end of the object.
    let mut sent = read_until(&mut socket, b"objectEncoding\0\0\0\0\0\0\0\0\0\0\0\x09").await.len();
    counters.wait_for("amf_rtmp_received_messages_total{}", 1.0).await;
    // Window, bandwidth, chunk size, _result.
    counters.wait_for("amf_rtmp_sent_messages_total{}", 4.0).await;

    let calls =
        [command("test.echo", 2.0, b"\x05\x02\0\x03abc"), command("test.stay", 3.0, b"\x05")].concat();
    socket.write_all(&calls).await.unwrap();
    sent += read_until(&mut socket, b"\x02\0\x03abc").await.len();
    counters.wait_for("amf_rtmp_calls_in_flight{direction=in}", 1.0).await;
    counters.wait_for("amf_rtmp_received_messages_total{}", 3.0).await;
    counters.wait_for("amf_rtmp_sent_messages_total{}", 5.0).await;
    let received = 3073 + connect.len() + calls.len();
    counters.wait_for("amf_rtmp_received_bytes_total{}", received as f64).await;
    counters.wait_for("amf_rtmp_sent_bytes_total{}", (3073 + sent) as f64).await;

    // A ping without its number, a name that is no text, and a reply that nobody waits for.
    let ignored = [message(4, &[0, 6]), message(20, &[1, 1]), command("_result", 9.0, b"\x05")].concat();
    socket.write_all(&ignored).await.unwrap();
    counters.wait_for("amf_rtmp_ignored_messages_total{}", 3.0).await;

    drop(socket);
    counters.wait_for("amf_rtmp_ended_total{reason=disconnected}", 1.0).await;
    counters.wait_for("amf_rtmp_calls_in_flight{direction=in}", 0.0).await;
    counters.wait_for_no_connections().await;
    counters.wait_for("amf_rtmp_connections_total{}", 1.0).await;
}

#[tokio::test]
async fn exceeded_limits_are_counted_by_name() {
    let mut counters = Counters::start();
    let limits = Limits::server()
        .with_calls_in(2)
        .with_unsent_replies(8)
        .with_command_bytes(1_000)
        .with_chunk_streams(3)
        .with_handshake_timeout(Duration::from_millis(100))
        .with_connect_timeout(Duration::from_millis(100))
        .with_idle_timeout(Duration::from_millis(400));
    let server = serve(limits, 2).await;

    // Two are there, so a third is closed, and as no client is told why, it is closed at once.
    let two = [raw(server, &[]).await, raw(server, &[]).await];
    closed(&mut TcpStream::connect(server).await.unwrap()).await;
    counters.wait_for_limit("max_connections").await;
    counters.wait_for_limit("pending_refusals").await;
    drop(two);
    counters.wait_for_no_connections().await;

    closed(&mut raw(server, &[3]).await).await;
    counters.wait_for_end_by("handshake_timeout").await;
    closed(&mut handshaken(server).await).await;
    counters.wait_for_end_by("connect_timeout").await;
    closed(&mut connected(server).await).await;
    counters.wait_for_end_by("idle_timeout").await;
    counters.wait_for("amf_rtmp_ended_total{reason=idle_timeout}", 1.0).await;

    let wrong = |bytes: Vec<u8>| async move {
        let mut socket = connected(server).await;
        socket.write_all(&bytes).await.unwrap();
        closed(&mut socket).await;
    };
    wrong(message(20, &[2; 1_001])).await;
    counters.wait_for_end_by("command_bytes").await;
    // Chunk stream 3 is there; 4, 5 and 6 would make four.
    let on = |chunk_stream| [chunk_stream, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0];
    wrong([on(4), on(5), on(6)].concat()).await;
    counters.wait_for_end_by("chunk_streams").await;
    flood(connected(server).await, message(4, b"\0\x06\0\0\0\x01").repeat(100)).await;
    counters.wait_for_end_by("unsent_replies").await;
    // A third call that waits is answered at once, and ends nothing.
    let mut socket = connected(server).await;
    socket.write_all(&command("test.stay", 2.0, b"\x05").repeat(3)).await.unwrap();
    read_until(&mut socket, b"_error").await;
    counters.wait_for_limit("calls_in").await;
    drop(socket);
    counters.wait_for_no_connections().await;
    // What is nested too deep in a connect passes a limit of amf-core.
    let mut deep = handshaken(server).await;
    deep.write_all(&command("connect", 1.0, &[3, 0, 1, b'a'].repeat(100))).await.unwrap();
    closed(&mut deep).await;
    counters.wait_for_end_by("depth").await;
}

#[tokio::test]
async fn a_stalled_client_is_counted() {
    let mut counters = Counters::start();
    let limits = Limits::server().with_stall_timeout(Duration::from_millis(200));
    let server = serve(limits, 10).await;
    let mut socket = connected(server).await;
    let long = [&b"\x05\x0C\0\x04\0\0"[..], &vec![b'x'; 0x4_0000]].concat();
    let call = command("test.echo", 2.0, &long);
    // Its own bytes are taken as long as they can be; the replies are not read.
    while timeout(Duration::from_millis(50), socket.write_all(&call))
        .await
        .is_ok_and(|written| written.is_ok())
    {}
    let name = |limit| format!("amf_limits_exceeded_total{{limit={limit}}}");
    let start = Instant::now();
    while counters.value(&name("stall_timeout")) + counters.value(&name("unsent_reply_bytes")) < 0.5 {
        assert!(start.elapsed() < LONG_TIMEOUT, "{:?}", counters.counted);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    counters.wait_for_no_connections().await;
}

#[test]
fn every_metric_is_described() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        amf_rtmp::metrics::describe();
        metrics::gauge!("amf_rtmp_connections").set(0.0);
    });
    let described = snapshotter.snapshot().into_vec();
    assert!(described.iter().all(|(_, _, description, _)| description.is_some()));
}

#[tokio::test]
async fn exceeded_limits_of_shared_objects_are_counted() {
    let mut counters = Counters::start();
    let limits = SharedObjectLimits::new().with_slots(1).with_bytes(1_000).with_objects(1);
    let server = Server::new(Services::new()).shared_objects(SharedObjects::new().limits(limits));
    let instance = server.instance("game", "one").unwrap();
    let board = instance.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    board.set("a", &1).unwrap().await.unwrap();
    board.set("b", &1).unwrap().await.unwrap_err();
    counters.wait_for_limit("slots").await;
    board.set("a", &"x".repeat(1_000)).unwrap().await.unwrap_err();
    counters.wait_for_limit("bytes").await;
    instance.shared_object("another", SharedObjectOptions::new()).await.unwrap_err();
    counters.wait_for_limit("objects").await;
}

#[cfg(feature = "tunnel")]
#[tokio::test]
async fn exceeded_limits_of_tunnels_are_counted() {
    use axum::Router;
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::Message;

    let mut counters = Counters::start();
    let limits = amf_rtmp::TunnelLimits::new().with_message_bytes(1_537);
    let server = Server::new(Services::new()).tunnel_limits(limits);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/rtmp", server.websocket());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/rtmp")).await.unwrap();
    // C0 and C1 fit exactly.
    let mut hello = vec![0; 1_537];
    hello[0] = 3;
    socket.send(Message::binary(hello)).await.unwrap();
    counters.wait_for("amf_rtmp_received_bytes_total{}", 1_537.0).await;
    socket.send(Message::binary(vec![0; 1_538])).await.unwrap();
    counters.wait_for_end_by("message_bytes").await;
}
