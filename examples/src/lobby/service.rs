//! Services that clients call.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use amf_remoting::{CallError, Caller, Client, DynamicMembers, Fault, FromCaller, Value, remoting_service};
use amf_rtmp::Connect;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;

use super::host::Host;
use super::wire::{LobbyError, Message, Player, Seat};

/// Service for the room.
#[derive(Debug)]
pub struct Lobby {
    host: Arc<Host>,
}

impl Lobby {
    /// Creates the service for the room of `host`.
    pub fn new(host: Arc<Host>) -> Self {
        Self { host }
    }
}

#[remoting_service(name = "lobby")]
impl Lobby {
    /// Joins the room under a name that no other player has.
    fn join(&self, client: &Client, address: &Address, name: String) -> Result<Seat, LobbyError> {
        self.host.join(&name, address.0, Some(client))
    }

    /// Sends a message to everyone in the room.
    fn say(&self, token: String, text: String) -> Result<Message, LobbyError> {
        self.host.say(&token, &text)
    }

    /// Returns the players in the order in which they joined.
    fn players(&self) -> Vec<Player> {
        self.host.players()
    }

    /// Leaves the room. Returns `false` if no player has this token.
    fn leave(&self, token: String) -> bool {
        self.host.leave(&token)
    }
}

/// Address of a caller, if it is known. Over HTTP, it is known if the app is served with `ConnectInfo`.
#[derive(Clone, Copy, Debug)]
pub struct Address(Option<IpAddr>);

impl FromCaller for Address {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        let of_connection = caller.extension::<Connect>().and_then(Connect::peer);
        let of_request = || {
            let info = caller.extension::<Parts>()?.extensions.get::<ConnectInfo<SocketAddr>>()?;
            Some(info.0)
        };
        Ok(Self(of_connection.or_else(of_request).map(|peer| peer.ip())))
    }
}

/// Service for trying out a client.
#[derive(Debug)]
pub struct Echo;

#[remoting_service(name = "echo")]
impl Echo {
    /// Returns its argument unchanged.
    fn echo(&self, value: Value) -> Value {
        value
    }

    /// Returns a header of the request, or null if there is none of this name.
    fn header(&self, caller: &Caller, name: String) -> Option<Value> {
        caller.header(&name).cloned()
    }

    /// Returns the fault `Echo.Fail`.
    fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("Echo.Fail", "failed as asked"))
    }
}

/// Service for trying out calls from the server to its client.
#[derive(Debug)]
pub struct Ask;

#[remoting_service(name = "ask")]
impl Ask {
    /// Calls a method of the caller with one argument, and returns its result.
    async fn client(&self, client: &Client, method: String, value: Value) -> Result<Value, Fault> {
        client.invoke(&method, (value,)).await.map_err(|error| match error {
            CallError::Fault(fault) => fault,
            other => Fault::new("Ask.Failed", other.to_string()),
        })
    }

    /// Returns the properties and arguments of the caller's `connect` command, or null over HTTP.
    fn connection(&self, caller: &Caller) -> Value {
        let Some(connect) = caller.extension::<Connect>() else { return Value::Null };
        let mut words = DynamicMembers::new();
        words.insert("app", connect.app());
        words.insert("tcUrl", connect.tc_url());
        words.insert("arguments", connect.values().to_vec());
        words.into()
    }
}
