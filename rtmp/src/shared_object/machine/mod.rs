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
//! Requests wait in the order in which they came while the object is not ready, those of clients also while
//! somebody holds a lock. Everything that waits goes into one commit, and nobody is told of a change before it is
//! on disk. If it does not come there, the object goes back to what is, writers are refused, and what else was
//! asked is done.

mod apply;
mod request;

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

use amf_core::Version;

use request::{Batch, Origin};
pub(crate) use request::{Change, Effect, ListenerId, NotWritten, Request, Ticket};

use super::encoded::Encoded;
use super::limits::SharedObjectLimits;
use super::slots::{Memory, Slot, Slots};
use super::told::Told;
use crate::proto::message::code;

/// What requests take while they wait, beside their own size, about.
const BATCH: usize = 128;

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
    waiting: VecDeque<Batch>,
    /// Bytes of each client's requests that wait.
    waiting_bytes: BTreeMap<ListenerId, usize>,
    locks: usize,
    /// What the server's side asked for since the lock.
    locked: Vec<Request>,
    locked_tickets: Vec<(Ticket, usize)>,
    /// Who joined with what is not on disk yet.
    joining: Vec<ListenerId>,
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
            locks: 0,
            locked: Vec::new(),
            locked_tickets: Vec::new(),
            joining: Vec::new(),
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

    /// What a slot is when all is done that the server's own side asked for.
    pub(crate) fn get(&self, key: &str) -> Option<Arc<Encoded>> {
        let waiting = self.waiting.iter().filter(|batch| batch.is_server()).flat_map(|batch| &batch.requests);
        for request in waiting.chain(&self.locked).rev() {
            match request {
                Request::Set { key: of, value } if **of == *key => {
                    return Some(Arc::clone(value)).filter(|value| !value.is_nothing());
                }
                Request::Remove { key: of } if **of == *key => return None,
                Request::Clear => return None,
                _ => {}
            }
        }
        self.slots.get(key).map(|slot| Arc::clone(&slot.value))
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
        self.waiting.push_back(Batch { from: Origin::Client(from, encoding), requests });
        self.work();
    }

    /// Requests of the server's own side. None at all wait for nothing but that the object is loaded.
    pub(crate) fn server(&mut self, requests: Vec<Request>, ticket: Ticket) {
        if requests.is_empty() && !self.is_loading() {
            self.effects.push_back(Effect::Done { ticket, result: Ok(()) });
        } else if self.locks > 0 {
            self.locked_tickets.push((ticket, requests.len()));
            self.locked.extend(requests);
        } else {
            let from = Origin::Server(vec![(ticket, requests.len())]);
            self.waiting.push_back(Batch { from, requests });
            self.work();
        }
    }

    /// A client is gone: at once, whatever else waits.
    pub(crate) fn gone(&mut self, listener: ListenerId) {
        self.listeners.remove(&listener);
        self.waiting_bytes.remove(&listener);
        // What it wrote before it went counts; that it wanted to listen does not.
        let committing = match &mut self.phase {
            Phase::Committing { batches, .. } => batches.as_mut_slice(),
            _ => &mut [],
        };
        for batch in committing.iter_mut().chain(&mut self.waiting) {
            if matches!(batch.from, Origin::Client(from, _) if from == listener) {
                batch.requests.retain(|request| !matches!(request, Request::Use));
            }
        }
    }

    pub(crate) fn lock(&mut self) {
        if self.locks == 0 {
            // The server's side is not to wait for clients that wait for the lock, and keeps its own order.
            self.waiting.make_contiguous().sort_by_key(|batch| !batch.is_server());
        }
        self.locks += 1;
    }

    pub(crate) fn unlock(&mut self) {
        self.locks = self.locks.saturating_sub(1);
        if self.locks > 0 {
            return;
        }
        let (requests, tickets) = (mem::take(&mut self.locked), mem::take(&mut self.locked_tickets));
        if !requests.is_empty() {
            // Before the clients that waited for the lock.
            let at = self.waiting.iter().take_while(|batch| batch.is_server()).count();
            self.waiting.insert(at, Batch { from: Origin::Server(tickets), requests });
        }
        self.work();
    }

    /// What was on disk; `None` where that could not be read: then nobody can use the object.
    pub(crate) fn restored(&mut self, slots: Option<Slots>) {
        if let Some(slots) = slots {
            self.slots = slots.count_in(Arc::clone(&self.memory));
            self.phase = Phase::Ready;
            return self.work();
        }
        for batch in mem::take(&mut self.waiting) {
            match batch.from {
                Origin::Client(from, encoding) => {
                    let told = [Told::Status(code::SHARED_OBJECT_CREATION_FAILED)];
                    let effects: Vec<_> = self.send(&told, encoding, &[from]).collect();
                    self.effects.extend(effects);
                }
                Origin::Server(tickets) => self.effects.extend(
                    tickets
                        .into_iter()
                        .map(|(ticket, _)| Effect::Done { ticket, result: Err(NotWritten::Storage) }),
                ),
            }
        }
        self.waiting_bytes.clear();
    }

    /// Whether what [`Effect::Commit`] asked for is on disk.
    pub(crate) fn committed(&mut self, is_done: bool) {
        let Phase::Committing { batches, effects } = mem::replace(&mut self.phase, Phase::Ready) else {
            return;
        };
        let joining = mem::take(&mut self.joining);
        if is_done {
            self.slots.committed();
            self.effects.extend(effects);
        } else {
            self.slots.revert();
            // They join again, in their turn.
            self.listeners.retain(|listener, _| !joining.contains(listener));
            for batch in batches {
                let effects = self.apply(batch.refuse());
                self.effects.extend(effects);
            }
            self.joining.clear();
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

    /// Does what waits, if it can be done now.
    fn work(&mut self) {
        while matches!(self.phase, Phase::Ready) {
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
                self.joining.clear();
                self.effects.extend(effects);
                return;
            }
            self.effects.push_back(Effect::Commit { version: self.slots.version(), slots });
            self.phase = Phase::Committing { batches, effects };
        }
    }

    fn next(&mut self) -> Option<Batch> {
        let is_locked = self.locks > 0;
        let next =
            self.waiting.pop_front_if(|batch| !is_locked || matches!(batch.from, Origin::Server(_)))?;
        if self.waiting.is_empty() {
            self.waiting_bytes.clear();
        }
        Some(next)
    }
}

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;
