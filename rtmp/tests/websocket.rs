//! RTMP through WebSocket, as a browser sends it.

#![cfg(feature = "tunnel")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::net::SocketAddr;
use std::time::Duration;

use amf_remoting::{Services, remoting_service};
use amf_rtmp::{AllowedOrigins, Connect, NetConnection, Server};
use axum::Router;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

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

type ClientSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(server: &Server) -> SocketAddr {
    let app = Router::new().route("/rtmp", server.websocket());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn open(address: SocketAddr) -> Result<ClientSocket, Error> {
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let url = format!("ws://{address}/rtmp");
    tokio_tungstenite::connect_async_with_config(url, Some(config), true).await.map(|(socket, _)| socket)
}

/// A pipe through the socket, whose messages have at most so many bytes.
fn pipe(mut socket: ClientSocket, cut: usize) -> DuplexStream {
    let (near, mut far) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        let mut buffer = vec![0; cut];
        loop {
            tokio::select! {
                read = far.read(&mut buffer) => match read {
                    Ok(len @ 1..) => socket.send(Message::binary(buffer[..len].to_vec())).await.unwrap(),
                    _ => break,
                },
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => far.write_all(&bytes).await.unwrap(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => break,
                },
            }
        }
        let _ = socket.close(None).await;
    });
    near
}

async fn connect(address: SocketAddr, cut: usize) -> NetConnection {
    let stream = pipe(open(address).await.unwrap(), cut);
    let builder = NetConnection::builder("rtmp://test/game").unwrap();
    timeout(TIMEOUT, builder.connect_with_stream(stream)).await.unwrap().unwrap()
}

/// A socket that has shaken hands and is connected.
async fn accepted(address: SocketAddr) -> ClientSocket {
    let mut socket = open(address).await.unwrap();
    socket.send(Message::binary([&[3][..], &[0; 3072]].concat())).await.unwrap();
    let object = [&[3][..], &peer::member("app", "game"), &[0, 0, 9]].concat();
    socket.send(Message::binary(peer::command("connect", 1.0, &object))).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|bytes| bytes == b"_result") {
        let message = timeout(TIMEOUT, socket.next()).await.unwrap().unwrap().unwrap();
        answer.extend_from_slice(&message.into_data());
    }
    socket
}

/// Waits for the end; gives what the server says about it.
async fn closed(socket: &mut ClientSocket) -> Option<(u16, String)> {
    let ended = async {
        let mut said = None;
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                said = Some((frame.code.into(), frame.reason.to_string()));
            }
        }
        said
    };
    timeout(TIMEOUT, ended).await.unwrap()
}

#[tokio::test]
async fn calls_go_through_with_messages_cut_anywhere() {
    let server = Server::new(Services::new().add(Game));
    let address = serve(&server).await;
    for cut in [1, 7, 4096, 60_000] {
        let connection = connect(address, cut).await;
        let text = "x".repeat(if cut == 1 { 500 } else { 200_000 });
        assert_eq!(connection.call::<String>("game.echo", (&text,)).await.unwrap(), text, "{cut}");
        let peer = connection.call::<Option<String>>("game.peer", ()).await.unwrap();
        assert_eq!(peer.as_deref(), Some("127.0.0.1"));
        connection.close();
        timeout(TIMEOUT, connection.closed()).await.unwrap();
    }
    let empty = async {
        while server.counters().connections > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, empty).await.unwrap();
}

#[tokio::test]
async fn invalid_messages_close_the_connection() {
    let server = Server::new(Services::new().add(Game));
    let address = serve(&server).await;
    let running = connect(address, 4096).await;
    for (message, code, reason) in [
        (Message::text("hello"), 1003, "RTMP goes in binary messages"),
        // The version byte is 3.
        (Message::binary(vec![0x47; 8]), 1000, ""),
        // More than the 64 KiB that any message may have before connect, and what one read takes.
        (Message::binary(vec![3; (72 << 10) + 1]), 1009, "exceeded the limit `before_connect_bytes`"),
    ] {
        let mut socket = open(address).await.unwrap();
        socket.send(message).await.unwrap();
        assert_eq!(closed(&mut socket).await, Some((code, reason.to_owned())));
    }
    // As much as a message holds before connect: C0, C1, C2, and then chunks of zeros, which are no message.
    let mut socket = open(address).await.unwrap();
    let mut largest = vec![0; 64 << 10];
    largest[0] = 3;
    socket.send(Message::binary(largest)).await.unwrap();
    let answered = timeout(TIMEOUT, socket.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(answered.into_data()[0], 3, "S0 says that it was read");
    // And when the client is accepted: 1 MiB and no more.
    for (len, ended) in [(1 << 20, (1000, "")), ((1 << 20) + 1, (1009, "exceeded the limit `message_bytes`"))]
    {
        let mut socket = accepted(address).await;
        socket.send(Message::binary(vec![0xC5; len])).await.unwrap();
        assert_eq!(closed(&mut socket).await, Some((ended.0, ended.1.to_owned())), "{len}");
    }
    assert_eq!(running.call::<String>("game.echo", ("x",)).await.unwrap(), "x");
}

#[tokio::test]
async fn connections_over_the_maximum_receive_503() {
    let server = Server::new(Services::new().add(Game)).max_connections(2);
    let address = serve(&server).await;
    let _held = [connect(address, 4096).await, connect(address, 4096).await];
    let Err(Error::Http(response)) = open(address).await else { panic!("let in") };
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn pages_of_other_hosts_receive_403() {
    let open_from = async |server: &Server, origin: &str| {
        let address = serve(server).await;
        let mut request = format!("ws://{address}/rtmp").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    let server = Server::new(Services::new().add(Game));
    assert_eq!(open_from(&server, "http://127.0.0.1:8000").await, 101);
    assert_eq!(open_from(&server, "https://evil.example").await, 403);
    let list = AllowedOrigins::list(["https://game.example"]).unwrap();
    let server = server.allowed_origins(list);
    assert_eq!(open_from(&server, "https://game.example").await, 101);
    assert_eq!(open_from(&server, "http://127.0.0.1:8000").await, 403);
    let server = server.allowed_origins(AllowedOrigins::any());
    assert_eq!(open_from(&server, "https://evil.example").await, 101);
}

#[tokio::test]
async fn shutdown_closes_the_websocket() {
    let server = Server::new(Services::new().add(Game));
    let address = serve(&server).await;
    let connection = connect(address, 4096).await;
    timeout(TIMEOUT, server.shutdown()).await.unwrap();
    timeout(TIMEOUT, connection.closed()).await.unwrap();
}
