//! Clients behind `haproxy`, which speaks the PROXY protocol to the server or writes `X-Forwarded-For`: the server sees
//! the addresses of the clients, and counts by them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use amf_core::packet::PacketWriter;
use amf_remoting::address::{TrustedHeader, TrustedProxies};
use amf_remoting::axum::Router;
use amf_remoting::axum::extract::ConnectInfo;
use amf_remoting::gateway::{Extracted, ServerConfig, serve};
use amf_remoting::{Gateway, Services, remoting_service};
use amf_rtmp::{Connect, ConnectError, NetConnection, Rejection, Server};
use amf_tests::process::Process;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

const TIMEOUT: Duration = Duration::from_secs(10);
/// The address of the clients. `haproxy` connects to the server from 127.0.0.1, which is trusted.
const CLIENT: &str = "127.0.0.7";
const MAX: usize = 4;

struct Address;

#[remoting_service(name = "address")]
impl Address {
    fn of_connection(&self, connect: &Connect) -> Option<String> {
        connect.peer().map(|peer| peer.to_string())
    }

    fn of_request(&self, peer: &Extracted<ConnectInfo<SocketAddr>>) -> String {
        peer.0.0.ip().to_string()
    }
}

/// A server behind `haproxy`.
struct Place {
    server: Server,
    /// Addresses at which `haproxy` listens: it forwards with version 1, with version 2, and as HTTP.
    v1: SocketAddr,
    v2: SocketAddr,
    http: SocketAddr,
    connects: mpsc::UnboundedReceiver<Connect>,
    _haproxy: Process,
    _config: tempfile::TempDir,
}

impl Place {
    async fn open() -> Self {
        let (sender, connects) = mpsc::unbounded_channel();
        let server = Server::new(Services::new().add(Address)).max_connections_per_address(MAX).on_connect(
            move |connect| {
                let _ = sender.send(connect.clone());
                async move { Ok::<_, Rejection>(connect.accept()) }
            },
        );
        let proxies = TrustedProxies::list(["127.0.0.1"]).unwrap();
        let rtmp = server.clone().bind("127.0.0.1:0").await.unwrap().proxy_protocol(proxies.clone());
        let rtmp_address = rtmp.local_addr().unwrap();
        tokio::spawn(rtmp.serve());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http_address = listener.local_addr().unwrap();
        let app = Router::new()
            .route("/rtmp", server.websocket())
            .merge(Gateway::new(Services::new().add(Address)).into_router("/gateway"));
        let config = ServerConfig::new().trusted_header(TrustedHeader::x_forwarded_for(proxies));
        tokio::spawn(async move { serve(listener, app, config, std::future::pending()).await });

        let [v1, v2, http] = free_addresses();
        let config = tempfile::tempdir().unwrap();
        let file = config.path().join("haproxy.cfg");
        fs::write(&file, configuration([v1, v2, http], rtmp_address, http_address)).unwrap();
        let haproxy = spawn_blocking(move || start_haproxy(&file)).await.unwrap();
        for address in [v1, v2, http] {
            let listening = async {
                while TcpStream::connect(address).await.is_err() {
                    sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(TIMEOUT, listening).await.expect("HAProxy listens");
        }
        Self { server, v1, v2, http, connects, _haproxy: haproxy, _config: config }
    }
}

fn start_haproxy(file: &Path) -> Process {
    let in_path = Command::new("haproxy").arg("-v").output().is_ok();
    // Debian's folder for servers is not in everybody's path.
    let program = if in_path { "haproxy" } else { "/usr/sbin/haproxy" };
    Process::start(Command::new(program).arg("-db").arg("-f").arg(file))
}

/// Ports that were free a moment ago: `haproxy` does not tell which ones the system chose.
fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| StdListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

fn configuration([v1, v2, http]: [SocketAddr; 3], rtmp: SocketAddr, gateway: SocketAddr) -> String {
    format!(
        "defaults
    timeout connect 5s
    timeout client 30s
    timeout server 30s

listen rtmp-v1
    mode tcp
    bind {v1}
    server amf {rtmp} send-proxy

listen rtmp-v2
    mode tcp
    bind {v2}
    server amf {rtmp} send-proxy-v2 proxy-v2-options crc32c,unique-id

listen http
    mode http
    bind {http}
    option forwardfor
    server amf {gateway}
"
    )
}

async fn socket(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    timeout(TIMEOUT, socket.connect(to)).await.unwrap().unwrap()
}

async fn connect(from: &str, to: SocketAddr) -> (SocketAddr, Result<NetConnection, ConnectError>) {
    let stream = socket(from, to).await;
    let own = stream.local_addr().unwrap();
    let builder = NetConnection::builder("rtmp://test/game").unwrap();
    (own, timeout(TIMEOUT, builder.connect_with_stream(stream)).await.unwrap())
}

#[tokio::test]
#[ignore = "needs haproxy: tests/run.sh"]
async fn the_server_sees_clients_behind_haproxy() {
    let place = Place::open().await;
    let mut held = Vec::new();
    for proxy in [place.v1, place.v2] {
        for from in [CLIENT, "127.0.0.8"] {
            let (own, connection) = connect(from, proxy).await;
            let connection = connection.unwrap();
            let seen: Option<String> = connection.call("address.ofConnection", ()).await.unwrap();
            assert_eq!(seen, Some(own.to_string()));
            held.push(connection);
        }
    }
    // Each of the two has two connections now, and may have as many again.
    while held.len() < 2 * MAX {
        held.push(connect(CLIENT, place.v1).await.1.unwrap());
        held.push(connect("127.0.0.8", place.v2).await.1.unwrap());
    }
    for (from, proxy) in [(CLIENT, place.v2), ("127.0.0.8", place.v1)] {
        let Err(ConnectError::Rejected(status)) = connect(from, proxy).await.1 else { panic!("connected") };
        assert!(status.description().contains("`max_connections_per_address`"), "{}", status.description());
    }
    assert_eq!(place.server.counters().connections, 2 * MAX);
    connect("127.0.0.9", place.v1).await.1.unwrap();
}

#[tokio::test]
#[ignore = "needs haproxy and ffmpeg: tests/run.sh"]
async fn ffmpeg_connects_through_haproxy() {
    let mut place = Place::open().await;
    for proxy in [place.v1, place.v2] {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-hide_banner", "-i", &format!("rtmp://{proxy}/game/stream")]);
        ffmpeg.args(["-f", "null", "-"]);
        // It wants a stream, gets none, and goes.
        let finished = spawn_blocking(move || Process::start(&mut ffmpeg).finish(TIMEOUT)).await.unwrap();
        let connect = timeout(TIMEOUT, place.connects.recv()).await;
        let connect = connect.unwrap_or_else(|_| panic!("{}", finished.stderr)).unwrap();
        assert_eq!(connect.application(), "game");
        let peer = connect.peer().unwrap();
        // That it was let in shows that the server has read the header.
        assert_eq!(peer.ip().to_string(), "127.0.0.1");
    }
}

#[tokio::test]
#[ignore = "needs haproxy: tests/run.sh"]
async fn requests_through_haproxy_have_the_address_of_the_client() {
    let place = Place::open().await;
    let mut packet = PacketWriter::new(0);
    packet.message("address.ofRequest", "/1", b"\x0A\0\0\0\0").unwrap();
    let packet = packet.finish();
    let head = format!(
        "POST /gateway HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.66\r\nConnection: close\r\n\
         Content-Type: application/x-amf\r\nContent-Length: {}\r\n\r\n",
        packet.len()
    );
    let mut stream = socket(CLIENT, place.http).await;
    stream.write_all(&[head.as_bytes(), &packet].concat()).await.unwrap();
    let mut response = Vec::new();
    timeout(TIMEOUT, stream.read_to_end(&mut response)).await.unwrap().unwrap();
    let response = String::from_utf8_lossy(&response);
    assert!(response.contains(CLIENT) && !response.contains("192.0.2.66"), "{response:?}");

    // WebSockets count by the same address, through whichever connection of HAProxy they come.
    let mut statuses = Vec::new();
    let mut sockets = Vec::new();
    for _ in 0..=MAX {
        let mut stream = socket(CLIENT, place.http).await;
        let upgrade = "GET /rtmp HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            X-Forwarded-For: 192.0.2.66\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(upgrade.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        timeout(TIMEOUT, stream.read_exact(&mut status)).await.unwrap().unwrap();
        statuses.push(String::from_utf8_lossy(&status).into_owned());
        sockets.push(stream);
    }
    assert_eq!(statuses[..MAX], ["HTTP/1.1 101"; MAX]);
    assert_eq!(statuses[MAX], "HTTP/1.1 503");
}
