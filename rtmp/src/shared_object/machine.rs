//! A shared object as a state machine, without I/O, tasks or a clock: requests go in, effects come out.
//!
//! ```text
//!                 restored                     Effect::Commit
//!   Loading ────────────────────▶ Ready ──────────────────────▶ Committing
//!   (persistent objects only)       ▲     (persistent: changes)      │
//!                                   └────────────────────────────────┘
//!                                               committed
//! ```
//!
//! Requests wait in the order in which they came while the object is not ready, or somebody holds the lock. Who wants
//! the lock waits in the same order. Everything that waits goes into one commit, and nobody is told of a change
//! before it is on disk. If it does not come there, the object goes back to what is, writers are refused, and what else was
//! asked is done.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

use amf_core::Version;

use super::encoded::{Encoded, Sent};
use super::limits::{LimitPassed, SharedObjectLimits};
use super::slots::{Memory, Slot, Slots};
use super::told::{Header, Told};
use crate::proto::Message;
use crate::proto::message::code;

/// What requests take while they wait, beside their own size, about.
const BATCH: usize = 128;

/// Who uses the object: a connection.
pub(crate) type ListenerId = u64;
/// Who waits for a write of the server's own side, or for the lock and then has it.
pub(crate) type Ticket = u64;

/// What is asked of an object.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Use,
    Set {
        key: Arc<str>,
        value: Arc<Encoded>,
    },
    Remove {
        key: Arc<str>,
    },
    Clear,
    Send(Arc<Sent>),
    /// Was refused before it came here.
    Refused {
        key: Option<Arc<str>>,
        code: &'static str,
    },
}

impl Request {
    fn is_write(&self) -> bool {
        matches!(self, Self::Set { .. } | Self::Remove { .. } | Self::Clear)
    }
}

/// Requests that are done together.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) from: Origin,
    pub(crate) requests: Vec<Request>,
}

/// Where requests come from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Client(ListenerId, Version),
    /// The server's own side, and who waits.
    Server(Option<Ticket>),
}

/// What waits.
#[derive(Debug)]
enum Waiting {
    Batch(Batch),
    Lock(Ticket),
}

/// The lock, and what its holder asked for.
#[derive(Debug)]
struct Held {
    by: Ticket,
    requests: Vec<Request>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// These clients get this message.
    Send { to: Vec<ListenerId>, message: Message },
    /// These slots, with their values or without, and this version are to come to the disk. Then
    /// [`Machine::committed`].
    Commit { version: u32, slots: Vec<(Arc<str>, Option<Slot>)> },
    /// A write of the server's own side was done, or was not; or the lock is had.
    Done { ticket: Ticket, result: Result<(), NotWritten> },
    /// Something changed or was sent.
    Changed { version: u32, from: Option<ListenerId>, changes: Vec<Change> },
    /// This client asks for more than waits well.
    Disconnect(ListenerId),
}

/// A change, as those who watch are told of it.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Set { key: Arc<str>, value: Arc<Encoded> },
    Removed { key: Arc<str> },
    Cleared,
    Sent(Arc<Sent>),
}

/// Why a write was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotWritten {
    Limit(LimitPassed),
    Storage,
}

#[derive(Debug)]
enum Phase {
    Loading,
    Ready,
    /// What was done, and what becomes known of it when it is on disk.
    Committing {
        batches: Vec<Batch>,
        effects: Vec<Effect>,
    },
}

#[derive(Debug)]
struct Listener {
    encoding: Version,
}

#[derive(Debug)]
pub(crate) struct Machine {
    name: Arc<str>,
    is_persistent: bool,
    limits: SharedObjectLimits,
    slots: Slots,
    memory: Memory,
    listeners: BTreeMap<ListenerId, Listener>,
    phase: Phase,
    waiting: VecDeque<Waiting>,
    /// Bytes of each client's requests that wait.
    waiting_bytes: BTreeMap<ListenerId, usize>,
    held: Option<Held>,
    effects: VecDeque<Effect>,
}

impl Machine {
    /// A persistent object waits to be [restored](Self::restored).
    pub(crate) fn new(
        name: Arc<str>,
        is_persistent: bool,
        limits: SharedObjectLimits,
        memory: Memory,
    ) -> Self {
        Self {
            name,
            is_persistent,
            limits,
            slots: Slots::default().count_in(Arc::clone(&memory)),
            memory,
            listeners: BTreeMap::new(),
            phase: if is_persistent { Phase::Loading } else { Phase::Ready },
            waiting: VecDeque::new(),
            waiting_bytes: BTreeMap::new(),
            held: None,
            effects: VecDeque::new(),
        }
    }

    pub(crate) fn is_loading(&self) -> bool {
        matches!(self.phase, Phase::Loading)
    }

    /// Whether anything was asked and not done yet.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Encoded>> {
        self.slots.get(key).map(|slot| Arc::clone(&slot.value))
    }

    /// What a slot will be when the lock ends.
    pub(crate) fn get_locked(&self, key: &str) -> Option<Arc<Encoded>> {
        for request in self.held.iter().flat_map(|held| held.requests.iter().rev()) {
            match request {
                Request::Set { key: of, value } if **of == *key => {
                    return Some(Arc::clone(value)).filter(|value| !value.is_nothing());
                }
                Request::Remove { key: of } if **of == *key => return None,
                Request::Clear => return None,
                _ => {}
            }
        }
        self.get(key)
    }

    /// What is next to be done.
    pub(crate) fn effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Requests of a client.
    pub(crate) fn client(
        &mut self,
        from: ListenerId,
        encoding: Version,
        requests: Vec<Request>,
        size: usize,
    ) {
        let waiting = self.waiting_bytes.entry(from).or_default();
        *waiting += size + BATCH;
        if *waiting > self.limits.waiting && !self.waiting.is_empty() {
            self.effects.push_back(Effect::Disconnect(from));
            return;
        }
        let from = Origin::Client(from, encoding);
        self.waiting.push_back(Waiting::Batch(Batch { from, requests }));
        self.work();
    }

    /// Requests of the server's own side.
    pub(crate) fn server(&mut self, requests: Vec<Request>, ticket: Ticket) {
        self.waiting.push_back(Waiting::Batch(Batch { from: Origin::Server(Some(ticket)), requests }));
        self.work();
    }

    /// The server's own side wants the object for itself: [`Effect::Done`] says that it has it.
    pub(crate) fn lock(&mut self, ticket: Ticket) {
        self.waiting.push_back(Waiting::Lock(ticket));
        self.work();
    }

    /// What the holder of the lock asks for, to be done when it ends.
    pub(crate) fn locked(&mut self, ticket: Ticket, request: Request) {
        if let Some(held) = self.held.as_mut().filter(|held| held.by == ticket) {
            held.requests.push(request);
        }
    }

    /// The lock ends, or is not wanted any more. `waits` is told when what was asked for under it is done.
    pub(crate) fn unlock(&mut self, ticket: Ticket, waits: Option<Ticket>) {
        match self.held.take_if(|held| held.by == ticket) {
            // Before what waited for it.
            Some(Held { requests, .. }) => {
                self.waiting.push_front(Waiting::Batch(Batch { from: Origin::Server(waits), requests }));
            }
            None => self.waiting.retain(|waiting| !matches!(waiting, Waiting::Lock(by) if *by == ticket)),
        }
        self.work();
    }

    /// A client is gone: at once, whatever else waits.
    pub(crate) fn gone(&mut self, listener: ListenerId) {
        self.listeners.remove(&listener);
        self.waiting_bytes.remove(&listener);
        // What it wrote before it went counts; that it wanted to listen does not.
        for waiting in &mut self.waiting {
            if let Waiting::Batch(batch) = waiting
                && matches!(batch.from, Origin::Client(from, _) if from == listener)
            {
                batch.requests.retain(|request| !matches!(request, Request::Use));
            }
        }
    }

    /// What was on disk; `None` where that could not be read: then nobody can use the object.
    pub(crate) fn restored(&mut self, slots: Option<Slots>) {
        if let Some(slots) = slots {
            self.slots = slots.count_in(Arc::clone(&self.memory));
            self.phase = Phase::Ready;
            return self.work();
        }
        for waiting in mem::take(&mut self.waiting) {
            let from = match waiting {
                Waiting::Batch(batch) => batch.from,
                Waiting::Lock(ticket) => Origin::Server(Some(ticket)),
            };
            match from {
                Origin::Client(from, encoding) => {
                    let told = [Told::Status(code::SHARED_OBJECT_CREATION_FAILED)];
                    let effects: Vec<_> = self.send(&told, encoding, &[from]).collect();
                    self.effects.extend(effects);
                }
                Origin::Server(ticket) => self.effects.extend(not_done(ticket)),
            }
        }
        self.waiting_bytes.clear();
    }

    /// Whether what [`Effect::Commit`] asked for is on disk.
    pub(crate) fn committed(&mut self, is_done: bool) {
        let Phase::Committing { batches, effects } = mem::replace(&mut self.phase, Phase::Ready) else {
            return;
        };
        if is_done {
            self.slots.committed();
            self.effects.extend(effects);
        } else {
            self.slots.revert();
            for batch in batches {
                let effects = self.apply(Self::refuse(batch));
                self.effects.extend(effects);
            }
        }
        self.work();
    }

    /// Slots of which nobody knows what is on disk, as they are; none while something is on its way there.
    pub(crate) fn doubtful(&self) -> Vec<(Arc<str>, Option<Slot>)> {
        if matches!(self.phase, Phase::Ready) { self.slots.doubtful() } else { Vec::new() }
    }

    /// Those are on disk.
    pub(crate) fn settled(&mut self) {
        self.slots.settled();
    }

    /// The same batch, with its writes refused.
    fn refuse(batch: Batch) -> Batch {
        let Batch { from, requests } = batch;
        match from {
            Origin::Client(..) => {
                let refused = |request| match request {
                    Request::Set { key, .. } | Request::Remove { key } => {
                        Request::Refused { key: Some(key), code: code::SHARED_OBJECT_NO_WRITE_ACCESS }
                    }
                    other => other,
                };
                Batch { from, requests: requests.into_iter().map(refused).collect() }
            }
            // All or nothing, so that whoever waits knows which.
            Origin::Server(ticket) if requests.iter().any(Request::is_write) => Batch {
                from: Origin::Server(ticket),
                requests: vec![Request::Refused { key: None, code: "" }],
            },
            Origin::Server(_) => Batch { from, requests },
        }
    }

    /// Does what waits, if it can be done now.
    fn work(&mut self) {
        while matches!(self.phase, Phase::Ready) && self.held.is_none() {
            let (mut batches, mut effects) = (Vec::new(), Vec::new());
            while let Some(batch) = self.next() {
                if self.is_persistent {
                    batches.push(batch.clone());
                }
                effects.extend(self.apply(batch));
            }
            let slots = if self.is_persistent { self.slots.unwritten() } else { Vec::new() };
            if slots.is_empty() {
                if !self.is_persistent {
                    self.slots.committed();
                }
                self.effects.extend(effects);
                return self.give_lock();
            }
            self.effects.push_back(Effect::Commit { version: self.slots.version(), slots });
            self.phase = Phase::Committing { batches, effects };
        }
    }

    /// The next batch, up to who wants the lock.
    fn next(&mut self) -> Option<Batch> {
        let Some(Waiting::Batch(next)) =
            self.waiting.pop_front_if(|waiting| matches!(waiting, Waiting::Batch(_)))
        else {
            return None;
        };
        if self.waiting.is_empty() {
            self.waiting_bytes.clear();
        }
        Some(next)
    }

    fn give_lock(&mut self) {
        if let Some(Waiting::Lock(by)) =
            self.waiting.pop_front_if(|waiting| matches!(waiting, Waiting::Lock(_)))
        {
            self.held = Some(Held { by, requests: Vec::new() });
            self.effects.push_back(Effect::Done { ticket: by, result: Ok(()) });
        }
    }

    /// Does one batch, and tells what follows once that is on disk.
    fn apply(&mut self, batch: Batch) -> Vec<Effect> {
        let mut outcome = Outcome::default();
        let writer = match &batch.from {
            Origin::Client(from, encoding) => Some((*from, *encoding)),
            Origin::Server(_) => None,
        };
        for request in batch.requests {
            match request {
                Request::Use => {
                    if let Some((from, encoding)) = writer {
                        self.listeners.insert(from, Listener { encoding });
                        self.join(&mut outcome.own);
                    }
                }
                request => self.change(request, &mut outcome),
            }
        }
        if outcome.has_changed {
            self.slots.advance();
        }
        let mut effects = self.tell(writer, &outcome.own, &outcome.others);
        if !outcome.changes.is_empty() {
            let from = writer.map(|(from, _)| from);
            effects.push(Effect::Changed { version: self.slots.version(), from, changes: outcome.changes });
        }
        if let Origin::Server(Some(ticket)) = batch.from {
            effects.push(Effect::Done { ticket, result: outcome.failure.map_or(Ok(()), Err) });
        }
        effects
    }

    fn change(&mut self, request: Request, outcome: &mut Outcome) {
        match request {
            Request::Set { key, value } if value.is_nothing() => {
                if self.slots.remove(&key) {
                    outcome
                        .changed(Told::Removed(Arc::clone(&key)), Change::Removed { key: Arc::clone(&key) });
                }
                outcome.own.push(Told::Success(key));
            }
            Request::Set { key, value } => match self.slots.set(&key, Arc::clone(&value), &self.limits) {
                Ok(()) => {
                    outcome.changed(
                        Told::Changed(Arc::clone(&key), Arc::clone(&value)),
                        Change::Set { key: Arc::clone(&key), value },
                    );
                    outcome.own.push(Told::Success(key));
                }
                Err(limit) => {
                    tracing::debug!(object = %self.name, %key, %limit, "a change was refused");
                    outcome.failure.get_or_insert(NotWritten::Limit(limit));
                    self.refused(Some(&key), code::SHARED_OBJECT_NO_WRITE_ACCESS, outcome);
                }
            },
            Request::Remove { key } => {
                if self.slots.remove(&key) {
                    outcome
                        .changed(Told::Removed(Arc::clone(&key)), Change::Removed { key: Arc::clone(&key) });
                }
                outcome.own.push(Told::Removed(key));
            }
            Request::Clear => {
                if self.slots.clear() {
                    outcome.changed(Told::Cleared, Change::Cleared);
                }
            }
            Request::Send(sent) => {
                outcome.own.push(Told::Sent(Arc::clone(&sent)));
                outcome.others.push(Told::Sent(Arc::clone(&sent)));
                outcome.changes.push(Change::Sent(sent));
            }
            Request::Refused { key, code } => {
                outcome.failure.get_or_insert(NotWritten::Storage);
                self.refused(key.as_ref(), code, outcome);
            }
            Request::Use => {}
        }
    }

    /// The writer is told no, and what the slot is: it may show already what it wrote.
    fn refused(&self, key: Option<&Arc<str>>, code: &'static str, outcome: &mut Outcome) {
        outcome.own.push(Told::Status(code));
        let Some(key) = key else { return };
        outcome.own.push(match self.slots.get(key) {
            Some(slot) => Told::Changed(Arc::clone(key), Arc::clone(&slot.value)),
            None => Told::Removed(Arc::clone(key)),
        });
    }

    /// Everything that one who comes now has to know.
    fn join(&self, told: &mut Vec<Told>) {
        told.extend([Told::UseSuccess, Told::Cleared]);
        told.extend(
            self.slots.iter().map(|(key, slot)| Told::Changed(Arc::clone(key), Arc::clone(&slot.value))),
        );
    }

    /// The messages to the writer and to the others: encoded once for each encoding that somebody listens in.
    fn tell(&self, writer: Option<(ListenerId, Version)>, own: &[Told], others: &[Told]) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some((from, encoding)) = writer
            && !own.is_empty()
        {
            effects.extend(self.send(own, encoding, &[from]));
        }
        if others.is_empty() {
            return effects;
        }
        for encoding in [Version::Amf0, Version::Amf3] {
            let is_other = |id: ListenerId| writer.is_none_or(|(from, _)| from != id);
            let to: Vec<_> = self
                .listeners
                .iter()
                .filter(|(id, listener)| listener.encoding == encoding && is_other(**id))
                .map(|(id, _)| *id)
                .collect();
            if !to.is_empty() {
                effects.extend(self.send(others, encoding, &to));
            }
        }
        effects
    }

    fn send(&self, told: &[Told], encoding: Version, to: &[ListenerId]) -> impl Iterator<Item = Effect> {
        let header =
            Header { name: &self.name, version: self.slots.version(), is_persistent: self.is_persistent };
        let messages = header.messages(told, encoding).into_iter();
        messages.map(|message| Effect::Send { to: to.to_vec(), message })
    }
}

/// What a batch comes to.
#[derive(Default)]
struct Outcome {
    /// What the writer is told, and what the others are.
    own: Vec<Told>,
    others: Vec<Told>,
    changes: Vec<Change>,
    has_changed: bool,
    failure: Option<NotWritten>,
}

impl Outcome {
    fn changed(&mut self, told: Told, change: Change) {
        self.others.push(told);
        self.changes.push(change);
        self.has_changed = true;
    }
}

fn not_done(ticket: Option<Ticket>) -> Option<Effect> {
    ticket.map(|ticket| Effect::Done { ticket, result: Err(NotWritten::Storage) })
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
