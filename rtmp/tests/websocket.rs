//! RTMP through WebSocket, as a browser brings it.

#![cfg(feature = "tunnel")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::net::SocketAddr;
use std::time::Duration;

use amf_remoting::{Services, remoting_service};
use amf_rtmp::{Connect, NetConnection, Server};
use axum::Router;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(10);

struct Game;

#[remoting_service(name = "game")]
impl Game {
    fn echo(&self, text: String) -> String {
        text
    }

    fn peer(&self, connect: &Connect) -> Option<String> {
        connect.peer().map(|peer| peer.ip().to_string())
    }
}

type Browser = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(server: &Server) -> SocketAddr {
    let app = Router::new().route("/rtmp", server.websocket());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn open(address: SocketAddr) -> Result<Browser, Error> {
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let url = format!("ws://{address}/rtmp");
    tokio_tungstenite::connect_async_with_config(url, Some(config), true).await.map(|(browser, _)| browser)
}

/// A pipe through the browser, whose messages have at most so many bytes.
fn pipe(mut browser: Browser, cut: usize) -> DuplexStream {
    let (near, mut far) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        let mut buffer = vec![0; cut];
        loop {
            tokio::select! {
                read = far.read(&mut buffer) => match read {
                    Ok(len @ 1..) => browser.send(Message::binary(buffer[..len].to_vec())).await.unwrap(),
                    _ => break,
                },
                message = browser.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => far.write_all(&bytes).await.unwrap(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => break,
                },
            }
        }
        let _ = browser.close(None).await;
    });
    near
}

async fn connect(address: SocketAddr, cut: usize) -> NetConnection {
    let stream = pipe(open(address).await.unwrap(), cut);
    let connecting = NetConnection::builder("rtmp://test/game").unwrap();
    timeout(PATIENCE, connecting.connect_with_stream(stream)).await.unwrap().unwrap()
}

/// A browser that has shaken hands and is connected.
async fn accepted(address: SocketAddr) -> Browser {
    let mut browser = open(address).await.unwrap();
    browser.send(Message::binary([&[3][..], &[0; 3072]].concat())).await.unwrap();
    let object = [&[3][..], &peer::member("app", "game"), &[0, 0, 9]].concat();
    browser.send(Message::binary(peer::command("connect", 1.0, &object))).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|bytes| bytes == b"_result") {
        let message = timeout(PATIENCE, browser.next()).await.unwrap().unwrap().unwrap();
        answer.extend_from_slice(&message.into_data());
    }
    browser
}

/// Waits for the end; gives what the server says about it.
async fn closed(browser: &mut Browser) -> Option<(u16, String)> {
    let ended = async {
        let mut said = None;
        while let Some(Ok(message)) = browser.next().await {
            if let Message::Close(Some(frame)) = message {
                said = Some((frame.code.into(), frame.reason.to_string()));
            }
        }
        said
    };
    timeout(PATIENCE, ended).await.unwrap()
}

#[tokio::test]
async fn calls_go_through_however_they_are_cut() {
    let server = Server::new(Services::new().add(Game));
    let address = serve(&server).await;
    for cut in [1, 7, 4096, 60_000] {
        let connection = connect(address, cut).await;
        let text = "x".repeat(if cut == 1 { 500 } else { 200_000 });
        assert_eq!(connection.call::<String>("game.echo", (&text,)).await.unwrap(), text, "{cut}");
        let peer = connection.call::<Option<String>>("game.peer", ()).await.unwrap();
        assert_eq!(peer.as_deref(), Some("127.0.0.1"));
        connection.close();
        timeout(PATIENCE, connection.closed()).await.unwrap();
    }
    let empty = async {
        while server.counters().connections > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, empty).await.unwrap();
}

#[tokio::test]
async fn what_is_no_rtmp_ends_the_connection() {
    let server = Server::new(Services::new().add(Game));
    let address = serve(&server).await;
    let running = connect(address, 4096).await;
    for (message, code, reason) in [
        (Message::text("hello"), 1003, "RTMP goes in binary messages"),
        // The version byte is 3.
        (Message::binary(vec![0x47; 8]), 1000, ""),
        // More than the 64 KiB that any message may have before connect, and what one read takes.
        (Message::binary(vec![3; (72 << 10) + 1]), 1009, "exceeded the limit `before_connect`"),
    ] {
        let mut browser = open(address).await.unwrap();
        browser.send(message).await.unwrap();
        assert_eq!(closed(&mut browser).await, Some((code, reason.to_owned())));
    }
    // As much as a message holds before connect: C0, C1, C2, and then chunks of zeros, which are no message.
    let mut browser = open(address).await.unwrap();
    let mut largest = vec![0; 64 << 10];
    largest[0] = 3;
    browser.send(Message::binary(largest)).await.unwrap();
    let answered = timeout(PATIENCE, browser.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(answered.into_data()[0], 3, "S0 says that it was read");
    // And when the client is accepted: 1 MiB and no more.
    for (len, ended) in [(1 << 20, (1000, "")), ((1 << 20) + 1, (1009, "exceeded the limit `message_bytes`"))]
    {
        let mut browser = accepted(address).await;
        browser.send(Message::binary(vec![0xC5; len])).await.unwrap();
        assert_eq!(closed(&mut browser).await, Some((ended.0, ended.1.to_owned())), "{len}");
    }
    assert_eq!(running.call::<String>("game.echo", ("x",)).await.unwrap(), "x");
}

#[tokio::test]
async fn who_is_one_too_many_gets_503() {
    let server = Server::new(Services::new().add(Game)).max_connections(2).max_connections_per_address(1);
    let address = serve(&server).await;
    let _held = [connect(address, 4096).await, connect(address, 4096).await];
    let Err(Error::Http(response)) = open(address).await else { panic!("let in") };
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn a_shutdown_closes_it() {
    let server = Server::new(Services::new().add(Game));
    let address = serve(&server).await;
    let connection = connect(address, 4096).await;
    timeout(PATIENCE, server.shutdown()).await.unwrap();
    timeout(PATIENCE, connection.closed()).await.unwrap();
}
