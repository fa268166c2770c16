//! Server and client on sockets of the loopback: calls both ways, groups, refusals, and how connections end.

#![cfg(feature = "net")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod peer;

use std::future::ready;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::{
    AmfObject, CallError, Client, Fault, Group, OutputLimits, Services, Value, Version, remote_client,
    remoting_service,
};
use amf_rtmp::{Connect, ConnectError, NetConnection, Rejection, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "test.Player")]
struct Player {
    name: String,
    level: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct User(String);

#[remote_client]
trait Questions {
    async fn double(&self, number: f64) -> Result<f64, CallError>;
}

#[remote_client]
trait Events {
    fn joined(&self, player: &Player);
}

struct Game {
    room: Group,
    release: Arc<Notify>,
}

#[remoting_service(name = "game")]
impl Game {
    fn join(&self, client: &Client, player: Player) -> Player {
        self.room.add(client);
        self.room.joined(&player);
        player
    }

    /// Calls its caller and waits for the answer.
    async fn ask(&self, client: &Client, number: f64) -> Result<f64, Fault> {
        client.double(number).await.map_err(|error| Fault::new("Game.Ask", error.to_string()))
    }

    fn who(&self, connect: &Connect) -> (String, Vec<Value>) {
        (connect.instance().name().to_owned(), connect.values().to_vec())
    }

    fn user(&self, caller: &amf_remoting::Caller) -> String {
        caller.extension::<User>().map_or_else(String::new, |user| user.0.clone())
    }

    fn much(&self, length: u32) -> String {
        "x".repeat(length as usize)
    }

    fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("Game.Fail", "failed as asked"))
    }

    async fn wait(&self) -> u32 {
        self.release.notified().await;
        7
    }
}

struct TestServer {
    address: SocketAddr,
    room: Group,
    release: Arc<Notify>,
    stop: Arc<Notify>,
    disconnects: mpsc::UnboundedReceiver<()>,
    task: JoinHandle<std::io::Result<()>>,
}

async fn serve() -> TestServer {
    let (room, release, stop) = (Group::new(), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (left, disconnects) = mpsc::unbounded_channel();
    let bound = Server::new(Services::new().add(Game { room: room.clone(), release: release.clone() }))
        .on_connect(|connect| async move {
            match (connect.application(), connect.argument::<Option<String>>(0)) {
                ("game", Ok(name)) => Ok(connect.admit(User(name.unwrap_or_default()))),
                ("game", Err(error)) => Err(connect.reject(error.to_string())),
                (other, _) => Err(Rejection::invalid_application(other)),
            }
        })
        .on_disconnect(move |_| {
            left.send(()).unwrap();
            ready(())
        })
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let address = bound.local_addr().unwrap();
    let stopped = Arc::clone(&stop);
    let task = tokio::spawn(bound.serve_until(async move { stopped.notified().await }));
    TestServer { address, room, release, stop, disconnects, task }
}

/// What a client lets the server call.
struct Callbacks {
    heard: mpsc::UnboundedSender<Player>,
}

#[remoting_service(name = "")]
impl Callbacks {
    fn double(&self, number: f64) -> Result<f64, Fault> {
        if number < 0.0 { Err(Fault::new("Client.Negative", "no")) } else { Ok(number * 2.0) }
    }

    fn joined(&self, player: Player) {
        self.heard.send(player).unwrap();
    }
}

async fn connect(server: &TestServer, version: Version) -> (NetConnection, mpsc::UnboundedReceiver<Player>) {
    let (told, hears) = mpsc::unbounded_channel();
    let connection = NetConnection::builder(&format!("rtmp://{}/game/red", server.address))
        .unwrap()
        .encoding(version)
        .argument("Ann")
        .unwrap()
        .services(Services::new().add(Callbacks { heard: told }))
        .connect()
        .await
        .unwrap();
    (connection, hears)
}

#[tokio::test]
async fn calls_and_replies_go_both_ways() {
    let server = serve().await;
    for version in [Version::Amf0, Version::Amf3] {
        let (connection, mut hears) = connect(&server, version).await;
        let player = Player { name: "Ann".into(), level: 7 };
        let joined: Player = connection.call("game.join", (&player,)).await.unwrap();
        assert_eq!(joined, player);
        assert_eq!(timeout(TIMEOUT, hears.recv()).await.unwrap(), Some(player));

        let doubled: f64 = connection.call("game.ask", (21,)).await.unwrap();
        assert!((doubled - 42.0).abs() < f64::EPSILON);
        let fault = connection.call::<f64>("game.ask", (-1,)).await.unwrap_err();
        let CallError::Fault(fault) = fault else { panic!("{fault}") };
        assert_eq!(fault.code(), "Game.Ask");

        let (instance, arguments): (String, Vec<Value>) = connection.call("game.who", ()).await.unwrap();
        assert_eq!((instance.as_str(), arguments), ("red", vec![Value::from("Ann")]));
        assert_eq!(connection.call::<String>("game.user", ()).await.unwrap(), "Ann");

        for (target, code) in [
            ("game.fail", "Game.Fail"),
            ("game.nothing", "NetConnection.Call.Failed"),
            ("nothing.at", "NetConnection.Call.Failed"),
        ] {
            let error = connection.call::<()>(target, ()).await.unwrap_err();
            assert!(matches!(&error, CallError::Fault(fault) if fault.code() == code), "{target}: {error}");
        }
    }
}

#[tokio::test]
async fn a_slow_method_does_not_delay_other_calls() {
    let server = serve().await;
    let (connection, _hears) = connect(&server, Version::Amf3).await;
    let slow = connection.clone();
    let slow = tokio::spawn(async move { slow.call::<u32>("game.wait", ()).await });
    assert_eq!(connection.call::<String>("game.user", ()).await.unwrap(), "Ann");
    server.release.notify_one();
    assert_eq!(timeout(TIMEOUT, slow).await.unwrap().unwrap().unwrap(), 7);
}

#[tokio::test]
async fn a_group_reaches_connected_clients_only() {
    let mut server = serve().await;
    // It takes several chunks.
    let player = Player { name: "Bob".repeat(50_000), level: 1 };
    let mut connections = Vec::new();
    for version in [Version::Amf0, Version::Amf3, Version::Amf3] {
        let (connection, mut hears) = connect(&server, version).await;
        connection.call::<Player>("game.join", (&player,)).await.unwrap();
        timeout(TIMEOUT, hears.recv()).await.unwrap();
        connections.push((connection, hears));
    }
    // Those who were there heard of those who came later.
    server.room.joined(&player);
    for (index, (_, hears)) in connections.iter_mut().enumerate() {
        for _ in index..3 {
            assert_eq!(timeout(TIMEOUT, hears.recv()).await.unwrap().as_ref(), Some(&player));
        }
    }
    let (first, _) = connections.remove(0);
    first.close();
    timeout(TIMEOUT, first.closed()).await.unwrap();
    timeout(TIMEOUT, server.disconnects.recv()).await.unwrap();
    assert_eq!(server.room.local_len(), 2);
    assert!(matches!(first.call::<()>("game.fail", ()).await, Err(CallError::Gone)));
}

#[tokio::test]
async fn a_rejection_carries_its_reason() {
    let server = serve().await;
    let refused =
        NetConnection::builder(&format!("rtmp://{}/other", server.address)).unwrap().connect().await;
    let Err(ConnectError::Rejected(status)) = refused else { panic!("{refused:?}") };
    assert_eq!(status.code(), "NetConnection.Connect.InvalidApp");
    assert_eq!(status.description(), "there is no application `other` here");
    let url = format!("rtmp://{}/game", server.address);
    let refused = NetConnection::builder(&url).unwrap().argument(&7).unwrap().connect().await;
    let Err(ConnectError::Rejected(status)) = refused else { panic!("{refused:?}") };
    assert_eq!(status.code(), "NetConnection.Connect.Rejected");
    assert!(status.description().contains("expected String, got Number"), "{}", status.description());
}

#[tokio::test]
async fn shutdown_waits_for_calls_and_announces_itself() {
    let server = serve().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let connection = NetConnection::builder(&format!("rtmp://{}/game", server.address))
        .unwrap()
        .on_unhandled(move |name, arguments| hears.lock().unwrap().push((name.to_owned(), arguments)))
        .connect()
        .await
        .unwrap();
    let slow = connection.clone();
    let slow = tokio::spawn(async move { slow.call::<u32>("game.wait", ()).await });
    // An answer says that the call before it is at work.
    connection.call::<String>("game.user", ()).await.unwrap();
    server.stop.notify_one();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(connection.is_open());
    server.release.notify_one();
    assert_eq!(timeout(TIMEOUT, slow).await.unwrap().unwrap().unwrap(), 7);
    timeout(TIMEOUT, connection.closed()).await.unwrap();
    timeout(TIMEOUT, server.task).await.unwrap().unwrap().unwrap();
    let told = told.lock().unwrap();
    let [(name, arguments)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(name, "onStatus");
    assert_eq!(arguments[0].get("code"), Some(&Value::from("NetConnection.Connect.AppShutdown")));
}

#[tokio::test]
async fn large_answers_to_pipelined_calls_all_arrive() {
    let server = serve().await;
    let (connection, _hears) = connect(&server, Version::Amf0).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { connection.call::<String>("game.much", (900_000,)).await })
        })
        .collect();
    for call in calls {
        assert_eq!(timeout(TIMEOUT, call).await.unwrap().unwrap().unwrap().len(), 900_000);
    }
}

#[tokio::test]
async fn an_argument_may_refer_to_the_command_object() {
    let server = serve().await;
    let mut socket = peer::connected_to(server.address, "game").await;
    // The command object is {name: "Ann", level: 7.0}, object 0 of the message; the argument is a reference to it
    // (AMF0 §2.9).
    let level = [peer::text("level"), vec![0], 7f64.to_be_bytes().to_vec()].concat();
    let rest = [&[3][..], &peer::member("name", "Ann"), &level, &[0, 0, 9], &[7, 0, 0]].concat();
    socket.write_all(&peer::command("game.join", 2.0, &rest)).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(11).any(|bytes| bytes == b"test.Player") {
        assert!(timeout(TIMEOUT, socket.read_buf(&mut answer)).await.unwrap().unwrap() > 0);
    }
    assert!(answer.windows(7).any(|bytes| bytes == b"_result"), "{}", answer.escape_ascii());
}

/// Tells its caller a text of this length, and returns one.
struct Texts;

#[remoting_service(name = "texts")]
impl Texts {
    fn notify(&self, client: &Client, len: u32) -> bool {
        client.notify("text", ("x".repeat(len as usize),)).is_ok()
    }

    fn get(&self, len: u32) -> String {
        "x".repeat(len as usize)
    }
}

#[tokio::test]
async fn replies_and_calls_of_clients_have_output_limits() {
    // AMF3 in an envelope: a switch, a marker, a length of two bytes, and the text.
    let limits = OutputLimits::new().with_reply_bytes(204).with_client_call_bytes(304);
    let services = Services::new().add(Texts).output_limits(limits);
    let bound = Server::new(services).bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtmp://{}/texts", bound.local_addr().unwrap());
    let _serving = tokio::spawn(bound.serve());
    let connection = NetConnection::builder(&url).unwrap().connect().await.unwrap();

    assert_eq!(connection.call::<String>("texts.get", (200,)).await.unwrap().len(), 200);
    let error = connection.call::<String>("texts.get", (201,)).await.unwrap_err();
    let CallError::Fault(fault) = error else { panic!("{error}") };
    assert_eq!(fault.code(), "Server.ReplyTooLarge");
    assert_eq!(fault.message(), "the reply is larger than 204 bytes, the limit `reply_bytes`");

    assert!(connection.call::<bool>("texts.notify", (300,)).await.unwrap());
    assert!(!connection.call::<bool>("texts.notify", (301,)).await.unwrap());
}
