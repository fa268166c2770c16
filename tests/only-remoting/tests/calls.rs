//! Calls into the program, with bytes from the specification of AMF0.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::{Arc, Mutex};

use amf_remoting::service::{
    ArgumentsForm, BoxFuture, Call, ClientId, Connection, Encoding, Notification, Reply, Service,
};
use amf_remoting::{CallError, Caller, Client, Fault, Services, Value, Version};
use bytes::Bytes;
use only_remoting::Game;

/// A client that keeps what it is told and answers what it is asked with the number 5.
#[derive(Default)]
struct Told(Mutex<Vec<(String, Bytes)>>);

impl Told {
    fn keep(&self, notification: &Notification) {
        let entry = (notification.method().to_owned(), notification.arguments().clone());
        self.0.lock().unwrap().push(entry);
    }

    fn methods(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(method, _)| method.clone()).collect()
    }
}

impl Connection for Told {
    fn encoding(&self) -> Encoding {
        Encoding::new(Version::Amf0, ArgumentsForm::Sequence)
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.keep(notification);
        Ok(())
    }

    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        self.keep(call);
        Box::pin(async { Ok(Bytes::from_static(b"\0\x40\x14\0\0\0\0\0\0")) })
    }

    fn is_open(&self) -> bool {
        true
    }
}

async fn call(client: &Arc<Told>, target: &str, arguments: &'static [u8]) -> Result<Reply, Fault> {
    let caller = Caller::new(Client::new(ClientId::allocate(), client.clone()))
        .with_headers(vec![("user".to_owned(), Value::String("Ann".into()))]);
    let call = Call::new(target, Bytes::from_static(arguments), Version::Amf0, caller);
    Services::new().add(Game::default()).call(call).await
}

#[tokio::test]
async fn a_typed_call_reaches_its_method_and_its_group() {
    let client = Arc::new(Told::default());
    // Strict array of 1: anonymous object { displayName: "Bo", mood: null }
    let arguments = b"\x0A\0\0\0\x01\x03\0\x0BdisplayName\x02\0\x02Bo\0\x04mood\x05\0\0\x09";
    let reply = call(&client, "game.join", arguments).await.unwrap();

    // { name: "Ann's room", players: [com.example.Player { displayName: "Bo", level: 0, mood: null }] }
    let player = b"\x10\0\x12com.example.Player\0\x0BdisplayName\x02\0\x02Bo\0\x05level\0\0\0\0\0\0\0\0\0\0\x04mood\x05\0\0\x09";
    let mut room = b"\x03\0\x04name\x02\0\x0AAnn's room\0\x07players\x0A\0\0\0\x01".to_vec();
    room.extend_from_slice(player);
    room.extend_from_slice(b"\0\0\x09");
    assert_eq!(reply.body(), &room);
    assert_eq!(*client.0.lock().unwrap(), [("playerJoined".to_owned(), Bytes::from_static(player))]);
}

#[tokio::test]
async fn a_method_asks_its_caller() {
    let client = Arc::new(Told::default());
    let reply = call(&client, "game.echo", b"\x0A\0\0\0\x01\0\x3F\xF0\0\0\0\0\0\0").await.unwrap();
    assert_eq!(reply.body().as_ref(), b"\0\x40\x14\0\0\0\0\0\0");
    assert_eq!(client.methods(), ["onSaid", "ping", "over"]);
    let told = client.0.lock().unwrap();
    assert_eq!(told[0].1.as_ref(), b"\x02\0\x06server\x02\0\x05ping?");
    assert_eq!(told[1].1.as_ref(), b"\0\x3F\xF0\0\0\0\0\0\0");
    assert!(told[2].1.is_empty());
}

#[tokio::test]
async fn faults_tell_what_they_should_and_no_more() {
    let client = Arc::new(Told::default());
    let services = Services::new().add(Game::default());
    let mut last = None;
    for _ in 0..3 {
        let caller = Caller::new(Client::new(ClientId::allocate(), client.clone()))
            .with_headers(vec![("user".to_owned(), Value::String("Ann".into()))]);
        let arguments =
            Bytes::from_static(b"\x0A\0\0\0\x02\x03\0\x0BdisplayName\x02\0\x02Bo\0\0\x09\x02\0\x01r");
        last = Some(services.call(Call::new("game/join", arguments, Version::Amf0, caller)).await);
    }
    let fault = last.unwrap().unwrap_err();
    assert_eq!((fault.code(), fault.message()), ("Game.RoomFull", "room r is full"));
    assert_eq!(fault.detail(), Some("2 players are in it"));

    let fault = call(&client, "game.store", b"\x0A\0\0\0\x01\x05").await.unwrap_err();
    assert_eq!(
        (fault.code(), fault.message(), fault.detail()),
        ("Server.Processing", "internal error", None)
    );
}

#[tokio::test]
async fn arguments_are_checked_with_their_address() {
    let client = Arc::new(Told::default());
    let fault =
        call(&client, "game.join", b"\x0A\0\0\0\x01\x03\0\x0BdisplayName\x01\x01\0\0\x09").await.unwrap_err();
    assert!(fault.message().contains("argument 1 `player`.displayName"), "{}", fault.message());
    let fault = call(&client, "game.join", b"\x0A\0\0\0\0").await.unwrap_err();
    assert_eq!(fault.code(), "Server.ResourceUnavailable");
}

#[test]
fn the_table_says_what_the_block_says() {
    assert_eq!(Game::NAME, "game");
    let table: Vec<_> = Game::METHODS
        .iter()
        .map(|method| {
            let signature = method.signature();
            let parameters: Vec<_> =
                signature.parameters().iter().map(|parameter| format!("{parameter:?}")).collect();
            (
                signature.name(),
                parameters.join(", "),
                signature.returns(),
                signature.docs(),
                signature.is_concurrent(),
            )
        })
        .collect();
    let expected = [
        ("echo", "n: u32", "Result<u32, Fault>", "Asks the caller back.", false),
        ("join", "player: Player, room: Option<String>", "Result<Room, GameError>", "Enters a room.", false),
        ("leave", "", "()", "", false),
        ("serverVersion", "", "u32", "", true),
        ("store", "value: Value", "Result<(), GameError>", "", false),
    ];
    let expected = expected.map(|(name, parameters, returns, docs, concurrent)| {
        (name, parameters.to_owned(), returns, docs, concurrent)
    });
    assert_eq!(table, expected);
}
