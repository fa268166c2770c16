//! Every macro, in a program that knows no crate but `amf-remoting`.

use std::sync::atomic::{AtomicU32, Ordering};

use amf_remoting::{
    AmfObject, CallError, Caller, Client, DynamicMembers, Fault, FromCaller, Group, Value, remote_client,
    remoting_service,
};

/// Somebody who plays.
#[derive(AmfObject, Clone, Debug)]
#[amf(alias = "com.example.Player")]
pub struct Player {
    /// `displayName` on the wire.
    pub display_name: String,
    /// Zero where it is missing.
    #[amf(default)]
    pub level: u32,
    /// Not on the wire.
    #[amf(skip)]
    pub rank: Option<u32>,
    /// Everything else.
    #[amf(dynamic)]
    pub extra: DynamicMembers,
}

/// Where they play.
#[derive(AmfObject, Debug)]
pub struct Room {
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub players: Vec<Player>,
}

/// What goes wrong.
#[derive(Debug, Fault)]
pub enum GameError {
    /// Too many are in it.
    #[fault(code = "Game.RoomFull", message = "room {name} is full", detail = "{players} players are in it")]
    RoomFull {
        /// The room's name.
        name: String,
        /// How many are in it.
        players: u32,
    },
    /// Not for callers to know.
    #[fault(internal)]
    Storage(std::io::Error),
}

/// What the server tells its clients.
#[remote_client]
pub trait GameEvents {
    /// Somebody came.
    fn player_joined(&self, player: &Player);
    /// Somebody spoke.
    #[remote(rename = "onSaid")]
    fn said(&self, from: &str, text: String) -> Result<(), CallError>;
}

/// What the server asks its clients.
#[remote_client]
pub trait GameQueries {
    /// Gives `n` back.
    async fn ping(&self, n: u32) -> Result<u32, CallError>;
    /// Told as well.
    fn over(&self);
}

/// Who calls, by a header of the request.
#[derive(Debug)]
pub struct User {
    name: String,
}

impl FromCaller for User {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        match caller.header("user").and_then(Value::as_str) {
            Some(name) => Ok(Self { name: name.to_owned() }),
            None => Err(Fault::new("Client.Authentication", "who are you?")),
        }
    }
}

/// The service.
#[derive(Debug, Default)]
pub struct Game {
    lobby: Group,
    joined: AtomicU32,
}

#[remoting_service]
impl Game {
    /// The most players that a room holds.
    pub const LIMIT: u32 = 2;

    /// Enters a room.
    async fn join(
        &self,
        user: &User,
        client: &Client,
        player: Player,
        room: Option<String>,
    ) -> Result<Room, GameError> {
        let name = room.unwrap_or_else(|| format!("{}'s room", user.name));
        let players = self.joined.fetch_add(1, Ordering::Relaxed);
        if players == Self::LIMIT {
            return Err(GameError::RoomFull { name, players });
        }
        self.lobby.add(client);
        self.lobby.player_joined(&player);
        Ok(Room { name, players: vec![player] })
    }

    /// Asks the caller back.
    async fn echo(&self, client: &Client, n: u32) -> Result<u32, Fault> {
        client.said("server", "ping?".to_owned())?;
        let answer = client.ping(n).await?;
        client.over();
        Ok(answer)
    }

    #[remote(rename = "serverVersion", concurrent)]
    fn version(&self) -> u32 {
        7
    }

    fn store(&self, value: Value) -> Result<(), GameError> {
        match value {
            Value::Null => Err(GameError::Storage(std::io::Error::other("the disk at /dev/sdb is full"))),
            _ => Ok(()),
        }
    }

    fn leave(&self, client: &Client) {
        self.lobby.remove(client);
    }
}
