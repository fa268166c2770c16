//! Real clients at each transport: openssl and rtmpdump over `rtmps`, rtmpdump over RTMPT, in the clear and in TLS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::{Services, Value};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::rustls::ServerConfig;
use amf_rtmp::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use amf_rtmp::{Connect, Rejection, Server};
use amf_tests::process::Process;
use amf_tests::random::Random;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::test]
#[ignore = "needs openssl: tests/run.sh"]
async fn openssl_completes_tls_and_rtmp_handshakes() {
    let server = TestServer::open("openssl").await;
    for version in ["-tls1_2", "-tls1_3"] {
        let mut openssl = Command::new("openssl");
        openssl.args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
            version,
        ]);
        openssl.args(["-connect", &server.secure]).arg("-CAfile").arg(&server.certificate);
        let output = spawn_blocking(move || output_for(openssl, &c0_c1())).await.unwrap();
        // S0, S1, and S2, which is C1 for a client without digests.
        assert_eq!(output.len(), 1 + 2 * 1536, "{version}");
        assert_eq!((output[0], &output[1537..]), (3, &c0_c1()[1..]), "{version}");
    }
}

#[tokio::test]
#[ignore = "needs rtmpdump: tests/run.sh"]
async fn rtmpdump_connects_through_tls() {
    let mut server = TestServer::open("tls").await;
    let url = format!("rtmps://{}/game", server.secure);
    server.check_rtmpdump(&url).await;
}

#[tokio::test]
#[ignore = "needs rtmpdump: tests/run.sh"]
async fn rtmpdump_connects_through_http() {
    let mut server = TestServer::open("http").await;
    let url = format!("rtmpt://{}/game", server.http);
    server.check_rtmpdump(&url).await;
}

/// One server with three transports.
struct TestServer {
    secure: String,
    http: String,
    certificate: PathBuf,
    connects: mpsc::UnboundedReceiver<Connect>,
}

impl TestServer {
    async fn open(name: &str) -> Self {
        let (sender, connects) = mpsc::unbounded_channel();
        // openssl does not finish the handshake and shall be disconnected soon.
        let limits = Limits::server().with_handshake_timeout(Duration::from_secs(2));
        let server = Server::new(Services::new()).config(Config::server().with_limits(limits)).on_connect(
            move |connect| {
                sender.send(connect.clone()).expect("the test waits for it");
                async move { Ok::<_, Rejection>(connect.accept()) }
            },
        );
        let (tls, certificate) = tls(name);
        let secure = server.clone().bind("127.0.0.1:0").await.unwrap().tls(tls);
        let secure_address = secure.local_addr().unwrap().to_string();
        tokio::spawn(secure.serve());

        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http_address = http.local_addr().unwrap().to_string();
        let app = Router::new().merge(server.rtmpt());
        tokio::spawn(async move { axum::serve(http, app).await.unwrap() });
        Self { secure: secure_address, http: http_address, certificate, connects }
    }

    /// It connects with words of its own, wants a stream, is told that there is none, and goes.
    async fn check_rtmpdump(&mut self, url: &str) {
        // In several chunks; librtmp has 4 KiB for all of connect.
        let word = Random::new().text(600);
        let mut rtmpdump = Command::new("rtmpdump");
        rtmpdump.args(["-V", "-r", url, "-y", "stream", "-o", "/dev/null"]);
        rtmpdump.args(["-C", &format!("S:{word}")]);
        let finished = spawn_blocking(move || Process::start(&mut rtmpdump).finish(TIMEOUT)).await.unwrap();
        let stderr = finished.stderr;
        assert_eq!(finished.status.code(), Some(1), "{stderr}");
        let connect = timeout(TIMEOUT, self.connects.recv()).await.expect("the hook was asked").unwrap();
        assert_eq!(connect.values(), [Value::from(word)]);
        assert_eq!(connect.tc_url(), url);
        assert!(stderr.contains("this server has no streams yet"), "{stderr}");
    }
}

/// A certificate for `localhost`, and where it is written as PEM.
fn tls(name: &str) -> (Arc<ServerConfig>, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"));
    fs::write(&path, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    (Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap()), path)
}

/// The version and C1 of a plain handshake.
fn c0_c1() -> Vec<u8> {
    [&[3][..], &[0; 8], &[b'x'; 1528]].concat()
}

/// What a program writes that is given these bytes, until it ends.
fn output_for(mut command: Command, bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
