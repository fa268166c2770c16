//! Types that are sent between the lobby and its clients.

use amf_remoting::{AmfObject, Date, Fault, remote_client};
use serde::{Serialize, Serializer};

/// Player in the room.
#[derive(AmfObject, Serialize, Clone, Debug, PartialEq)]
#[amf(alias = "lobby.Player")]
#[serde(rename_all = "camelCase")]
pub struct Player {
    /// Unique id, which is not reused after the player has left.
    pub id: u32,
    /// Name that the other players see.
    pub name: String,
    /// Time at which the player joined.
    #[serde(serialize_with = "as_millis")]
    pub joined_at: Date,
}

/// Result of joining: the player and its secret token.
#[derive(AmfObject, Serialize, Clone, Debug, PartialEq)]
#[amf(alias = "lobby.Seat")]
pub struct Seat {
    /// Secret that authorizes its holder to talk and leave as this player.
    pub token: String,
    /// The player, as the others see it.
    pub player: Player,
}

/// Message of a player.
#[derive(AmfObject, Serialize, Clone, Debug, PartialEq)]
#[amf(alias = "lobby.Message")]
pub struct Message {
    /// Name of the sender.
    pub from: String,
    /// Text of the message.
    pub text: String,
    /// Time at which the message was sent.
    #[serde(serialize_with = "as_millis")]
    pub at: Date,
}

/// Methods that the server calls on the clients in the room.
#[remote_client]
pub trait LobbyEvents {
    /// Reports that a player joined.
    fn player_joined(&self, player: &Player);
    /// Reports a message.
    fn said(&self, message: &Message);
    /// Reports that a player left, or was removed because it was idle.
    fn player_left(&self, player: &Player);
}

/// Faults of the lobby.
#[derive(Fault, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LobbyError {
    /// The name is empty, too long, or has characters that are not printable.
    #[fault(code = "Lobby.BadName", message = "a name has 1 to 32 characters, all of them printable")]
    BadName,
    /// Another player has this name. Names are compared without regard to case.
    #[fault(code = "Lobby.NameTaken", message = "another player in the room has this name")]
    NameTaken,
    /// The room has [`MAX_PLAYERS`](super::room::MAX_PLAYERS) players.
    #[fault(code = "Lobby.Full", message = "the room is full")]
    Full,
    /// The address has [`MAX_PLAYERS_PER_ADDRESS`](super::room::MAX_PLAYERS_PER_ADDRESS) players.
    #[fault(code = "Lobby.TooManySeats", message = "this address has 16 seats, which is the maximum")]
    TooManySeats,
    /// No player has this token. It is invalid, or the player has left.
    #[fault(code = "Lobby.NotJoined", message = "no player in the room has this token; join first")]
    NotJoined,
    /// The text is empty, too long, or has characters that are not printable.
    #[fault(code = "Lobby.BadText", message = "a text has 1 to 500 characters, all of them printable")]
    BadText,
}

/// Serializes a date as milliseconds since 1970, which the constructor of JavaScript's `Date` accepts.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn as_millis<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(date.as_millis())
}
