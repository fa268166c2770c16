//! What travels between the lobby and its clients.

use amf_remoting::{AmfObject, Date, Fault, remote_client};
use serde::{Serialize, Serializer};

/// Somebody in the room.
#[derive(AmfObject, Serialize, Clone, Debug, PartialEq)]
#[amf(alias = "lobby.Player")]
#[serde(rename_all = "camelCase")]
pub struct Player {
    /// Tells players apart; nobody gets the number of somebody who left.
    pub id: u32,
    /// What the others see.
    pub name: String,
    /// Since when this player is in the room.
    #[serde(serialize_with = "as_millis")]
    pub joined_at: Date,
}

/// What joining gives: the player, and a secret that speaks for it.
#[derive(AmfObject, Serialize, Clone, Debug, PartialEq)]
#[amf(alias = "lobby.Seat")]
pub struct Seat {
    /// Whoever has it may speak and leave as this player.
    pub token: String,
    /// As the others see it.
    pub player: Player,
}

/// Something that was said.
#[derive(AmfObject, Serialize, Clone, Debug, PartialEq)]
#[amf(alias = "lobby.Message")]
pub struct Message {
    /// The name of the player who said it.
    pub from: String,
    /// The words.
    pub text: String,
    /// When.
    #[serde(serialize_with = "as_millis")]
    pub at: Date,
}

/// What clients in the room are told, as methods that they implement.
#[remote_client]
pub trait LobbyEvents {
    /// Somebody came in.
    fn player_joined(&self, player: &Player);
    /// Somebody said something.
    fn said(&self, message: &Message);
    /// Somebody left, or was not heard of for too long.
    fn player_left(&self, player: &Player);
}

/// Why the lobby refuses a call.
#[derive(Fault, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LobbyError {
    /// Empty, too long, or with characters that nobody can see.
    #[fault(code = "Lobby.BadName", message = "a name has 1 to 32 characters, all of them printable")]
    BadName,
    /// Names differ in more than their case.
    #[fault(code = "Lobby.NameTaken", message = "somebody in the room has this name")]
    NameTaken,
    /// All seats are taken.
    #[fault(code = "Lobby.Full", message = "the room is full")]
    Full,
    /// No player has this token: never had, or left.
    #[fault(code = "Lobby.NotJoined", message = "nobody in the room has this token; join first")]
    NotJoined,
    /// Empty, too long, or with control characters.
    #[fault(code = "Lobby.BadText", message = "a text has 1 to 500 characters, all of them printable")]
    BadText,
}

/// JavaScript's `Date` takes the same number as ActionScript's.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn as_millis<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(date.as_millis())
}
