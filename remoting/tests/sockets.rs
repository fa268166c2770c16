//! What clients do to a socket: slow, broken, endless and gone ones, and a server that stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, with their own helpers"
)]

mod support;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use amf_remoting::Gateway;
use amf_remoting::gateway::{GatewayLimits, ServerLimits, serve};
use axum::Router;
use support::bytes::*;
use support::probe::Probe;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(300);
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(10);

struct RunningServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

fn app(gateway: Gateway) -> Router {
    gateway.into_router("/gateway")
}

impl RunningServer {
    async fn start(gateway: Gateway, limits: ServerLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, app(gateway), limits, async { _ = stopped.await }));
        Self { address, stop: Some(stop), server }
    }

    /// The same on axum's own server.
    async fn start_axum(gateway: Gateway) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = axum::serve(listener, app(gateway)).with_graceful_shutdown(async { _ = stopped.await });
        let server = tokio::spawn(async { serving.await.unwrap() });
        Self { address, stop: Some(stop), server }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Whether a new client is answered as ever.
    async fn assert_works(&self) {
        let mut stream = self.connect().await;
        stream.write_all(&post(&add("/9"))).await.unwrap();
        assert!(read_reply(&mut stream).await.contains("/9/onResult"));
    }
}

/// A server with limits that a test can wait for.
async fn server_with_short_timeouts() -> RunningServer {
    let limits = GatewayLimits::new().with_body_bytes(100_000).with_body_timeout(SHORT);
    RunningServer::start(
        Probe::default().gateway().limits(limits),
        ServerLimits::new().with_header_read_timeout(SHORT),
    )
    .await
}

fn add(response: &str) -> Vec<u8> {
    packet(0, &[message("probe.add", response, &arguments(&[number(1.0), number(1.0)]))])
}

fn slow_call(seconds: f64) -> Vec<u8> {
    packet(0, &[message("probe.sleep", "/1", &arguments(&[string("nap"), number(seconds)]))])
}

fn head(more: &str) -> Vec<u8> {
    format!("POST /gateway HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-amf\r\n{more}\r\n").into_bytes()
}

fn post(packet: &[u8]) -> Vec<u8> {
    [head(&format!("content-length: {}\r\n", packet.len())), packet.to_vec()].concat()
}

/// Reads to the end of a connection, which has to come.
async fn read_all(stream: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    // a server that has not read everything resets the connection
    let _ = timeout(LONG, stream.read_to_end(&mut reply)).await.expect("the connection should end");
    reply.escape_ascii().to_string()
}

/// Reads a whole response of a connection that stays.
async fn read_reply(stream: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    let reading = async {
        loop {
            let mut byte = [0];
            stream.read_exact(&mut byte).await.unwrap();
            reply.push(byte[0]);
            if reply.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        let head = String::from_utf8(reply.clone()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        reply.extend(body);
    };
    timeout(LONG, reading).await.expect("there should be a reply");
    reply.escape_ascii().to_string()
}

/// Sends something and nothing more; gives what comes back.
async fn answer(server: &RunningServer, sent: &[u8]) -> String {
    let mut stream = server.connect().await;
    let (mut reading, mut writing) = stream.split();
    // a server may answer and close before it has read everything
    let sending = async {
        let _ = writing.write_all(sent).await;
        std::future::pending::<()>().await;
    };
    let mut reply = Vec::new();
    let receiving = async {
        let mut buffer = [0; 4096];
        // until the connection ends, or the reply has come and nothing more does
        while let Ok(Ok(count @ 1..)) = timeout(4 * SHORT, reading.read(&mut buffer)).await {
            reply.extend_from_slice(&buffer[..count]);
        }
    };
    tokio::select! {
        () = receiving => {}
        () = sending => {}
    }
    reply.escape_ascii().to_string()
}

#[tokio::test]
async fn incomplete_heads_time_out() {
    let server = server_with_short_timeouts().await;
    for sent in [&b""[..], b"P", b"POST /gateway HTTP/1.1\r\nhost: a\r\n"] {
        let started = Instant::now();
        let mut stream = server.connect().await;
        stream.write_all(sent).await.unwrap();
        assert_eq!(read_all(&mut stream).await, "", "{sent:?}");
        let took = started.elapsed();
        assert!(SHORT <= took && took < 10 * SHORT, "{took:?}");
    }
    // byte for byte: the time is for all of it
    let mut stream = server.connect().await;
    let started = Instant::now();
    for byte in head("x: y\r\n").chunks(1) {
        if stream.write_all(byte).await.is_err() {
            break;
        }
        sleep(SHORT / 5).await;
    }
    assert!(started.elapsed() < 10 * SHORT);
    // just in time
    let mut stream = server.connect().await;
    sleep(SHORT / 3).await;
    stream.write_all(&post(&add("/1"))).await.unwrap();
    assert!(read_reply(&mut stream).await.contains("/1/onResult"));
    server.assert_works().await;
}

#[tokio::test]
async fn incomplete_bodies_time_out() {
    let server = server_with_short_timeouts().await;
    let slow = "HTTP/1.1 408 Request Timeout";
    let cut = |end: usize| post(&add("/1"))[..end].to_vec();
    let whole = post(&add("/1")).len();
    for sent in [
        cut(whole - 1),
        cut(whole - 20),
        head("content-length: 5\r\n"),
        head("transfer-encoding: chunked\r\n"),
    ] {
        let reply = answer(&server, &sent).await;
        assert!(reply.starts_with(slow) && reply.contains("limit `body_timeout`"), "{reply}");
    }
    // byte for byte
    let mut stream = server.connect().await;
    let bytes = [head("content-length: 1000\r\n"), vec![0; 1000]].concat();
    let (at_once, slowly) = bytes.split_at(bytes.len() - 1000);
    stream.write_all(at_once).await.unwrap();
    let started = Instant::now();
    for byte in slowly.chunks(1) {
        if stream.write_all(byte).await.is_err() || started.elapsed() > 2 * SHORT {
            break;
        }
        sleep(SHORT / 10).await;
    }
    assert!(read_all(&mut stream).await.starts_with(slow));
    server.assert_works().await;
}

#[tokio::test]
async fn invalid_content_lengths() {
    let server = server_with_short_timeouts().await;
    for (more, status, text) in [
        ("content-length: -1\r\n", 400, ""),
        ("content-length: ten\r\n", 400, ""),
        ("content-length: 99999999999999999999999\r\n", 400, ""),
        ("content-length: 6\r\ncontent-length: 7\r\n", 400, ""),
        // a request without a length has no body
        ("", 400, "The body is empty"),
        ("content-length: 0\r\n", 400, "The body is empty"),
        ("content-length: 100001\r\n", 413, "limit `body_bytes`"),
        ("content-length: 9223372036854775807\r\n", 413, "limit `body_bytes`"),
        ("content-length: 6\r\ntransfer-encoding: gzip\r\n", 400, ""),
    ] {
        let reply = answer(&server, &[head(more), vec![0; 6]].concat()).await;
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {status} ")) && reply.contains(text),
            "{more:?}: {reply}"
        );
    }
    server.assert_works().await;
}

#[tokio::test]
async fn bodies_that_never_end() {
    let server = server_with_short_timeouts().await;
    // chunks of 0x400 bytes, more than are allowed together
    let chunk = [&b"400\r\n"[..], &[0; 0x400], b"\r\n"].concat();
    let reply = answer(&server, &[head("transfer-encoding: chunked\r\n"), chunk.repeat(1000)].concat()).await;
    assert!(reply.starts_with("HTTP/1.1 413 Payload Too Large"), "{reply}");
    // chunks that are none
    for chunk in ["zz\r\n", "-1\r\n", "fffffffffffffffff\r\n", "6\r\n\0\0\0\0\0\0xx"] {
        let reply =
            answer(&server, &[&head("transfer-encoding: chunked\r\n"), chunk.as_bytes()].concat()).await;
        assert!(reply.starts_with("HTTP/1.1 400 Bad Request"), "{chunk:?}: {reply}");
    }
    server.assert_works().await;
}

#[tokio::test]
async fn oversized_heads() {
    let server = server_with_short_timeouts().await;
    let many = |count: usize| {
        let headers = "x: y\r\n".repeat(count);
        [head(&format!("content-length: 6\r\n{headers}")), vec![0; 6]].concat()
    };
    // hyper's 100, three of which are there already
    assert!(answer(&server, &many(97)).await.starts_with("HTTP/1.1 200 OK"));
    for sent in [many(98), many(10_000), head(&format!("x: {}\r\n", "y".repeat(1_000_000)))] {
        let reply = answer(&server, &sent).await;
        assert!(reply.starts_with("HTTP/1.1 431 "), "{reply}");
    }
    server.assert_works().await;
}

#[tokio::test]
async fn malformed_requests() {
    let server = server_with_short_timeouts().await;
    for (sent, expected) in [
        (&b"\x03\0\0\0\0\0\0\0\0"[..], "HTTP/1.1 400 "),
        (b"hello?\r\n\r\n", "HTTP/1.1 400 "),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        (b"GET /gateway HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 405 "),
        (b"GET /elsewhere HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 404 "),
        (b"POST /gateway HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 415 "),
        (b"POST /gateway HTTP/1.1\r\nhost: a\r\ncontent-type: text/xml\r\n\r\n", "HTTP/1.1 415 "),
        (
            b"POST /gateway HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-amf\r\ncontent-length: 3\r\n\r\n\0\0\0",
            "HTTP/1.1 400 ",
        ),
    ] {
        let reply = answer(&server, sent).await;
        assert!(reply.starts_with(expected), "{}: {reply}", sent.escape_ascii());
    }
    server.assert_works().await;
}

#[tokio::test]
async fn a_panic_is_the_fault_of_one_call_and_the_connection_goes_on() {
    let server = server_with_short_timeouts().await;
    let mut stream = server.connect().await;
    let explode =
        packet(0, &[message("probe.explode", "/1", &null()), message("probe.nothing", "/2", &null())]);
    stream.write_all(&post(&explode)).await.unwrap();
    let reply = read_reply(&mut stream).await;
    assert!(reply.contains("/1/onStatus") && reply.contains("/2/onResult"), "{reply}");
    stream.write_all(&post(&add("/3"))).await.unwrap();
    assert!(read_reply(&mut stream).await.contains("/3/onResult"));
}

/// Calls and goes away when the method is at work.
async fn call_and_leave(server: &RunningServer, probe: &Probe) {
    let mut stream = server.connect().await;
    stream.write_all(&post(&slow_call(SHORT.as_secs_f64()))).await.unwrap();
    while probe.events.lock().unwrap().is_empty() {
        sleep(SHORT / 30).await;
    }
}

#[tokio::test]
async fn a_client_that_is_gone_ends_its_call() {
    let probe = Probe::default();
    for server in [
        RunningServer::start(probe.gateway(), ServerLimits::default()).await,
        RunningServer::start_axum(probe.gateway()).await,
    ] {
        call_and_leave(&server, &probe).await;
        sleep(3 * SHORT).await;
        assert_eq!(probe.take_events(), ["+nap"]);
        server.assert_works().await;
        probe.take_events();
    }
}

#[tokio::test]
async fn a_client_that_is_gone_leaves_its_call_to_finish_where_that_is_wanted() {
    let probe = Probe::default();
    let gateway = probe.gateway().complete_calls_on_disconnect(true);
    let mut server = RunningServer::start(gateway.clone(), ServerLimits::default()).await;
    call_and_leave(&server, &probe).await;
    server.assert_works().await;
    // the server has no client left to wait for; the gateway knows of the call
    server.stop();
    timeout(LONG, &mut server.server).await.unwrap().unwrap();
    assert_eq!(probe.take_events(), ["+nap", "add 1 1"]);
    timeout(LONG, gateway.wait_idle()).await.unwrap();
    assert_eq!(probe.take_events(), ["-nap"]);
}

#[tokio::test]
async fn a_server_that_stops_lets_calls_end() {
    let limits = ServerLimits::default();
    for (name, mut server) in [
        ("serve", RunningServer::start(Probe::default().gateway(), limits).await),
        ("axum", RunningServer::start_axum(Probe::default().gateway()).await),
    ] {
        let idle = server.connect().await;
        let mut stream = server.connect().await;
        stream.write_all(&post(&slow_call(SHORT.as_secs_f64()))).await.unwrap();
        sleep(SHORT / 3).await;
        server.stop();
        let stopped = Instant::now();
        sleep(SHORT / 6).await;
        assert!(!server.server.is_finished(), "{name}");
        assert!(TcpStream::connect(server.address).await.is_err(), "{name}: nobody new is let in");
        assert!(read_reply(&mut stream).await.contains("/1/onResult"), "{name}");
        assert_eq!(read_all(&mut stream).await, "", "{name}: the connection ends with its reply");
        timeout(LONG, server.server).await.expect(name).unwrap();
        drop(idle);
        assert!(stopped.elapsed() < 10 * SHORT, "{name}: nobody waits for connections without a request");
    }
}

#[tokio::test]
async fn a_server_that_stops_waits_no_longer_than_it_may() {
    let probe = Probe::default();
    let mut server =
        RunningServer::start(probe.gateway(), ServerLimits::new().with_shutdown_timeout(SHORT)).await;
    let mut stream = server.connect().await;
    stream.write_all(&post(&slow_call(60.0))).await.unwrap();
    sleep(SHORT).await;
    server.stop();
    assert_eq!(read_all(&mut stream).await, "");
    timeout(LONG, server.server).await.unwrap().unwrap();
    assert_eq!(probe.take_events(), ["+nap"]);
}

#[tokio::test]
async fn connections_at_the_limit_and_one_more() {
    let server =
        RunningServer::start(Probe::default().gateway(), ServerLimits::new().with_connections(3)).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream.write_all(&post(&add("/1"))).await.unwrap();
        assert!(read_reply(&mut stream).await.contains("/1/onResult"));
        open.push(stream);
    }
    assert_eq!(read_all(&mut server.connect().await).await, "");
    open.pop();
    sleep(SHORT).await;
    server.assert_works().await;
}

/// A client that sends its whole body before it reads the response, as Python's urllib and the clients of PHP do: it
/// prints the status that it receives, or how sending failed.
const URLLIB: &str = r#"
import sys, urllib.request, urllib.error
url, size, is_chunked = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "chunked"
body = b"\0" * size
data = (body[start:start + 65536] for start in range(0, size, 65536)) if is_chunked else body
request = urllib.request.Request(url, data, {"Content-Type": "application/x-amf"})
try:
    print(urllib.request.urlopen(request, timeout=20).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode().strip())
except Exception as error:
    print("failed:", error)
"#;

const NODE: &str = r#"
const [url, size, framing] = process.argv.slice(1);
const body = Buffer.alloc(Number(size));
const headers = {"content-type": "application/x-amf"};
if (framing !== "chunked") headers["content-length"] = body.length;
const request = require("http").request(url, {method: "POST", headers}, response => {
    let text = "";
    response.on("data", data => text += data);
    response.on("end", () => console.log(response.statusCode, text.trim()));
});
request.on("error", error => console.log("failed:", error.message));
for (let at = 0; at < body.length; at += 65536) request.write(body.subarray(at, at + 65536));
request.end();
"#;

/// Sends a whole request, as these clients do, and reads the response only then.
async fn send_then_read(address: SocketAddr, request: Vec<u8>) -> String {
    let exchange = move || {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.write_all(&request)?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok::<_, std::io::Error>(start.escape_ascii().to_string())
    };
    let outcome = tokio::task::spawn_blocking(exchange).await.unwrap();
    outcome.unwrap_or_else(|error| error.to_string())
}

/// What a client prints that is run in another process; nothing where it is not installed.
async fn run_client(program: &'static str, arguments: Vec<String>) -> Option<String> {
    let run = move || std::process::Command::new(program).args(arguments).output().ok();
    let output = tokio::task::spawn_blocking(run).await.unwrap()?;
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_send_first_and_read_later_see_the_status() {
    let limits = GatewayLimits::new().with_body_bytes(100_000);
    let gateway = || Probe::default().gateway().limits(limits);
    let told = "413 The body is larger than 100000 bytes, the limit `body_bytes`.";
    for (name, server) in [
        ("serve", RunningServer::start(gateway(), ServerLimits::default()).await),
        ("axum", RunningServer::start_axum(gateway()).await),
    ] {
        let chunk = [&b"10000\r\n"[..], &vec![0; 0x1_0000], b"\r\n"].concat();
        let chunked =
            [head("transfer-encoding: chunked\r\n"), chunk.repeat(300), b"0\r\n\r\n".to_vec()].concat();
        for request in [post(&vec![0; 100_001]), post(&vec![0; 20_000_000]), chunked] {
            assert_eq!(send_then_read(server.address, request).await, "HTTP/1.1 413", "{name}");
        }
        let url = format!("http://{}/gateway", server.address);
        // far more than the buffers of a socket hold
        for (size, framing) in [(100_001, "length"), (20_000_000, "length"), (20_000_000, "chunked")] {
            for (program, flag, script) in [("python3", "-c", URLLIB), ("node", "-e", NODE)] {
                let arguments = [flag, script, &url, &size.to_string(), framing].map(str::to_owned).to_vec();
                if let Some(printed) = run_client(program, arguments).await {
                    assert_eq!(printed, told, "{name}, {program}, {size}, {framing}");
                }
            }
        }
        server.assert_works().await;
    }
}

#[tokio::test]
async fn a_connection_stays_after_a_refused_body_that_was_read() {
    let server = server_with_short_timeouts().await;
    let mut stream = server.connect().await;
    stream.write_all(&post(&vec![0; 150_000])).await.unwrap();
    assert!(read_reply(&mut stream).await.starts_with("HTTP/1.1 413 "));
    stream.write_all(&post(&add("/1"))).await.unwrap();
    assert!(read_reply(&mut stream).await.contains("/1/onResult"));
}

/// RFC 9110 §10.1.1: who expects `100 Continue` waits with the body, and may be refused without it.
#[tokio::test]
async fn a_client_that_waits_to_be_told_to_send_is_refused_at_once() {
    let server = server_with_short_timeouts().await;
    let started = Instant::now();
    let reply = answer(&server, &head("content-length: 150000\r\nexpect: 100-continue\r\n")).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    // `answer` itself waits until nothing more comes, unless the connection ends
    assert!(started.elapsed() < 6 * SHORT, "{:?}", started.elapsed());
    // one that may send is asked for its body
    let mut stream = server.connect().await;
    let packet = add("/1");
    let waits = format!("content-length: {}\r\nexpect: 100-continue\r\n", packet.len());
    stream.write_all(&head(&waits)).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(interim.escape_ascii().to_string(), r"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&packet).await.unwrap();
    assert!(read_reply(&mut stream).await.contains("/1/onResult"));
    server.assert_works().await;
}
