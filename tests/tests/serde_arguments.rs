//! Types with serde's derives as arguments and results of a service, with bytes from the specification of AMF0.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;

use amf_core::serde::Serde;
use amf_remoting::service::{
    ArgumentsForm, BoxFuture, Call, ClientId, Connection, Encoding, Notification, Reply,
};
use amf_remoting::{CallError, Caller, Client, Fault, Services, Version, remoting_service};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Order {
    Move { x: u8 },
    Wait,
}

struct Game;

#[remoting_service(name = "game")]
impl Game {
    /// Waits instead of moving, and the other way round.
    #[allow(clippy::unused_async, reason = "a service's methods are async")]
    async fn turn(&self, order: Serde<Order>, by: Serde<Option<u8>>) -> Serde<Order> {
        Serde(match order.0 {
            Order::Move { .. } => Order::Wait,
            Order::Wait => Order::Move { x: by.unwrap_or(1) },
        })
    }
}

/// Nobody listens.
struct NullConnection;

impl Connection for NullConnection {
    fn encoding(&self) -> Encoding {
        Encoding::new(Version::Amf0, ArgumentsForm::Sequence)
    }

    fn notify(&self, _notification: &Notification) -> Result<(), CallError> {
        Ok(())
    }

    fn invoke(&self, _call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        Box::pin(async { Ok(Bytes::new()) })
    }

    fn is_open(&self) -> bool {
        true
    }
}

async fn turn(arguments: &'static [u8]) -> Result<Reply, Fault> {
    let caller = Caller::new(Client::new(ClientId::allocate(), Arc::new(NullConnection)));
    let call = Call::new("game.turn", Bytes::from_static(arguments), Version::Amf0, caller);
    Services::new().add(Game).call(call).await
}

#[tokio::test]
async fn serde_arguments_are_read_and_written() {
    // A strict array of one, {kind: "wait"}: the last argument may be missing, as an `Option` may.
    let reply = turn(b"\x0A\0\0\0\x01\x03\0\x04kind\x02\0\x04wait\0\0\x09").await.unwrap();
    // {kind: "move", x: 1.0}; 1.0 = 3F F0.
    assert_eq!(&reply.body()[..], b"\x03\0\x04kind\x02\0\x04move\0\x01x\0\x3F\xF0\0\0\0\0\0\0\0\0\x09");
    let reply =
        turn(b"\x0A\0\0\0\x02\x03\0\x04kind\x02\0\x04move\0\x01x\0\x3F\xF0\0\0\0\0\0\0\0\0\x09\x05").await;
    assert_eq!(&reply.unwrap().body()[..], b"\x03\0\x04kind\x02\0\x04wait\0\0\x09");
}

#[tokio::test]
async fn invalid_serde_arguments_are_faults_with_an_address() {
    let fault = turn(b"\x0A\0\0\0\x01\x03\0\x04kind\x02\0\x03fly\0\0\x09").await.unwrap_err();
    assert_eq!(fault.code(), "Client.Message.Encoding");
    assert_eq!(
        fault.message(),
        "argument 1 `order`.kind: unknown variant `fly`, expected `move` or `wait` (at byte 18)"
    );
}
