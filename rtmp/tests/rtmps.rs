//! RTMP in TLS.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::{Services, remoting_service};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use amf_rtmp::rustls::{ClientConfig, RootCertStore, ServerConfig};
use amf_rtmp::{Backoff, ConnectError, NetConnection, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

struct Game;

#[remoting_service(name = "game")]
impl Game {
    fn echo(&self, text: String) -> String {
        text
    }
}

/// A certificate for `localhost` for the server, and what makes a client trust it.
fn certificate() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let server = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    (Arc::new(server.unwrap()), Arc::new(client))
}

async fn serve(server: &Server, config: Arc<ServerConfig>) -> SocketAddr {
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap().tls(config);
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    address
}

fn server() -> Server {
    let limits = Limits::server().with_handshake_timeout(Duration::from_millis(300));
    Server::new(Services::new().add(Game)).config(Config::server().with_limits(limits))
}

#[tokio::test]
async fn calls_go_through_tls() {
    let server = server();
    let (config, trust) = certificate();
    let address = serve(&server, config).await;
    let url = format!("rtmps://localhost:{}/game", address.port());
    let builder = NetConnection::builder(&url).unwrap().tls(trust).reconnect(Backoff::new());
    let connection = timeout(TIMEOUT, builder.connect()).await.unwrap().unwrap();
    let text = "x".repeat(300_000);
    assert_eq!(connection.call::<String>("game.echo", (&text,)).await.unwrap(), text);
    connection.close();
    timeout(TIMEOUT, connection.closed()).await.unwrap();
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused() {
    let server = server();
    let (config, trust) = certificate();
    let address = serve(&server, config).await;
    // Nobody has signed it, and it is not for this name.
    let unknown = NetConnection::builder(&format!("rtmps://localhost:{}/game", address.port())).unwrap();
    let other_name = NetConnection::builder(&format!("rtmps://{address}/game")).unwrap().tls(trust);
    for builder in [unknown, other_name] {
        let outcome = timeout(TIMEOUT, builder.connect()).await.unwrap();
        assert!(matches!(outcome, Err(ConnectError::Io(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_failed_tls_handshake_releases_its_permit() {
    let server = server();
    let (config, trust) = certificate();
    let address = serve(&server, config).await;
    // RTMP without TLS, HTTP, and somebody who says nothing.
    for bytes in [&[3; 1537][..], b"GET / HTTP/1.1\r\n\r\n", b""] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        // An alert of TLS may come, or a reset.
        let _ = timeout(TIMEOUT, socket.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.len() < 64);
    }
    let outcome = NetConnection::builder(&format!("rtmp://{address}/game")).unwrap().connect().await;
    assert!(outcome.is_err());
    let url = format!("rtmps://localhost:{}/game", address.port());
    let _works = NetConnection::builder(&url).unwrap().tls(trust).connect().await.unwrap();
    let only_one = async {
        while server.counters().connections > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, only_one).await.unwrap();
}

#[tokio::test]
async fn tls_at_the_plain_port_is_closed() {
    let server = server();
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    let (_, trust) = certificate();
    let url = format!("rtmps://localhost:{}/game", address.port());
    let outcome = timeout(TIMEOUT, NetConnection::builder(&url).unwrap().tls(trust).connect()).await.unwrap();
    assert!(matches!(outcome, Err(ConnectError::Io(_))), "{outcome:?}");
}

#[tokio::test]
async fn tls_buffers_are_flushed() {
    let (config, trust) = certificate();
    for room in [64, 1000, 20_000] {
        // So little that TLS has to keep much of what it is given.
        let (near, far) = tokio::io::duplex(room);
        let (server, accepting) = (server(), TlsAcceptor::from(Arc::clone(&config)).accept(far));
        tokio::spawn(async move { server.serve_stream(accepting.await.unwrap(), None).await });
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::clone(&trust)).connect(name, near).await.unwrap();
        let connection =
            NetConnection::builder("rtmp://test/game").unwrap().connect_with_stream(stream).await.unwrap();
        for length in [1, 5000, 60_000, 100_000] {
            let text = "x".repeat(length);
            let echoed = timeout(TIMEOUT, connection.call::<String>("game.echo", (&text,))).await;
            assert_eq!(echoed.expect("all of it").unwrap(), text, "{room} {length}");
        }
    }
}

#[tokio::test]
async fn the_tls_handshake_of_a_refused_client_is_part_of_its_time() {
    let limits = Limits::server().with_handshake_timeout(Duration::from_mins(1));
    let server = Server::new(Services::new().add(Game)).config(Config::server().with_limits(limits));
    let server = server.max_connections_per_address(1).pending_refusals(1);
    let server = server.refusal_timeout(Duration::from_millis(500));
    let (config, trust) = certificate();
    let address = serve(&server, config).await;
    let url = format!("rtmps://localhost:{}/game", address.port());
    let connect = || NetConnection::builder(&url).unwrap().tls(Arc::clone(&trust)).connect();
    let _held = timeout(TIMEOUT, connect()).await.unwrap().unwrap();
    // A client that says nothing is the only one that may be told, for half a second and not for a minute.
    let mut silent = TcpStream::connect(address).await.unwrap();
    let _ = timeout(TIMEOUT, silent.read(&mut [0])).await.expect("it is closed");
    let told = async {
        while !matches!(connect().await, Err(ConnectError::Rejected(_))) {
            tokio::task::yield_now().await;
        }
    };
    timeout(TIMEOUT, told).await.unwrap();
}
