//! Shared objects as a client has them: a copy of each, what it asked for, and what became of that.

mod batch;
mod events;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use amf_core::{DecodeError, FromAmf, ToAmf, Version};
use amf_remoting::CallError;
use amf_remoting::service::{Connection as _, ToArguments};
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

pub use self::batch::RemoteChanges;
pub use self::events::{JoinError, RemoteEvents};
use super::current::{CurrentConnection, LinkState};
use crate::proto::chunk::Chunked;
use crate::proto::{Config, SharedObjectEvent, SharedObjectMessage};
use crate::shared_object::{Copy, Decided, RemoteEvent, SlotValue};

/// Events that one who listens may be behind.
const BEHIND: usize = 256;
/// How long a server may take to let us use an object.
const WITHIN: Duration = Duration::from_secs(30);

/// A shared object of the server's, as one of its clients.
///
/// [`NetConnection::shared_object`](super::NetConnection::shared_object) gives it. It holds a copy of the slots,
/// which what is set here changes at once; the server then says whether it came to that. Clones are the same; it is
/// released with the last one. When the connection was lost and there is another, the object is used again, and the
/// copy is what the server says then; what was asked for and not answered is forgotten.
#[derive(Clone)]
pub struct RemoteSharedObject {
    remote: Arc<Remote>,
}

/// The objects that a connection uses.
#[derive(Debug)]
pub(super) struct Remotes {
    connection: Arc<CurrentConnection>,
    objects: Mutex<HashMap<Arc<str>, Weak<Remote>>>,
}

struct Remote {
    remotes: Arc<Remotes>,
    name: Arc<str>,
    is_persistent: bool,
    copy: Mutex<Copy>,
    joined: watch::Sender<Joined>,
    events: broadcast::Sender<RemoteEvent>,
}

#[derive(Clone, Debug, PartialEq)]
enum Joined {
    Waiting,
    In,
    Refused(Arc<str>),
}

impl RemoteSharedObject {
    pub(super) async fn join(
        remotes: &Arc<Remotes>,
        name: &str,
        is_persistent: bool,
    ) -> Result<Self, JoinError> {
        let remote = remotes.open(name, is_persistent)?;
        let mut joined = remote.joined.subscribe();
        let mut state = remotes.connection.state();
        let decided = async {
            tokio::select! {
                decided = joined.wait_for(|joined| *joined != Joined::Waiting) => {
                    decided.map_or(Err(JoinError::Gone), |joined| Ok(joined.clone()))
                }
                _ = state.wait_for(|state| *state != LinkState::Open) => Err(JoinError::Gone),
            }
        };
        match timeout(WITHIN, decided).await.map_err(|_| JoinError::Timeout)?? {
            Joined::Refused(code) => Err(JoinError::Refused(code)),
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
        self.remote.copy().version()
    }

    /// The value of a slot here; `None` where there is none.
    pub fn get<T: for<'de> FromAmf<'de>>(&self, key: &str) -> Result<Option<T>, DecodeError> {
        let value = self.remote.copy().slots().get(key).map(|slot| Arc::clone(&slot.value));
        value.map(|value| value.read()).transpose()
    }

    /// All slots, as they are here.
    pub fn slots(&self) -> Vec<(Arc<str>, SlotValue)> {
        let copy = self.remote.copy();
        copy.slots().iter().map(|(key, slot)| (Arc::clone(key), SlotValue(Arc::clone(&slot.value)))).collect()
    }

    /// Gives a slot a value, here at once, and asks the server for it. [`SyncChange::Success`] or
    /// [`SyncChange::Reject`] tells what came of it. Null removes the slot.
    ///
    /// It is a message of its own, and fails as [`RemoteChanges::ask`] does; several go together by
    /// [`changes`](Self::changes).
    pub fn set(&self, key: &str, value: &(impl ToAmf + ?Sized)) -> Result<(), CallError> {
        let mut changes = self.changes();
        changes.set(key, value)?;
        changes.ask()
    }

    /// Removes a slot, here at once, and asks the server for it, as [`set`](Self::set) to null does.
    pub fn remove(&self, key: &str) -> Result<(), CallError> {
        let mut changes = self.changes();
        changes.remove(key)?;
        changes.ask()
    }

    /// Calls a handler of everybody who uses the object, this client too: [`RemoteEvent::Message`].
    pub fn send(&self, handler: &str, arguments: impl ToArguments) -> Result<(), CallError> {
        let mut changes = self.changes();
        changes.send(handler, arguments)?;
        changes.ask()
    }

    /// Begins changes that go out as one message, as a player's do that it makes between two frames. The server does
    /// them together, with one version, and the others hear of them in one message.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use amf_remoting::Services;
    /// # use amf_rtmp::{NetConnection, Server};
    /// # let server = Server::new(Services::new());
    /// # let (client, transport) = tokio::io::duplex(64 << 10);
    /// # tokio::spawn(server.serve_stream(transport, None));
    /// # let connection = NetConnection::to("rtmp://test/lobby/red")?.connect_over(client).await?;
    /// let board = connection.shared_object("board", false).await?;
    /// let mut events = board.events();
    ///
    /// let mut changes = board.changes();
    /// changes.set("x", &3)?;
    /// changes.set("y", &4)?;
    /// changes.send("moved", ("pawn",))?;
    /// assert_eq!(board.get::<u32>("x")?, None);
    /// changes.ask()?;
    /// assert_eq!(board.get::<u32>("x")?, Some(3));
    ///
    /// // Success of both, and both are version 2.
    /// events.next().await;
    /// assert_eq!(board.version(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn changes(&self) -> RemoteChanges<'_> {
        RemoteChanges::new(&self.remote)
    }

    /// What happens from now on.
    pub fn events(&self) -> RemoteEvents {
        RemoteEvents(self.remote.events.subscribe())
    }
}

impl Remotes {
    pub(super) fn new(connection: Arc<CurrentConnection>) -> Self {
        Self { connection, objects: Mutex::default() }
    }

    /// The object of this name; a new one asks the server.
    fn open(self: &Arc<Self>, name: &str, is_persistent: bool) -> Result<Arc<Remote>, JoinError> {
        // What is found must not be dropped under the lock, which its end takes too.
        let found;
        {
            let mut objects = self.lock();
            if let Some(remote) = objects.get(name).and_then(Weak::upgrade) {
                found = remote;
            } else {
                let remote = Arc::new(Remote {
                    remotes: Arc::clone(self),
                    name: name.into(),
                    is_persistent,
                    copy: Mutex::default(),
                    joined: watch::Sender::new(Joined::Waiting),
                    events: broadcast::Sender::new(BEHIND),
                });
                if remote.tell(self.connection.encoding().version, vec![SharedObjectEvent::Use]).is_err() {
                    // There is none under the name that would mind its end.
                    drop(objects);
                    return Err(JoinError::Gone);
                }
                objects.insert(name.into(), Arc::downgrade(&remote));
                return Ok(remote);
            }
        }
        if found.is_persistent != is_persistent {
            return Err(JoinError::Persistence);
        }
        if matches!(*found.joined.borrow(), Joined::Refused(_)) {
            found.rejoin();
        }
        Ok(found)
    }

    /// There is another connection: all is asked for again.
    pub(super) fn rejoin(&self) {
        let remotes: Vec<_> = self.lock().values().filter_map(Weak::upgrade).collect();
        for remote in remotes {
            remote.rejoin();
        }
    }

    pub(super) fn receive(&self, message: SharedObjectMessage) {
        let remote = self.lock().get(&message.name).and_then(Weak::upgrade);
        if let Some(remote) = remote {
            remote.receive(message);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Weak<Remote>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remote {
    fn copy(&self) -> MutexGuard<'_, Copy> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn encoding(&self) -> Version {
        self.remotes.connection.encoding().version
    }

    fn tell(&self, encoding: Version, events: Vec<SharedObjectEvent>) -> Result<(), CallError> {
        let message = SharedObjectMessage {
            encoding,
            name: Arc::clone(&self.name),
            version: 0,
            is_persistent: self.is_persistent,
            events,
        };
        let chunked = Chunked::new(message.message(), Config::client().chunk_size);
        self.remotes.connection.handle()?.send_shared(&Arc::new(chunked))
    }

    fn rejoin(&self) {
        let mut copy = self.copy();
        copy.forget();
        self.joined.send_replace(Joined::Waiting);
        if let Err(error) = self.tell(self.encoding(), vec![SharedObjectEvent::Use]) {
            tracing::debug!(object = %self.name, %error, "a shared object could not be asked for again");
        }
    }

    fn receive(&self, message: SharedObjectMessage) {
        // Whoever is told of a change finds it in the copy, and in the same order.
        let mut copy = self.copy();
        let (events, decided) = copy.receive(message);
        for event in events {
            // Nobody may listen.
            let _ = self.events.send(event);
        }
        drop(copy);
        match decided {
            Some(Decided::In) => drop(self.joined.send_replace(Joined::In)),
            Some(Decided::Refused(code)) => {
                self.joined.send_if_modified(|joined| {
                    let is_waiting = *joined == Joined::Waiting;
                    if is_waiting {
                        *joined = Joined::Refused(code);
                    }
                    is_waiting
                });
            }
            None => {}
        }
    }
}

/// The last who held it is gone: it is released, unless it was asked for again in the meantime.
impl Drop for Remote {
    fn drop(&mut self) {
        let mut objects = self.remotes.lock();
        if objects.get(&self.name).is_some_and(|remote| remote.strong_count() == 0) {
            objects.remove(&self.name);
            // Without a connection there is nothing to release.
            let _ = self.tell(self.encoding(), vec![SharedObjectEvent::Release]);
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("name", &self.name).finish_non_exhaustive()
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
