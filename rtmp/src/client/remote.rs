//! Shared objects as a client has them: a copy of each, what it asked for, and what became of that.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use amf_core::{DecodeError, Encoder, FromAmf, ToAmf, Version};
use amf_remoting::CallError;
use amf_remoting::service::{Connection as _, ToArguments};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

use super::link::{Link, State};
use crate::proto::chunk::Chunked;
use crate::proto::{Config, SentMessage, SharedObjectEvent, SharedObjectMessage};
use crate::shared_object::{Encoded, SharedObjectLimits, SlotValue, Slots};

/// Events that one who listens may be behind.
const BEHIND: usize = 256;
/// How long a server may take to let us use an object.
const WITHIN: Duration = Duration::from_secs(30);
/// What a server may make a copy hold: more than ours would. In the other encoding values may be longer here than
/// there.
const COPY: SharedObjectLimits = SharedObjectLimits {
    slots: 65_536,
    bytes: 16 << 20,
    total_memory: usize::MAX,
    objects: usize::MAX,
    waiting: usize::MAX,
    linger: Duration::ZERO,
};

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

/// What happens to an object, in the words of Flash's `SyncEvent`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RemoteEvent {
    /// Slots changed together, in this order; the copy has it already.
    Sync(Arc<[SyncChange]>),
    /// A handler is called, by this client or another, or by the server.
    Message(SentMessage),
    /// The server refused something: `SharedObject.NoWriteAccess` and its like.
    Status {
        /// What.
        code: Arc<str>,
        /// `error`, mostly.
        level: Arc<str>,
    },
    /// So many events were not told, as nobody took them.
    Missed(u64),
}

/// What became of a slot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SyncChange {
    /// "change": somebody else gave the slot a value.
    Change {
        /// The slot.
        key: Arc<str>,
        /// What it was.
        old: Option<SlotValue>,
    },
    /// "success": the server took what was set here.
    Success {
        /// The slot.
        key: Arc<str>,
    },
    /// "reject": the server refused what was set here; the slot is what the server has again.
    Reject {
        /// The slot.
        key: Arc<str>,
        /// What was wanted.
        old: Option<SlotValue>,
    },
    /// "delete": the slot is gone.
    Delete {
        /// The slot.
        key: Arc<str>,
        /// What it was.
        old: Option<SlotValue>,
    },
    /// "clear": all slots are gone.
    Clear,
}

/// Why an object cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// The server refused, with this code: `SharedObject.NoReadAccess` and its like.
    Refused(Arc<str>),
    /// The object is in use here, with the other kind of persistence.
    Persistence,
    /// There is no connection.
    Gone,
    /// The server did not answer within 30 seconds.
    Timeout,
}

/// The objects that a connection uses.
#[derive(Debug, Default)]
pub(super) struct Remotes {
    objects: Mutex<HashMap<Arc<str>, Weak<Remote>>>,
}

struct Remote {
    link: Arc<Link>,
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

#[derive(Debug, Default)]
struct Copy {
    slots: Slots,
    version: u32,
    /// What was set here and is not answered yet.
    asked: Vec<(Arc<str>, Arc<Encoded>)>,
}

impl RemoteSharedObject {
    pub(super) async fn join(link: &Arc<Link>, name: &str, is_persistent: bool) -> Result<Self, JoinError> {
        let remote = link.remotes().open(link, name, is_persistent)?;
        let mut joined = remote.joined.subscribe();
        let mut state = link.state();
        let decided = async {
            tokio::select! {
                decided = joined.wait_for(|joined| *joined != Joined::Waiting) => {
                    decided.map_or(Err(JoinError::Gone), |joined| Ok(joined.clone()))
                }
                _ = state.wait_for(|state| *state != State::Open) => Err(JoinError::Gone),
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
        self.remote.copy().version
    }

    /// The value of a slot here; `None` where there is none.
    pub fn get<T: for<'de> FromAmf<'de>>(&self, key: &str) -> Result<Option<T>, DecodeError> {
        let value = self.remote.copy().slots.get(key).map(|slot| Arc::clone(&slot.value));
        value.map(|value| value.read()).transpose()
    }

    /// All slots, as they are here.
    pub fn slots(&self) -> Vec<(Arc<str>, SlotValue)> {
        let copy = self.remote.copy();
        copy.slots.iter().map(|(key, slot)| (Arc::clone(key), SlotValue(Arc::clone(&slot.value)))).collect()
    }

    /// Gives a slot a value, here at once, and asks the server for it. [`SyncChange::Success`] or
    /// [`SyncChange::Reject`] tells what came of it. Null removes the slot.
    pub fn set(&self, key: &str, value: &(impl ToAmf + ?Sized)) -> Result<(), CallError> {
        let encoding = self.remote.link.encoding().version;
        let mut encoder = Encoder::in_envelope(encoding);
        value.to_amf(&mut encoder)?;
        let (key, value): (Arc<str>, _) = (key.into(), bytes::Bytes::from(encoder.finish()));
        let mut copy = self.remote.copy();
        let event = SharedObjectEvent::RequestChange { key: Arc::clone(&key), value: value.clone() };
        self.remote.tell(encoding, vec![event])?;
        let value = Arc::new(Encoded::new(encoding, value));
        copy.put(&key, &value);
        copy.asked.push((key, value));
        Ok(())
    }

    /// Removes a slot, here at once, and asks the server for it.
    pub fn remove(&self, key: &str) -> Result<(), CallError> {
        let mut copy = self.remote.copy();
        let event = SharedObjectEvent::RequestRemove { key: key.into() };
        self.remote.tell(self.remote.link.encoding().version, vec![event])?;
        copy.slots.remove(key);
        copy.slots.committed();
        Ok(())
    }

    /// Calls a handler of everybody who uses the object, this client too: [`RemoteEvent::Message`].
    pub fn send(&self, handler: &str, arguments: impl ToArguments) -> Result<(), CallError> {
        let encoding = self.remote.link.encoding().version;
        let mut encoder = Encoder::in_envelope(encoding);
        arguments.write(&mut encoder)?;
        let message = SentMessage::new(handler, encoder.bytes());
        self.remote.tell(encoding, vec![SharedObjectEvent::SendMessage(message)])
    }

    /// What happens from now on.
    pub fn events(&self) -> RemoteEvents {
        RemoteEvents(self.remote.events.subscribe())
    }
}

/// The events of an object, from the moment that this was asked for. It does not keep the object.
#[derive(Debug)]
pub struct RemoteEvents(broadcast::Receiver<RemoteEvent>);

impl RemoteEvents {
    /// The next event; `None` when the object was released. At most 256 wait here; then the oldest are
    /// [missed](RemoteEvent::Missed).
    pub async fn next(&mut self) -> Option<RemoteEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(RemoteEvent::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Remotes {
    /// The object of this name; a new one asks the server.
    fn open(&self, link: &Arc<Link>, name: &str, is_persistent: bool) -> Result<Arc<Remote>, JoinError> {
        // What is found must not be dropped under the lock, which its end takes too.
        let found;
        {
            let mut objects = self.lock();
            if let Some(remote) = objects.get(name).and_then(Weak::upgrade) {
                found = remote;
            } else {
                let remote = Arc::new(Remote {
                    link: Arc::clone(link),
                    name: name.into(),
                    is_persistent,
                    copy: Mutex::default(),
                    joined: watch::Sender::new(Joined::Waiting),
                    events: broadcast::Sender::new(BEHIND),
                });
                if remote.tell(link.encoding().version, vec![SharedObjectEvent::Use]).is_err() {
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

    fn tell(&self, encoding: Version, events: Vec<SharedObjectEvent>) -> Result<(), CallError> {
        let message = SharedObjectMessage {
            encoding,
            name: Arc::clone(&self.name),
            version: 0,
            is_persistent: self.is_persistent,
            events,
        };
        let chunked = Chunked::new(message.message(), Config::client().chunk_size);
        self.link.handle()?.send_shared(&Arc::new(chunked))
    }

    fn rejoin(&self) {
        let mut copy = self.copy();
        copy.asked.clear();
        self.joined.send_replace(Joined::Waiting);
        if let Err(error) = self.tell(self.link.encoding().version, vec![SharedObjectEvent::Use]) {
            tracing::debug!(object = %self.name, %error, "a shared object could not be asked for again");
        }
    }

    fn receive(&self, message: SharedObjectMessage) {
        let SharedObjectMessage { encoding, version, events, .. } = message;
        let mut copy = self.copy();
        copy.version = version;
        let mut syncs = Vec::new();
        let mut is_refused = false;
        let mut decided = None;
        for event in events {
            let was_refused = std::mem::take(&mut is_refused);
            match event {
                SharedObjectEvent::UseSuccess => decided = Some(Joined::In),
                SharedObjectEvent::SendMessage(message) => {
                    self.sync(&mut syncs);
                    self.event(RemoteEvent::Message(message));
                }
                SharedObjectEvent::Status { code, level } => {
                    is_refused = true;
                    if *self.joined.borrow() == Joined::Waiting {
                        decided = Some(Joined::Refused(Arc::clone(&code)));
                    }
                    self.sync(&mut syncs);
                    self.event(RemoteEvent::Status { code, level });
                }
                event => syncs.extend(copy.change(event, encoding, was_refused)),
            }
        }
        copy.slots.committed();
        self.sync(&mut syncs);
        drop(copy);
        if let Some(decided) = decided {
            self.joined.send_replace(decided);
        }
    }

    fn sync(&self, changes: &mut Vec<SyncChange>) {
        if !changes.is_empty() {
            self.event(RemoteEvent::Sync(std::mem::take(changes).into()));
        }
    }

    fn event(&self, event: RemoteEvent) {
        // Nobody may listen.
        let _ = self.events.send(event);
    }
}

impl Copy {
    fn put(&mut self, key: &Arc<str>, value: &Arc<Encoded>) {
        if value.is_nothing() {
            self.slots.remove(key);
        } else if let Err(limit) = self.slots.set(key, Arc::clone(value), &COPY) {
            tracing::warn!(%key, %limit, "a slot of a shared object is not kept");
        }
        self.slots.committed();
    }

    fn old(&self, key: &str) -> Option<SlotValue> {
        self.slots.get(key).map(|slot| SlotValue(Arc::clone(&slot.value)))
    }

    /// What was set here of this slot, and is answered now.
    fn answered(&mut self, key: &str) -> Option<Arc<Encoded>> {
        let at = self.asked.iter().position(|(asked, _)| **asked == *key)?;
        Some(self.asked.remove(at).1)
    }

    /// Nothing where nothing is to be told.
    fn change(
        &mut self,
        event: SharedObjectEvent,
        encoding: Version,
        was_refused: bool,
    ) -> Option<SyncChange> {
        Some(match event {
            SharedObjectEvent::Change { key, value } => {
                let is_reject = was_refused && self.answered(&key).is_some();
                let old = self.old(&key);
                self.put(&key, &Arc::new(Encoded::new(encoding, value)));
                if is_reject { SyncChange::Reject { key, old } } else { SyncChange::Change { key, old } }
            }
            SharedObjectEvent::Remove { key } => {
                let is_reject = was_refused && self.answered(&key).is_some();
                let old = self.old(&key);
                self.slots.remove(&key);
                if is_reject { SyncChange::Reject { key, old } } else { SyncChange::Delete { key, old } }
            }
            SharedObjectEvent::Success { key } => {
                // Somebody else's change may have come before it.
                let value = self.answered(&key)?;
                if !self.asked.iter().any(|(asked, _)| *asked == key) {
                    self.put(&key, &value);
                }
                SyncChange::Success { key }
            }
            SharedObjectEvent::Clear => {
                self.slots.clear();
                SyncChange::Clear
            }
            _ => return None,
        })
    }
}

/// The last who held it is gone: it is released, unless it was asked for again in the meantime.
impl Drop for Remote {
    fn drop(&mut self) {
        let remotes = self.link.remotes();
        let mut objects = remotes.lock();
        if objects.get(&self.name).is_some_and(|remote| remote.strong_count() == 0) {
            objects.remove(&self.name);
            // Without a connection there is nothing to release.
            let _ = self.tell(self.link.encoding().version, vec![SharedObjectEvent::Release]);
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

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "the server refused the shared object: {code}"),
            Self::Persistence => f.write_str("the object is in use here with the other kind of persistence"),
            Self::Gone => f.write_str("there is no connection"),
            Self::Timeout => write!(f, "the server did not answer within {WITHIN:?}"),
        }
    }
}

impl std::error::Error for JoinError {}
