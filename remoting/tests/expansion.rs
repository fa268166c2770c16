//! The shapes that the macros expand to, written by hand: a generic service, a client's methods, a fault.
#![allow(missing_docs, clippy::unused_async, reason = "as an expansion stands in a user's program")]

use std::sync::Arc;

use amf_remoting::service::{ArgumentsForm, BoxFuture, Connection, Encoding, Notification};
use amf_remoting::service::{ClientId, Method, Parameter, Target};
use amf_remoting::{
    CallError, Caller, Client, Fault, FromCaller, Group, IntoReply, Service, Services, Version,
};

trait Store: Send + Sync + 'static {
    fn room(&self) -> String;
}

struct Memory;

impl Store for Memory {
    fn room(&self) -> String {
        "cellar".to_owned()
    }
}

struct User(String);

impl FromCaller for User {
    async fn from_caller(_: &Caller) -> Result<Self, Fault> {
        Ok(Self("ann".to_owned()))
    }
}

#[derive(Debug)]
enum GameError {
    RoomFull(String),
    Db(std::fmt::Error),
}

impl From<GameError> for Fault {
    fn from(error: GameError) -> Self {
        match error {
            GameError::RoomFull(field_0) => Fault::new("Game.RoomFull", format!("room {field_0} is full")),
            GameError::Db(field_0) => Fault::internal(format_args!("GameError::Db: {field_0:?}")),
        }
    }
}

type Joined = Result<String, GameError>;

struct Game<S> {
    store: S,
    lobby: Group,
}

impl<S: Store> Game<S> {
    async fn join(&self, user: &User, client: &Client, room: Option<String>) -> Joined {
        self.lobby.add(client);
        self.lobby.player_joined(&user.0);
        match room.as_deref() {
            Some("full") => Err(GameError::RoomFull("full".to_owned())),
            Some("broken") => Err(GameError::Db(std::fmt::Error)),
            Some(room) => Ok(format!("{} in {room}", user.0)),
            None => Ok(format!("{} in {}", user.0, self.store.room())),
        }
    }

    fn version(&self) -> u32 {
        let _ = &self.store;
        7
    }
}

impl<S: Store> Service for Game<S> {
    const NAME: &'static str = "game";
    const METHODS: &'static [Method<Self>] = &[
        Method::<Self>::new("join", |service, arguments, context| {
            let room = arguments.next::<Option<String>>("room")?;
            amf_remoting::__private::boxed_method(async move {
                let user = <User as FromCaller>::from_caller(context.caller()).await?;
                let client = <Client as FromCaller>::from_caller(context.caller()).await?;
                let output = Self::join(&*service, &user, &client, room).await;
                IntoReply::into_reply(output, &context)
            })
        })
        .parameters(const { &[Parameter::new::<Option<String>>("room", "Option<String>")] })
        .returns("Joined")
        .docs("Enters a room."),
        Method::<Self>::new("version", |service, arguments, context| {
            let _ = arguments;
            amf_remoting::__private::boxed_method(async move {
                let output = Self::version(&*service);
                IntoReply::into_reply(output, &context)
            })
        })
        .returns("u32")
        .concurrent(),
    ];
}

trait GameEvents {
    fn player_joined(&self, player: &str);
}

impl GameEvents for Client {
    fn player_joined(&self, player: &str) {
        amf_remoting::__private::log_failed_notification(
            "playerJoined",
            self.notify("playerJoined", (player,)),
        );
    }
}

impl GameEvents for Group {
    fn player_joined(&self, player: &str) {
        amf_remoting::__private::log_failed_notification(
            "playerJoined",
            self.notify("playerJoined", (player,)),
        );
    }
}

trait GameQueries {
    fn ping(&self, n: u32) -> impl Future<Output = Result<u32, CallError>> + Send;
}

impl GameQueries for Client {
    fn ping(&self, n: u32) -> impl Future<Output = Result<u32, CallError>> + Send {
        self.invoke::<u32>("ping", (n,))
    }
}

/// Says yes to everything and answers a question with its first argument.
struct AnsweringConnection;

impl Connection for AnsweringConnection {
    fn encoding(&self) -> Encoding {
        Encoding::new(Version::Amf0, ArgumentsForm::Sequence)
    }

    fn notify(&self, _: &Notification) -> Result<(), CallError> {
        Ok(())
    }

    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<bytes::Bytes, CallError>> {
        let answer = call.arguments().clone();
        Box::pin(async move { Ok(answer) })
    }

    fn is_open(&self) -> bool {
        true
    }
}

fn caller() -> Caller {
    Caller::new(Client::new(ClientId::allocate(), Arc::new(AnsweringConnection)))
}

async fn call(target: &str, arguments: &'static [u8]) -> Result<bytes::Bytes, Fault> {
    let services = Services::new().add(Game { store: Memory, lobby: Group::new() });
    let arguments = bytes::Bytes::from_static(arguments);
    let call = amf_remoting::service::Call::new(target, arguments, Version::Amf0, caller());
    services.call(call).await.map(amf_remoting::service::Reply::into_body)
}

#[tokio::test]
async fn a_generic_service_has_a_static_table() {
    // AMF0: 0A strict array, u32 count 0. Reply: 02 string, u16 length 13.
    assert_eq!(call("game.join", b"\x0A\0\0\0\0").await.unwrap(), &b"\x02\0\x0Dann in cellar"[..]);
    // One argument: 02 string, u16 length 4.
    assert_eq!(
        call("game.join", b"\x0A\0\0\0\x01\x02\0\x04loft").await.unwrap(),
        &b"\x02\0\x0Bann in loft"[..]
    );
    // 00 number, 7.0 as IEEE 754: 401C0000 00000000.
    assert_eq!(call("game.version", b"\x0A\0\0\0\0").await.unwrap(), &b"\0\x40\x1C\0\0\0\0\0\0"[..]);
}

#[tokio::test]
async fn errors_become_faults_through_a_type_alias_too() {
    let full = call("game.join", b"\x0A\0\0\0\x01\x02\0\x04full").await.unwrap_err();
    assert_eq!(full, Fault::new("Game.RoomFull", "room full is full"));
    let broken = call("game.join", b"\x0A\0\0\0\x01\x02\0\x06broken").await.unwrap_err();
    assert_eq!(broken, Fault::new("Server.Processing", "internal error"));
}

#[tokio::test]
async fn bytes_behind_the_arguments_are_not_overlooked() {
    // an empty strict array, and a null (05) behind it
    let fault = call("game.version", b"\x0A\0\0\0\0\x05").await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "Client.Message.Encoding: bytes are left after the last argument (at byte 5)"
    );
}

#[tokio::test]
async fn a_client_that_can_answer_is_asked() {
    let caller = caller();
    let answer = tokio::spawn({
        let client = caller.client().clone();
        async move { client.ping(41).await }
    });
    assert_eq!(answer.await.unwrap().unwrap(), 41);
    caller.client().player_joined("ann");
}

#[test]
fn the_table_can_be_read_without_calling() {
    let services = Services::new().add(Game { store: Memory, lobby: Group::new() });
    let join = services.signature(&Target::new("game.join")).unwrap();
    assert_eq!(format!("{:?} -> {}", join.parameters(), join.returns()), "[room: Option<String>] -> Joined");
    assert_eq!((join.docs(), join.is_concurrent()), ("Enters a room.", false));
    assert!(join.parameters()[0].is_optional());
    let names: Vec<_> = services.methods("game").map(amf_remoting::service::Signature::name).collect();
    assert_eq!(names, ["join", "version"]);
    assert!(services.signature(&Target::new("game/version")).unwrap().is_concurrent());
}
