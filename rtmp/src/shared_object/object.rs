//! A living object: its machine, who listens, and what the machine's effects become.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use amf_core::Version;
use amf_remoting::CallError;
use amf_remoting::service::ClientId;
use tokio::runtime;
use tokio::sync::{broadcast, oneshot};
use tokio::time::sleep;

use super::error::SharedObjectError;
use super::registry::Registry;
use super::settings::SharedObjects;
use super::state::limits::LimitError;
use super::state::slots::{Slot, Slots};
use super::state::{Change, Effect, Request, SharedObjectState, SubscriberId, Ticket, WriteError};
use super::store::{StoredCommit, StoredName};
use super::store_writer::PersistedObject;
use super::value::SlotValue;
use super::watch::{SharedObjectUpdate, SlotChange};
use crate::connection::Handle;
use crate::instance::Instance;
use crate::metrics::limit;
use crate::proto::Message;
use crate::proto::chunk::PreChunkedMessage;

/// Updates that one who watches may be behind.
const UPDATE_BUFFER: usize = 256;

/// An object is there as long as somebody holds it: a connection, the program, what writes it to disk, or whoever
/// lets it linger.
pub(crate) struct SharedObjectInner {
    instance: Instance,
    settings: Arc<SharedObjects>,
    name: Arc<str>,
    is_persistent: bool,
    inner: Mutex<Inner>,
    updates: broadcast::Sender<SharedObjectUpdate>,
    /// Whether somebody lets it linger, and whether it was used since.
    is_lingering: AtomicBool,
    was_used: AtomicBool,
}

struct Inner {
    state: SharedObjectState,
    subscribers: HashMap<SubscriberId, Subscriber>,
    tickets: HashMap<Ticket, oneshot::Sender<Result<(), WriteError>>>,
    next: u64,
    is_load_asked: bool,
}

/// A client that uses the object.
pub(super) struct Subscriber {
    pub(super) client: ClientId,
    pub(super) handle: Arc<Handle>,
    pub(super) chunk_size: u32,
}

/// The objects of an instance.
pub(super) fn registry(instance: &Instance) -> Arc<Registry<SharedObjectInner>> {
    instance.state()
}

impl SharedObjectInner {
    /// The object of this name, a new one if nobody holds it.
    pub(super) fn open(
        instance: &Instance,
        name: &str,
        is_persistent: bool,
        settings: &Arc<SharedObjects>,
    ) -> Result<Arc<Self>, SharedObjectError> {
        let object = registry(instance).get_or_try_insert(name, |objects| {
            let max = settings.limits.objects;
            if is_persistent && settings.store_writer.is_none() {
                return Err(SharedObjectError::NoStore);
            }
            if objects >= max {
                return Err(SharedObjectError::Limit(LimitError::new("objects", max)));
            }
            Ok(Self::new(instance.clone(), Arc::clone(settings), name.into(), is_persistent))
        })?;
        if object.is_persistent == is_persistent { Ok(object) } else { Err(SharedObjectError::Persistence) }
    }

    fn new(
        instance: Instance,
        settings: Arc<SharedObjects>,
        name: Arc<str>,
        is_persistent: bool,
    ) -> Arc<Self> {
        let inner = Inner {
            state: SharedObjectState::new(
                Arc::clone(&name),
                is_persistent,
                settings.limits,
                Arc::clone(&settings.memory),
            ),
            subscribers: HashMap::new(),
            tickets: HashMap::new(),
            next: 0,
            is_load_asked: false,
        };
        Arc::new(Self {
            instance,
            settings,
            name,
            is_persistent,
            inner: Mutex::new(inner),
            updates: broadcast::Sender::new(UPDATE_BUFFER),
            is_lingering: AtomicBool::new(false),
            was_used: AtomicBool::new(false),
        })
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) fn instance(&self) -> &Instance {
        &self.instance
    }

    pub(super) fn is_persistent(&self) -> bool {
        self.is_persistent
    }

    pub(super) fn settings(&self) -> &SharedObjects {
        &self.settings
    }

    pub(super) fn updates(&self) -> broadcast::Receiver<SharedObjectUpdate> {
        self.updates.subscribe()
    }

    /// Reads something of the machine.
    pub(super) fn read<T>(&self, read: impl FnOnce(&SharedObjectState) -> T) -> T {
        read(&self.lock().state)
    }

    /// A client will use the object. Nobody can, before it was loaded.
    pub(super) fn enter(self: &Arc<Self>, subscriber: Subscriber) -> SubscriberId {
        self.act(|inner| {
            inner.next += 1;
            inner.subscribers.insert(inner.next, subscriber);
            inner.next
        })
    }

    pub(super) fn client(
        self: &Arc<Self>,
        from: SubscriberId,
        encoding: Version,
        requests: Vec<Request>,
        size: usize,
    ) {
        self.act(|inner| inner.state.client(from, encoding, requests, size));
    }

    /// A client goes. The object waits for the next one, unless there is nothing in it, or all of it is on disk.
    pub(super) fn leave(self: &Arc<Self>, subscriber: SubscriberId) {
        let is_lingering = self.act(|inner| {
            inner.subscribers.remove(&subscriber);
            inner.state.remove_subscriber(subscriber);
            !self.is_persistent && inner.subscribers.is_empty() && inner.state.slots().iter().len() > 0
        });
        self.was_used.store(true, Ordering::Relaxed);
        if is_lingering && let Ok(runtime) = runtime::Handle::try_current() {
            if self.is_lingering.swap(true, Ordering::Relaxed) {
                return;
            }
            let object = Arc::clone(self);
            runtime.spawn(async move {
                while object.was_used.swap(false, Ordering::Relaxed) {
                    tokio::select! {
                        () = sleep(object.settings.limits.linger) => {}
                        () = object.instance.ended() => break,
                    }
                }
                object.is_lingering.store(false, Ordering::Relaxed);
            });
        }
    }

    /// The server's own side asks for something; the answer comes when it is done.
    pub(super) fn server(
        self: &Arc<Self>,
        requests: Vec<Request>,
    ) -> oneshot::Receiver<Result<(), WriteError>> {
        self.act(|inner| {
            let (ticket, done) = inner.ticket();
            inner.state.server(requests, ticket);
            done
        })
    }

    /// Somebody of the server's own side wants the lock; the answer comes when it is had.
    pub(super) fn request_lock(self: &Arc<Self>) -> (Ticket, oneshot::Receiver<Result<(), WriteError>>) {
        self.act(|inner| {
            let (ticket, had) = inner.ticket();
            inner.state.lock(ticket);
            (ticket, had)
        })
    }

    pub(super) fn locked(self: &Arc<Self>, lock: Ticket, request: Request) {
        self.act(|inner| inner.state.locked(lock, request));
    }

    /// The answer comes when all that was asked for under the lock is done.
    pub(super) fn unlock(self: &Arc<Self>, lock: Ticket) -> oneshot::Receiver<Result<(), WriteError>> {
        self.act(|inner| {
            let (ticket, done) = inner.ticket();
            inner.state.unlock(lock, Some(ticket));
            done
        })
    }

    /// The lock ends, or is not wanted any more.
    pub(super) fn drop_lock(self: &Arc<Self>, lock: Ticket) {
        self.act(|inner| {
            inner.tickets.remove(&lock);
            inner.state.unlock(lock, None);
        });
    }

    fn stored(&self, version: u32, slots: &[(Arc<str>, Option<Slot>)]) -> StoredCommit {
        let slots = slots.iter().map(|(key, slot)| (Arc::clone(key), slot.as_ref().map(Into::into)));
        StoredCommit { object: self.stored_name(), version, slots: slots.collect() }
    }

    /// Asks something of the machine, and does what follows. All under one lock, so that every client hears of
    /// everything in the same order; nothing of it waits.
    fn act<T>(self: &Arc<Self>, act: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        let outcome = act(&mut inner);
        if inner.state.is_loading()
            && !inner.is_load_asked
            && let Some(store_writer) = &self.settings.store_writer
            && inner.state.is_waiting()
        {
            inner.is_load_asked = store_writer.load(Arc::clone(self) as _);
            if !inner.is_load_asked {
                inner.state.load_finished(None);
            }
        }
        while let Some(effect) = inner.state.effect() {
            self.effect(effect, &mut inner);
        }
        outcome
    }

    fn effect(self: &Arc<Self>, effect: Effect, inner: &mut Inner) {
        match effect {
            Effect::Send { to, message } => inner.send(&to, message),
            Effect::Commit { version, slots } => {
                let Some(store_writer) = &self.settings.store_writer else { return };
                if !store_writer.commit(Arc::clone(self) as _, self.stored(version, &slots)) {
                    inner.state.commit_finished(false);
                }
            }
            Effect::Done { ticket, result } => {
                if let Some(ticket) = inner.tickets.remove(&ticket) {
                    // Whoever asked may not wait.
                    let _ = ticket.send(result);
                }
            }
            Effect::Changed { version, from, changes } => {
                if self.updates.receiver_count() > 0 {
                    let client = from.and_then(|from| inner.subscribers.get(&from)).map(|from| from.client);
                    let changes = changes.into_iter().map(told).collect::<Vec<_>>().into();
                    let _ = self.updates.send(SharedObjectUpdate { version, client, changes, missed: 0 });
                }
            }
            Effect::Disconnect { subscriber, limit: name } => {
                if let Some(subscriber) = inner.subscribers.get(&subscriber) {
                    limit(name);
                    tracing::debug!(client = %subscriber.client, object = %self.name, limit = name, "a client exceeded a limit of shared objects");
                    subscriber.disconnect();
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A new one, and where its answer comes.
    fn ticket(&mut self) -> (Ticket, oneshot::Receiver<Result<(), WriteError>>) {
        let (sender, answer) = oneshot::channel();
        self.next += 1;
        self.tickets.insert(self.next, sender);
        (self.next, answer)
    }

    /// The message is cut into chunks once for all.
    fn send(&self, to: &[SubscriberId], message: Message) {
        let mut subscribers = to.iter().filter_map(|id| self.subscribers.get(id)).peekable();
        let Some(first) = subscribers.peek() else { return };
        let chunked = Arc::new(PreChunkedMessage::new(message, first.chunk_size));
        for subscriber in subscribers {
            if matches!(subscriber.handle.send_shared(&chunked), Err(CallError::Full)) {
                // It would never know what it missed.
                tracing::debug!(client = %subscriber.client, "a client is too slow for its shared objects");
                subscriber.disconnect();
            }
        }
    }
}

impl Subscriber {
    /// Nothing more is done for it, whatever it still asks for.
    fn disconnect(&self) {
        self.handle.close();
        self.handle.on_end();
    }
}

impl PersistedObject for SharedObjectInner {
    fn stored_name(&self) -> StoredName {
        StoredName {
            application: self.instance.application().into(),
            instance: self.instance.name().into(),
            name: Arc::clone(&self.name),
        }
    }

    fn load_finished(self: Arc<Self>, slots: Option<Slots>) {
        self.act(|inner| {
            // The next who wants it may try again.
            inner.is_load_asked = slots.is_some();
            inner.state.load_finished(slots);
        });
    }

    fn commit_finished(self: Arc<Self>, is_done: bool) {
        self.act(|inner| inner.state.commit_finished(is_done));
    }

    fn uncertain_slots(&self) -> Option<StoredCommit> {
        self.read(|state| {
            let slots = state.uncertain_slots();
            (!slots.is_empty()).then(|| self.stored(state.slots().version(), &slots))
        })
    }

    fn uncertain_written(&self) {
        self.lock().state.uncertain_written();
    }
}

fn told(change: Change) -> SlotChange {
    match change {
        Change::Set { key, value } => SlotChange::Set { key, value: SlotValue(value) },
        Change::Removed { key } => SlotChange::Removed { key },
        Change::Cleared => SlotChange::Cleared,
        Change::EncodedMessage(sent) => SlotChange::EncodedMessage(sent.message().clone()),
    }
}

/// The last who held it is gone.
impl Drop for SharedObjectInner {
    fn drop(&mut self) {
        registry(&self.instance).forget(&self.name);
    }
}

impl fmt::Debug for SharedObjectInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedObjectInner").field("name", &self.name).finish_non_exhaustive()
    }
}
