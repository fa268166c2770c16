//! Which address a client has for an HTTP server: its own, or the one that a trusted proxy reports; and the limit on
//! connections from one address.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these are tests")]

use std::net::SocketAddr;
use std::time::Duration;

use amf_remoting::address::{TrustedHeader, TrustedProxies};
use amf_remoting::axum::Router;
use amf_remoting::axum::extract::ConnectInfo;
use amf_remoting::axum::routing::get;
use amf_remoting::gateway::{Extracted, ServerConfig, ServerLimits, serve};
use amf_remoting::{Gateway, Services, remoting_service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(10);
/// The address that is trusted; others of the loopback are not.
const PROXY: &str = "127.0.0.9";

struct Address;

#[remoting_service(name = "address")]
impl Address {
    fn mine(&self, peer: &Extracted<ConnectInfo<SocketAddr>>) -> String {
        peer.0.0.to_string()
    }
}

async fn start(configure: impl FnOnce(ServerConfig) -> ServerConfig) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .merge(Gateway::new(Services::new().add(Address)).into_router("/gateway"));
    let config = configure(ServerConfig::new());
    tokio::spawn(async move { serve(listener, app, config, std::future::pending()).await });
    address
}

fn proxies() -> TrustedProxies {
    TrustedProxies::list([PROXY]).unwrap()
}

async fn connect(from: &str, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    timeout(LONG, socket.connect(server)).await.unwrap().unwrap()
}

/// Sends bytes before a request, and the request; returns the body of the response, or nothing if the connection was
/// closed without one.
async fn ask(stream: &mut TcpStream, before: &[u8], headers: &str) -> Option<String> {
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    // The server may have closed.
    let _ = stream.write_all(&[before, request.as_bytes()].concat()).await;
    response_body(stream).await
}

async fn response_body(stream: &mut TcpStream) -> Option<String> {
    let mut response = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&response).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            if !head.starts_with("HTTP/1.1 200") {
                return Some(head.lines().next().unwrap().to_owned());
            }
            let len = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= len.unwrap() {
                return Some(body.to_owned());
            }
        }
        match timeout(LONG, stream.read_buf(&mut response)).await.unwrap() {
            Ok(1..) => {}
            Ok(0) | Err(_) => return None,
        }
    }
}

const V1: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 80\r\n";

#[tokio::test]
async fn nothing_is_believed_by_default() {
    let server = start(|server| server).await;
    let mut stream = connect(PROXY, server).await;
    let own = stream.local_addr().unwrap().to_string();
    let headers = "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n";
    assert_eq!(ask(&mut stream, b"", headers).await, Some(own));
    let mut stream = connect(PROXY, server).await;
    assert_eq!(ask(&mut stream, V1, "").await.as_deref(), Some("HTTP/1.1 400 Bad Request"));
}

#[tokio::test]
async fn the_header_of_a_trusted_proxy_is_believed() {
    let server = start(|server| server.trusted_header(TrustedHeader::x_forwarded_for(proxies()))).await;
    let mut proxy = connect(PROXY, server).await;
    let own = proxy.local_addr().unwrap().to_string();
    // Requests of several clients come through one connection.
    for (header, expected) in [
        ("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1:0"),
        ("X-Forwarded-For: 198.51.100.1, 192.0.2.7, 127.0.0.9\r\n", "192.0.2.7:0"),
        ("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.8\r\n", "192.0.2.8:0"),
        ("X-Forwarded-For: 192.0.2.1, unknown\r\n", own.as_str()),
        ("Forwarded: for=192.0.2.1\r\n", own.as_str()),
        ("", own.as_str()),
    ] {
        assert_eq!(ask(&mut proxy, b"", header).await.as_deref(), Some(expected), "{header}");
    }
    let mut stranger = connect("127.0.0.8", server).await;
    let own = stranger.local_addr().unwrap().to_string();
    assert_eq!(ask(&mut stranger, b"", "X-Forwarded-For: 192.0.2.1\r\n").await, Some(own));
}

#[tokio::test]
async fn methods_find_the_address_of_the_client() {
    let server = start(|server| server.trusted_header(TrustedHeader::forwarded(proxies()))).await;
    let mut proxy = connect(PROXY, server).await;
    // A packet of version 0 with one call without arguments.
    let packet = b"\0\0\0\0\0\x01\0\x0Caddress.mine\0\x02/1\0\0\0\x05\x0A\0\0\0\0";
    let head = format!(
        "POST /gateway HTTP/1.1\r\nHost: a\r\nForwarded: for=\"[2001:db8::7]:99\"\r\n\
         Content-Type: application/x-amf\r\nContent-Length: {}\r\n\r\n",
        packet.len()
    );
    proxy.write_all(&[head.as_bytes(), packet].concat()).await.unwrap();
    let reply = response_body(&mut proxy).await.unwrap();
    assert!(reply.contains("[2001:db8::7]:99"), "{reply:?}");
}

#[tokio::test]
async fn the_proxy_protocol_of_a_trusted_proxy_is_believed() {
    let server = start(|server| server.proxy_protocol(proxies())).await;
    let mut stream = connect(PROXY, server).await;
    assert_eq!(
        ask(&mut stream, V1, "X-Forwarded-For: 192.0.2.7\r\n").await.as_deref(),
        Some("192.0.2.1:50000")
    );
    assert_eq!(ask(&mut stream, b"", "").await.as_deref(), Some("192.0.2.1:50000"), "the address stays");

    let mut unnamed = connect(PROXY, server).await;
    let own = unnamed.local_addr().unwrap().to_string();
    assert_eq!(ask(&mut unnamed, b"PROXY UNKNOWN\r\n", "").await, Some(own));
    assert_eq!(
        ask(&mut connect(PROXY, server).await, b"", "").await,
        None,
        "a trusted proxy has to send a header"
    );

    let mut stranger = connect("127.0.0.8", server).await;
    let own = stranger.local_addr().unwrap().to_string();
    assert_eq!(ask(&mut stranger, b"", "").await, Some(own));
    let mut forger = connect("127.0.0.8", server).await;
    assert_eq!(ask(&mut forger, V1, "").await.as_deref(), Some("HTTP/1.1 400 Bad Request"));
}

#[tokio::test]
async fn a_proxy_behind_a_proxy_is_believed() {
    let inner = TrustedProxies::list(["192.0.2.0/24"]).unwrap();
    let server = start(|server| {
        server.proxy_protocol(proxies()).trusted_header(TrustedHeader::x_forwarded_for(inner))
    })
    .await;
    let mut stream = connect(PROXY, server).await;
    assert_eq!(
        ask(&mut stream, V1, "X-Forwarded-For: 198.51.100.7\r\n").await.as_deref(),
        Some("198.51.100.7:0")
    );
}

#[tokio::test]
async fn a_header_of_the_proxy_protocol_has_a_deadline() {
    let limits = ServerLimits::new().with_header_read_timeout(Duration::from_millis(200));
    let server = start(|server| server.limits(limits).proxy_protocol(proxies())).await;
    let mut stream = connect(PROXY, server).await;
    stream.write_all(b"PROXY TCP4 ").await.unwrap();
    assert_eq!(response_body(&mut stream).await, None);
}

#[tokio::test]
async fn connections_are_limited_by_address() {
    const MAX: usize = 3;
    let limits = ServerLimits::new().with_connections_per_address(MAX);
    let server = start(|server| server.limits(limits)).await;
    let mut open = Vec::new();
    for _ in 0..MAX {
        let mut stream = connect("127.0.0.1", server).await;
        assert!(ask(&mut stream, b"", "").await.is_some());
        open.push(stream);
    }
    assert_eq!(ask(&mut connect("127.0.0.1", server).await, b"", "").await, None, "one more");
    assert!(ask(&mut connect("127.0.0.2", server).await, b"", "").await.is_some(), "another address");
    drop(open.pop());
    // The server sees the end soon.
    timeout(LONG, async { while ask(&mut connect("127.0.0.1", server).await, b"", "").await.is_none() {} })
        .await
        .unwrap();
}

#[tokio::test]
async fn connections_of_proxies_count_by_the_address_of_the_client() {
    const MAX: usize = 2;
    let limits = ServerLimits::new().with_connections_per_address(MAX);
    let server = start(|server| server.limits(limits).proxy_protocol(proxies())).await;
    let mut open = Vec::new();
    for client in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"] {
        let mut stream = connect(PROXY, server).await;
        let header = format!("PROXY TCP4 {client} 192.0.2.9 5 80\r\n");
        assert_eq!(ask(&mut stream, header.as_bytes(), "").await, Some(format!("{client}:5")));
        open.push(stream);
    }
    assert_eq!(ask(&mut connect(PROXY, server).await, V1, "").await, None, "one more");

    // One connection of a proxy that reports addresses in headers is of many clients.
    let server =
        start(|server| server.limits(limits).trusted_header(TrustedHeader::x_forwarded_for(proxies()))).await;
    for _ in 0..=MAX {
        let mut stream = connect(PROXY, server).await;
        assert!(ask(&mut stream, b"", "").await.is_some());
        open.push(stream);
    }
}
