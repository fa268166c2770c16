//! Tests of each layer of the example `layers`, over sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The running example, which is killed when the test ends.
struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: String,
    log: Option<JoinHandle<String>>,
}

fn read_log(mut log: ChildStderr) -> String {
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    text
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_layers"));
        let command = command.arg("127.0.0.1:0").env("NO_COLOR", "1");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let log = child.stderr.take().unwrap();
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap();
        let address = address.strip_suffix("/gateway").unwrap().to_owned();
        Self { child, lines, address, log: Some(thread::spawn(move || read_log(log))) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends a request with `connection: close`. Returns the head of the response in lower case, and its body.
    fn ask(&self, request: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        read(stream)
    }

    fn post(&self, more: &str, packet: &[u8]) -> (String, Vec<u8>) {
        self.ask(&head(more, packet.len()), packet)
    }

    fn call(&self, target: &str, argument: &[u8]) -> String {
        let (head, body) = self.post("", &packet(&[(target, argument)]));
        assert!(head.starts_with("http/1.1 200 ok"), "{head}");
        body.escape_ascii().to_string()
    }

    /// Kills the program, and returns its log.
    fn log(mut self) -> String {
        self.child.kill().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn head(more: &str, length: usize) -> String {
    format!(
        "POST /gateway HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/x-amf\r\n\
         content-length: {length}\r\n{more}\r\n"
    )
}

fn read(mut stream: TcpStream) -> (String, Vec<u8>) {
    let mut reply = Vec::new();
    // A server that has not read the whole request resets the connection after its response.
    let _ = stream.read_to_end(&mut reply);
    let end = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let body = reply.split_off(end + 4);
    (String::from_utf8_lossy(&reply).to_lowercase(), body)
}

/// Encodes a packet: version 0, no headers, and for each call the target, the response URI `/1`, an unknown length and
/// a strict array (0A) of one argument.
fn packet(calls: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packet = vec![0, 0, 0, 0];
    packet.extend((calls.len() as u16).to_be_bytes());
    for (target, argument) in calls {
        packet.extend((target.len() as u16).to_be_bytes());
        packet.extend(target.as_bytes());
        packet.extend(b"\0\x02/1\xFF\xFF\xFF\xFF\x0A\0\0\0\x01");
        packet.extend(*argument);
    }
    packet
}

/// Encodes an AMF0 string: 02, u16 length, text.
fn string(text: &str) -> Vec<u8> {
    [&[2][..], &(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

/// Encodes an AMF0 number: 00, IEEE 754.
fn number(value: f64) -> Vec<u8> {
    [&[0][..], &value.to_be_bytes()].concat()
}

/// Browsers send a preflight request before a movie in Ruffle, or a page of Royale, may send AMF to another host.
#[test]
fn cross_origin_requests_are_allowed() {
    let server = Server::start();
    let preflight = "OPTIONS /gateway HTTP/1.1\r\nhost: a\r\nconnection: close\r\norigin: https://games.example\r\n\
        access-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n\r\n";
    let (head, _) = server.ask(preflight, b"");
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    for line in [
        "access-control-allow-origin: *",
        "access-control-allow-methods: post",
        "access-control-allow-headers: content-type",
        "access-control-max-age: 3600",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    let call = packet(&[("demo.echo", &string("hello"))]);
    let (head, body) = server.post("origin: https://games.example\r\n", &call);
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    assert!(body.ends_with(&string("hello")));
}

#[test]
fn replies_are_compressed_if_accepted() {
    let server = Server::start();
    let call = packet(&[("demo.echo", &string(&"la".repeat(5_000)))]);
    let (head, body) = server.post("accept-encoding: gzip\r\n", &call);
    assert!(
        head.contains("content-encoding: gzip") && head.contains("content-type: application/x-amf"),
        "{head}"
    );
    // RFC 1952: magic and method; the reply is 10 KB otherwise
    let gzip = body.windows(3).position(|bytes| bytes == [0x1F, 0x8B, 8]);
    assert!(gzip.is_some_and(|at| at < 10) && body.len() < 1_000, "{} bytes", body.len());
    let (head, body) = server.post("", &call);
    assert!(!head.contains("content-encoding") && body.len() > 10_000, "{head}");
}

#[test]
fn bodies_over_the_limit_are_refused() {
    let server = Server::start();
    let filled = |length: usize| vec![0; length];
    // A packet without messages, followed by zeros, which are ignored.
    assert!(server.post("", &filled(256 * 1024)).0.starts_with("http/1.1 200 "));
    let (head, _) = server.post("", &filled(256 * 1024 + 1));
    assert!(head.starts_with("http/1.1 413 "), "{head}");
    // A body without Content-Length, in chunks of 0x8000 bytes.
    let chunk = [&b"8000\r\n"[..], &vec![0; 0x8000], b"\r\n"].concat();
    let chunked = "POST /gateway HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/x-amf\r\n\
        transfer-encoding: chunked\r\n\r\n";
    let (head, _) = server.ask(chunked, &chunk.repeat(8)[..]);
    assert!(head.starts_with("http/1.1 408 "), "the end is missing: {head}");
    let (head, _) = server.ask(chunked, &[chunk.repeat(8), b"1\r\n\0\r\n0\r\n\r\n".to_vec()].concat());
    assert!(head.starts_with("http/1.1 413 "), "{head}");
    assert!(server.call("demo.echo", &string("next")).contains("/1/onResult"));
}

#[test]
fn slow_requests_time_out() {
    let server = Server::start();
    // An incomplete body reaches the timeout of the route.
    let mut stream = server.connect();
    stream.write_all(head("", 100).as_bytes()).unwrap();
    stream.write_all(b"\0\0").unwrap();
    // A slow call reaches the timeout of the services, which is a fault.
    let started = Instant::now();
    let reply = server.call("demo.nap", &number(30.0));
    assert!(reply.contains("/1/onStatus") && reply.contains("Server.Timeout"), "{reply}");
    let took = started.elapsed().as_secs_f64();
    assert!((1.9..10.0).contains(&took), "{took}");
    let (head, _) = read(stream);
    assert!(head.starts_with("http/1.1 408 "), "{head}");
    assert!(server.call("demo.echo", &string("next")).contains("/1/onResult"));
}

#[test]
fn calls_over_the_rate_limit_are_refused() {
    let server = Server::start();
    let hello = string("hello");
    let count = |reply: &[u8], word: &str| reply.escape_ascii().to_string().matches(word).count();
    let (head, reply) = server.post("", &packet(&vec![("demo.echo", &hello[..]); 50]));
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert_eq!(count(&reply, "/1/onResult"), 20);
    // Each fault contains its code three times.
    assert_eq!(count(&reply, "Server.Overloaded"), 3 * 30);
    thread::sleep(Duration::from_millis(1_100));
    assert!(server.call("demo.echo", &hello).contains("/1/onResult"));
}

#[test]
fn calls_are_counted_and_traced() {
    let server = Server::start();
    server.call("demo.echo", &string("hello"));
    // A number where a string is expected.
    server.call("demo.echo", &number(1.0));
    server.call("made.up", &number(1.0));
    server.post("", b"<html>");
    server.call("demo.share", &number(0.0));
    let (head, page) = server.ask("GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", b"");
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    let page = String::from_utf8(page).unwrap();
    for line in [
        "# HELP amf_calls_total calls that ended, by service, method and outcome",
        "# TYPE amf_calls_total counter",
        r#"amf_calls_total{service="demo",method="echo",outcome="ok"} 1"#,
        r#"amf_calls_total{service="demo",method="echo",outcome="Client.Message.Encoding"} 1"#,
        r#"amf_calls_total{service="demo",method="share",outcome="panic"} 1"#,
        r#"amf_calls_total{service="unknown",method="unknown",outcome="Service.ResourceNotFound"} 1"#,
        r#"amf_call_seconds_bucket{service="demo",method="echo",outcome="ok",le="10"} 1"#,
        r#"amf_refused_total{reason="packet"} 1"#,
        r#"amf_packets_total{version="0"} 4"#,
        "amf_messages_total 4",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    let log = server.log();
    for words in [
        // The span of tower-http encloses that of the packet, which encloses that of the call.
        r#"request{method=POST uri=/gateway version=HTTP/1.1}:packet{version=0 messages=1}:call{service="demo" method="echo""#,
        r#"refused a request status=400 text="The body is no AMF packet; it begins with `<html>`"#,
        "`demo.share` panicked: attempt to divide by zero",
        "tower_http::trace::on_response: finished processing request",
    ] {
        assert!(log.contains(words), "{words}\n{log}");
    }
}

#[cfg(unix)]
#[test]
fn shutdown_waits_for_calls() {
    let mut server = Server::start();
    let mut stream = server.connect();
    let nap = packet(&[("demo.nap", &number(1.0))]);
    stream.write_all(head("", nap.len()).as_bytes()).unwrap();
    stream.write_all(&nap).unwrap();
    // A second call, whose client disconnects.
    let mut gone = server.connect();
    gone.write_all(head("", nap.len()).as_bytes()).unwrap();
    gone.write_all(&nap).unwrap();
    thread::sleep(Duration::from_millis(300));
    drop(gone);
    let interrupt = Command::new("kill").args(["-INT", &server.child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let (head, body) = read(stream);
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert!(body.escape_ascii().to_string().contains("/1/onResult"));
    let mut line = String::new();
    server.lines.read_line(&mut line).unwrap();
    assert_eq!(line, "stopped\n");
    assert!(server.child.wait().unwrap().success());
    let log = server.log.take().unwrap().join().unwrap();
    let ended =
        log.lines().filter(|line| line.contains("method=\"nap\"") && line.ends_with("answered bytes=9"));
    assert_eq!(ended.count(), 2, "{log}");
}
