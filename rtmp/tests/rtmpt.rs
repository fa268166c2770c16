//! RTMP in HTTP requests: the client here is written after the description of RTMPT that Red5 gives.

#![cfg(feature = "tunnel")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::time::Duration;

use amf_remoting::{Services, remoting_service};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::{AllowedOrigins, ConnectError, DisconnectReason, NetConnection, Server, TunnelLimits};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

struct Game;

#[remoting_service(name = "game")]
impl Game {
    fn echo(&self, text: String) -> String {
        text
    }
}

fn server() -> Server {
    Server::new(Services::new().add(Game))
}

/// Status, content type and body.
async fn request(app: &Router, method: Method, path: &str, body: impl Into<Body>) -> (u16, String, Bytes) {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let response = timeout(TIMEOUT, app.clone().oneshot(request)).await.unwrap().unwrap();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    (status, kind.unwrap_or_default(), to_bytes(response.into_body(), 1 << 20).await.unwrap())
}

async fn post(app: &Router, path: &str, body: impl Into<Body>) -> (u16, Bytes) {
    let (status, kind, body) = request(app, Method::POST, path, body).await;
    if status == 200 {
        assert_eq!(kind, "application/x-fcs");
    }
    (status, body)
}

async fn open(app: &Router) -> String {
    let (status, body) = post(app, "/open/1", "").await;
    assert_eq!(status, 200);
    let id = String::from_utf8(body.to_vec()).unwrap();
    id.strip_suffix('\n').unwrap().to_owned()
}

/// A pipe through a tunnel. It polls until its server says 404.
async fn tunnel(app: Router) -> DuplexStream {
    let (near, mut far) = tokio::io::duplex(64 << 10);
    let id = open(&app).await;
    tokio::spawn(async move {
        let mut buffer = vec![0; 30_000];
        for number in 0.. {
            let read = timeout(Duration::from_millis(2), far.read(&mut buffer)).await;
            let (status, body) = match read {
                Ok(Ok(len @ 1..)) => {
                    post(&app, &format!("/send/{id}/{number}"), buffer[..len].to_vec()).await
                }
                Ok(_) => {
                    assert_eq!(post(&app, &format!("/close/{id}/{number}"), vec![0]).await.1[..], [0]);
                    break;
                }
                Err(_) => post(&app, &format!("/idle/{id}/{number}"), vec![0]).await,
            };
            if status != 200 {
                break;
            }
            assert!([1, 3, 5, 9, 0x11, 0x21].contains(&body[0]), "{}", body[0]);
            if far.write_all(&body[1..]).await.is_err() {
                break;
            }
        }
    });
    near
}

async fn connect(app: &Router) -> Result<NetConnection, ConnectError> {
    let stream = tunnel(app.clone()).await;
    timeout(TIMEOUT, NetConnection::builder("rtmp://test/game").unwrap().connect_with_stream(stream))
        .await
        .unwrap()
}

#[tokio::test]
async fn calls_go_through() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = server().on_disconnect(move |gone| {
        tell.send(gone).unwrap();
        std::future::ready(())
    });
    let app = server.rtmpt();
    let connection = connect(&app).await.unwrap();
    let other = connect(&app).await.unwrap();
    let text = "x".repeat(200_000);
    for connection in [&connection, &other, &connection] {
        assert_eq!(connection.call::<String>("game.echo", (&text,)).await.unwrap(), text);
    }
    connection.close();
    let gone = timeout(TIMEOUT, told.recv()).await.unwrap().unwrap();
    assert!(matches!(gone.reason(), DisconnectReason::Client), "{}", gone.reason());
    assert_eq!(other.call::<String>("game.echo", ("x",)).await.unwrap(), "x");
    timeout(TIMEOUT, server.shutdown()).await.unwrap();
    timeout(TIMEOUT, other.closed()).await.unwrap();
}

#[tokio::test]
async fn a_rejection_arrives() {
    let app: Router = server().on_connect(|connect| async move { Err(connect.reject("no")) }).rtmpt();
    let Err(ConnectError::Rejected(status)) = connect(&app).await else { panic!("let in") };
    assert_eq!(status.description(), "no");
}

/// A tunnel whose client has been accepted, by requests 1 and 2.
async fn accepted(app: &Router) -> String {
    let id = open(app).await;
    assert_eq!(post(app, &format!("/send/{id}/1"), c0_c1()).await.0, 200);
    let object = [&[3][..], &peer::member("app", "game"), &[0, 0, 9]].concat();
    let connect = [vec![0; 1536], peer::command("connect", 1.0, &object)].concat();
    let (status, body) = post(app, &format!("/send/{id}/2"), connect).await;
    assert!(status == 200 && body.windows(7).any(|bytes| bytes == b"_result"), "{status}");
    id
}

/// The version and C1 of a plain handshake.
fn c0_c1() -> Bytes {
    [&[3][..], &[0; 8], &[7; 1528]].concat().into()
}

#[tokio::test]
async fn a_repeated_request_receives_the_same_response() {
    let app: Router = server().rtmpt();
    let id = open(&app).await;
    let first = post(&app, &format!("/send/{id}/5"), c0_c1()).await;
    assert_eq!(first.0, 200);
    // The interval, S0, S1 and S2.
    assert_eq!((first.1.len(), first.1[1]), (1 + 1 + 2 * 1536, 3));
    assert_eq!(post(&app, &format!("/send/{id}/5"), c0_c1()).await, first, "and it is not taken twice");
    assert_eq!(post(&app, &format!("/idle/{id}/6"), vec![0]).await, (200, Bytes::from_static(&[1])));
    // 10 empty answers make the client wait longer.
    for number in 7..15 {
        assert_eq!(post(&app, &format!("/idle/{id}/{number}"), vec![0]).await.1[..], [1]);
    }
    assert_eq!(post(&app, &format!("/idle/{id}/15"), vec![0]).await.1[..], [3]);
    assert_eq!(post(&app, &format!("/idle/{id}/17"), vec![0]).await.0, 400, "one is missing");
    sleep(Duration::from_millis(50)).await;
    assert_eq!(post(&app, &format!("/idle/{id}/16"), vec![0]).await.0, 404, "it was the end");
}

/// A proxy with two connections to the server hands them on as it likes.
#[tokio::test]
async fn requests_that_overtake_each_other_are_put_in_order() {
    let app: Router = server().rtmpt();
    // From the first one on: the handshake in two parts, the second part first.
    let id = open(&app).await;
    let (head, tail) = (c0_c1().slice(..700), c0_c1().slice(700..));
    let (first, second) = (format!("/send/{id}/1"), format!("/send/{id}/2"));
    let (second, first) = tokio::join!(post(&app, &second, tail), async {
        sleep(Duration::from_millis(30)).await;
        post(&app, &first, head).await
    });
    // The version, S1 and S2 are the answer to the whole handshake.
    assert_eq!((first.0, first.1.len(), second.0, second.1.len()), (200, 1, 200, 1 + 1 + 2 * 1536));

    let id = accepted(&app).await;
    let echo = |text: &str| {
        let argument = [&[5, 2][..], &peer::text(text)].concat();
        peer::command("game.echo", 2.0, &argument)
    };
    let third = echo("the third");
    let later = async |number: u64, millis: u64, body: Vec<u8>| {
        sleep(Duration::from_millis(millis)).await;
        post(&app, &format!("/send/{id}/{number}"), body).await
    };
    let (fifth, fourth, third) =
        tokio::join!(later(5, 0, echo("the fifth")), later(4, 20, echo("the fourth")), later(3, 40, third));
    for ((status, body), text) in [(third, "the third"), (fourth, "the fourth"), (fifth, "the fifth")] {
        let is_answer = body.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        assert!(status == 200 && is_answer, "{text}: {status} {body:x?}");
    }
}

/// The number of `close` is one of the count of all requests: it says which of them were sent before.
#[tokio::test]
async fn a_close_waits_for_the_requests_that_it_overtakes() {
    let app: Router = server().rtmpt();
    let id = accepted(&app).await;
    let close = format!("/close/{id}/4");
    let ((closed, body), (status, answer)) = tokio::join!(post(&app, &close, vec![0]), async {
        sleep(Duration::from_millis(20)).await;
        let argument = [&[5, 2][..], &peer::text("the last")].concat();
        post(&app, &format!("/send/{id}/3"), peer::command("game.echo", 2.0, &argument)).await
    });
    assert_eq!((closed, &body[..]), (200, &[0][..]));
    assert!(status == 200 && answer.windows(8).any(|bytes| bytes == b"the last"), "{status} {answer:x?}");
    assert_eq!(post(&app, &format!("/idle/{id}/5"), vec![0]).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_long_response_does_not_take_the_time_of_requests_that_are_held() {
    let protocol = Limits::server().with_handshake_timeout(Duration::MAX);
    let server = server().config(Config::server().with_limits(protocol));
    let limits = TunnelLimits::new().with_response_delay(Duration::from_secs(2));
    let app: Router = server.tunnel_limits(limits.with_reorder_timeout(Duration::from_secs(1))).rtmpt();
    let id = accepted(&app).await;
    let later = async |number: u64, millis: u64| {
        sleep(Duration::from_millis(millis)).await;
        post(&app, &format!("/idle/{id}/{number}"), vec![0]).await.0
    };
    // 3 has no answer for 2 s. Meanwhile 5 arrives before 4.
    assert_eq!(tokio::join!(later(3, 0), later(5, 100), later(4, 200)), (200, 200, 200));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_held_for_a_bounded_time() {
    // The protocol has no time of its own then.
    let protocol = Limits::server().with_handshake_timeout(Duration::MAX);
    let server = server().config(Config::server().with_limits(protocol));
    let limits = TunnelLimits::new().with_reorder_timeout(Duration::from_secs(3));
    let app: Router = server.tunnel_limits(limits).rtmpt();
    let elapsed = async |path: String| {
        let start = Instant::now();
        let status = post(&app, &path, vec![0]).await.0;
        (status, start.elapsed().as_secs())
    };
    let id = accepted(&app).await;
    // 3 never comes.
    assert_eq!(elapsed(format!("/idle/{id}/4")).await, (400, 3));
    // 8 requests may be in flight, so those between 2 and 11 cannot all be on their way.
    let id = accepted(&app).await;
    assert_eq!(elapsed(format!("/idle/{id}/11")).await, (400, 0));
    // A connection may begin with any number.
    let id = open(&app).await;
    assert_eq!(elapsed(format!("/idle/{id}/5")).await, (200, 3));
    assert_eq!(elapsed(format!("/idle/{id}/6")).await, (200, 0));
}

#[tokio::test]
async fn invalid_requests_are_refused() {
    let app: Router = server().rtmpt();
    let id = open(&app).await;
    assert_eq!(id.len(), 32);
    assert_ne!(id, open(&app).await);
    let guess = "0".repeat(32);
    for (path, status) in [
        ("/fcs/ident2".to_owned(), 404),
        (format!("/idle/{guess}/1"), 404),
        (format!("/send/{guess}/1"), 404),
        (format!("/close/{guess}/1"), 404),
        (format!("/idle/{id}/one"), 400),
        (format!("/idle/{id}/18446744073709551616"), 400),
        (format!("/idle/{id}/18446744073709551615"), 200),
        // There is no number behind that one.
        (format!("/idle/{id}/0"), 400),
    ] {
        assert_eq!(post(&app, &path, vec![0]).await.0, status, "{path}");
    }
    assert_eq!(request(&app, Method::GET, "/open/1", "").await.0, 405);
}

/// Players send the one byte of `idle` in a packet of its own. A server that answers before the byte has come, and
/// leaves it unread, closes the connection: then one of five requests is served.
#[tokio::test]
async fn pages_of_other_hosts_receive_403() {
    let open_from = async |server: &Server, origin: &str| {
        let request = Request::post("/open/1").header("host", "game.example:80").header("origin", origin);
        let app: Router = server.rtmpt();
        app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    };
    let server = server();
    assert_eq!(open_from(&server, "https://game.example").await, 200);
    assert_eq!(open_from(&server, "https://evil.example").await, 403);
    let server = server.allowed_origins(AllowedOrigins::any());
    assert_eq!(open_from(&server, "https://evil.example").await, 200);
}

#[tokio::test]
async fn a_body_that_comes_after_its_head_does_not_cost_the_connection() {
    let app: Router = server().rtmpt();
    let id = open(&app).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let guess = "0".repeat(32);
    let requests = [
        (format!("/idle/{id}/1"), "200"),
        (format!("/idle/{id}/2"), "200"),
        (format!("/idle/{guess}/1"), "404"),
        (format!("/send/{guess}/1"), "404"),
        (format!("/close/{guess}/1"), "404"),
        ("/fcs/ident2".to_owned(), "404"),
        ("/open/1".to_owned(), "200"),
        (format!("/close/{id}/3"), "200"),
        (format!("/idle/{id}/4"), "404"),
    ];
    for (path, status) in requests {
        let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        socket.write_all(&[0]).await.unwrap();
        let mut response = Vec::new();
        while !response.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
            assert!(
                timeout(TIMEOUT, socket.read_buf(&mut response)).await.unwrap().unwrap() > 0,
                "{path}: closed"
            );
        }
        let text = String::from_utf8_lossy(&response);
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {text}");
        assert!(!text.to_lowercase().contains("connection: close"), "{path}: {text}");
    }
}

/// A body that is too long is not read, so the connection cannot go on, and the response says so.
#[tokio::test]
async fn a_response_that_ends_the_connection_says_so() {
    let app: Router = server().rtmpt();
    for path in ["/open/1".to_owned(), format!("/send/{}/1", open(&app).await)] {
        let request = Request::post(&path).body(Body::from(vec![0; (64 << 10) + 1])).unwrap();
        let response = timeout(TIMEOUT, app.clone().oneshot(request)).await.unwrap().unwrap();
        assert_eq!(response.headers().get("connection").unwrap(), "close", "{path}");
    }
}

#[tokio::test]
async fn request_limits_are_enforced() {
    let app: Router = server().rtmpt();
    // Until the client is accepted, a body is no longer than any message may be.
    for (len, status) in [(64 << 10, 200), ((64 << 10) + 1, 413)] {
        let id = open(&app).await;
        let mut body = c0_c1().to_vec();
        body.resize(len, 0);
        assert_eq!(post(&app, &format!("/send/{id}/1"), body).await.0, status, "{len}");
    }
    let at_once = async |id: &str, numbers: std::ops::Range<u64>| {
        let asked = numbers.map(|number| {
            let (app, path) = (app.clone(), format!("/idle/{id}/{number}"));
            async move { post(&app, &path, vec![0]).await.0 }
        });
        futures_util::future::join_all(asked).await
    };
    let id = open(&app).await;
    assert_eq!(at_once(&id, 0..3).await, [200, 200, 429]);
    let id = accepted(&app).await;
    assert_eq!(at_once(&id, 3..12).await, [200, 200, 200, 200, 200, 200, 200, 200, 429]);
    assert_eq!(post(&app, &format!("/idle/{id}/11"), vec![0]).await.0, 200);
    for (len, status) in [(1 << 20, 200), ((1 << 20) + 1, 413)] {
        let id = accepted(&app).await;
        // Acknowledgements are 16 bytes each.
        let mut body = peer::message(3, &[0; 4]).repeat(1 << 16);
        body.resize(len, 0);
        assert_eq!(post(&app, &format!("/send/{id}/3"), body).await.0, status, "{len}");
    }
    let limits = TunnelLimits::new().with_message_bytes(1537).with_pending_requests(1);
    let smaller: Router = server().tunnel_limits(limits).rtmpt();
    let id = open(&smaller).await;
    let (path, again) = (format!("/send/{id}/1"), format!("/idle/{id}/2"));
    let (first, second) = tokio::join!(post(&smaller, &path, c0_c1()), post(&smaller, &again, vec![0]));
    assert_eq!((first.0, second.0), (200, 429));
    let (status, words) = post(&smaller, &again.replace("idle", "send"), vec![0; 1538]).await;
    assert_eq!((status, &words[..]), (413, &b"exceeded the limit `before_connect_bytes`\n"[..]));
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let limits = limits.with_request_timeout(Duration::from_millis(50));
    let hasty: Router = server().tunnel_limits(limits).rtmpt();
    assert_eq!(post(&hasty, &format!("/send/{}/1", open(&hasty).await), never).await.0, 408);

    let app: Router = server().max_connections(2).rtmpt();
    let _held = [open(&app).await, open(&app).await];
    assert_eq!(post(&app, "/open/1", "").await.0, 503);
}

#[tokio::test(start_paused = true)]
async fn an_idle_tunnel_is_closed() {
    // The protocol has no time of its own then.
    let limits = Limits::server().with_handshake_timeout(Duration::MAX);
    let server = server().config(Config::server().with_limits(limits));
    let app: Router = server.rtmpt();
    let id = open(&app).await;
    let kept = open(&app).await;
    for number in 0..3 {
        assert_eq!(server.counters().connections, 2);
        sleep(Duration::from_secs(9)).await;
        assert_eq!(post(&app, &format!("/idle/{kept}/{number}"), vec![0]).await.0, 200);
    }
    sleep(Duration::from_secs(9)).await;
    assert_eq!(server.counters().connections, 1);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(server.counters().connections, 0);
    assert_eq!(post(&app, &format!("/idle/{id}/0"), vec![0]).await.0, 404);
}

#[tokio::test]
async fn a_closed_connection_is_kept_until_its_last_bytes_are_requested() {
    let limits = Limits::server().with_handshake_timeout(Duration::from_millis(50));
    let server = server().config(Config::server().with_limits(limits)).max_connections(1);
    let app: Router = server.rtmpt();
    let id = open(&app).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(post(&app, "/open/1", "").await.0, 503);
    assert_eq!(post(&app, &format!("/idle/{id}/1"), vec![0]).await.0, 404);
    let freed = async {
        while server.counters().connections > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(2), freed).await.unwrap();
    open(&app).await;
}
