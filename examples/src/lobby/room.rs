//! Players and messages of the room, with the rules of the lobby. Contains no clock, lock or transport.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use amf_remoting::Date;
use amf_remoting::address::counted_address;
use uuid::Uuid;

use super::wire::{LobbyError, Message, Player, Seat};

/// Maximum number of players.
pub const MAX_PLAYERS: usize = 64;
/// Maximum number of players from one address, so that no address takes all seats and names.
pub const MAX_PLAYERS_PER_ADDRESS: usize = 16;
/// Maximum number of characters in a name.
pub const MAX_NAME: usize = 32;
/// Maximum number of characters in a message.
pub const MAX_TEXT: usize = 500;
/// Number of messages in the history.
pub const MAX_HISTORY: usize = 100;
/// Time after which a player who sends no message is removed, unless the player's client is connected.
pub const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

/// Players and messages of one room. Methods that depend on the time receive it as a parameter.
#[derive(Debug, Default)]
pub struct Room {
    seated: Vec<SeatedPlayer>,
    history: VecDeque<Message>,
    last_id: u32,
}

#[derive(Debug)]
struct SeatedPlayer {
    seat: Seat,
    /// Address by which seats are counted. Players whose address is unknown are counted together.
    address: Option<IpAddr>,
    last_heard: Instant,
}

/// Point in time on the wall clock and on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Time on the wall clock, which is shown to players.
    pub date: Date,
    /// Time on the monotonic clock, by which the idle timeout is measured.
    pub instant: Instant,
}

impl Moment {
    /// Returns the current time.
    pub fn now() -> Self {
        Self { date: Date::now(), instant: Instant::now() }
    }
}

impl Room {
    /// Adds a player, whose seat is counted for `address`. Returns the player with its token.
    ///
    /// # Errors
    /// [`LobbyError::BadName`], [`LobbyError::NameTaken`], [`LobbyError::Full`] or [`LobbyError::TooManySeats`].
    pub fn join(&mut self, name: &str, address: Option<IpAddr>, now: Moment) -> Result<Seat, LobbyError> {
        let name = name.trim();
        if !is_printable(name, MAX_NAME) {
            return Err(LobbyError::BadName);
        }
        if self.players().any(|player| player.name.to_lowercase() == name.to_lowercase()) {
            return Err(LobbyError::NameTaken);
        }
        if self.seated.len() == MAX_PLAYERS {
            return Err(LobbyError::Full);
        }
        let address = address.map(counted_address);
        let of_address = self.seated.iter().filter(|seated| seated.address == address).count();
        if of_address >= MAX_PLAYERS_PER_ADDRESS {
            return Err(LobbyError::TooManySeats);
        }
        self.last_id += 1;
        let player = Player { id: self.last_id, name: name.to_owned(), joined_at: now.date };
        let seat = Seat { token: Uuid::new_v4().simple().to_string(), player };
        self.seated.push(SeatedPlayer { seat: seat.clone(), address, last_heard: now.instant });
        Ok(seat)
    }

    /// Adds a message of a player to the history.
    ///
    /// # Errors
    /// [`LobbyError::NotJoined`] or [`LobbyError::BadText`].
    pub fn say(&mut self, token: &str, text: &str, now: Moment) -> Result<Message, LobbyError> {
        let seated =
            self.seated.iter_mut().find(|seated| seated.seat.token == token).ok_or(LobbyError::NotJoined)?;
        seated.last_heard = now.instant;
        if !is_printable(text, MAX_TEXT) {
            return Err(LobbyError::BadText);
        }
        let message = Message { from: seated.seat.player.name.clone(), text: text.to_owned(), at: now.date };
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(message.clone());
        Ok(message)
    }

    /// Removes the player with this token, and returns it.
    pub fn leave(&mut self, token: &str) -> Option<Player> {
        let index = self.seated.iter().position(|seated| seated.seat.token == token)?;
        Some(self.seated.remove(index).seat.player)
    }

    /// Removes the player with this id, and returns it.
    pub fn remove(&mut self, id: u32) -> Option<Player> {
        let index = self.seated.iter().position(|seated| seated.seat.player.id == id)?;
        Some(self.seated.remove(index).seat.player)
    }

    /// Removes the players who exceeded [`IDLE_TIMEOUT`] and for whose id `is_there` returns `false`. Returns them.
    pub fn remove_idle(&mut self, now: Instant, is_there: impl Fn(u32) -> bool) -> Vec<Player> {
        let is_silent = |seated: &mut SeatedPlayer| {
            now.saturating_duration_since(seated.last_heard) >= IDLE_TIMEOUT
                && !is_there(seated.seat.player.id)
        };
        self.seated.extract_if(.., is_silent).map(|seated| seated.seat.player).collect()
    }

    /// Returns the players in the order in which they joined.
    pub fn players(&self) -> impl Iterator<Item = &Player> {
        self.seated.iter().map(|seated| &seated.seat.player)
    }

    /// Returns the latest messages, the oldest first.
    pub fn history(&self) -> impl Iterator<Item = &Message> {
        self.history.iter()
    }
}

/// Returns `true` if a text is visible, has at most `max` characters, and cannot change the text around it.
fn is_printable(text: &str, max: usize) -> bool {
    is_visible(text) && text.chars().count() <= max && !text.contains(is_unsafe)
}

/// Returns `true` if a text has at least one visible character.
fn is_visible(text: &str) -> bool {
    let is_invisible = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    !text.chars().all(is_invisible)
}

/// Returns `true` if a character changes the text around it: control characters, line and paragraph separators, and
/// characters that embed, override or isolate a writing direction. With these, a player could forge the name of another
/// player. Directional marks such as U+200F are allowed, because they are harmless and occur in ordinary text.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Moment {
        Moment { date: Date::from_millis(1000.0), instant: Instant::now() }
    }

    fn later(moment: Moment, by: Duration) -> Moment {
        Moment { date: Date::from_millis(moment.date.as_millis() + 1.0), instant: moment.instant + by }
    }

    fn address(number: usize) -> IpAddr {
        [192, 0, 2, number as u8].into()
    }

    fn names(room: &Room) -> Vec<&str> {
        room.players().map(|player| player.name.as_str()).collect()
    }

    #[test]
    fn a_player_is_listed_from_join_to_leave() {
        let mut room = Room::default();
        let ann = room.join("Ann", None, start()).unwrap();
        let bob = room.join(" Bob ", None, start()).unwrap();
        assert_eq!(names(&room), ["Ann", "Bob"]);
        assert_ne!((&ann.token, ann.player.id), (&bob.token, bob.player.id));
        assert_eq!(room.leave(&ann.token), Some(ann.player.clone()));
        assert_eq!(room.leave(&ann.token), None);
        assert_eq!(names(&room), ["Bob"]);
        assert_ne!(room.join("Ann", None, start()).unwrap().player.id, ann.player.id);
    }

    #[test]
    fn names_are_validated() {
        let mut room = Room::default();
        for bad in
            ["", "  ", "a\nb", "a\u{7}", "\u{202E}nnA", "A\u{2066}", "\u{200B}", &"x".repeat(MAX_NAME + 1)]
        {
            assert_eq!(room.join(bad, None, start()), Err(LobbyError::BadName), "{bad:?}");
        }
        room.join(&"ß".repeat(MAX_NAME), None, start()).unwrap();
        room.join("\u{5D3}\u{5D5}\u{5D3}\u{200F}", None, start()).unwrap();
        room.join("Ann", None, start()).unwrap();
        assert_eq!(room.join("ANN", None, start()), Err(LobbyError::NameTaken));
    }

    #[test]
    fn max_players_is_enforced() {
        let mut room = Room::default();
        for number in 0..MAX_PLAYERS {
            room.join(&number.to_string(), Some(address(number / MAX_PLAYERS_PER_ADDRESS)), start()).unwrap();
        }
        assert_eq!(room.join("one more", Some(address(99)), start()), Err(LobbyError::Full));
    }

    #[test]
    fn one_address_has_a_share_of_the_seats() {
        for [own, same, other] in [
            [Some("192.0.2.1"), Some("::ffff:192.0.2.1"), Some("192.0.2.2")],
            [Some("2001:db8::1"), Some("2001:db8::2"), None],
            [None, None, Some("192.0.2.1")],
        ] {
            let [own, same, other] = [own, same, other].map(|text| text.map(|text| text.parse().unwrap()));
            let mut room = Room::default();
            let mut seats: Vec<_> = (0..MAX_PLAYERS_PER_ADDRESS)
                .map(|number| room.join(&number.to_string(), own, start()).unwrap())
                .collect();
            assert_eq!(room.join("Ann", same, start()), Err(LobbyError::TooManySeats));
            room.join("Ann", other, start()).unwrap();
            room.leave(&seats.pop().unwrap().token).unwrap();
            room.join("Bob", same, start()).unwrap();
            assert_eq!(room.join("Cleo", own, start()), Err(LobbyError::TooManySeats));
        }
    }

    #[test]
    fn say_requires_a_token() {
        let mut room = Room::default();
        let ann = room.join("Ann", None, start()).unwrap();
        let message = room.say(&ann.token, "hello", start()).unwrap();
        assert_eq!((message.from.as_str(), message.text.as_str()), ("Ann", "hello"));
        assert_eq!(room.say("not a token", "hello", start()), Err(LobbyError::NotJoined));
        for bad in ["", " ", "\u{1b}[2J", "\u{202D}", &"x".repeat(MAX_TEXT + 1)] {
            assert_eq!(room.say(&ann.token, bad, start()), Err(LobbyError::BadText), "{bad:?}");
        }
        room.leave(&ann.token);
        assert_eq!(room.say(&ann.token, "hello", start()), Err(LobbyError::NotJoined));
        assert_eq!(room.history().collect::<Vec<_>>(), [&message]);
    }

    #[test]
    fn the_history_drops_its_oldest_message() {
        let mut room = Room::default();
        let ann = room.join("Ann", None, start()).unwrap();
        for number in 0..=MAX_HISTORY {
            room.say(&ann.token, &number.to_string(), start()).unwrap();
        }
        assert_eq!(room.history().count(), MAX_HISTORY);
        assert_eq!(room.history().next().unwrap().text, "1");
    }

    #[test]
    fn idle_players_are_removed() {
        let mut room = Room::default();
        let start = start();
        let ann = room.join("Ann", None, start).unwrap();
        let bob = room.join("Bob", None, start).unwrap();
        room.say(&bob.token, "still here", later(start, Duration::from_secs(1))).unwrap();
        assert_eq!(room.remove_idle(start.instant + IDLE_TIMEOUT.mul_f64(0.99), |_| false), []);
        assert_eq!(room.remove_idle(start.instant + IDLE_TIMEOUT, |_| false), [ann.player]);
        assert_eq!(names(&room), ["Bob"]);
    }
}
