//! The room as shared by all transports: notifies clients and watchers of every event.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use amf_remoting::connection::{ConnectionLimiter, ConnectionLimits, ConnectionPermit};
use amf_remoting::service::NamedLimit;
use amf_remoting::{Client, Group};
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};

use super::room::{Moment, Room};
use super::wire::{LobbyError, LobbyEvents, Message, Player, Seat};

/// Maximum number of watchers at one time.
pub const MAX_WATCHERS: usize = 256;
/// Maximum number of watchers from one address at one time.
pub const MAX_WATCHERS_PER_ADDRESS: usize = 64;
/// Maximum number of events that a watcher may lag behind. Then its event stream ends.
const WATCHER_QUEUE: usize = 256;
/// Interval between checks for idle players.
const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Owner of the room, which notifies clients and watchers of its events.
#[derive(Debug)]
pub struct Host {
    state: Mutex<State>,
    watching: Arc<ConnectionLimiter>,
}

/// State behind one lock, so that all clients and watchers receive all events in the same order. Sending an event only
/// queues it, so the lock is never held while a client is slow.
#[derive(Debug)]
struct State {
    room: Room,
    clients: Group,
    /// Clients of the players who joined by an AMF call, by player id.
    client_of: HashMap<u32, Client>,
    /// `None` after [`Host::close`].
    watchers: Option<broadcast::Sender<Event>>,
}

/// Event in the room.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A player joined.
    Joined(Player),
    /// A player sent a message.
    Said(Message),
    /// A player left or was removed.
    Left(Player),
}

/// Snapshot of the room, and the events after it.
#[derive(Debug)]
pub struct Watch {
    /// Players in the room.
    pub players: Vec<Player>,
    /// Latest messages, the oldest first.
    pub messages: Vec<Message>,
    /// Events after the snapshot.
    pub events: broadcast::Receiver<Event>,
    /// Permit that counts the watcher until it is dropped.
    pub permit: ConnectionPermit,
}

impl Host {
    /// Creates a host with an empty room.
    pub fn open() -> Arc<Self> {
        let state = State {
            room: Room::default(),
            clients: Group::new(),
            client_of: HashMap::new(),
            watchers: Some(broadcast::Sender::new(WATCHER_QUEUE)),
        };
        Arc::new(Self { state: Mutex::new(state), watching: Arc::default() })
    }

    /// Adds a player and notifies the others. The player's `client`, if there is one, receives all later events.
    ///
    /// # Errors
    /// Those of [`Room::join`].
    pub fn join(
        &self,
        name: &str,
        address: Option<IpAddr>,
        client: Option<&Client>,
    ) -> Result<Seat, LobbyError> {
        let mut state = self.lock();
        let seat = state.room.join(name, address, Moment::now())?;
        state.broadcast(Event::Joined(seat.player.clone()));
        if let Some(client) = client {
            state.clients.add(client);
            state.client_of.insert(seat.player.id, client.clone());
        }
        Ok(seat)
    }

    /// Sends a message to everyone in the room, the sender included.
    ///
    /// # Errors
    /// Those of [`Room::say`].
    pub fn say(&self, token: &str, text: &str) -> Result<Message, LobbyError> {
        let mut state = self.lock();
        let message = state.room.say(token, text, Moment::now())?;
        state.broadcast(Event::Said(message.clone()));
        Ok(message)
    }

    /// Removes the player with this token. Returns `false` if there is none.
    pub fn leave(&self, token: &str) -> bool {
        let mut state = self.lock();
        match state.room.leave(token) {
            Some(player) => {
                state.announce_departure(player);
                true
            }
            None => false,
        }
    }

    /// Removes all players who joined through this client, which has disconnected.
    pub fn disconnected(&self, client: &Client) {
        let mut state = self.lock();
        let ids: Vec<u32> =
            state.client_of.iter().filter(|(_, of)| of.id() == client.id()).map(|(id, _)| *id).collect();
        for id in ids {
            if let Some(player) = state.room.remove(id) {
                state.announce_departure(player);
            }
        }
    }

    /// Returns the players in the order in which they joined.
    pub fn players(&self) -> Vec<Player> {
        self.lock().room.players().cloned().collect()
    }

    /// Subscribes a watcher. Returns `None` if there are already [`MAX_WATCHERS`], or [`MAX_WATCHERS_PER_ADDRESS`] from
    /// its address, or if the host is closed.
    pub fn watch(&self, peer: Option<SocketAddr>) -> Option<Watch> {
        let limits = ConnectionLimits::new(NamedLimit::new("watchers", MAX_WATCHERS))
            .with_per_address(NamedLimit::new("watchers_per_address", MAX_WATCHERS_PER_ADDRESS));
        let permit = self.watching.admit(&limits, peer).ok()?;
        let state = self.lock();
        let watchers = state.watchers.as_ref()?;
        Some(Watch {
            players: state.room.players().cloned().collect(),
            messages: state.room.history().cloned().collect(),
            events: watchers.subscribe(),
            permit,
        })
    }

    /// Removes idle players periodically. Never completes.
    pub async fn run_idle_check(&self) -> Infallible {
        let mut rounds = interval(IDLE_CHECK_INTERVAL);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            self.remove_idle(Instant::now());
        }
    }

    /// Ends the event streams of all watchers. Without this, open streams would delay the shutdown of the server.
    pub fn close(&self) {
        self.lock().watchers = None;
    }

    fn remove_idle(&self, now: Instant) {
        let state = &mut *self.lock();
        // A player whose client is still connected may listen without sending anything.
        let is_there = |id| state.client_of.get(&id).is_some_and(Client::is_open);
        for player in state.room.remove_idle(now, is_there) {
            state.announce_departure(player);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn announce_departure(&mut self, player: Player) {
        if let Some(client) = self.client_of.remove(&player.id) {
            // Several players may have joined through one client.
            if self.client_of.values().all(|other| other.id() != client.id()) {
                self.clients.remove(&client);
            }
        }
        self.broadcast(Event::Left(player));
    }

    fn broadcast(&self, event: Event) {
        match &event {
            Event::Joined(player) => self.clients.player_joined(player),
            Event::Said(message) => self.clients.said(message),
            Event::Left(player) => self.clients.player_left(player),
        }
        if let Some(watchers) = &self.watchers {
            // The only error is that there are no watchers.
            let _ = watchers.send(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use amf_remoting::Version;
    use amf_remoting::service::{
        ArgumentsForm, BoxFuture, CallError, ClientId, Connection, Encoding, Notification,
    };
    use bytes::Bytes;

    use super::super::room::IDLE_TIMEOUT;
    use super::*;

    /// Connection that records the methods of its notifications.
    #[derive(Default)]
    struct RecordingConnection(Mutex<Vec<String>>);

    impl RecordingConnection {
        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    impl Connection for RecordingConnection {
        fn encoding(&self) -> Encoding {
            Encoding::new(Version::Amf3, ArgumentsForm::Sequence)
        }

        fn notify(&self, notification: &Notification) -> Result<(), CallError> {
            self.0.lock().unwrap().push(notification.method().to_owned());
            Ok(())
        }

        fn invoke(&self, _: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
            Box::pin(async { Err(CallError::Gone) })
        }

        fn is_open(&self) -> bool {
            true
        }
    }

    fn client() -> (Client, Arc<RecordingConnection>) {
        let recording = Arc::new(RecordingConnection::default());
        (Client::new(ClientId::allocate(), Arc::clone(&recording) as Arc<dyn Connection>), recording)
    }

    #[test]
    fn clients_in_the_room_receive_events() {
        let host = Host::open();
        let ((ann, ann_heard), (bob, bob_heard)) = (client(), client());
        let mut watch = host.watch(None).unwrap();
        let ann = host.join("Ann", None, Some(&ann)).unwrap();
        let bob = host.join("Bob", None, Some(&bob)).unwrap();
        let message = host.say(&bob.token, "hello").unwrap();
        assert!(host.leave(&ann.token));
        assert!(!host.leave(&ann.token));
        assert_eq!(ann_heard.take(), ["playerJoined", "said"]);
        assert_eq!(bob_heard.take(), ["said", "playerLeft"]);
        let expected = [
            Event::Joined(ann.player.clone()),
            Event::Joined(bob.player.clone()),
            Event::Said(message.clone()),
            Event::Left(ann.player),
        ];
        for event in expected {
            assert_eq!(watch.events.try_recv().unwrap(), event);
        }
        let watch = host.watch(None).unwrap();
        assert_eq!((watch.players, watch.messages), (vec![bob.player], vec![message]));
    }

    #[test]
    fn a_client_with_two_players_stays_until_both_left() {
        let host = Host::open();
        let (client, heard) = client();
        let ann = host.join("Ann", None, Some(&client)).unwrap();
        let bob = host.join("Bob", None, Some(&client)).unwrap();
        let cleo = host.join("Cleo", None, None).unwrap();
        heard.take();
        host.leave(&ann.token);
        host.say(&cleo.token, "hello").unwrap();
        host.leave(&bob.token);
        host.say(&cleo.token, "anybody?").unwrap();
        assert_eq!(heard.take(), ["playerLeft", "said"]);
    }

    #[test]
    fn idle_players_are_removed_unless_connected() {
        let host = Host::open();
        let (client, heard) = client();
        let ann = host.join("Ann", None, Some(&client)).unwrap();
        host.join("Bob", None, None).unwrap();
        heard.take();
        host.remove_idle(Instant::now() + IDLE_TIMEOUT);
        assert_eq!(host.players(), [ann.player]);
        assert_eq!(heard.take(), ["playerLeft"]);
        host.disconnected(&client);
        assert_eq!(host.players(), []);
        assert_eq!(heard.take(), [""; 0], "a removed player receives no events");
    }

    #[test]
    fn a_closed_or_full_host_refuses_watchers() {
        let host = Host::open();
        let watches: Vec<_> = (0..MAX_WATCHERS).map(|_| host.watch(None).unwrap()).collect();
        assert!(host.watch(None).is_none());
        drop(watches);
        let [own, other] = ["192.0.2.1:7", "192.0.2.2:7"].map(|peer| Some(peer.parse().unwrap()));
        let watches: Vec<_> = (0..MAX_WATCHERS_PER_ADDRESS).map(|_| host.watch(own).unwrap()).collect();
        assert!(host.watch(own).is_none());
        assert!(host.watch(other).is_some());
        drop(watches);
        let mut watch = host.watch(None).unwrap();
        host.close();
        assert!(host.watch(None).is_none());
        assert_eq!(watch.events.try_recv(), Err(broadcast::error::TryRecvError::Closed));
    }
}
