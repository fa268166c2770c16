//! What clients may call.

use std::sync::Arc;

use amf_remoting::{CallError, Caller, Client, DynamicMembers, Fault, Value, remoting_service};
use amf_rtmp::Connect;

use super::host::Host;
use super::wire::{LobbyError, Message, Player, Seat};

/// The room, for clients.
#[derive(Debug)]
pub struct Lobby {
    host: Arc<Host>,
}

impl Lobby {
    /// A service for the room of `host`.
    pub fn new(host: Arc<Host>) -> Self {
        Self { host }
    }
}

#[remoting_service(name = "lobby")]
impl Lobby {
    /// Comes in under a name that nobody in the room has.
    fn join(&self, client: &Client, name: String) -> Result<Seat, LobbyError> {
        self.host.join(&name, Some(client))
    }

    /// Says something to everybody in the room.
    fn say(&self, token: String, text: String) -> Result<Message, LobbyError> {
        self.host.say(&token, &text)
    }

    /// Who is there, in the order in which they came.
    fn players(&self) -> Vec<Player> {
        self.host.players()
    }

    /// Leaves; false where nobody in the room has this token.
    fn leave(&self, token: String) -> bool {
        self.host.leave(&token)
    }
}

/// Something to try a client with.
#[derive(Debug)]
pub struct Echo;

#[remoting_service(name = "echo")]
impl Echo {
    /// Gives back what it gets, whatever it is.
    fn echo(&self, value: Value) -> Value {
        value
    }

    /// Gives back a header of the request; null where there is none of this name.
    fn header(&self, caller: &Caller, name: String) -> Option<Value> {
        caller.header(&name).cloned()
    }

    /// Fails.
    fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("Echo.Fail", "failed as asked"))
    }
}

/// Something to try the other direction with: the server asks its caller.
#[derive(Debug)]
pub struct Ask;

#[remoting_service(name = "ask")]
impl Ask {
    /// Calls a method of the caller with one value, and gives back the answer.
    async fn client(&self, client: &Client, method: String, value: Value) -> Result<Value, Fault> {
        client.invoke(&method, (value,)).await.map_err(|error| match error {
            CallError::Fault(fault) => fault,
            other => Fault::new("Ask.Failed", other.to_string()),
        })
    }

    /// What the caller said when it connected; null over HTTP.
    fn connection(&self, caller: &Caller) -> Value {
        let Some(connect) = caller.extension::<Connect>() else { return Value::Null };
        let mut words = DynamicMembers::new();
        words.insert("app", connect.app());
        words.insert("tcUrl", connect.tc_url());
        words.insert("arguments", connect.values().to_vec());
        words.into()
    }
}
