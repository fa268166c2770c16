//! What is called: the same three methods that `gateway.py` has, and one for large requests.

use amf_remoting::{AmfObject, Date, Value, remoting_service};

/// A typed object as programs have them: a text, numbers, a flag and a date.
#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "com.example.Player")]
pub struct Player {
    id: u32,
    display_name: String,
    level: i32,
    score: f64,
    online: bool,
    joined: Date,
}

pub fn players() -> Vec<Player> {
    (0..100).map(player).collect()
}

/// A player who is like no other.
pub fn player(id: u32) -> Player {
    Player {
        id: 10_000 + id * 7,
        display_name: format!("Player {id:04}"),
        level: id as i32 - 10,
        score: f64::from(id) * 12.25 + 0.5,
        online: id.is_multiple_of(3),
        joined: Date::from_millis(1.5e12 + f64::from(id) * 1e6),
    }
}

#[derive(Debug)]
pub struct Lab {
    players: Vec<Player>,
}

impl Lab {
    pub fn new() -> Self {
        Self { players: players() }
    }
}

#[remoting_service(name = "lab")]
impl Lab {
    fn echo(&self, value: Value) -> Value {
        value
    }

    fn players(&self) -> &[Player] {
        &self.players
    }

    fn echo_players(&self, players: Vec<Player>) -> Vec<Player> {
        players
    }

    fn echo_numbers(&self, numbers: Vec<i32>) -> Vec<i32> {
        numbers
    }
}
