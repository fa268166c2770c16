//! Clients that make a server hold memory, within a small budget: the one that holds most is disconnected, an honest
//! client notices nothing, and everything that was charged is returned.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::{CallError, Client, Group, MemoryBudget, Services, Version, remoting_service};
use amf_rtmp::{ConnectError, DisconnectReason, NetConnection, Server};
use peer::{TIMEOUT, command, member, message};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{sleep, timeout};

const MIB: usize = 1 << 20;
/// What one read takes at most, and what rounding each part of a connection may leave out.
const SLACK: usize = 64 << 10;

#[derive(Default)]
struct Room {
    clients: Arc<Mutex<Vec<Client>>>,
    group: Group,
}

#[remoting_service(name = "test")]
impl Room {
    fn echo(&self, number: f64) -> f64 {
        number
    }

    fn join(&self, client: &Client) {
        self.group.add(client);
        self.clients.lock().unwrap().push(client.clone());
    }

    fn length(&self, text: String) -> f64 {
        text.len() as f64
    }

    fn bytes(&self, count: f64) -> String {
        "x".repeat(count as usize)
    }

    /// Holds its argument.
    async fn keep(&self, text: String) {
        std::future::pending::<()>().await;
        drop(text);
    }
}

struct TestServer {
    server: Server,
    budget: MemoryBudget,
    clients: Arc<Mutex<Vec<Client>>>,
    group: Group,
    reasons: Arc<Mutex<Vec<DisconnectReason>>>,
    peak: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl TestServer {
    fn new(max_bytes: usize) -> Self {
        let budget = MemoryBudget::new(max_bytes);
        let room = Room::default();
        let (clients, group) = (Arc::clone(&room.clients), room.group.clone());
        let reasons = Arc::<Mutex<Vec<_>>>::default();
        let server = Server::new(Services::new().memory_budget(budget.clone()).add(room)).on_disconnect({
            let reasons = Arc::clone(&reasons);
            move |gone| {
                reasons.lock().unwrap().push(gone.reason().clone());
                std::future::ready(())
            }
        });
        let (peak, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        std::thread::spawn({
            let (budget, peak, is_over) = (budget.clone(), Arc::clone(&peak), Arc::clone(&is_over));
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    peak.fetch_max(budget.used_bytes(), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_micros(100));
                }
            }
        });
        Self { server, budget, clients, group, reasons, peak, is_over }
    }

    /// A pipe to the server that holds little, so that what is not read waits in the server.
    fn open(&self) -> DuplexStream {
        let (near, far) = duplex(4 << 10);
        tokio::spawn(self.server.serve_stream(far, None));
        near
    }

    async fn honest(&self) -> NetConnection {
        let builder = NetConnection::builder("rtmp://test/test").unwrap();
        timeout(TIMEOUT, builder.connect_with_stream(self.open())).await.unwrap().unwrap()
    }

    /// A peer that is connected, and reads nothing from now on.
    async fn peer(&self) -> DuplexStream {
        let mut stream = self.open();
        connect(&mut stream).await;
        stream
    }

    /// A peer that the program may notify.
    async fn listener(&self) -> (DuplexStream, Client) {
        let mut stream = self.peer().await;
        let before = self.clients.lock().unwrap().len();
        stream.write_all(&command("test.join", 2.0, b"\x05")).await.unwrap();
        read_until(&mut stream, b"_result").await;
        (stream, self.clients.lock().unwrap()[before].clone())
    }

    /// Waits until no less is in use, and no more than the slack beyond it.
    async fn uses(&self, bytes: usize) {
        self.becomes(|used| (bytes..=bytes + SLACK).contains(&used), &bytes.to_string()).await;
    }

    async fn becomes(&self, is_met: impl Fn(usize) -> bool, what: &str) {
        let met = async {
            while !is_met(self.budget.used_bytes()) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(timeout(TIMEOUT, met).await.is_ok(), "{} in use, not {what}", self.budget.used_bytes());
    }

    async fn has_shed(&self, count: usize) {
        let shed = async {
            while self.reasons.lock().unwrap().len() < count {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(TIMEOUT, shed).await.unwrap();
        let reasons = self.reasons.lock().unwrap();
        assert_eq!(reasons.len(), count, "{reasons:?}");
        assert!(reasons.iter().all(|reason| matches!(reason, DisconnectReason::MemoryBudget)), "{reasons:?}");
    }

    /// Returns when exactly so much is in use. No more than the budget and one message ever was.
    async fn returns_to(&self, bytes: usize, one_message: usize) {
        self.becomes(|used| used == bytes, &bytes.to_string()).await;
        let (peak, max) = (self.peak.load(Ordering::Relaxed), self.budget.max_bytes());
        assert!(peak <= max + one_message, "{peak} bytes were in use, with a budget of {max}");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Shakes hands and connects.
async fn connect(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(&[&[3], [0; 3072].as_slice()].concat()).await.unwrap();
    timeout(TIMEOUT, stream.read_exact(&mut [0; 3073])).await.unwrap().unwrap();
    let object = [&[3][..], &member("app", "test"), &[0, 0, 9]].concat();
    stream.write_all(&command("connect", 1.0, &object)).await.unwrap();
    read_until(stream, b"NetConnection.Connect.Success").await;
    // The end of the object.
    let mut rest = [0; 256];
    while let Ok(Ok(1..)) = timeout(Duration::from_millis(5), stream.read(&mut rest)).await {}
}

async fn read_until(stream: &mut (impl AsyncRead + Unpin), wanted: &[u8]) {
    let mut bytes = Vec::new();
    let found = async {
        while !bytes.windows(wanted.len()).any(|window| window == wanted) {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "closed");
        }
    };
    timeout(TIMEOUT, found).await.unwrap();
}

/// Reads to the end, and returns how much came.
async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> usize {
    let mut bytes = Vec::new();
    timeout(TIMEOUT, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    bytes.len()
}

async fn echoes(honest: &NetConnection) {
    let echoed: f64 = timeout(TIMEOUT, honest.call("test.echo", (7,))).await.unwrap().unwrap();
    assert_eq!(echoed as u32, 7);
}

/// Audio of 7 MiB on a chunk stream, of which so many bytes come, in chunks of 64 KiB.
fn unfinished(bytes: usize) -> Vec<u8> {
    let mut input = message(1, &(64_u32 << 10).to_be_bytes());
    input.extend([4, 0, 0, 0, 0x70, 0, 0, 8, 0, 0, 0, 0]);
    for (index, chunk) in vec![0; bytes].chunks(64 << 10).enumerate() {
        if index > 0 {
            input.push(0xC4);
        }
        input.extend_from_slice(chunk);
    }
    input
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_messages() {
    let served = TestServer::new(8 * MIB);
    let honest = served.honest().await;
    let base = served.budget.used_bytes();
    let mut peers = Vec::new();
    for _ in 0..4 {
        peers.push(served.peer().await);
    }
    let connected = served.budget.used_bytes();
    let mut held = 0;
    for (peer, bytes) in peers.iter_mut().zip([3 * MIB, 2 * MIB, MIB]) {
        peer.write_all(&unfinished(bytes)).await.unwrap();
        held += bytes;
        served.uses(connected + held).await;
    }
    // With the last one it is too much, and the first holds most.
    let mut last = peers.pop().unwrap();
    last.write_all(&unfinished(5 * MIB / 2)).await.unwrap();
    served.has_shed(1).await;
    assert_eq!(read_to_end(&mut peers[0]).await, 0);
    served.becomes(|used| used < 6 * MIB + SLACK, "less than 6 MiB").await;
    assert_eq!(served.server.counters().connections, 4);
    echoes(&honest).await;
    // A message that is given up is no longer charged (RTMP §5.4.2).
    last.write_all(&message(2, &[0, 0, 0, 4])).await.unwrap();
    served.becomes(|used| used < 7 * MIB / 2 + SLACK, "less than 3.5 MiB").await;
    drop((peers, last));
    served.returns_to(base, 4 * SLACK).await;
    echoes(&honest).await;
}

#[tokio::test]
async fn notifications_that_are_not_read() {
    let served = TestServer::new(8 * MIB - 4_096);
    let honest = served.honest().await;
    let base = served.budget.used_bytes();
    let mut listeners = Vec::new();
    for _ in 0..4 {
        listeners.push(served.listener().await);
    }
    let connected = served.budget.used_bytes();
    let text = "x".repeat(MIB);
    let notify = |index: usize| listeners[index].1.notify("said", (&text,));
    // No task runs in the meantime: the queues are charged by themselves.
    for (index, count) in [3, 2, 1].into_iter().enumerate() {
        for _ in 0..count {
            notify(index).unwrap();
        }
    }
    let used = served.budget.used_bytes();
    assert!((connected + 6 * MIB..connected + 6 * MIB + SLACK).contains(&used), "{used}");
    notify(3).unwrap();
    // What the first holds is not free yet, so this is refused.
    assert!(matches!(notify(3), Err(CallError::Full)));
    assert!(served.budget.used_bytes() < 8 * MIB);
    assert!(matches!(notify(0), Err(CallError::Gone)));
    served.has_shed(1).await;
    served.uses(connected + 4 * MIB - SLACK).await;
    notify(3).unwrap();
    echoes(&honest).await;
    // It gets nothing further than what was in the pipe.
    assert!(read_to_end(&mut listeners[0].0).await <= 4 << 10);
    assert_eq!(served.server.counters().connections, 4);
    drop(listeners);
    served.clients.lock().unwrap().clear();
    served.returns_to(base, MIB + SLACK).await;
    echoes(&honest).await;
}

#[tokio::test]
async fn a_burst_to_many_clients_stays_within_the_budget() {
    let served = TestServer::new(8 * MIB);
    let honest = served.honest().await;
    let base = served.budget.used_bytes();
    let mut listeners = Vec::new();
    for _ in 0..50 {
        listeners.push(served.listener().await);
    }
    let text = "x".repeat(MIB);
    let mut refused = 0;
    for (_, client) in listeners.iter().cycle().take(1_000) {
        refused += usize::from(client.notify("said", (&text,)).is_err());
        let used = served.budget.used_bytes();
        assert!(used <= 8 * MIB, "{used}");
    }
    assert!((985..1_000).contains(&refused), "{refused}");
    drop(listeners);
    served.clients.lock().unwrap().clear();
    served.returns_to(base, MIB + SLACK).await;
    echoes(&honest).await;
}

#[tokio::test]
async fn a_message_for_many_clients_is_charged_once() {
    const LENGTH: usize = 100 << 10;
    let served = TestServer::new(4 * MIB);
    let mut listeners = Vec::new();
    for _ in 0..200 {
        listeners.push(served.listener().await);
    }
    let before = served.budget.used_bytes();
    let text = "x".repeat(LENGTH);
    served.group.notify("said", (&text,)).unwrap();
    let charged = || served.budget.used_bytes() - before;
    // As a message and in chunks.
    assert!((2 * LENGTH..2 * LENGTH + 2_000).contains(&charged()), "{}", charged());
    // The tasks take it, and their sockets take the beginning.
    sleep(Duration::from_millis(50)).await;
    assert!((2 * LENGTH..2 * LENGTH + 2_000).contains(&charged()), "{}", charged());
    let last = listeners.pop().unwrap();
    for (stream, _) in &mut listeners {
        let mut bytes = vec![0; LENGTH];
        timeout(TIMEOUT, stream.read_exact(&mut bytes)).await.unwrap().unwrap();
    }
    assert!(charged() >= 2 * LENGTH);
    drop(last);
    // The one that went held its connect command, too.
    served.becomes(|used| used < before + SLACK, "what it was before").await;
    assert_eq!(served.server.counters().connections, 199);
}

#[tokio::test]
async fn replies_that_are_not_read() {
    let served = TestServer::new(8 * MIB);
    let honest = served.honest().await;
    let base = served.budget.used_bytes();
    let mut peers = Vec::new();
    let bytes = [&[5, 0][..], &(MIB as f64).to_be_bytes()].concat();
    let call = command("test.bytes", 2.0, &bytes);
    for _ in 0..20 {
        peers.push(served.peer().await);
    }
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.write_all(&call.repeat(2)).await.unwrap();
        if index < 3 {
            served
                .becomes(|used| used >= base + (index + 1) * (2 * MIB - SLACK), "two replies for each")
                .await;
        }
    }
    let shed = async {
        while served.reasons.lock().unwrap().is_empty() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(TIMEOUT, shed).await.unwrap();
    let reasons = served.reasons.lock().unwrap().clone();
    assert!(reasons.iter().all(|reason| matches!(reason, DisconnectReason::MemoryBudget)), "{reasons:?}");
    drop(peers);
    // One turn of a connection brings both replies.
    served.returns_to(base, 2 * MIB + SLACK).await;
    echoes(&honest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arguments_of_calls_in_flight() {
    let served = TestServer::new(8 * MIB);
    let honest = served.honest().await;
    let base = served.budget.used_bytes();
    let text = [&[5, 12][..], &(900_u32 << 10).to_be_bytes(), &vec![b'x'; 900 << 10]].concat();
    let mut peers = Vec::new();
    for _ in 0..5 {
        peers.push(served.peer().await);
    }
    let mut held = base;
    for (peer, count) in peers.iter_mut().zip([3, 1, 1]) {
        for _ in 0..count {
            peer.write_all(&command("test.keep", 0.0, &text)).await.unwrap();
            // One after another: before its arguments are decoded, a call is charged for the most that they may take.
            held += 900 << 10;
            served.becomes(|used| (held..held + MIB / 2).contains(&used), "the arguments").await;
        }
    }
    // Further calls would be refused beyond 90 %, but not their bytes.
    for peer in &mut peers[1..] {
        peer.write_all(&unfinished(MIB)).await.unwrap();
    }
    served.has_shed(1).await;
    assert_eq!(read_to_end(&mut peers[0]).await, 0);
    echoes(&honest).await;
    drop(peers);
    served.returns_to(base, MIB + SLACK).await;
}

/// A connect command holds its values for as long as the client is connected.
#[tokio::test]
async fn connect_commands() {
    let served = TestServer::new(4 * MIB);
    let mut stream = served.open();
    stream.write_all(&[&[3], [0; 3072].as_slice()].concat()).await.unwrap();
    timeout(TIMEOUT, stream.read_exact(&mut [0; 3073])).await.unwrap().unwrap();
    // 32,000 times null in an array.
    let object = [&[3][..], &member("app", "test"), &[0, 0, 9]].concat();
    let array = [vec![10, 0, 0, 0x7D, 0], vec![5; 32_000]].concat();
    stream.write_all(&command("connect", 1.0, &[object, array].concat())).await.unwrap();
    read_until(&mut stream, b"NetConnection.Connect.Success").await;
    let used = served.budget.used_bytes();
    assert!((16 * 32_000 - 4_096..16 * 33_000).contains(&used), "{used}");
    drop(stream);
    served.returns_to(0, 0).await;
}

#[tokio::test]
async fn connections_are_refused_at_80_percent() {
    let served = TestServer::new(100 * 4_096);
    let charge = served.budget.charge(79 * 4_096);
    let honest = served.honest().await;
    let used = served.budget.used_bytes();
    let filled = served.budget.charge(80 * 4_096 - used);
    let address = listen(&served).await;
    let connect = async || {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        NetConnection::builder("rtmp://test/test").unwrap().connect_with_stream(stream).await
    };
    // The first connections from an address have the rest of the budget.
    let mut newcomers = Vec::new();
    for _ in 0..4 {
        newcomers.push(connect().await.unwrap());
    }
    echoes(&newcomers[3]).await;
    let Err(ConnectError::Rejected(status)) = connect().await else { panic!("accepted") };
    assert_eq!(status.code(), "NetConnection.Connect.Rejected");
    assert_eq!(
        status.description(),
        "the server holds as much as it may, the limit `memory_budget` of 409600 bytes"
    );
    echoes(&honest).await;
    drop((charge, filled));
    served.honest().await;
}

/// An address of the server.
async fn listen(served: &TestServer) -> std::net::SocketAddr {
    let bound = served.server.clone().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    address
}

#[tokio::test]
async fn large_calls_are_refused_beyond_90_percent() {
    let served = TestServer::new(100 * 4_096);
    let builder = NetConnection::builder("rtmp://test/test").unwrap().encoding(Version::Amf0);
    let honest = builder.connect_with_stream(served.open()).await.unwrap();
    // The name takes 14 bytes, the number 9, the object 1, the text 3 more.
    let [short, long] = [4_095, 4_096].map(|bytes| "x".repeat(bytes - 27));
    let call = async |text: &str| honest.call::<f64>("test.length", (text,)).await;
    let mut charge = served.budget.charge(0);
    let used = served.budget.used_bytes();
    charge.set(90 * 4_096 - used);
    call(&long).await.unwrap();
    charge.set(90 * 4_096 - used + 1);
    call(&short).await.unwrap();
    echoes(&honest).await;
    let refused = call(&long).await;
    let Err(CallError::Fault(fault)) = refused else { panic!("{refused:?}") };
    assert_eq!(fault.code(), "Server.Overloaded");
    assert_eq!(
        fault.message(),
        "the server holds as much as it may, the limit `memory_budget`, try again later"
    );
    charge.set(0);
    call(&long).await.unwrap();
}

/// Clients that hold between 90 and 100 % keep others from large calls for a second, not for as long as they like.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_calls_are_accepted_again_after_a_second() {
    let served = TestServer::new(8 * MIB);
    let honest = served.honest().await;
    let mut peers = Vec::new();
    for bytes in [4 * MIB, 3 * MIB + 512 * 1024] {
        let mut peer = served.peer().await;
        peer.write_all(&unfinished(bytes)).await.unwrap();
        peers.push(peer);
    }
    served.becomes(|used| used >= 15 * MIB / 2, "more than 90 %").await;
    let text = "x".repeat(8_000);
    let start = std::time::Instant::now();
    let accepted = async {
        while honest.call::<f64>("test.length", (&text,)).await.is_err() {
            echoes(&honest).await;
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(TIMEOUT, accepted).await.unwrap();
    assert!(start.elapsed() > Duration::from_millis(900), "after {:?}", start.elapsed());
    served.has_shed(1).await;
    assert_eq!(read_to_end(&mut peers[0]).await, 0);
    drop(peers);
}

#[cfg(feature = "tunnel")]
mod tunnels {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use bytes::Bytes;
    use futures_util::StreamExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;
    use tower::ServiceExt;

    use super::*;

    async fn serve(served: &TestServer) -> std::net::SocketAddr {
        let app = Router::new().route("/rtmp", served.server.websocket());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        address
    }

    /// The head of the response to an opening handshake.
    async fn upgrade(socket: &mut TcpStream) -> String {
        let request = "GET /rtmp HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// The header of a binary message (RFC 6455 §5.2), masked with zeros, which change nothing.
    fn frame_header(length: usize) -> Vec<u8> {
        [&[0x82, 0xFF][..], &(length as u64).to_be_bytes(), &[0; 4]].concat()
    }

    async fn send(socket: &mut TcpStream, bytes: &[u8]) {
        socket.write_all(&[&frame_header(bytes.len()), bytes].concat()).await.unwrap();
    }

    async fn websocket(address: std::net::SocketAddr) -> TcpStream {
        let mut socket = TcpStream::connect(address).await.unwrap();
        assert!(upgrade(&mut socket).await.starts_with("HTTP/1.1 101"));
        send(&mut socket, &[&[3][..], &[0; 3072]].concat()).await;
        let object = [&[3][..], &member("app", "test"), &[0, 0, 9]].concat();
        send(&mut socket, &command("connect", 1.0, &object)).await;
        read_until(&mut socket, b"NetConnection.Connect.Success").await;
        socket
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn unfinished_websocket_messages() {
        let served = TestServer::new(2 * MIB);
        let address = serve(&served).await;
        let honest = served.honest().await;
        let base = served.budget.used_bytes();
        let mut sockets = Vec::new();
        for _ in 0..3 {
            sockets.push(websocket(address).await);
        }
        let connected = served.budget.used_bytes();
        for (socket, kib, sum) in [(0, 900, 900), (1, 600, 1_500)] {
            sockets[socket].write_all(&frame_header(MIB)).await.unwrap();
            sockets[socket].write_all(&vec![0; kib << 10]).await.unwrap();
            served.becomes(|used| used + (8 << 10) >= connected + (sum << 10), "the messages").await;
        }
        let mut last = sockets.pop().unwrap();
        last.write_all(&frame_header(MIB)).await.unwrap();
        last.write_all(&vec![0; 700 << 10]).await.unwrap();
        served.has_shed(1).await;
        // Lost without a closing frame.
        let mut rest = Vec::new();
        let _ = timeout(TIMEOUT, sockets[0].read_to_end(&mut rest)).await.unwrap();
        assert!(rest.len() < 512, "{}", rest.len());
        echoes(&honest).await;
        assert_eq!(served.server.counters().connections, 3);
        drop((sockets, last));
        served.returns_to(base, 4 * SLACK).await;
        echoes(&honest).await;
    }

    async fn post(app: &Router, path: &str, body: impl Into<Body>) -> (u16, Bytes) {
        let request = Request::post(path).body(body.into()).unwrap();
        let response = timeout(TIMEOUT, app.clone().oneshot(request)).await.unwrap().unwrap();
        (response.status().as_u16(), to_bytes(response.into_body(), 1 << 20).await.unwrap())
    }

    async fn tunnel(app: &Router) -> String {
        let (status, id) = post(app, "/open/1", "").await;
        assert_eq!(status, 200);
        let id = String::from_utf8(id.to_vec()).unwrap().trim().to_owned();
        let c0_c1 = [&[3][..], &[0; 1536]].concat();
        assert_eq!(post(app, &format!("/send/{id}/1"), c0_c1).await.0, 200);
        let object = [&[3][..], &member("app", "test"), &[0, 0, 9]].concat();
        let connect = [vec![0; 1536], command("connect", 1.0, &object)].concat();
        assert_eq!(post(app, &format!("/send/{id}/2"), connect).await.0, 200);
        id
    }

    /// A request whose body has begun.
    fn begin(
        app: &Router,
        id: &str,
        bytes: usize,
    ) -> (mpsc::Sender<Bytes>, tokio::task::JoinHandle<(u16, Bytes)>) {
        let (body_tx, mut body_rx) = mpsc::channel(1);
        body_tx.try_send(Bytes::from(vec![0; bytes])).unwrap();
        let frames = futures_util::stream::poll_fn(move |cx| body_rx.poll_recv(cx));
        let body = Body::from_stream(frames.map(Ok::<_, std::convert::Infallible>));
        let (app, path) = (app.clone(), format!("/send/{id}/3"));
        (body_tx, tokio::spawn(async move { post(&app, &path, body).await }))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn unfinished_rtmpt_requests() {
        let served = TestServer::new(2 * MIB);
        let app = served.server.rtmpt();
        let honest = served.honest().await;
        let base = served.budget.used_bytes();
        let ids = [tunnel(&app).await, tunnel(&app).await, tunnel(&app).await];
        let connected = served.budget.used_bytes();
        let (first_tx, first) = begin(&app, &ids[0], 900 << 10);
        served.uses(connected + (900 << 10)).await;
        let (second_tx, second) = begin(&app, &ids[1], 600 << 10);
        served.uses(connected + (1_500 << 10)).await;
        let (third_tx, third) = begin(&app, &ids[2], 700 << 10);
        served.has_shed(1).await;
        let (status, _) = timeout(TIMEOUT, first).await.unwrap().unwrap();
        assert_eq!(status, 404);
        assert_eq!(post(&app, &format!("/idle/{}/3", ids[0]), vec![0]).await.0, 404);
        echoes(&honest).await;
        assert_eq!(served.server.counters().connections, 3);
        // The others send the rest, which is no RTMP.
        drop((first_tx, second_tx, third_tx));
        for request in [second, third] {
            assert_eq!(timeout(TIMEOUT, request).await.unwrap().unwrap().0, 200);
        }
        for id in &ids[1..] {
            let _ = post(&app, &format!("/close/{id}/4"), vec![0]).await;
        }
        served.returns_to(base, MIB).await;
        echoes(&honest).await;
    }

    /// What the pipe, the reply that is kept and the queue hold is returned with the connection.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn tunnels_whose_output_is_not_read() {
        let served = TestServer::new(6 * MIB);
        let app = served.server.rtmpt();
        let address = serve(&served).await;
        let honest = served.honest().await;
        let base = served.budget.used_bytes();
        let id = tunnel(&app).await;
        post(&app, &format!("/send/{id}/3"), command("test.join", 2.0, b"\x05")).await;
        let mut socket = websocket(address).await;
        send(&mut socket, &command("test.join", 2.0, b"\x05")).await;
        read_until(&mut socket, b"_result").await;
        let clients = served.clients.lock().unwrap().clone();
        let text = "x".repeat(MIB);
        for _ in 0..3 {
            clients[0].notify("said", (&text,)).unwrap();
        }
        served.becomes(|used| used >= base + 3 * MIB, "the queue").await;
        // 64 KiB in the reply that is kept, and more in the pipe again.
        assert!(post(&app, &format!("/idle/{id}/4"), vec![0]).await.1.len() > 60 << 10);
        served.becomes(|used| used >= base + 3 * MIB, "the queue and the reply").await;
        // A socket takes some, so this one is given what it takes.
        let mut sent = 0;
        while clients[1].is_open() && clients[0].is_open() {
            if clients[1].notify("said", (&text,)).is_err() {
                sleep(Duration::from_millis(1)).await;
            }
            sent += 1;
            assert!(sent < 20_000, "nobody was disconnected");
        }
        served.has_shed(1).await;
        echoes(&honest).await;
        drop((clients, socket));
        served.clients.lock().unwrap().clear();
        post(&app, &format!("/close/{id}/5"), vec![0]).await;
        served.returns_to(base, MIB + SLACK).await;
        echoes(&honest).await;
    }

    #[tokio::test]
    async fn tunnels_are_refused_at_80_percent() {
        let served = TestServer::new(100 * 4_096);
        let address = serve(&served).await;
        let charge = served.budget.charge(80 * 4_096);
        // The first connections from an address have the rest of the budget.
        let mut newcomers = Vec::new();
        for _ in 0..4 {
            newcomers.push(websocket(address).await);
        }
        let mut socket = TcpStream::connect(address).await.unwrap();
        assert!(upgrade(&mut socket).await.starts_with("HTTP/1.1 503"));
        assert_eq!(post(&served.server.rtmpt(), "/open/1", "").await.0, 503);
        drop(charge);
        websocket(address).await;
        tunnel(&served.server.rtmpt()).await;
    }
}
