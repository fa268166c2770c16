//! Clients that take replies slowly or not at all, and clients that send slowly, at the limits of `gateway::serve` and
//! beyond them. Connections are pipes, and the time is virtual.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, with their own helpers"
)]

mod support;

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use amf_remoting::gateway::{ServerConfig, ServerLimits, serve};
use amf_remoting::{Gateway, MemoryBudget};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{any, post};
use axum::serve::Listener;
use hyper_util::rt::TokioIo;
use support::bytes::*;
use support::counters::Counters;
use support::probe::Probe;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// What a pipe holds that stands for a socket.
const PIPE: usize = 1 << 10;
const LIMITS: ServerLimits = ServerLimits::new();

/// Accepts the ends of pipes.
struct Pipes(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Pipes {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(pipe) => (pipe, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

struct Place {
    budget: MemoryBudget,
    pipes: mpsc::UnboundedSender<DuplexStream>,
    counters: Counters,
}

impl Place {
    fn open(limits: ServerLimits) -> Self {
        Self::open_with(limits, Router::new())
    }

    fn open_with(limits: ServerLimits, routes: Router) -> Self {
        let counters = Counters::start();
        let budget = MemoryBudget::new(64 << 20);
        let services = Probe::default().services().memory_budget(budget.clone());
        let app = routes.merge(Gateway::new(services).into_router("/gateway"));
        let (pipes, accepted) = mpsc::unbounded_channel();
        let config = ServerConfig::new().limits(limits).memory_budget(budget.clone());
        tokio::spawn(serve(Pipes(accepted), app, config, std::future::pending()));
        Self { budget, pipes, counters }
    }

    fn connect(&self) -> DuplexStream {
        let (client, server) = duplex(PIPE);
        self.pipes.send(server).unwrap();
        client
    }

    /// Asks for a reply of some more bytes than this.
    async fn ask(&self, len: usize) -> DuplexStream {
        let mut client = self.connect();
        client.write_all(&echo(len)).await.unwrap();
        client
    }

    fn exceeded(&self) -> Vec<(String, u64)> {
        self.counters.take().into_iter().filter(|(name, _)| name.starts_with("amf_limits")).collect()
    }
}

fn limit(name: &str) -> Vec<(String, u64)> {
    vec![(format!("amf_limits_exceeded_total{{limit={name}}}"), 1)]
}

fn head(path: &str, more: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-amf\r\n{more}\r\n").into_bytes()
}

fn echo(len: usize) -> Vec<u8> {
    // AMF0 long string: marker 0C, u32 length.
    let text = [&[0x0C][..], &(len as u32).to_be_bytes(), &vec![b'x'; len]].concat();
    let packet = packet(0, &[message("probe.echo", "/1", &arguments(&[text]))]);
    [head("/gateway", &format!("content-length: {}\r\n", packet.len())), packet].concat()
}

/// Reads so many bytes every so often, to the end. Gives how many, and how long it took.
async fn read_slowly(mut client: DuplexStream, bytes: usize, pause: Duration) -> (usize, Duration) {
    let (start, mut count, mut buffer) = (Instant::now(), 0, vec![0; bytes]);
    loop {
        sleep(pause).await;
        let mut part = 0;
        while part < bytes {
            // What is there comes at once.
            match timeout(Duration::from_millis(1), client.read(&mut buffer[part..])).await {
                Ok(Ok(read @ 1..)) => part += read,
                Ok(_) => return (count + part, start.elapsed()),
                Err(_) => break,
            }
        }
        count += part;
        if part == 0 {
            return (count, start.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_disconnected() {
    let place = Place::open(LIMITS);
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(place.ask(1_000_000).await);
    }
    sleep(Duration::from_millis(9_999)).await;
    // Rounded up to 4 KiB, without the parts that were handed to hyper.
    assert!(place.budget.used_bytes() > 3_000_000, "{}", place.budget.used_bytes());
    assert_eq!(place.exceeded(), []);
    sleep(Duration::from_millis(2)).await;
    assert_eq!(place.exceeded(), [("amf_limits_exceeded_total{limit=write_stall_timeout}".to_owned(), 3)]);
    assert_eq!(place.budget.used_bytes(), 0);
    for mut client in clients {
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), PIPE);
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_up_to_the_stall_timeout() {
    // The rate is no matter here.
    let place = Place::open(LIMITS.with_write_rate(0));
    let (read, _) = read_slowly(place.ask(20_000).await, PIPE, Duration::from_millis(9_990)).await;
    assert!(read > 20_000, "{read}");
    assert_eq!((place.exceeded(), place.budget.used_bytes()), (vec![], 0));
    let (read, _) = read_slowly(place.ask(20_000).await, PIPE, Duration::from_millis(10_010)).await;
    assert!(read < 20_000, "{read}");
    assert_eq!((place.exceeded(), place.budget.used_bytes()), (limit("write_stall_timeout"), 0));
}

#[tokio::test(start_paused = true)]
async fn clients_at_the_write_rate_and_below() {
    let place = Place::open(LIMITS);
    // As slow as is allowed, with breaks: 4 KiB/s in all.
    for (bytes, pause) in [(410, 100), (1_024, 250), (8 << 10, 2_000)] {
        let client = place.ask(400_000).await;
        let (read, _) = read_slowly(client, bytes, Duration::from_millis(pause - 1)).await;
        assert!(read > 400_000, "{bytes}: {read}");
        assert_eq!((place.exceeded(), place.budget.used_bytes()), (vec![], 0), "{bytes}");
    }
    // Half of it: the deficit of 30 s is reached after 60.
    let (read, time) = read_slowly(place.ask(400_000).await, 1_024, Duration::from_millis(499)).await;
    assert!(read < 400_000, "{read}");
    assert!((60..=62).contains(&time.as_secs()), "{time:?}");
    assert_eq!((place.exceeded(), place.budget.used_bytes()), (limit("write_rate"), 0));
    // A reply that is over within the grace period may be slower.
    let (read, _) = read_slowly(place.ask(20_000).await, 1_024, Duration::from_secs(1)).await;
    assert!(read > 20_000, "{read}");
    assert_eq!((place.exceeded(), place.budget.used_bytes()), (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn responses_that_the_server_writes_slowly_are_not_timed() {
    let ticks = || async {
        let ticks = futures_util::stream::unfold(0, |tick| async move {
            sleep(Duration::from_mins(1)).await;
            (tick < 5).then(|| (Ok::<_, Infallible>("tick"), tick + 1))
        });
        Body::from_stream(ticks)
    };
    let place = Place::open_with(LIMITS, Router::new().route("/ticks", any(ticks)));
    let mut client = place.connect();
    client.write_all(&head("/ticks", "connection: close\r\n")).await.unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).await.unwrap();
    assert_eq!(reply.matches("tick").count(), 5, "{reply}");
    assert_eq!(place.exceeded(), []);
}

#[tokio::test(start_paused = true)]
async fn upgraded_connections_are_not_timed() {
    let upgrade = |request: Request| async {
        tokio::spawn(async {
            let mut upgraded = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
            upgraded.write_all(&[b'x'; 10 * PIPE]).await.unwrap();
            let mut word = [0; 4];
            upgraded.read_exact(&mut word).await.unwrap();
            upgraded.write_all(&word).await.unwrap();
        });
        let headers = [("connection", "upgrade"), ("upgrade", "test")];
        (StatusCode::SWITCHING_PROTOCOLS, headers)
    };
    let place = Place::open_with(LIMITS, Router::new().route("/up", any(upgrade)));
    let mut client = place.connect();
    client.write_all(&head("/up", "connection: upgrade\r\nupgrade: test\r\n")).await.unwrap();
    // It neither reads nor writes for an hour.
    sleep(Duration::from_hours(1)).await;
    client.write_all(b"word").await.unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 101 ") && reply.ends_with("xxword"), "{}", reply.len());
    assert_eq!(place.exceeded(), []);
}

/// Sends a body of 10,000 bytes, so many of them every so often; gives the response and how long it took.
async fn send_slowly(place: &Place, path: &str, bytes: usize, pause: Duration) -> (String, Duration) {
    let mut client = place.connect();
    client.write_all(&head(path, "content-length: 10000\r\nconnection: close\r\n")).await.unwrap();
    let start = Instant::now();
    let (mut reading, mut writing) = tokio::io::split(client);
    let sending = async {
        for part in vec![b'x'; 10_000].chunks(bytes) {
            sleep(pause).await;
            if writing.write_all(part).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut reply = String::new();
    tokio::select! {
        () = sending => {}
        _ = reading.read_to_string(&mut reply) => {}
    }
    (reply, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn bodies_at_the_request_rate_and_below() {
    let count = post(|body: Bytes| async move { body.len().to_string() });
    let place = Place::open_with(LIMITS, Router::new().route("/count", count));
    let second = Duration::from_secs(1);
    let (reply, _) = send_slowly(&place, "/count", 1_024, second).await;
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("10000"), "{reply}");
    assert_eq!(place.exceeded(), []);
    // Whole within the grace period.
    let (reply, time) = send_slowly(&place, "/count", 512, Duration::from_millis(990)).await;
    assert!(reply.starts_with("HTTP/1.1 200 ") && time < 20 * second, "{time:?} {reply}");
    for (bytes, at) in [(100, 23), (1, 21)] {
        let (reply, time) = send_slowly(&place, "/count", bytes, second).await;
        assert!(reply.starts_with("HTTP/1.1 400 ") && reply.contains("limit `request_rate`"), "{reply}");
        assert!((20..at).contains(&time.as_secs()), "{time:?}");
        assert_eq!(place.exceeded(), limit("request_rate"));
    }
    // The gateway's own limit comes before.
    let (reply, time) = send_slowly(&place, "/gateway", 1, second).await;
    assert!(reply.starts_with("HTTP/1.1 408 ") && reply.contains("limit `body_rate`"), "{reply}");
    assert_eq!((time.as_secs(), place.exceeded()), (10, limit("body_rate")));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_does_not_read_its_body_is_not_timed() {
    let late = post(|request: Request| async {
        sleep(Duration::from_mins(10)).await;
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        body.len().to_string()
    });
    let place = Place::open_with(LIMITS, Router::new().route("/late", late));
    let (reply, _) = send_slowly(&place, "/late", 10_000, Duration::from_millis(1)).await;
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("10000"), "{reply}");
    assert_eq!(place.exceeded(), []);
}

#[tokio::test(start_paused = true)]
async fn heads_at_the_limit_and_more_than_a_read_beyond() {
    let place = Place::open(LIMITS.with_head_bytes(20_000));
    let sized = |len: usize| {
        let short = head("/gateway", "connection: close\r\nx: \r\n");
        head("/gateway", &format!("connection: close\r\nx: {}\r\n", "y".repeat(len - short.len())))
    };
    // It is checked after each read, which is of as much as a pipe holds.
    for (len, status, exceeded) in [(20_000, 400, vec![]), (20_001 + PIPE, 431, limit("head_bytes"))] {
        let client = place.connect();
        let (mut reading, mut writing) = tokio::io::split(client);
        let sent = sized(len);
        assert_eq!(sent.len(), len);
        let mut reply = String::new();
        let (_, _) = tokio::join!(writing.write_all(&sent), reading.read_to_string(&mut reply));
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{len}: {reply}");
        assert_eq!(place.exceeded(), exceeded, "{len}");
    }
}

#[tokio::test(start_paused = true)]
async fn connections_while_the_memory_budget_has_no_room() {
    let place = Place::open(LIMITS);
    let mut before = place.connect();
    sleep(Duration::from_millis(1)).await;
    let charge = place.budget.charge((64 << 20) / 10 * 8);
    let mut refused = place.connect();
    assert_eq!(refused.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(place.exceeded(), limit("memory_budget"));
    // Those that are there are served, up to the room for requests.
    let small = echo(10);
    before.write_all(&small).await.unwrap();
    assert!(before.read(&mut [0; 100]).await.unwrap() > 0);
    drop(charge);
    let mut after = place.connect();
    after.write_all(&small).await.unwrap();
    let mut status = [0; 12];
    after.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
}
