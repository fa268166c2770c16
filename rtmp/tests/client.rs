//! The client on sockets of the loopback: reconnecting, timeouts, redirects.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::{CallError, Client, Services, Value, remoting_service};
use amf_rtmp::proto::{Accept, Config, Connection, Event, Message, MessageType, Seed};
use amf_rtmp::{Backoff, ConnectError, ConnectionEvent, NetConnection, NetConnectionBuilder, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Game {
    started: Arc<Notify>,
}

#[remoting_service(name = "game")]
impl Game {
    async fn wait(&self) {
        self.started.notify_one();
        std::future::pending::<()>().await;
    }

    fn tell(&self, client: &Client, text: String) {
        client.notify("told", (&text,)).unwrap();
    }
}

/// What a client lets the server call.
struct Callbacks(mpsc::UnboundedSender<String>);

#[remoting_service(name = "")]
impl Callbacks {
    fn told(&self, text: String) {
        self.0.send(text).unwrap();
    }
}

struct TestServer {
    server: Server,
    game: Game,
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

/// A server that lets in who asks for the application `game`.
async fn serve(at: &str) -> TestServer {
    let game = Game { started: Arc::new(Notify::new()) };
    let server = Server::new(Services::new().add(game.clone())).on_connect(|connect| async move {
        match connect.application() {
            "game" => Ok(connect.accept()),
            "lost" => Err(connect.reject("no")),
            elsewhere => Err(connect.redirect(format!("rtmp://127.0.0.1:{elsewhere}/game"))),
        }
    });
    let bound = server.clone().bind(at).await.unwrap();
    let address = bound.local_addr().unwrap();
    TestServer { server, game, address, task: tokio::spawn(bound.serve()) }
}

fn builder_for(address: SocketAddr, app: &str) -> NetConnectionBuilder {
    NetConnection::builder(&format!("rtmp://{address}/{app}")).unwrap()
}

fn short_backoff() -> Backoff {
    Backoff::new().initial_delay(Duration::from_millis(20)).max_delay(Duration::from_millis(100))
}

/// A server that accepts its client, and then sends these messages.
async fn accept_and_send(mut stream: DuplexStream, messages: Vec<Message>) {
    let now = std::time::Instant::now();
    let mut server = Connection::server(Arc::new(Config::server()), &Seed::new([2; 32]), now);
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        server.handle_input(now, &buffer[..read]);
        while let Some(event) = server.poll_event() {
            if matches!(event, Event::Connect(_)) {
                server.accept(now, &Accept::default()).unwrap();
                for message in &messages {
                    server.send(message).unwrap();
                }
            }
        }
        while let Some(bytes) = server.poll_transmit() {
            stream.write_all(&bytes).await.unwrap();
        }
    }
}

/// Red5's `conn.notify` sends a data message with the name and the arguments, and `close` before it closes.
#[tokio::test]
async fn notifications_and_the_command_close_of_red5_are_understood() {
    let (near, far) = tokio::io::duplex(64 << 10);
    let messages = vec![
        Message::new(MessageType::DATA, &b"\x02\0\x04told\x02\0\x02hi"[..]),
        Message::new(MessageType::DATA, &b"\x02\0\x04news\x01\x01"[..]),
        // On a message stream it is of the media.
        Message::new(MessageType::DATA, &b"\x02\0\x05other\x01\x01"[..]).with_stream(1),
        Message::notification(amf_remoting::Version::Amf0, 0, "close", &[]),
    ];
    tokio::spawn(accept_and_send(far, messages));
    let (told_tx, mut told_rx) = mpsc::unbounded_channel();
    let (unhandled_tx, mut unhandled_rx) = mpsc::unbounded_channel();
    let connection = NetConnection::builder("rtmp://test/game")
        .unwrap()
        .services(Services::new().add(Callbacks(told_tx)))
        .on_unhandled(move |name, values| unhandled_tx.send((name.to_owned(), values)).unwrap())
        .connect_with_stream(near)
        .await
        .unwrap();
    timeout(TIMEOUT, connection.closed()).await.unwrap();
    drop(connection);
    assert_eq!(timeout(TIMEOUT, told_rx.recv()).await.unwrap(), Some("hi".into()));
    let mut unhandled = async || timeout(TIMEOUT, unhandled_rx.recv()).await.unwrap();
    assert_eq!(unhandled().await, Some(("news".into(), vec![Value::Bool(true)])));
    assert_eq!(unhandled().await, None);
}

/// The events of a connection in words, without times.
fn with_event_log(builder: NetConnectionBuilder) -> (NetConnectionBuilder, mpsc::UnboundedReceiver<String>) {
    let (log_tx, log_rx) = mpsc::unbounded_channel();
    let builder = builder.on_event(move |event| {
        let word = match event {
            ConnectionEvent::Reconnecting { attempt, .. } => format!("waiting {attempt}"),
            ConnectionEvent::ReconnectFailed(_) => "failed".to_owned(),
            other => other.to_string(),
        };
        let _ = log_tx.send(word);
    });
    (builder, log_rx)
}

async fn next(log_rx: &mut mpsc::UnboundedReceiver<String>) -> String {
    timeout(TIMEOUT, log_rx.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_lost_connection_is_reconnected() {
    let first = serve("127.0.0.1:0").await;
    let (say, mut hears) = mpsc::unbounded_channel();
    let (builder, mut log_rx) = with_event_log(builder_for(first.address, "game").reconnect(short_backoff()));
    let connection = builder.services(Services::new().add(Callbacks(say))).connect().await.unwrap();
    assert_eq!(next(&mut log_rx).await, "connected");
    connection.call::<()>("game.tell", ("one",)).await.unwrap();
    assert_eq!(next(&mut hears).await, "one");

    let waiting = connection.clone();
    let waiting = tokio::spawn(async move { waiting.call::<()>("game.wait", ()).await });
    first.game.started.notified().await;
    first.task.abort();
    let failed = timeout(TIMEOUT, waiting).await.unwrap().unwrap();
    assert!(matches!(failed, Err(CallError::Gone)), "{failed:?}");
    assert_eq!(next(&mut log_rx).await, "the connection is lost");
    assert_eq!(next(&mut log_rx).await, "waiting 1");
    assert_eq!(next(&mut log_rx).await, "failed", "nobody is there");
    assert!(!connection.is_open());
    assert!(matches!(connection.call::<()>("game.tell", ("x",)).await, Err(CallError::Gone)));
    assert!(matches!(connection.notify("game.tell", ("x",)), Err(CallError::Gone)));

    let second = serve(&first.address.to_string()).await;
    assert!(timeout(TIMEOUT, connection.opened()).await.unwrap());
    connection.call::<()>("game.tell", ("two",)).await.unwrap();
    assert_eq!(next(&mut hears).await, "two", "what the server may call stays");

    // A server that says good-bye is not the end either.
    timeout(TIMEOUT, second.server.shutdown()).await.unwrap();
    let _third = serve(&first.address.to_string()).await;
    timeout(TIMEOUT, async {
        while connection.call::<()>("game.tell", ("three",)).await.is_err() {
            assert!(connection.opened().await);
        }
    })
    .await
    .unwrap();
    assert_eq!(next(&mut hears).await, "three");

    connection.close();
    timeout(TIMEOUT, connection.closed()).await.unwrap();
    assert!(!connection.opened().await);
    let mut last = String::new();
    while let Some(word) = timeout(TIMEOUT, log_rx.recv()).await.unwrap() {
        last = word;
        if last == "the connection has ended" {
            break;
        }
    }
    assert_eq!(last, "the connection has ended");
}

#[tokio::test]
async fn a_connection_without_backoff_is_not_reconnected() {
    let server = serve("127.0.0.1:0").await;
    let (builder, mut log_rx) = with_event_log(builder_for(server.address, "game"));
    let connection = builder.connect().await.unwrap();
    server.task.abort();
    timeout(TIMEOUT, connection.closed()).await.unwrap();
    for event in ["connected", "the connection is lost", "the connection has ended"] {
        assert_eq!(next(&mut log_rx).await, event);
    }
}

#[tokio::test]
async fn reconnecting_stops_after_max_attempts() {
    let server = serve("127.0.0.1:0").await;
    let backoff = short_backoff().max_attempts(2);
    let (builder, mut log_rx) = with_event_log(builder_for(server.address, "game").reconnect(backoff));
    let connection = builder.connect().await.unwrap();
    server.task.abort();
    timeout(TIMEOUT, connection.closed()).await.unwrap();
    for event in [
        "connected",
        "the connection is lost",
        "waiting 1",
        "failed",
        "waiting 2",
        "failed",
        "the connection has ended",
    ] {
        assert_eq!(next(&mut log_rx).await, event);
    }
}

#[tokio::test]
async fn reconnecting_stops_after_a_rejection() {
    let server = serve("127.0.0.1:0").await;
    let (builder, mut log_rx) =
        with_event_log(builder_for(server.address, "game").reconnect(short_backoff()));
    let connection = builder.connect().await.unwrap();
    server.task.abort();
    timeout(TIMEOUT, connection.lost()).await.unwrap();
    let listener = TcpListener::bind(server.address).await.unwrap();
    let closed =
        Server::new(Services::new()).on_connect(|connect| async move { Err(connect.reject("closed")) });
    tokio::spawn(closed.listen(listener).serve());
    timeout(TIMEOUT, connection.closed()).await.unwrap();
    let mut events = Vec::new();
    while events.last().is_none_or(|last| last != "the connection has ended") {
        events.push(next(&mut log_rx).await);
    }
    assert_eq!(events[events.len() - 2..], ["failed", "the connection has ended"]);
}

#[tokio::test]
async fn close_stops_reconnecting() {
    let server = serve("127.0.0.1:0").await;
    let slow = Backoff::new().initial_delay(Duration::from_hours(1)).max_delay(Duration::from_hours(1));
    for drop_it in [false, true] {
        let (builder, mut log_rx) =
            with_event_log(builder_for(server.address, "game").reconnect(slow.clone()));
        let connection = builder.connect().await.unwrap();
        assert_eq!(next(&mut log_rx).await, "connected");
        if drop_it {
            drop(connection);
            assert_eq!(next(&mut log_rx).await, "the connection is lost");
        } else {
            connection.close();
            assert_eq!(next(&mut log_rx).await, "the connection is lost");
            timeout(TIMEOUT, connection.closed()).await.unwrap();
        }
        assert_eq!(next(&mut log_rx).await, "the connection has ended");
    }
    let (builder, mut log_rx) = with_event_log(builder_for(server.address, "game").reconnect(slow));
    let connection = builder.connect().await.unwrap();
    server.task.abort();
    while next(&mut log_rx).await != "waiting 1" {}
    connection.close();
    timeout(TIMEOUT, connection.closed()).await.unwrap();
}

#[tokio::test]
async fn a_panicking_event_hook_does_not_close_the_connection() {
    let server = serve("127.0.0.1:0").await;
    let builder =
        builder_for(server.address, "game").reconnect(short_backoff()).on_event(|event| panic!("{event}"));
    let connection = builder.connect().await.unwrap();
    server.task.abort();
    timeout(TIMEOUT, connection.lost()).await.unwrap();
    let _again = serve(&server.address.to_string()).await;
    assert!(timeout(TIMEOUT, connection.opened()).await.unwrap());
}

#[tokio::test]
async fn connect_times_out() {
    // It accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limit = Duration::from_millis(100);
    let builder = builder_for(silent.local_addr().unwrap(), "game").connect_timeout(limit);
    let outcome = timeout(TIMEOUT, builder.connect()).await.unwrap();
    assert!(matches!(outcome, Err(ConnectError::Timeout(found)) if found == limit), "{outcome:?}");
    let (near, _far) = tokio::io::duplex(4096);
    let outcome =
        builder_for(silent.local_addr().unwrap(), "game").connect_timeout(limit).connect_with_stream(near);
    assert!(matches!(timeout(TIMEOUT, outcome).await.unwrap(), Err(ConnectError::Timeout(_))));
}

#[tokio::test]
async fn redirects_are_followed_up_to_the_maximum() {
    let there = serve("127.0.0.1:0").await;
    let here = serve("127.0.0.1:0").await;
    let elsewhere = there.address.port().to_string();
    let outcome = builder_for(here.address, &elsewhere).connect().await;
    let Err(error) = outcome else { panic!("let in") };
    assert_eq!(error.redirect(), Some(format!("rtmp://127.0.0.1:{elsewhere}/game").as_str()));
    let connection = builder_for(here.address, &elsewhere).follow_redirects(1).connect().await.unwrap();
    assert_eq!((here.server.counters().accepted, there.server.counters().accepted), (2, 1));
    let instance = there.server.instance("game", "").unwrap();
    assert_eq!(instance.local_clients().local_len(), 1);
    drop(connection);

    let refused = builder_for(here.address, "lost").follow_redirects(1).connect().await;
    assert!(matches!(refused, Err(ConnectError::Rejected(status)) if status.description() == "no"));
}
