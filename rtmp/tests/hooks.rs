//! What a program decides about clients: who is let in, what is made of commands that nobody knows, who is gone
//! and why; and how many may come.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_remoting::{AmfObject, CallError, Services, Value, remoting_service};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::{
    Connect, ConnectError, Disconnect, DisconnectReason, NetConnection, Rejection, Server, UnknownCommand,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "test.Login")]
struct Login {
    name: String,
    level: u32,
}

struct Game;

#[remoting_service(name = "game")]
impl Game {
    fn login(&self, caller: &amf_remoting::Caller) -> Option<Login> {
        caller.extension::<Login>().cloned()
    }

    fn kick(&self, connect: &Connect) {
        connect.client().notify("lastWords", ()).unwrap();
        connect.close();
    }
}

fn server() -> Server {
    Server::new(Services::new().add(Game))
}

async fn serve(server: Server) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    (bound.local_addr().unwrap(), tokio::spawn(bound.serve()))
}

async fn connect(address: SocketAddr) -> Result<NetConnection, ConnectError> {
    let builder = NetConnection::builder(&format!("rtmp://{address}/game")).unwrap();
    timeout(TIMEOUT, builder.connect()).await.unwrap()
}

/// Whether the other side ends the connection without a word.
async fn is_closed(socket: &mut TcpStream) -> bool {
    matches!(timeout(TIMEOUT, socket.read(&mut [0; 64])).await.unwrap(), Ok(0) | Err(_))
}

#[tokio::test]
async fn connect_arguments_are_typed() {
    let server = server().on_connect(|connect| async move {
        let (login, times, note): (Login, Option<u32>, Option<String>) = connect.arguments()?;
        if let (Some(7), Some("Ann")) = (times, note.as_deref()) {
            return Ok(connect.admit(login).info("motd", "hello").info("code", "Mine"));
        }
        Err(connect.reject("seven times Ann"))
    });
    let (address, _task) = serve(server).await;
    let login = Login { name: "Ann".into(), level: 3 };
    let to = || NetConnection::builder(&format!("rtmp://{address}/game")).unwrap();
    let full = to().argument(&login).unwrap().argument(&7).unwrap().argument("Ann").unwrap();
    let connection = full.clone().connect().await.unwrap();
    assert_eq!(connection.call::<Option<Login>>("game.login", ()).await.unwrap(), Some(login.clone()));

    let accepted = connection.accepted();
    assert_eq!(accepted.info().get("motd"), Some(&Value::from("hello")));
    assert_eq!(accepted.info().code(), "NetConnection.Connect.Success");

    let refusal = |outcome: Result<NetConnection, ConnectError>| match outcome {
        Err(ConnectError::Rejected(status)) => status.description().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(to().argument(&login).unwrap().connect().await), "seven times Ann");
    let missing = refusal(to().connect().await);
    assert!(missing.starts_with("the arguments cannot be read: "), "{missing}");
    let wrong = refusal(to().argument(&true).unwrap().connect().await);
    assert!(wrong.contains("got Bool"), "{wrong}");
    let more = refusal(full.argument(&8).unwrap().connect().await);
    assert!(more.contains("no more than 3 arguments"), "{more}");
}

#[tokio::test]
async fn a_redirect_carries_the_url() {
    let server =
        server().on_connect(|connect| async move { Err(connect.redirect("rtmp://other.example/game")) });
    let (address, _task) = serve(server).await;
    let Err(error) = connect(address).await else { panic!("connected") };
    assert_eq!(error.redirect(), Some("rtmp://other.example/game"));
    let ConnectError::Rejected(status) = error else { panic!("{error}") };
    assert_eq!((status.level(), status.code()), ("error", "NetConnection.Connect.Rejected"));
    let ex = status.get("ex").unwrap();
    assert_eq!(ex.get("code").and_then(Value::as_f64), Some(302.0));
    assert_eq!(ex.get("redirect"), Some(&Value::from("rtmp://other.example/game")));
}

/// A server and the ends of its clients.
fn with_disconnects(server: Server) -> (Server, mpsc::UnboundedReceiver<Disconnect>) {
    let (disconnect_tx, disconnect_rx) = mpsc::unbounded_channel();
    let server = server.on_disconnect(move |disconnect| {
        let disconnect_tx = disconnect_tx.clone();
        async move {
            // It may wait.
            tokio::task::yield_now().await;
            let _ = disconnect_tx.send(disconnect);
        }
    });
    (server, disconnect_rx)
}

#[tokio::test]
async fn on_disconnect_receives_the_reason() {
    let limits = Limits::server().with_chunk_streams(4);
    let (server, mut disconnect_rx) = with_disconnects(
        server().config(Config::server().with_limits(limits)).on_connect(|connect| async move {
            Ok::<_, Rejection>(connect.admit(Login { name: "Ann".into(), level: 1 }))
        }),
    );
    let (address, task) = serve(server.clone()).await;

    let connection = connect(address).await.unwrap();
    connection.close();
    let gone = timeout(TIMEOUT, disconnect_rx.recv()).await.unwrap().unwrap();
    assert!(matches!(gone.reason(), DisconnectReason::Client), "{}", gone.reason());
    assert_eq!(gone.caller().extension::<Login>().unwrap().name, "Ann");
    assert_eq!(gone.instance().to_string(), "game/_definst_");
    assert!(!gone.client().is_open() && !gone.instance().local_clients().contains(gone.client()));
    assert_eq!(gone.connect().peer().unwrap().ip(), address.ip());

    let connection = connect(address).await.unwrap();
    assert!(matches!(connection.call::<()>("game.kick", ()).await, Ok(()) | Err(CallError::Gone)));
    let gone = timeout(TIMEOUT, disconnect_rx.recv()).await.unwrap().unwrap();
    assert!(matches!(gone.reason(), DisconnectReason::Server), "{}", gone.reason());

    let connection = connect(address).await.unwrap();
    task.abort();
    let gone = timeout(TIMEOUT, disconnect_rx.recv()).await.unwrap().unwrap();
    assert!(matches!(gone.reason(), DisconnectReason::Aborted), "{}", gone.reason());
    timeout(TIMEOUT, connection.closed()).await.unwrap();

    let (address, _task) = serve(server.clone()).await;
    let _connection = connect(address).await.unwrap();
    timeout(TIMEOUT, server.shutdown()).await.unwrap();
    let gone = disconnect_rx.try_recv().expect("the shutdown waits for the hook");
    assert!(matches!(gone.reason(), DisconnectReason::Server), "{}", gone.reason());
}

#[tokio::test]
async fn on_disconnect_is_not_called_for_rejected_clients() {
    let (server, mut disconnect_rx) =
        with_disconnects(server().on_connect(|connect| async move { Err(connect.reject("no")) }));
    let (address, _task) = serve(server.clone()).await;
    assert!(connect(address).await.is_err());
    server.shutdown().await;
    assert!(disconnect_rx.try_recv().is_err());
}

#[tokio::test]
async fn fallback_answers_unknown_commands() {
    let (command_tx, mut command_rx) = mpsc::unbounded_channel();
    let server = server().fallback(move |command: UnknownCommand| {
        command_tx
            .send((command.name().to_owned(), command.wants_answer(), command.to_values().unwrap()))
            .unwrap();
        async move {
            match command.name() {
                "add" => command.arguments::<(f64, f64)>().map(|(a, b)| a + b),
                "panic" => panic!("as asked"),
                _ => Err(command.not_found()),
            }
        }
    });
    let (address, _task) = serve(server).await;
    let connection = connect(address).await.unwrap();
    assert_eq!(connection.call::<u32>("add", (3, 4)).await.unwrap(), 7);
    assert_eq!(
        command_rx.recv().await.unwrap(),
        ("add".into(), true, vec![Value::Integer(3), Value::Integer(4)])
    );
    for (method, code) in [
        ("nothing", "NetConnection.Call.Failed"),
        ("panic", "Server.Processing"),
        ("add", "Client.Message.Encoding"),
    ] {
        let error = connection.call::<()>(method, ()).await.unwrap_err();
        assert!(matches!(&error, CallError::Fault(fault) if fault.code() == code), "{method}: {error}");
        command_rx.recv().await.unwrap();
    }
    connection.notify("news", ("x",)).unwrap();
    assert_eq!(command_rx.recv().await.unwrap(), ("news".into(), false, vec![Value::from("x")]));
    connection.call::<Option<Login>>("game.login", ()).await.unwrap();
    assert!(command_rx.try_recv().is_err(), "what a service answers is not unknown");
}

/// The texts are those of Flash Media Server, to which Flash programs are used.
#[tokio::test]
async fn an_unknown_method_is_named_whole() {
    let (address, _task) = serve(server()).await;
    let connection = connect(address).await.unwrap();
    let long = "m".repeat(1_000);
    for (method, text) in [
        ("game.nothing", "Method not found (game.nothing)."),
        ("nobody.at.home", "Method not found (nobody.at.home)."),
        ("nothing", "Method not found (nothing)."),
        (&*long, &*format!("Method not found ({}…).", &long[..128])),
    ] {
        let error = connection.call::<()>(method, ()).await.unwrap_err();
        let CallError::Fault(fault) = error else { panic!("{error}") };
        assert_eq!((fault.code(), fault.message()), ("NetConnection.Call.Failed", text));
    }
}

/// What Red5 sends by `conn.notify("news", "x")`: type 18 on message stream 0, the name and the arguments.
#[tokio::test]
async fn a_data_message_on_stream_0_is_a_notification() {
    let (command_tx, mut command_rx) = mpsc::unbounded_channel();
    let server = server().fallback(move |command: UnknownCommand| {
        let values = command.to_values().unwrap();
        command_tx.send((command.name().to_owned(), command.wants_answer(), values)).unwrap();
        std::future::ready(Ok(()))
    });
    let (address, _task) = serve(server).await;
    let mut socket = peer::connected(address).await;
    socket.write_all(&peer::message(18, b"\x02\0\x04news\x02\0\x01x\x01\x01")).await.unwrap();
    socket.write_all(&peer::message(15, b"\0\x02\0\x05again\x11\x03")).await.unwrap();
    // No name, and nothing at all.
    socket.write_all(&peer::message(18, b"\x01\x01")).await.unwrap();
    socket.write_all(&peer::message(18, b"")).await.unwrap();
    socket.write_all(&peer::command("last", 0.0, &[5])).await.unwrap();
    let mut next = async || timeout(TIMEOUT, command_rx.recv()).await.unwrap().unwrap();
    assert_eq!(next().await, ("news".into(), false, vec![Value::from("x"), Value::Bool(true)]));
    assert_eq!(next().await, ("again".into(), false, vec![Value::Bool(true)]));
    assert_eq!(next().await, ("last".into(), false, vec![]));
}

#[tokio::test]
async fn the_hook_decides_on_an_empty_app() {
    let server = server().on_connect(|connect| async move {
        match (connect.application(), connect.query()) {
            ("", "let me in") => Ok(connect.accept()),
            (application, _) => Err(Rejection::invalid_application(application)),
        }
    });
    let (address, _task) = serve(server).await;
    for (app, answer) in
        [("?let me in", "NetConnection.Connect.Success"), ("", "NetConnection.Connect.InvalidApp")]
    {
        let mut socket = peer::handshaken(address).await;
        let object = [&[3][..], &peer::member("app", app), &[0, 0, 9]].concat();
        socket.write_all(&peer::command("connect", 1.0, &object)).await.unwrap();
        peer::read_until(&mut socket, answer.as_bytes()).await;
    }
}

#[tokio::test]
async fn the_policy_file_is_sent_if_there_is_one() {
    const POLICY: &str = "<cross-domain-policy/>";
    let (with, _task) = serve(server().policy_file(POLICY)).await;
    let (without, _task) = serve(server()).await;
    for (address, expected) in [(with, "<cross-domain-policy/>\0"), (without, "")] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(b"<policy-file-request/>\0").await.unwrap();
        let mut answer = String::new();
        timeout(TIMEOUT, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn max_connections_is_enforced() {
    let server = server().max_connections(3);
    let (address, _task) = serve(server.clone()).await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(connect(address).await.unwrap());
    }
    assert!(is_closed(&mut TcpStream::connect(address).await.unwrap()).await);
    let (_pipe, far) = tokio::io::duplex(64);
    timeout(TIMEOUT, server.serve_stream(far, None)).await.expect("no permit at this transport either");
    let counters = server.counters();
    assert_eq!((counters.connections, counters.accepted, counters.refused_connections), (3, 3, 2));
    sockets.pop().unwrap().close();
    timeout(TIMEOUT, async { while connect(address).await.is_err() {} }).await.unwrap();
}

#[tokio::test]
async fn max_connections_per_address_is_enforced() {
    let server = server().max_connections_per_address(2);
    let (address, _task) = serve(server.clone()).await;
    let held = [connect(address).await.unwrap(), connect(address).await.unwrap()];
    // A client that shakes hands is told, one that says nothing is closed in time.
    let Err(ConnectError::Rejected(status)) = connect(address).await else { panic!("connected") };
    let text = "no more than 2 connections, the limit `max_connections_per_address`";
    assert_eq!((status.code(), status.description()), ("NetConnection.Connect.Rejected", text));
    let began = Instant::now();
    assert!(is_closed(&mut TcpStream::connect(address).await.unwrap()).await);
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&began.elapsed()));
    let counters = server.counters();
    assert_eq!((counters.connections, counters.refused_connections_per_address), (2, 2));
    // Neither another address of the loopback nor a stream that the program serves is counted for this one.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let other = socket.connect(address).await.unwrap();
    let to = || NetConnection::builder("rtmp://test/game").unwrap();
    let _other = timeout(TIMEOUT, to().connect_with_stream(other)).await.unwrap().unwrap();
    let (pipe, far) = tokio::io::duplex(4096);
    tokio::spawn(server.serve_stream(far, Some(address)));
    let _piped = timeout(TIMEOUT, to().connect_with_stream(pipe)).await.unwrap().unwrap();
    drop(held);
}

#[tokio::test]
async fn connections_that_are_refused_with_a_status_are_bounded() {
    let server = server().max_connections_per_address(1).pending_refusals(2);
    let server = server.refusal_timeout(Duration::from_mins(1));
    let (address, _task) = serve(server.clone()).await;
    let _held = connect(address).await.unwrap();
    let mut silent = [peer::handshaken(address).await, peer::handshaken(address).await];
    let mut over = TcpStream::connect(address).await.unwrap();
    let is_closed = timeout(Duration::from_secs(2), is_closed(&mut over)).await.unwrap();
    assert!(is_closed, "the third one is told nothing");
    // The status comes as soon as one of them connects, and makes room for another.
    let object = [&[3][..], &peer::member("app", "game"), &[0, 0, 9]].concat();
    silent[0].write_all(&peer::command("connect", 1.0, &object)).await.unwrap();
    peer::read_until(&mut silent[0], b"NetConnection.Connect.Rejected").await;
    peer::closed(&mut silent[0]).await;
    let told = async {
        while !matches!(connect(address).await, Err(ConnectError::Rejected(_))) {
            tokio::task::yield_now().await;
        }
    };
    timeout(TIMEOUT, told).await.unwrap();
}

#[tokio::test]
async fn shutdown_reaches_every_transport_and_refuses_new_clients() {
    let server = server();
    let (address, task) = serve(server.clone()).await;
    let (pipe, far) = tokio::io::duplex(4096);
    tokio::spawn(server.serve_stream(far, None));
    let (call_tx, mut call_rx) = mpsc::unbounded_channel();
    let listen = |builder: amf_rtmp::NetConnectionBuilder| {
        let call_tx = call_tx.clone();
        builder.on_unhandled(move |name, values| call_tx.send((name.to_owned(), values)).unwrap())
    };
    let plain = NetConnection::builder(&format!("rtmp://{address}/game")).unwrap();
    let plain = listen(plain).connect().await.unwrap();
    let piped =
        listen(NetConnection::builder("rtmp://test/game").unwrap()).connect_with_stream(pipe).await.unwrap();
    timeout(TIMEOUT, server.shutdown()).await.unwrap();
    for _ in 0..2 {
        let (name, values) = timeout(TIMEOUT, call_rx.recv()).await.unwrap().unwrap();
        assert_eq!(name, "onStatus");
        assert_eq!(values[0].get("code"), Some(&Value::from("NetConnection.Connect.AppShutdown")));
    }
    timeout(TIMEOUT, async { tokio::join!(plain.closed(), piped.closed()) }).await.unwrap();
    timeout(TIMEOUT, task).await.unwrap().unwrap().unwrap();
    assert!(connect(address).await.is_err());
    assert_eq!(server.counters().connections, 0);
}

#[tokio::test]
async fn clients_may_call_during_the_shutdown_notice() {
    let server = server().shutdown_notice(Duration::from_millis(400));
    let (address, _task) = serve(server.clone()).await;
    let (call_tx, mut call_rx) = mpsc::unbounded_channel();
    let to = || NetConnection::builder(&format!("rtmp://{address}/game")).unwrap();
    let stays = to().on_unhandled(move |_, _| call_tx.send(()).unwrap()).connect().await.unwrap();
    let began = std::time::Instant::now();
    let ended = tokio::spawn(async move { server.shutdown().await });
    timeout(TIMEOUT, call_rx.recv()).await.unwrap().unwrap();
    stays.call::<Option<Login>>("game.login", ()).await.unwrap();
    assert!(connect(address).await.is_err());
    timeout(TIMEOUT, stays.closed()).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(400));
    timeout(TIMEOUT, ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_accepted_during_shutdown_is_rejected() {
    let (asked, decide) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (ask, decided) = (Arc::clone(&asked), Arc::clone(&decide));
    let (server, mut disconnect_rx) = with_disconnects(server().on_connect(move |connect| {
        let (ask, decided) = (Arc::clone(&ask), Arc::clone(&decided));
        async move {
            ask.notify_one();
            decided.notified().await;
            Ok(connect.accept())
        }
    }));
    let (address, _task) = serve(server.clone()).await;
    let builder = tokio::spawn(async move { connect(address).await });
    asked.notified().await;
    let ended = tokio::spawn(async move { server.shutdown().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    decide.notify_one();
    let outcome = timeout(TIMEOUT, builder).await.unwrap().unwrap();
    let Err(ConnectError::Rejected(status)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(status.description(), "the server is shutting down");
    timeout(TIMEOUT, ended).await.unwrap().unwrap();
    assert!(disconnect_rx.try_recv().is_err(), "it never was a client");
}

#[tokio::test]
async fn a_connection_counts_until_its_hook_has_returned() {
    let (release, entered) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = server().max_connections(1).on_disconnect({
        let (release, entered) = (Arc::clone(&release), Arc::clone(&entered));
        move |_| {
            let (release, entered) = (Arc::clone(&release), Arc::clone(&entered));
            async move {
                entered.notify_one();
                release.notified().await;
            }
        }
    });
    let counted = server.clone();
    let (address, _serving) = serve(server).await;
    let first = connect(address).await.unwrap();
    first.close();
    timeout(TIMEOUT, entered.notified()).await.unwrap();
    assert_eq!(counted.counters().connections, 1);
    assert!(connect(address).await.is_err(), "there is no room while the hook runs");
    release.notify_one();
    let freed = async {
        while counted.counters().connections > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, freed).await.unwrap();
    connect(address).await.unwrap();
}
