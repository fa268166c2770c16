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
use super::state::limits::LimitPassed;
use super::state::slots::{Slot, Slots};
use super::state::{Change, Effect, ListenerId, Machine, NotWritten, Request, Ticket};
use super::store::{StoredCommit, StoredName};
use super::store_writer::PersistedObject;
use super::value::SlotValue;
use super::watch::{SharedObjectUpdate, SlotChange};
use crate::connection::Handle;
use crate::instance::Instance;
use crate::metrics::limit;
use crate::proto::Message;
use crate::proto::chunk::Chunked;

/// Updates that one who watches may be behind.
const BEHIND: usize = 256;

/// An object is there as long as somebody holds it: a connection, the program, what writes it to disk, or whoever
/// lets it linger.
pub(crate) struct Object {
    instance: Instance,
    settings: Arc<SharedObjects>,
    name: Arc<str>,
    is_persistent: bool,
    inner: Mutex<Inner>,
    updates: broadcast::Sender<SharedObjectUpdate>,
    /// Whether somebody lets it linger, and whether it was used since.
    lingers: AtomicBool,
    was_used: AtomicBool,
}

struct Inner {
    machine: Machine,
    listeners: HashMap<ListenerId, Listener>,
    tickets: HashMap<Ticket, oneshot::Sender<Result<(), NotWritten>>>,
    next: u64,
    is_load_asked: bool,
}

/// A client that uses the object.
pub(super) struct Listener {
    pub(super) client: ClientId,
    pub(super) handle: Arc<Handle>,
    pub(super) chunk_size: u32,
}

/// The objects of an instance.
pub(super) fn registry(instance: &Instance) -> Arc<Registry<Object>> {
    instance.state()
}

impl Object {
    /// The object of this name, a new one if nobody holds it.
    pub(super) fn open(
        instance: &Instance,
        name: &str,
        is_persistent: bool,
        settings: &Arc<SharedObjects>,
    ) -> Result<Arc<Self>, SharedObjectError> {
        let object = registry(instance).get_or_try_insert(name, |objects| {
            let max = settings.limits.objects;
            if is_persistent && settings.keeper.is_none() {
                return Err(SharedObjectError::NoStore);
            }
            if objects >= max {
                return Err(SharedObjectError::Limit(LimitPassed::new("objects", max)));
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
            machine: Machine::new(
                Arc::clone(&name),
                is_persistent,
                settings.limits,
                Arc::clone(&settings.memory),
            ),
            listeners: HashMap::new(),
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
            updates: broadcast::Sender::new(BEHIND),
            lingers: AtomicBool::new(false),
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
    pub(super) fn read<T>(&self, read: impl FnOnce(&Machine) -> T) -> T {
        read(&self.lock().machine)
    }

    /// A client will use the object. Nobody can, before it was loaded.
    pub(super) fn enter(self: &Arc<Self>, listener: Listener) -> ListenerId {
        self.act(|inner| {
            inner.next += 1;
            inner.listeners.insert(inner.next, listener);
            inner.next
        })
    }

    pub(super) fn client(
        self: &Arc<Self>,
        from: ListenerId,
        encoding: Version,
        requests: Vec<Request>,
        size: usize,
    ) {
        self.act(|inner| inner.machine.client(from, encoding, requests, size));
    }

    /// A client goes. The object waits for the next one, unless there is nothing in it, or all of it is on disk.
    pub(super) fn leave(self: &Arc<Self>, listener: ListenerId) {
        let lingers = self.act(|inner| {
            inner.listeners.remove(&listener);
            inner.machine.gone(listener);
            !self.is_persistent && inner.listeners.is_empty() && inner.machine.slots().iter().len() > 0
        });
        self.was_used.store(true, Ordering::Relaxed);
        if lingers && let Ok(runtime) = runtime::Handle::try_current() {
            if self.lingers.swap(true, Ordering::Relaxed) {
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
                object.lingers.store(false, Ordering::Relaxed);
            });
        }
    }

    /// The server's own side asks for something; the answer comes when it is done.
    pub(super) fn server(
        self: &Arc<Self>,
        requests: Vec<Request>,
    ) -> oneshot::Receiver<Result<(), NotWritten>> {
        self.act(|inner| {
            let (ticket, done) = inner.ticket();
            inner.machine.server(requests, ticket);
            done
        })
    }

    /// Somebody of the server's own side wants the lock; the answer comes when it is had.
    pub(super) fn want_lock(self: &Arc<Self>) -> (Ticket, oneshot::Receiver<Result<(), NotWritten>>) {
        self.act(|inner| {
            let (ticket, had) = inner.ticket();
            inner.machine.lock(ticket);
            (ticket, had)
        })
    }

    pub(super) fn locked(self: &Arc<Self>, lock: Ticket, request: Request) {
        self.act(|inner| inner.machine.locked(lock, request));
    }

    /// The answer comes when all that was asked for under the lock is done.
    pub(super) fn unlock(self: &Arc<Self>, lock: Ticket) -> oneshot::Receiver<Result<(), NotWritten>> {
        self.act(|inner| {
            let (ticket, done) = inner.ticket();
            inner.machine.unlock(lock, Some(ticket));
            done
        })
    }

    /// The lock ends, or is not wanted any more.
    pub(super) fn drop_lock(self: &Arc<Self>, lock: Ticket) {
        self.act(|inner| {
            inner.tickets.remove(&lock);
            inner.machine.unlock(lock, None);
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
        if inner.machine.is_loading()
            && !inner.is_load_asked
            && let Some(keeper) = &self.settings.keeper
            && inner.machine.is_waiting()
        {
            inner.is_load_asked = keeper.load(Arc::clone(self) as _);
            if !inner.is_load_asked {
                inner.machine.restored(None);
            }
        }
        while let Some(effect) = inner.machine.effect() {
            self.effect(effect, &mut inner);
        }
        outcome
    }

    fn effect(self: &Arc<Self>, effect: Effect, inner: &mut Inner) {
        match effect {
            Effect::Send { to, message } => inner.send(&to, message),
            Effect::Commit { version, slots } => {
                let Some(keeper) = &self.settings.keeper else { return };
                if !keeper.commit(Arc::clone(self) as _, self.stored(version, &slots)) {
                    inner.machine.committed(false);
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
                    let client = from.and_then(|from| inner.listeners.get(&from)).map(|from| from.client);
                    let changes = changes.into_iter().map(told).collect::<Vec<_>>().into();
                    let _ = self.updates.send(SharedObjectUpdate { version, client, changes, missed: 0 });
                }
            }
            Effect::Disconnect(listener) => {
                if let Some(listener) = inner.listeners.get(&listener) {
                    limit("waiting");
                    tracing::debug!(client = %listener.client, object = %self.name, "too many requests wait");
                    listener.let_go();
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
    fn ticket(&mut self) -> (Ticket, oneshot::Receiver<Result<(), NotWritten>>) {
        let (sender, answer) = oneshot::channel();
        self.next += 1;
        self.tickets.insert(self.next, sender);
        (self.next, answer)
    }

    /// The message is cut into chunks once for all.
    fn send(&self, to: &[ListenerId], message: Message) {
        let mut listeners = to.iter().filter_map(|id| self.listeners.get(id)).peekable();
        let Some(first) = listeners.peek() else { return };
        let chunked = Arc::new(Chunked::new(message, first.chunk_size));
        for listener in listeners {
            if matches!(listener.handle.send_shared(&chunked), Err(CallError::Full)) {
                // It would never know what it missed.
                tracing::debug!(client = %listener.client, "a client is too slow for its shared objects");
                listener.let_go();
            }
        }
    }
}

impl Listener {
    /// Nothing more is done for it, whatever it still asks for.
    fn let_go(&self) {
        self.handle.close();
        self.handle.ended();
    }
}

impl PersistedObject for Object {
    fn stored_name(&self) -> StoredName {
        StoredName {
            application: self.instance.application().into(),
            instance: self.instance.name().into(),
            name: Arc::clone(&self.name),
        }
    }

    fn restored(self: Arc<Self>, slots: Option<Slots>) {
        self.act(|inner| {
            // The next who wants it may try again.
            inner.is_load_asked = slots.is_some();
            inner.machine.restored(slots);
        });
    }

    fn committed(self: Arc<Self>, is_done: bool) {
        self.act(|inner| inner.machine.committed(is_done));
    }

    fn doubtful(&self) -> Option<StoredCommit> {
        self.read(|machine| {
            let slots = machine.doubtful();
            (!slots.is_empty()).then(|| self.stored(machine.slots().version(), &slots))
        })
    }

    fn settled(&self) {
        self.lock().machine.settled();
    }
}

fn told(change: Change) -> SlotChange {
    match change {
        Change::Set { key, value } => SlotChange::Set { key, value: SlotValue(value) },
        Change::Removed { key } => SlotChange::Removed { key },
        Change::Cleared => SlotChange::Cleared,
        Change::Sent(sent) => SlotChange::Sent(sent.message().clone()),
    }
}

/// The last who held it is gone.
impl Drop for Object {
    fn drop(&mut self) {
        registry(&self.instance).forget(&self.name);
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("name", &self.name).finish_non_exhaustive()
    }
}
