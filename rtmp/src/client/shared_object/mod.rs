//! Shared objects as a client has them: a replica of each, what it asked for, and what became of that.

mod batch;
mod events;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use amf_core::{DecodeError, FromAmf, ToAmf, Version};
use amf_remoting::CallError;
use amf_remoting::connection::MessageClass;
use amf_remoting::service::{Connection as _, ToArguments};
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

pub use self::batch::SharedObjectBatch;
pub use self::events::{JoinError, SyncEvents};
use super::current::{ConnectionState, CurrentConnection};
use crate::proto::chunk::PreChunkedMessage;
use crate::proto::{Config, SharedObjectEvent, SharedObjectMessage};
use crate::shared_object::{JoinOutcome, Replica, SlotValue, SyncEvent};

/// Events that one who listens may be behind.
const EVENT_BUFFER: usize = 256;
/// How long a server may take to let us use an object.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// A shared object of the server's, as one of its clients.
///
/// [`NetConnection::shared_object`](super::NetConnection::shared_object) gives it. It holds a replica of the slots,
/// which what is set here changes at once; the server then says whether it came to that. Clones are the same; it is
/// released with the last one. When the connection was lost and there is another, the object is used again, and the
/// replica is what the server says then; what was asked for and not answered is forgotten.
#[derive(Clone)]
pub struct RemoteSharedObject {
    remote: Arc<RemoteObject>,
}

/// The objects that a connection uses.
#[derive(Debug)]
pub(super) struct RemoteObjects {
    connection: Arc<CurrentConnection>,
    objects: Mutex<HashMap<Arc<str>, Weak<RemoteObject>>>,
}

struct RemoteObject {
    objects: Arc<RemoteObjects>,
    name: Arc<str>,
    is_persistent: bool,
    replica: Mutex<Replica>,
    join_state: watch::Sender<JoinState>,
    events: broadcast::Sender<SyncEvent>,
}

#[derive(Clone, Debug, PartialEq)]
enum JoinState {
    Pending,
    Joined,
    Refused(Arc<str>),
}

impl RemoteSharedObject {
    pub(super) async fn join(
        objects: &Arc<RemoteObjects>,
        name: &str,
        is_persistent: bool,
    ) -> Result<Self, JoinError> {
        let remote = objects.open(name, is_persistent)?;
        let mut join_state = remote.join_state.subscribe();
        let mut connection_state = objects.connection.state();
        let outcome = async {
            tokio::select! {
                outcome = join_state.wait_for(|join_state| *join_state != JoinState::Pending) => {
                    outcome.map_or(Err(JoinError::Gone), |join_state| Ok(join_state.clone()))
                }
                _ = connection_state.wait_for(|state| *state != ConnectionState::Open) => Err(JoinError::Gone),
            }
        };
        match timeout(JOIN_TIMEOUT, outcome).await.map_err(|_| JoinError::Timeout)?? {
            JoinState::Refused(code) => Err(JoinError::Refused(code)),
            _ => Ok(Self { remote }),
        }
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.remote.name
    }

    /// Whether the server keeps it on disk.
    pub fn is_persistent(&self) -> bool {
        self.remote.is_persistent
    }

    /// The object's version, as the server last told it.
    pub fn version(&self) -> u32 {
        self.remote.replica().version()
    }

    /// The value of a slot here; `None` where there is none.
    pub fn get<T: for<'de> FromAmf<'de>>(&self, key: &str) -> Result<Option<T>, DecodeError> {
        let value = self.remote.replica().slots().get(key).map(|slot| Arc::clone(&slot.value));
        value.map(|value| value.read()).transpose()
    }

    /// All slots, as they are here.
    pub fn slots(&self) -> Vec<(Arc<str>, SlotValue)> {
        let replica = self.remote.replica();
        replica
            .slots()
            .iter()
            .map(|(key, slot)| (Arc::clone(key), SlotValue(Arc::clone(&slot.value))))
            .collect()
    }

    /// Gives a slot a value, here at once, and asks the server for it.
    /// [`SyncChange::Success`](crate::SyncChange::Success) or [`SyncChange::Reject`](crate::SyncChange::Reject) tells what came of it. Null removes the slot.
    ///
    /// It is a message of its own, and fails as [`SharedObjectBatch::submit`] does; several go together by
    /// [`batch`](Self::batch).
    pub fn set(&self, key: &str, value: &(impl ToAmf + ?Sized)) -> Result<(), CallError> {
        let mut batch = self.batch();
        batch.set(key, value)?;
        batch.submit()
    }

    /// Removes a slot, here at once, and asks the server for it, as [`set`](Self::set) to null does.
    pub fn remove(&self, key: &str) -> Result<(), CallError> {
        let mut batch = self.batch();
        batch.remove(key)?;
        batch.submit()
    }

    /// Calls a handler of everybody who uses the object, this client too: [`SyncEvent::Message`].
    pub fn send(&self, handler: &str, arguments: impl ToArguments) -> Result<(), CallError> {
        let mut batch = self.batch();
        batch.send(handler, arguments)?;
        batch.submit()
    }

    /// Begins changes that go out as one message, as a player's do that it makes between two frames. The server does
    /// them together, with one version, and the others hear of them in one message.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use amf_remoting::Services;
    /// # use amf_rtmp::{NetConnection, Server, SharedObjectOptions};
    /// # let server = Server::new(Services::new());
    /// # let (client, transport) = tokio::io::duplex(64 << 10);
    /// # tokio::spawn(server.serve_stream(transport, None));
    /// # let connection = NetConnection::builder("rtmp://test/lobby/red")?.connect_with_stream(client).await?;
    /// let board = connection.shared_object("board", SharedObjectOptions::new()).await?;
    /// let mut events = board.events();
    ///
    /// let mut changes = board.batch();
    /// changes.set("x", &3)?;
    /// changes.set("y", &4)?;
    /// changes.send("moved", ("pawn",))?;
    /// assert_eq!(board.get::<u32>("x")?, None);
    /// changes.submit()?;
    /// assert_eq!(board.get::<u32>("x")?, Some(3));
    ///
    /// // Success of both, and both are version 2.
    /// events.recv().await;
    /// assert_eq!(board.version(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch(&self) -> SharedObjectBatch<'_> {
        SharedObjectBatch::new(&self.remote)
    }

    /// What happens from now on.
    pub fn events(&self) -> SyncEvents {
        SyncEvents(self.remote.events.subscribe())
    }
}

impl RemoteObjects {
    pub(super) fn new(connection: Arc<CurrentConnection>) -> Self {
        Self { connection, objects: Mutex::default() }
    }

    /// The object of this name; a new one asks the server.
    fn open(self: &Arc<Self>, name: &str, is_persistent: bool) -> Result<Arc<RemoteObject>, JoinError> {
        // What is found must not be dropped under the lock, which its end takes too.
        let existing;
        {
            let mut objects = self.lock();
            if let Some(remote) = objects.get(name).and_then(Weak::upgrade) {
                existing = remote;
            } else {
                let remote = Arc::new(RemoteObject {
                    objects: Arc::clone(self),
                    name: name.into(),
                    is_persistent,
                    replica: Mutex::default(),
                    join_state: watch::Sender::new(JoinState::Pending),
                    events: broadcast::Sender::new(EVENT_BUFFER),
                });
                if remote
                    .send_events(self.connection.encoding().version, vec![SharedObjectEvent::Use])
                    .is_err()
                {
                    // There is none under the name that would mind its end.
                    drop(objects);
                    return Err(JoinError::Gone);
                }
                objects.insert(name.into(), Arc::downgrade(&remote));
                return Ok(remote);
            }
        }
        if existing.is_persistent != is_persistent {
            return Err(JoinError::PersistenceMismatch);
        }
        if matches!(*existing.join_state.borrow(), JoinState::Refused(_)) {
            existing.rejoin();
        }
        Ok(existing)
    }

    /// There is another connection: all is asked for again.
    pub(super) fn rejoin(&self) {
        let objects: Vec<_> = self.lock().values().filter_map(Weak::upgrade).collect();
        for remote in objects {
            remote.rejoin();
        }
    }

    pub(super) fn receive(&self, message: SharedObjectMessage) {
        let remote = self.lock().get(&message.name).and_then(Weak::upgrade);
        if let Some(remote) = remote {
            remote.receive(message);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Weak<RemoteObject>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RemoteObject {
    fn replica(&self) -> MutexGuard<'_, Replica> {
        self.replica.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn encoding(&self) -> Version {
        self.objects.connection.encoding().version
    }

    fn send_events(&self, encoding: Version, events: Vec<SharedObjectEvent>) -> Result<(), CallError> {
        let message = SharedObjectMessage {
            encoding,
            name: Arc::clone(&self.name),
            version: 0,
            is_persistent: self.is_persistent,
            is_proxied: false,
            events,
        };
        let chunked = PreChunkedMessage::new(message.to_message(), Config::client().chunk_size);
        let handle = self.objects.connection.handle()?;
        handle.send_message(handle.share(chunked), MessageClass::Reply)
    }

    fn rejoin(&self) {
        let mut replica = self.replica();
        replica.clear_pending();
        self.join_state.send_replace(JoinState::Pending);
        if let Err(error) = self.send_events(self.encoding(), vec![SharedObjectEvent::Use]) {
            tracing::debug!(object = ?self.name, %error, "a shared object could not be asked for again");
        }
    }

    fn receive(&self, message: SharedObjectMessage) {
        // Whoever is told of a change finds it in the replica, and in the same order.
        let mut replica = self.replica();
        let (events, outcome) = replica.receive(message);
        for event in events {
            // Nobody may listen.
            let _ = self.events.send(event);
        }
        drop(replica);
        match outcome {
            Some(JoinOutcome::Joined) => drop(self.join_state.send_replace(JoinState::Joined)),
            Some(JoinOutcome::Refused(code)) => {
                self.join_state.send_if_modified(|join_state| {
                    let is_pending = *join_state == JoinState::Pending;
                    if is_pending {
                        *join_state = JoinState::Refused(code);
                    }
                    is_pending
                });
            }
            None => {}
        }
    }
}

/// The last who held it is gone: it is released, unless it was asked for again in the meantime.
impl Drop for RemoteObject {
    fn drop(&mut self) {
        let mut objects = self.objects.lock();
        if objects.get(&self.name).is_some_and(|remote| remote.strong_count() == 0) {
            objects.remove(&self.name);
            // Without a connection there is nothing to release.
            let _ = self.send_events(self.encoding(), vec![SharedObjectEvent::Release]);
        }
    }
}

impl fmt::Debug for RemoteObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteObject").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for RemoteSharedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSharedObject")
            .field("name", &self.name())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}
