//! One service, called through the gateway and over RTMP, in AMF0 and AMF3: the answers are the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use amf_core::{Value, Version};
use amf_remoting::service::ToArguments;
use amf_remoting::{AmfObject, CallError, Fault, Gateway, RemotingClient, Services, remoting_service};
use amf_rtmp::{Instance, NetConnection, Server};

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "test.Player")]
struct Player {
    name: String,
    level: u32,
    friends: Vec<String>,
    rank: Option<f64>,
}

#[derive(Debug, Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room {0} is full")]
    RoomFull(u32),
    #[fault(internal)]
    Storage(&'static str),
}

struct Game;

#[remoting_service(name = "game")]
impl Game {
    fn promote(&self, player: Player) -> Player {
        Player { level: player.level + 1, ..player }
    }

    async fn all(&self, players: Vec<Player>) -> Vec<Player> {
        players.into_iter().rev().collect()
    }

    fn nothing(&self) {}

    fn same(&self, value: Value) -> Value {
        value
    }

    fn greet(&self, name: String, title: Option<String>) -> String {
        title.map_or(format!("hello {name}"), |title| format!("hello {title} {name}"))
    }

    fn enter(&self, room: u32) -> Result<(), GameError> {
        Err(if room > 0 { GameError::RoomFull(room) } else { GameError::Storage("disk 3") })
    }

    fn instance(&self, instance: &Instance) -> String {
        instance.to_string()
    }

    fn panic(&self) {
        panic!("as asked");
    }
}

/// A value, or the code and message of a fault.
type Answer = Result<Value, (String, String)>;

struct BothTransports {
    client: RemotingClient,
    connection: NetConnection,
    version: Version,
}

fn answer(outcome: Result<Value, CallError>) -> Answer {
    match outcome {
        Ok(value) => Ok(value),
        Err(CallError::Fault(fault)) => Err((fault.code().to_owned(), fault.message().to_owned())),
        Err(other) => panic!("{other}"),
    }
}

impl BothTransports {
    async fn open(version: Version) -> Self {
        let services = Services::new().add(Game);
        let bound = Server::new(services.clone()).bind("127.0.0.1:0").await.unwrap();
        let url = format!("rtmp://{}/game", bound.local_addr().unwrap());
        tokio::spawn(bound.serve());
        let connection = NetConnection::builder(&url).unwrap().encoding(version).connect().await.unwrap();
        let client = RemotingClient::builder("http://localhost/").unwrap().version(version);
        let client = client.transport(Gateway::new(services)).build().unwrap();
        Self { client, connection, version }
    }

    async fn over_http(&self, method: &str, arguments: impl ToArguments) -> Answer {
        answer(self.client.call(method, arguments).await)
    }

    async fn over_rtmp(&self, method: &str, arguments: impl ToArguments) -> Answer {
        answer(self.connection.call(method, arguments).await)
    }

    /// What both answer.
    async fn call(&self, method: &str, arguments: impl ToArguments) -> Answer {
        let over_http = self.over_http(method, &arguments).await;
        let over_rtmp = self.over_rtmp(method, arguments).await;
        let comparable =
            |answer: &Answer| answer.clone().map_err(|(code, message)| (code, without_offset(&message)));
        assert_eq!(comparable(&over_http), comparable(&over_rtmp), "{method} in {:?}", self.version);
        over_http
    }

    async fn fails(&self, method: &str, arguments: impl ToArguments, code: &str, message: &str) {
        let (found, text) = self.call(method, arguments).await.unwrap_err();
        assert_eq!(found, code, "{method}: {text}");
        assert!(text.contains(message), "{method}: {text}");
    }
}

/// Where in the bytes a value is differs: one array over HTTP, one value after another over RTMP.
fn without_offset(message: &str) -> String {
    message.split_once(" (at byte").map_or(message, |(text, _)| text).to_owned()
}

fn ann() -> Player {
    Player { name: "Ann".into(), level: 7, friends: vec!["Bob".into(), "Cem".into()], rank: None }
}

#[tokio::test]
async fn results_are_the_same() {
    for version in [Version::Amf0, Version::Amf3] {
        let transports = BothTransports::open(version).await;
        let promoted = transports.call("game.promote", (&ann(),)).await.unwrap();
        assert_eq!(promoted.get("level").and_then(Value::as_f64), Some(8.0));
        let bob = Player { name: "Bob".into(), rank: Some(0.5), ..ann() };
        let players = transports.call("game.all", (&vec![ann(), bob, ann()],)).await.unwrap();
        let Value::Array(players) = players else { panic!("{players:?}") };
        let ranks: Vec<_> = players.items.iter().map(|player| player.get("rank").cloned()).collect();
        assert_eq!(ranks, [Some(Value::Null), Some(Value::Number(0.5)), Some(Value::Null)]);
        assert_eq!(transports.call("game.all", (&Vec::<Player>::new(),)).await.map(|_| ()), Ok(()));
        for value in
            [Value::Null, Value::Undefined, Value::Bool(true), Value::Number(0.5), Value::from("é\u{1F600}")]
        {
            assert_eq!(transports.call("game.same", (&value,)).await, Ok(value));
        }
        let words = transports.call("game.greet", ("Ann", "Dr")).await;
        assert_eq!(words, Ok(Value::from("hello Dr Ann")));
        assert_eq!(transports.call("game.greet", ("Ann",)).await, Ok(Value::from("hello Ann")));
        assert_eq!(transports.call("game.greet", ("Ann", None::<&str>)).await, Ok(Value::from("hello Ann")));
        transports.call("game.nothing", ()).await.unwrap();
    }
}

#[tokio::test]
async fn faults_are_the_same() {
    for version in [Version::Amf0, Version::Amf3] {
        let transports = BothTransports::open(version).await;
        let count = "Server.ResourceUnavailable";
        transports.fails("game.greet", (), count, "0 arguments were sent").await;
        transports.fails("game.nothing", (1,), count, "1 arguments were sent").await;
        let encoding = "Client.Message.Encoding";
        transports.fails("game.greet", (true,), encoding, "`name`: expected String, got Bool").await;
        transports.fails("game.promote", ("Ann",), encoding, "`player`: expected").await;
        transports.fails("game.enter", (3,), "Game.RoomFull", "room 3 is full").await;
        transports.fails("game.enter", (0,), "Server.Processing", "internal error").await;
        transports.fails("game.panic", (), "Server.Processing", "internal error").await;
    }
}

/// Programs look for the codes of the servers that they know: those of gateways over HTTP, that of Flash Media Server
/// over RTMP.
#[tokio::test]
async fn an_unknown_method_has_the_code_of_its_transport() {
    for version in [Version::Amf0, Version::Amf3] {
        let transports = BothTransports::open(version).await;
        for (method, code) in [
            ("game.missing", "Service.MethodNotFound"),
            ("nobody.at", "Service.ResourceNotFound"),
            ("nobody", "Service.ResourceNotFound"),
        ] {
            assert_eq!(transports.over_http(method, ()).await.unwrap_err().0, code);
            let fault = ("NetConnection.Call.Failed".to_owned(), format!("Method not found ({method})."));
            assert_eq!(transports.over_rtmp(method, ()).await, Err(fault));
        }
    }
}

#[tokio::test]
async fn only_a_connection_has_an_instance() {
    let transports = BothTransports::open(Version::Amf3).await;
    assert_eq!(transports.over_rtmp("game.instance", ()).await, Ok(Value::from("game/_definst_")));
    let (code, message) = transports.over_http("game.instance", ()).await.unwrap_err();
    assert_eq!(code, "Client.Connection");
    assert_eq!(message, "this method is only for callers over RTMP");
}
