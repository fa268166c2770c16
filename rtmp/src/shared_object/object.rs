//! A shared object in use: its state machine, its subscribers, and the effects of the state machine.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use amf_remoting::CallError;
use amf_remoting::connection::MessageClass;
use amf_remoting::service::ClientId;
use tokio::runtime;
use tokio::sync::{broadcast, oneshot};
use tokio::time::sleep;

use super::error::SharedObjectError;
use super::refusals::Refusals;
use super::settings::SharedObjects;
use super::state::limits::{LimitError, SharedObjectLimits};
use super::state::quota::{ClientShare, ObjectCharge};
use super::state::slots::{Slot, Slots};
use super::state::{
    Change, ClientFormat, Effect, Request, SharedObjectState, SubscriberId, Ticket, WriteError,
};
use super::store::{StoredCommit, StoredName};
use super::store_writer::{PersistedObject, QueueError};
use super::value::SlotValue;
use super::watch::{SharedObjectUpdate, SlotChange};
use crate::connection::Handle;
use crate::instance::{Instance, Registry};
use crate::metrics::limit_exceeded;
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
    /// Made for the first who watches: its buffer is larger than many an object.
    updates: OnceLock<broadcast::Sender<SharedObjectUpdate>>,
    /// Whether somebody lets it linger, and whether it was used since.
    is_lingering: AtomicBool,
    was_used: AtomicBool,
}

struct Inner {
    state: SharedObjectState,
    subscribers: HashMap<SubscriberId, Subscriber>,
    tickets: HashMap<Ticket, oneshot::Sender<Result<(), WriteError>>>,
    next_id: u64,
    is_load_requested: bool,
}

/// A client that uses the object.
pub(super) struct Subscriber {
    pub(super) client: ClientId,
    pub(super) refusals: Arc<Refusals>,
    pub(super) share: Arc<ClientShare>,
    pub(super) handle: Arc<Handle>,
    pub(super) chunk_size: u32,
}

/// The objects of an instance.
pub(super) fn registry(instance: &Instance) -> Arc<Registry<Arc<str>, SharedObjectInner>> {
    instance.state()
}

impl SharedObjectInner {
    /// The object of this name, a new one if nobody holds it: then it is one of the client that asks for it, or of the
    /// server's own side.
    pub(super) fn open(
        instance: &Instance,
        name: &str,
        is_persistent: bool,
        settings: &Arc<SharedObjects>,
        client: Option<&ClientShare>,
    ) -> Result<Arc<Self>, SharedObjectError> {
        let name: Arc<str> = name.into();
        let object = registry(instance).get_or_try_insert(Arc::clone(&name), |objects| {
            let max = settings.limits.objects;
            if is_persistent && settings.store_writer.is_none() {
                return Err(SharedObjectError::NoStore);
            }
            if objects >= max {
                return Err(SharedObjectError::Limit(LimitError::new(
                    SharedObjectLimits::NAMES.objects,
                    max,
                )));
            }
            let creator = client.map(ClientShare::creator);
            let charge = ObjectCharge::new(&settings.ledger, creator, &settings.limits, &settings.budget)?;
            Ok(Self::new(instance.clone(), Arc::clone(settings), name, is_persistent, charge))
        })?;
        if object.is_persistent == is_persistent {
            Ok(object)
        } else {
            Err(SharedObjectError::PersistenceMismatch)
        }
    }

    fn new(
        instance: Instance,
        settings: Arc<SharedObjects>,
        name: Arc<str>,
        is_persistent: bool,
        charge: ObjectCharge,
    ) -> Arc<Self> {
        let charge = if is_persistent {
            let stored_name = stored_name(&instance, &name);
            charge.persistent(stored_name.key(), stored_name.size(), settings.persistence_limits)
        } else {
            charge
        };
        let inner = Inner {
            state: SharedObjectState::new(Arc::clone(&name), is_persistent, settings.limits, Some(charge)),
            subscribers: HashMap::new(),
            tickets: HashMap::new(),
            next_id: 0,
            is_load_requested: false,
        };
        Arc::new(Self {
            instance,
            settings,
            name,
            is_persistent,
            inner: Mutex::new(inner),
            updates: OnceLock::new(),
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
        self.updates.get_or_init(|| broadcast::Sender::new(UPDATE_BUFFER)).subscribe()
    }

    /// Reads something of the state.
    pub(super) fn read<T>(&self, read: impl FnOnce(&SharedObjectState) -> T) -> T {
        read(&self.lock().state)
    }

    /// A client will use the object. Nobody can, before it was loaded.
    pub(super) fn subscribe(self: &Arc<Self>, subscriber: Subscriber) -> SubscriberId {
        self.with_state(|inner| {
            inner.next_id += 1;
            inner.state.add_share(inner.next_id, Arc::clone(&subscriber.share));
            inner.subscribers.insert(inner.next_id, subscriber);
            inner.next_id
        })
    }

    pub(super) fn client_requests(
        self: &Arc<Self>,
        from: SubscriberId,
        format: ClientFormat,
        requests: Vec<Request>,
        size: usize,
    ) {
        self.with_state(|inner| inner.state.queue_client_requests(from, format, requests, size));
    }

    /// A client goes. The object waits for the next one, unless there is nothing in it, or all of it is on disk.
    pub(super) fn unsubscribe(self: &Arc<Self>, subscriber: SubscriberId) {
        let is_lingering = self.with_state(|inner| {
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

    /// The server's own side uses the object.
    pub(super) fn create_as_server(&self) {
        self.lock().state.create_as_server();
    }

    /// The server's own side asks for something; the answer comes when it is done.
    pub(super) fn server_requests(
        self: &Arc<Self>,
        requests: Vec<Request>,
    ) -> oneshot::Receiver<Result<(), WriteError>> {
        self.with_state(|inner| {
            let (ticket, done) = inner.ticket();
            inner.state.queue_server_requests(requests, ticket);
            done
        })
    }

    /// Somebody of the server's own side wants the lock; the answer comes when it is had.
    pub(super) fn request_lock(self: &Arc<Self>) -> (Ticket, oneshot::Receiver<Result<(), WriteError>>) {
        self.with_state(|inner| {
            let (ticket, granted) = inner.ticket();
            inner.state.request_lock(ticket);
            (ticket, granted)
        })
    }

    pub(super) fn request_under_lock(self: &Arc<Self>, lock: Ticket, request: Request) {
        self.with_state(|inner| inner.state.request_under_lock(lock, request));
    }

    /// The answer comes when all that was asked for under the lock is done.
    pub(super) fn unlock(self: &Arc<Self>, lock: Ticket) -> oneshot::Receiver<Result<(), WriteError>> {
        self.with_state(|inner| {
            let (ticket, done) = inner.ticket();
            inner.state.unlock(lock, Some(ticket));
            done
        })
    }

    /// The lock ends, or is not wanted any more.
    pub(super) fn drop_lock(self: &Arc<Self>, lock: Ticket) {
        self.with_state(|inner| {
            inner.tickets.remove(&lock);
            inner.state.unlock(lock, None);
        });
    }

    fn stored_commit(
        &self,
        version: u32,
        slots: &[(Arc<str>, Option<Slot>)],
        is_deleted: bool,
    ) -> StoredCommit {
        let slots = slots.iter().map(|(key, slot)| (Arc::clone(key), slot.as_ref().map(Into::into)));
        StoredCommit::new(self.stored_name(), version, slots.collect()).deleted(is_deleted)
    }

    /// Asks something of the state, and does what follows. All under one lock, so that every client hears of
    /// everything in the same order; nothing of it waits.
    fn with_state<T>(self: &Arc<Self>, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        let outcome = change(&mut inner);
        if inner.state.is_loading()
            && !inner.is_load_requested
            && let Some(store_writer) = &self.settings.store_writer
            && inner.state.has_queued()
        {
            let requested = store_writer.load(Arc::clone(self) as _, self.settings.queue_limits());
            inner.is_load_requested = requested.is_ok();
            match requested {
                Ok(()) => {}
                Err(QueueError::Closed) => inner.state.load_finished(None),
                Err(QueueError::Limit(limit)) => inner.state.load_refused(limit),
            }
        }
        while let Some(effect) = inner.state.poll_effect() {
            self.run_effect(effect, &mut inner);
        }
        outcome
    }

    fn run_effect(self: &Arc<Self>, effect: Effect, inner: &mut Inner) {
        match effect {
            Effect::Send { to, message } => inner.send(&to, message),
            Effect::Commit { version, slots } => {
                let Some(store_writer) = &self.settings.store_writer else { return };
                let commit = self.stored_commit(version, &slots, inner.state.slots().is_empty());
                match store_writer.commit(Arc::clone(self) as _, commit, self.settings.queue_limits()) {
                    Ok(()) => {}
                    Err(QueueError::Closed) => inner.state.commit_finished(false),
                    Err(QueueError::Limit(limit)) => inner.state.commit_refused(limit),
                }
            }
            Effect::Done { ticket, result } => {
                if let Some(result_tx) = inner.tickets.remove(&ticket) {
                    // Whoever asked may not wait.
                    let _ = result_tx.send(result);
                }
            }
            Effect::Changed { version, from, changes } => {
                if let Some(updates) = self.updates.get().filter(|updates| updates.receiver_count() > 0) {
                    let client = from.and_then(|from| inner.subscribers.get(&from)).map(|from| from.client);
                    let changes = changes.into_iter().map(slot_change).collect::<Vec<_>>().into();
                    let _ = updates.send(SharedObjectUpdate { version, client, changes, missed: 0 });
                }
            }
            Effect::Describe { subscriber, code, reason } => {
                if let Some(subscriber) = inner.subscribers.get(&subscriber) {
                    subscriber.refusals.describe(code, &reason.to_string());
                }
            }
            Effect::Disconnect { subscriber, limit: name } => {
                if let Some(subscriber) = inner.subscribers.get(&subscriber) {
                    limit_exceeded(name);
                    tracing::debug!(client = %subscriber.client, object = ?self.name, limit = name, "a client exceeded a limit of shared objects");
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
        let (result_tx, result_rx) = oneshot::channel();
        self.next_id += 1;
        self.tickets.insert(self.next_id, result_tx);
        (self.next_id, result_rx)
    }

    /// The message is cut into chunks once for all.
    fn send(&self, to: &[SubscriberId], message: Message) {
        let mut subscribers = to.iter().filter_map(|id| self.subscribers.get(id)).peekable();
        let Some(first) = subscribers.peek() else { return };
        let chunked = first.handle.share(PreChunkedMessage::new(message, first.chunk_size));
        for subscriber in subscribers {
            if matches!(
                subscriber.handle.send_message(Arc::clone(&chunked), MessageClass::Reply),
                Err(CallError::Full)
            ) {
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
        self.handle.mark_closed();
    }
}

impl PersistedObject for SharedObjectInner {
    fn stored_name(&self) -> StoredName {
        stored_name(&self.instance, &self.name)
    }

    fn load_finished(self: Arc<Self>, slots: Option<Slots>) {
        self.with_state(|inner| {
            // The next who wants it may try again.
            inner.is_load_requested = slots.is_some();
            inner.state.load_finished(slots);
        });
    }

    fn commit_finished(self: Arc<Self>, is_done: bool) {
        self.with_state(|inner| inner.state.commit_finished(is_done));
    }

    fn uncertain_slots(&self) -> Option<StoredCommit> {
        self.read(|state| {
            let slots = state.uncertain_slots();
            (!slots.is_empty())
                .then(|| self.stored_commit(state.slots().version(), &slots, state.slots().is_empty()))
        })
    }

    fn clear_uncertain(&self) {
        self.lock().state.clear_uncertain();
    }
}

fn stored_name(instance: &Instance, name: &Arc<str>) -> StoredName {
    StoredName::new(instance.application(), instance.name(), Arc::clone(name))
}

fn slot_change(change: Change) -> SlotChange {
    match change {
        Change::Set { key, value } => SlotChange::Set { key, value: SlotValue(value) },
        Change::Removed { key } => SlotChange::Removed { key },
        Change::Cleared => SlotChange::Cleared,
        Change::Message(sent) => SlotChange::Message(sent.message().clone()),
    }
}

/// The last who held it is gone.
impl Drop for SharedObjectInner {
    fn drop(&mut self) {
        registry(&self.instance).remove_dropped(&*self.name);
    }
}

impl fmt::Debug for SharedObjectInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedObjectInner").field("name", &self.name).finish_non_exhaustive()
    }
}
