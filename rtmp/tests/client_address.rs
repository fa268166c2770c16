//! Connections count by the address of their client, through whichever transport and proxy they come.

#![cfg(all(feature = "tunnel", feature = "tls"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::address::{TrustedHeader, TrustedProxies};
use amf_remoting::{Services, remoting_service};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use amf_rtmp::rustls::{ClientConfig, RootCertStore, ServerConfig};
use amf_rtmp::{Connect, ConnectError, NetConnection, Server};
use axum::Router;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The address that is trusted in these tests; others of the loopback are not.
const PROXY: &str = "127.0.0.9";
/// The limit of most tests.
const MAX: usize = 3;

struct Address;

#[remoting_service(name = "address")]
impl Address {
    fn mine(&self, connect: &Connect) -> Option<String> {
        connect.peer().map(|peer| peer.to_string())
    }
}

fn server() -> Server {
    Server::new(Services::new().add(Address))
}

fn proxies() -> TrustedProxies {
    TrustedProxies::list([PROXY]).unwrap()
}

/// Serves RTMP; connections of the proxy begin with the PROXY protocol.
async fn serve(server: &Server) -> SocketAddr {
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap().proxy_protocol(proxies());
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    address
}

/// Serves WebSocket and RTMPT, with the addresses of the peers or without; the proxy's `X-Forwarded-For` is believed.
async fn serve_tunnels(server: &Server, has_addresses: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app: Router = Router::new().route("/rtmp", server.websocket()).merge(server.rtmpt());
    let app = app.layer(TrustedHeader::x_forwarded_for(proxies()));
    if has_addresses {
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    } else {
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    }
    address
}

async fn socket(from: &str, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    timeout(TIMEOUT, socket.connect(server)).await.unwrap().unwrap()
}

async fn connect_with<S>(stream: S) -> Result<NetConnection, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = NetConnection::builder("rtmp://test/game").unwrap();
    timeout(TIMEOUT, builder.connect_with_stream(stream)).await.unwrap()
}

/// Connects after a header of the PROXY protocol.
async fn connect(from: &str, server: SocketAddr, header: &[u8]) -> Result<NetConnection, ConnectError> {
    let mut stream = socket(from, server).await;
    stream.write_all(header).await.unwrap();
    connect_with(stream).await
}

async fn address_of(connection: &NetConnection) -> String {
    timeout(TIMEOUT, connection.call::<Option<String>>("address.mine", ())).await.unwrap().unwrap().unwrap()
}

fn v1(client: &str) -> Vec<u8> {
    format!("PROXY TCP4 {client} 192.0.2.99 50000 1935\r\n").into_bytes()
}

/// Sends a request of HTTP on a connection that is kept; returns the status and the body.
async fn request(stream: &mut TcpStream, head: &str) -> (u16, String) {
    stream.write_all(format!("{head}\r\nHost: a\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
    let mut response = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&response).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let len = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= len.unwrap_or(0) {
                return (head[9..12].parse().unwrap(), body.to_owned());
            }
        }
        assert!(timeout(TIMEOUT, stream.read_buf(&mut response)).await.unwrap().unwrap() > 0, "closed");
    }
}

/// Opens a WebSocket; returns it, or the status of the refusal and its text.
async fn websocket(from: &str, server: SocketAddr, headers: &str) -> Result<TcpStream, (u16, String)> {
    let mut stream = socket(from, server).await;
    let head = format!(
        "GET /rtmp HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}X-Nothing: more"
    );
    match request(&mut stream, &head).await {
        (101, _) => Ok(stream),
        refused => Err(refused),
    }
}

async fn open_tunnel(stream: &mut TcpStream, headers: &str) -> (u16, String) {
    request(stream, &format!("POST /open/1 HTTP/1.1\r\n{headers}X-Nothing: more")).await
}

const TOO_MANY: &str = "no more than 3 connections, the limit `max_connections_per_address`";

#[tokio::test]
async fn all_transports_count_together_by_address() {
    let server = server().max_connections_per_address(MAX);
    let (rtmp, http) = (serve(&server).await, serve_tunnels(&server, true).await);
    let _held = (
        connect("127.0.0.1", rtmp, b"").await.unwrap(),
        websocket("127.0.0.1", http, "").await.unwrap(),
        open_tunnel(&mut socket("127.0.0.1", http).await, "").await,
    );
    assert_eq!(server.counters().connections, MAX);
    // One more of each.
    let Err(ConnectError::Rejected(status)) = connect("127.0.0.1", rtmp, b"").await else {
        panic!("connected")
    };
    assert_eq!(status.description(), TOO_MANY);
    assert_eq!(websocket("127.0.0.1", http, "").await.unwrap_err(), (503, TOO_MANY.to_owned()));
    let refused = open_tunnel(&mut socket("127.0.0.1", http).await, "").await;
    assert_eq!(refused, (503, format!("{TOO_MANY}\n")));
    assert_eq!(server.counters().refused_connections_per_address, 3);
    // Another address has all of its own.
    let other = (
        connect("127.0.0.2", rtmp, b"").await.unwrap(),
        websocket("127.0.0.2", http, "").await.unwrap(),
        open_tunnel(&mut socket("127.0.0.2", http).await, "").await,
    );
    assert_eq!(other.2.0, 200);
}

/// One connection of HTTP could once take all places of the server, 9,997 in 0.7 s.
#[tokio::test]
async fn one_connection_of_http_cannot_take_all_places() {
    let server = server();
    let (rtmp, http) = (serve(&server).await, serve_tunnels(&server, true).await);
    let mut attacker = socket("127.0.0.1", http).await;
    let mut opened = 0;
    for _ in 0..9_997 {
        match open_tunnel(&mut attacker, "").await.0 {
            200 => opened += 1,
            503 => {}
            status => panic!("{status}"),
        }
    }
    // The tunnels have no time to end by their handshake's timeout of 5 s and open anew more than a few times.
    assert_eq!(server.counters().refused_connections_per_address, 9_997 - opened);
    assert_eq!(server.counters().refused_connections, 0);
    assert!(server.counters().connections <= 256, "{:?}", server.counters());
    let honest = connect("127.0.0.2", rtmp, b"").await.unwrap();
    assert!(address_of(&honest).await.starts_with("127.0.0.2:"));
}

#[tokio::test]
async fn connections_without_a_known_address_count_as_one_address() {
    let logs = Logs::default();
    let _guard = logs.install();
    let server = server().max_connections_per_address(MAX);
    let (rtmp, http) = (serve(&server).await, serve_tunnels(&server, false).await);
    let _held = [
        websocket("127.0.0.1", http, "").await.unwrap(),
        websocket("127.0.0.2", http, "").await.unwrap(),
        websocket("127.0.0.3", http, "").await.unwrap(),
    ];
    assert_eq!(websocket("127.0.0.4", http, "").await.unwrap_err().0, 503);
    assert_eq!(open_tunnel(&mut socket("127.0.0.4", http).await, "").await.0, 503);
    let socket = connect("127.0.0.1", rtmp, b"").await.unwrap();
    assert!(address_of(&socket).await.starts_with("127.0.0.1:"));
    let logs = logs.text();
    assert_eq!(logs.matches("into_make_service_with_connect_info").count(), 1, "{logs}");
}

#[tokio::test]
async fn tunnels_behind_a_trusted_proxy_count_by_the_forwarded_address() {
    let server = server().max_connections_per_address(1);
    let http = serve_tunnels(&server, true).await;
    let from = |chain: &str| format!("X-Forwarded-For: {chain}\r\n");
    let mut proxy = socket(PROXY, http).await;
    assert_eq!(open_tunnel(&mut proxy, &from("192.0.2.1")).await.0, 200);
    assert_eq!(open_tunnel(&mut proxy, &from("192.0.2.2")).await.0, 200);
    // What the client forged stands on the left.
    assert_eq!(open_tunnel(&mut proxy, &from("192.0.2.77, 192.0.2.1")).await.0, 503);
    assert_eq!(open_tunnel(&mut proxy, &from("192.0.2.77, 192.0.2.2, 127.0.0.9")).await.0, 503);
    let _websocket = websocket(PROXY, http, &from("192.0.2.3")).await.unwrap();
    assert_eq!(websocket(PROXY, http, &from("192.0.2.3")).await.unwrap_err().0, 503);
    // A forged header from elsewhere is ignored.
    let mut forger = socket("127.0.0.8", http).await;
    assert_eq!(open_tunnel(&mut forger, &from("192.0.2.10")).await.0, 200);
    assert_eq!(open_tunnel(&mut forger, &from("192.0.2.11")).await.0, 503);
    assert_eq!(websocket("127.0.0.8", http, &from("192.0.2.12")).await.unwrap_err().0, 503);
}

#[tokio::test]
async fn the_proxy_protocol_names_the_client() {
    let server = server();
    let rtmp = serve(&server).await;
    let v2 = [
        // §2.2: signature, PROXY, TCP over IPv6, 36 bytes of addresses and 4 of a field.
        &b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x28"[..],
        &[0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
        &[0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
        &[0xC3, 0x50, 0x07, 0x8F],
        b"\x04\0\x01\0",
    ]
    .concat();
    for (header, expected) in [
        (v1("192.0.2.1"), "192.0.2.1:50000"),
        (v2, "[2001:db8::7]:50000"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.9:"),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec(), "127.0.0.9:"),
    ] {
        let connection = connect(PROXY, rtmp, &header).await.unwrap();
        let address = address_of(&connection).await;
        assert!(address.starts_with(expected), "{address} {expected}");
    }
    // Elsewhere is no proxy: what it says is no handshake of RTMP, and it needs no header.
    assert!(connect("127.0.0.8", rtmp, &v1("192.0.2.1")).await.is_err());
    let direct = connect("127.0.0.8", rtmp, b"").await.unwrap();
    assert!(address_of(&direct).await.starts_with("127.0.0.8:"));
}

#[tokio::test]
async fn a_trusted_proxy_without_a_header_is_closed_and_logged() {
    let logs = Logs::default();
    let _guard = logs.install();
    let server = server();
    let rtmp = serve(&server).await;
    // A handshake of RTMP; and a header that is none.
    for bytes in [[&[3][..], &[0; 1536]].concat(), b"PROXY TCP4 192.0.2.1 1.2.3 1 2\r\n".to_vec()] {
        let mut stream = socket(PROXY, rtmp).await;
        stream.write_all(&bytes).await.unwrap();
        peer::closed(&mut stream).await;
    }
    // A check that the port is open is nothing to warn of.
    drop(socket(PROXY, rtmp).await);
    connect(PROXY, rtmp, &v1("192.0.2.1")).await.unwrap();
    let logs = logs.text();
    assert_eq!(logs.matches("WARN").count(), 2, "{logs}");
    assert!(logs.contains("configure the trusted proxy to send it, or do not trust it"), "{logs}");
    assert!(logs.contains("a line that is not of version 1") && logs.contains("127.0.0.9:"), "{logs}");
}

#[tokio::test]
async fn connections_through_the_proxy_protocol_count_by_the_client() {
    let server = server().max_connections_per_address(MAX);
    let (rtmp, http) = (serve(&server).await, serve_tunnels(&server, true).await);
    let mut held = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2"] {
        for _ in 0..MAX {
            held.push(connect(PROXY, rtmp, &v1(client)).await.unwrap());
        }
        let refused = connect(PROXY, rtmp, &v1(client)).await;
        let Err(ConnectError::Rejected(status)) = refused else { panic!("connected") };
        assert_eq!(status.description(), TOO_MANY);
    }
    // The client is the same through another proxy.
    let headers = "X-Forwarded-For: 192.0.2.1\r\n";
    assert_eq!(websocket(PROXY, http, headers).await.unwrap_err(), (503, TOO_MANY.to_owned()));
    let counters = server.counters();
    assert_eq!((counters.connections, counters.accepted), (2 * MAX, 2 * MAX as u64));
    assert_eq!(counters.refused_connections_per_address, 3);
    held.pop().unwrap().close();
    timeout(TIMEOUT, async { while connect(PROXY, rtmp, &v1("192.0.2.2")).await.is_err() {} }).await.unwrap();
}

#[tokio::test]
async fn the_header_of_a_proxy_has_the_time_of_a_handshake() {
    let limits = Limits::server().with_handshake_timeout(Duration::from_millis(200));
    let server = server().config(Config::server().with_limits(limits));
    let rtmp = serve(&server).await;
    let mut slow = socket(PROXY, rtmp).await;
    slow.write_all(b"PROXY TCP4 192.0.2.1").await.unwrap();
    peer::closed(&mut slow).await;
    assert_eq!(server.counters().connections, 0);
}

#[tokio::test]
async fn the_header_of_a_proxy_comes_before_tls() {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(issued.signing_key.serialize_der());
    let chain = vec![issued.cert.der().clone()];
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(issued.cert.der().clone()).unwrap();
    let trust = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());

    let server = server().max_connections_per_address(1);
    let bound = server.bind("127.0.0.1:0").await.unwrap().tls(Arc::new(config)).proxy_protocol(proxies());
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    let connect = async |client: &str| {
        let mut stream = socket(PROXY, address).await;
        stream.write_all(&v1(client)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream =
            timeout(TIMEOUT, TlsConnector::from(Arc::clone(&trust)).connect(name, stream)).await.unwrap();
        connect_with(stream.unwrap()).await
    };
    let connection = connect("192.0.2.1").await.unwrap();
    assert_eq!(address_of(&connection).await, "192.0.2.1:50000");
    assert!(matches!(connect("192.0.2.1").await, Err(ConnectError::Rejected(_))));
    connect("192.0.2.2").await.unwrap();
}

/// While nothing is accepted, the system holds connections of a crowd, and those that come after it.
#[tokio::test]
async fn a_burst_of_connections_does_not_hold_up_a_newcomer() {
    let bound = server().max_connections_per_address(2).bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    let mut burst = Vec::new();
    for _ in 0..400 {
        // The system answers, so no time passes.
        burst.push(timeout(Duration::from_millis(900), socket("127.0.0.1", address)).await.expect("held"));
    }
    let newcomer = timeout(Duration::from_millis(900), socket("127.0.0.2", address)).await.expect("held");
    tokio::spawn(bound.serve());
    connect_with(newcomer).await.unwrap();
}

/// Lines that were logged.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    /// Takes what is logged on this thread, where a test and its servers run.
    fn install(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
