//! The macros, the services and the gateway together, as a program uses them.
#![cfg(feature = "http")]
#![allow(clippy::unused_async, reason = "methods may be async without need")]

mod support;

use amf_remoting::{
    AmfObject, CallError, Caller, Client, Fault, FromCaller, Gateway, Group, Services, Value, remote_client,
    remoting_service,
};
use support::bytes::*;
use support::post::{assert_packet, post};

#[derive(AmfObject, Clone, Debug)]
#[amf(alias = "com.example.Player")]
struct Player {
    display_name: String,
    #[amf(default)]
    level: u32,
}

#[derive(AmfObject)]
#[amf(alias = "com.example.Room")]
struct Room {
    name: String,
    players: Vec<Player>,
}

#[derive(Debug, Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room {0} is full")]
    RoomFull(String),
    #[fault(internal)]
    Db(std::fmt::Error),
}

#[remote_client]
trait GameEvents {
    fn player_joined(&self, player: &Player);
}

#[remote_client]
trait GameQueries {
    async fn ping(&self, n: u32) -> Result<u32, CallError>;
}

struct User(String);

impl FromCaller for User {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        match caller.header("user") {
            Some(Value::String(name)) => Ok(Self(name.to_string())),
            _ => Err(Fault::new("Client.Authentication", "who are you?")),
        }
    }
}

#[derive(Default)]
struct Game {
    lobby: Group,
}

#[remoting_service(name = "game")]
impl Game {
    /// Enters a room.
    async fn join(&self, client: &Client, player: Player, room: Option<String>) -> Result<Room, GameError> {
        let name = room.unwrap_or_else(|| "lobby".to_owned());
        match name.as_str() {
            "cellar" => return Err(GameError::RoomFull(name)),
            "broken" => return Err(GameError::Db(std::fmt::Error)),
            _ => {}
        }
        self.lobby.add(client);
        self.lobby.player_joined(&player);
        Ok(Room { name, players: vec![player] })
    }

    #[remote(rename = "serverVersion")]
    fn version(&self) -> u32 {
        7
    }

    #[remote(concurrent)]
    async fn who(&self, user: &User) -> String {
        user.0.clone()
    }

    async fn ask(&self, client: &Client) -> Result<u32, CallError> {
        client.ping(1).await
    }
}

fn gateway() -> Gateway {
    Gateway::new(Services::new().add(Game::default()))
}

/// AMF0 typed object: marker 10, alias as UTF-8 with u16 length, members as in an anonymous one.
fn typed(alias: &str, members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let [marker, members @ ..] = &object(members)[..] else { return Vec::new() };
    assert_eq!(*marker, 0x03);
    [&[0x10][..], &utf8(alias), members].concat()
}

fn ann(level: f64) -> Vec<u8> {
    typed("com.example.Player", &[("displayName", string("Ann")), ("level", number(level))])
}

#[tokio::test]
async fn typed_objects_in_amf0() {
    let call = packet(0, &[message("game.join", "/1", &arguments(&[ann(3.0), string("loft")]))]);
    let room = typed("com.example.Room", &[("name", string("loft")), ("players", arguments(&[ann(3.0)]))]);
    let joined = message("playerJoined", "null", &arguments(&[ann(3.0)]));
    assert_packet(&post(&gateway(), call).await, &packet(0, &[result("/1", &room), joined]));
}

#[tokio::test]
async fn an_anonymous_object_with_its_optional_parts_left_out() {
    let call =
        packet(0, &[message("game.join", "/1", &arguments(&[object(&[("displayName", string("Ann"))])]))]);
    let room = typed("com.example.Room", &[("name", string("lobby")), ("players", arguments(&[ann(0.0)]))]);
    let joined = message("playerJoined", "null", &arguments(&[ann(0.0)]));
    assert_packet(&post(&gateway(), call).await, &packet(0, &[result("/1", &room), joined]));
}

#[tokio::test]
async fn typed_objects_in_amf3() {
    // 11 switch; 09 array, 03 = 1 value, 01 no names; 0A object, 23 = 2 sealed members (2 << 4 | 3), alias of 18
    // bytes (25), names of 11 (17) and 5 (0B) bytes; 06 string of 3 (07), 04 integer 3
    let player = b"\x0A\x23\x25com.example.Player\x17displayName\x0Blevel\x06\x07Ann\x04\x03";
    let body = [&b"\x11\x09\x03\x01"[..], player].concat();
    let call = packet(3, &[message("game.join", "/1", &body)]);
    // 0A object, 23 = 2 sealed members, alias of 16 bytes (21), names of 4 (09) and 7 (0F) bytes; 06 string of 5
    // (0B); 09 array, 03 = 1 value, 01 no names
    let room = b"\x11\x0A\x23\x21com.example.Room\x09name\x0Fplayers\x06\x0Blobby\x09\x03\x01";
    let joined = message("playerJoined", "null", &body);
    let reply = packet(3, &[result("/1", &[&room[..], player].concat()), joined]);
    assert_packet(&post(&gateway(), call).await, &reply);
}

#[tokio::test]
async fn faults_and_names() {
    let join = |room, response| message("game.join", response, &arguments(&[ann(1.0), string(room)]));
    let none = |target, response| message(target, response, &arguments(&[]));
    let headers = [header("user", false, &string("ann"))];
    let messages = [
        join("cellar", "/1"),
        join("broken", "/2"),
        none("game.serverVersion", "/3"),
        none("game.version", "/4"),
        none("game.who", "/5"),
    ];
    let reply = packet(
        0,
        &[
            status("/1", "Game.RoomFull", "room cellar is full"),
            status("/2", "Server.Processing", "internal error"),
            result("/3", &number(7.0)),
            status("/4", "Service.MethodNotFound", "Unknown method version of service game"),
            result("/5", &string("ann")),
        ],
    );
    assert_packet(&post(&gateway(), packet_with_headers(0, &headers, &messages)).await, &reply);
    let refused = packet(0, &[status("/5", "Client.Authentication", "who are you?")]);
    assert_packet(&post(&gateway(), packet(0, &messages[4..])).await, &refused);
}

#[tokio::test]
async fn a_wrong_member_is_named_with_its_path() {
    let player = object(&[("displayName", number(1.0))]);
    let call = packet(0, &[message("game.join", "/1", &arguments(&[player]))]);
    let reply = post(&gateway(), call).await.escape_ascii().to_string();
    assert!(reply.contains("argument 1 `player`.displayName: expected"), "{reply}");
}

#[tokio::test]
async fn asking_a_client_over_http_is_a_fault() {
    let call = packet(0, &[message("game.ask", "/1", &arguments(&[]))]);
    let reply = post(&gateway(), call).await.escape_ascii().to_string();
    assert!(reply.contains("Server.ClientCallFailed"), "{reply}");
}

#[test]
fn the_table_knows_names_types_and_docs() {
    let services = Services::new().add(Game::default());
    let join = services.signature(&"game.join".into()).unwrap();
    let parameters: Vec<_> =
        join.parameters().iter().map(|parameter| (parameter.name(), parameter.rust_type())).collect();
    assert_eq!(parameters, [("player", "Player"), ("room", "Option<String>")]);
    assert_eq!((join.returns(), join.docs()), ("Result<Room, GameError>", "Enters a room."));
    assert!(services.signature(&"game.who".into()).unwrap().is_concurrent());
    assert!(services.classes().get("com.example.Player").is_some());
}
