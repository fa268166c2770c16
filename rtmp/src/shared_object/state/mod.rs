//! A shared object as a state machine, without I/O, tasks or a clock: requests go in, effects come out.
//!
//! ```text
//!                 load_finished                     Effect::Commit
//!   Loading ────────────────────▶ Ready ──────────────────────▶ Committing
//!   (persistent objects only)       ▲     (persistent: changes)      │
//!                                   └────────────────────────────────┘
//!                                     commit_finished, commit_refused
//! ```
//!
//! Requests wait in the order in which they came while the object is not ready, or somebody holds the lock. Who wants
//! the lock waits in the same order. Everything that waits goes into one commit, and nobody is told of a change
//! before it is on disk. If it does not come there, the object goes back to what is, writers are refused, and what else was
//! asked is done.

mod apply;
pub(crate) mod encoded;
pub(crate) mod limits;
pub(crate) mod persistence_limits;
pub(crate) mod quota;
mod request;
pub(crate) mod slots;
pub(crate) mod updates;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;
use std::sync::Arc;

use amf_core::Version;

use request::{Batch, Origin};
pub(crate) use request::{
    Change, ClientFormat, Effect, RefusalReason, Request, SubscriberId, Ticket, WriteError,
};

use crate::proto::message::code;
use encoded::EncodedValue;
use limits::{LimitError, SharedObjectLimits};
use quota::{ClientShare, ObjectCharge};
use slots::{Slot, Slots};
use updates::Update;

/// What requests take while they wait, beside their own size, about.
const BATCH_OVERHEAD: usize = 128;

/// What waits.
#[derive(Debug)]
enum Queued {
    Batch(Batch),
    Lock(Ticket),
}

/// The lock, and what its holder asked for.
#[derive(Debug)]
struct LockHolder {
    ticket: Ticket,
    requests: Vec<Request>,
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
struct Subscriber {
    encoding: Version,
}

#[derive(Debug)]
pub(crate) struct SharedObjectState {
    name: Arc<str>,
    is_persistent: bool,
    limits: SharedObjectLimits,
    slots: Slots,
    /// Whether somebody has created it who may: until then clients that may not cannot use it.
    is_created: bool,
    /// What its clients take.
    shares: BTreeMap<SubscriberId, Arc<ClientShare>>,
    subscribers: BTreeMap<SubscriberId, Subscriber>,
    phase: Phase,
    queue: VecDeque<Queued>,
    /// Bytes of each client's requests that wait.
    queued_bytes: BTreeMap<SubscriberId, usize>,
    /// Clients with a request to use the object that waits. Its answer is all of the object, so one is enough.
    queued_uses: BTreeSet<SubscriberId>,
    /// Bytes of the updates for each client that its own requests caused in this run.
    answered_bytes: BTreeMap<SubscriberId, usize>,
    lock_holder: Option<LockHolder>,
    /// Who joined with what is not on disk yet.
    subscribing: Vec<SubscriberId>,
    effects: VecDeque<Effect>,
}

impl SharedObjectState {
    /// A persistent object waits to be [restored](Self::load_finished).
    pub(crate) fn new(
        name: Arc<str>,
        is_persistent: bool,
        limits: SharedObjectLimits,
        charge: Option<ObjectCharge>,
    ) -> Self {
        Self {
            name,
            is_persistent,
            limits,
            slots: Slots::new(charge),
            is_created: !is_persistent,
            shares: BTreeMap::new(),
            subscribers: BTreeMap::new(),
            phase: if is_persistent { Phase::Loading } else { Phase::Ready },
            queue: VecDeque::new(),
            queued_bytes: BTreeMap::new(),
            queued_uses: BTreeSet::new(),
            answered_bytes: BTreeMap::new(),
            lock_holder: None,
            subscribing: Vec::new(),
            effects: VecDeque::new(),
        }
    }

    pub(crate) fn is_loading(&self) -> bool {
        matches!(self.phase, Phase::Loading)
    }

    /// Whether anything was asked and not done yet.
    pub(crate) fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<EncodedValue>> {
        self.slots.get(key).map(|slot| Arc::clone(&slot.value))
    }

    /// What a slot will be when the lock ends.
    pub(crate) fn get_locked(&self, key: &str) -> Option<Arc<EncodedValue>> {
        for request in self.lock_holder.iter().flat_map(|lock_holder| lock_holder.requests.iter().rev()) {
            match request {
                Request::Set { key: of, value } if **of == *key => {
                    return Some(Arc::clone(value)).filter(|value| !value.is_null());
                }
                Request::Remove { key: of } if **of == *key => return None,
                Request::Clear => return None,
                _ => {}
            }
        }
        self.get(key)
    }

    /// What is next to be done.
    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Counts what a client's requests take from now on.
    pub(crate) fn add_share(&mut self, subscriber: SubscriberId, share: Arc<ClientShare>) {
        self.shares.insert(subscriber, share);
    }

    /// Requests of a client.
    pub(crate) fn queue_client_requests(
        &mut self,
        from: SubscriberId,
        format: impl Into<ClientFormat>,
        mut requests: Vec<Request>,
        size: usize,
    ) {
        let queued = self.queued_bytes.entry(from).or_default();
        *queued += size + BATCH_OVERHEAD;
        if *queued > self.limits.pending_bytes && !self.queue.is_empty() {
            self.effects.push_back(Effect::Disconnect {
                subscriber: from,
                limit: SharedObjectLimits::NAMES.pending_bytes,
            });
            return;
        }
        let share = self.shares.get(&from).cloned();
        let waits = self.lock_holder.is_some() || !matches!(self.phase, Phase::Ready) || self.has_queued();
        let max = self.limits.pending_bytes_per_client;
        let permit =
            match share.as_ref().filter(|_| waits).map(|share| share.try_wait(size + BATCH_OVERHEAD, max)) {
                Some(Err(LimitError { limit, .. })) => {
                    self.effects.push_back(Effect::Disconnect { subscriber: from, limit });
                    return;
                }
                permit => permit.and_then(Result::ok).map(Arc::new),
            };
        let may_create = requests.iter().any(|request| matches!(request, Request::Use));
        requests.retain(|request| !request.is_use() || self.queued_uses.insert(from));
        let from = Origin::Client(from, format.into());
        self.queue.push_back(Queued::Batch(Batch { from, requests, share, may_create, permit }));
        self.process_queue();
    }

    /// Requests of the server's own side.
    pub(crate) fn queue_server_requests(&mut self, requests: Vec<Request>, ticket: Ticket) {
        self.queue.push_back(Queued::Batch(Batch::of_server(Some(ticket), requests)));
        self.process_queue();
    }

    /// The server's own side wants the object for itself: [`Effect::Done`] says that it has it.
    pub(crate) fn request_lock(&mut self, ticket: Ticket) {
        self.queue.push_back(Queued::Lock(ticket));
        self.process_queue();
    }

    /// What the holder of the lock asks for, to be done when it ends.
    pub(crate) fn request_under_lock(&mut self, ticket: Ticket, request: Request) {
        if let Some(lock_holder) =
            self.lock_holder.as_mut().filter(|lock_holder| lock_holder.ticket == ticket)
        {
            lock_holder.requests.push(request);
        }
    }

    /// The lock ends, or is not wanted any more. `completion` is told when what was asked for under it is done.
    pub(crate) fn unlock(&mut self, ticket: Ticket, completion: Option<Ticket>) {
        match self.lock_holder.take_if(|lock_holder| lock_holder.ticket == ticket) {
            // Before what waited for it.
            Some(LockHolder { requests, .. }) => {
                self.queue.push_front(Queued::Batch(Batch::of_server(completion, requests)));
            }
            None => self.queue.retain(|queued| !matches!(queued, Queued::Lock(queued) if *queued == ticket)),
        }
        self.process_queue();
    }

    /// A client is gone: at once, whatever else waits.
    pub(crate) fn remove_subscriber(&mut self, subscriber: SubscriberId) {
        self.subscribers.remove(&subscriber);
        self.shares.remove(&subscriber);
        self.queued_bytes.remove(&subscriber);
        self.queued_uses.remove(&subscriber);
        self.answered_bytes.remove(&subscriber);
        // What it wrote before it went counts; that it wanted to listen does not.
        let committing = match &mut self.phase {
            Phase::Committing { batches, .. } => batches.as_mut_slice(),
            _ => &mut [],
        };
        let queued = self.queue.iter_mut().filter_map(|queued| match queued {
            Queued::Batch(batch) => Some(batch),
            Queued::Lock(_) => None,
        });
        for batch in committing.iter_mut().chain(queued) {
            if matches!(batch.from, Origin::Client(from, _) if from == subscriber) {
                batch.requests.retain(|request| !request.is_use());
            }
        }
    }

    /// What was on disk; `None` where that could not be read: then nobody can use the object.
    pub(crate) fn load_finished(&mut self, slots: Option<Slots>) {
        let Some(slots) = slots else { return self.fail_load(None) };
        self.is_created |= !slots.is_empty() || slots.version() > 1;
        let charge = self.slots.take_charge();
        self.slots = slots.count_in(charge);
        self.phase = Phase::Ready;
        self.process_queue();
    }

    /// The store was not asked, because of this limit. The next who wants the object may try again.
    pub(crate) fn load_refused(&mut self, limit: LimitError) {
        self.fail_load(Some(limit));
    }

    fn fail_load(&mut self, limit: Option<LimitError>) {
        for queued in mem::take(&mut self.queue) {
            let from = match queued {
                Queued::Batch(batch) => batch.from,
                Queued::Lock(ticket) => Origin::Server(Some(ticket)),
            };
            match from {
                Origin::Client(from, format) => {
                    let code = code::SHARED_OBJECT_CREATION_FAILED;
                    let effects: Vec<_> =
                        self.send(&[Update::Status(code)], format.encoding, &[from]).collect();
                    self.effects.extend(effects);
                    let reason = limit.map(RefusalReason::Limit);
                    self.effects.extend(reason.map(|reason| Effect::Describe {
                        subscriber: from,
                        code,
                        reason,
                    }));
                }
                Origin::Server(ticket) => {
                    let error = limit.map_or(WriteError::Storage, WriteError::Limit);
                    self.effects.extend(ticket.map(|ticket| Effect::Done { ticket, result: Err(error) }));
                }
            }
        }
        self.queued_bytes.clear();
        self.queued_uses.clear();
    }

    /// Whether what [`Effect::Commit`] asked for is on disk.
    pub(crate) fn commit_finished(&mut self, is_done: bool) {
        let Phase::Committing { batches, effects } = mem::replace(&mut self.phase, Phase::Ready) else {
            return;
        };
        if is_done {
            self.subscribing.clear();
            self.slots.commit_finished();
            self.effects.extend(effects);
            return self.process_queue();
        }
        self.slots.revert(true);
        self.refuse_writes(batches, None);
    }

    /// What [`Effect::Commit`] asked for was not tried, because of this limit.
    pub(crate) fn commit_refused(&mut self, limit: LimitError) {
        if let Phase::Committing { batches, .. } = mem::replace(&mut self.phase, Phase::Ready) {
            self.slots.revert(false);
            self.refuse_writes(batches, Some(limit));
        }
    }

    /// Does what was asked for again, without the writes.
    fn refuse_writes(&mut self, batches: Vec<Batch>, limit: Option<LimitError>) {
        let subscribing = mem::take(&mut self.subscribing);
        // The answers of the failed run were not sent.
        self.answered_bytes.clear();
        // They join again, in their turn.
        self.subscribers.retain(|subscriber, _| !subscribing.contains(subscriber));
        for batch in batches {
            let effects = self.apply(batch.with_writes_refused(limit));
            self.effects.extend(effects);
        }
        self.subscribing.clear();
        self.process_queue();
    }

    /// Slots of which nobody knows what is on disk, as they are; none while something is on its way there.
    pub(crate) fn uncertain_slots(&self) -> Vec<(Arc<str>, Option<Slot>)> {
        if matches!(self.phase, Phase::Ready) { self.slots.uncertain_slots() } else { Vec::new() }
    }

    /// Those are on disk.
    pub(crate) fn clear_uncertain(&mut self) {
        self.slots.clear_uncertain();
    }

    /// Does what waits, if it can be done now.
    fn process_queue(&mut self) {
        while matches!(self.phase, Phase::Ready) && self.lock_holder.is_none() {
            self.answered_bytes.clear();
            let (mut batches, mut effects) = (Vec::new(), Vec::new());
            while let Some(batch) = self.next_batch() {
                if self.is_persistent {
                    batches.push(batch.clone());
                }
                effects.extend(self.apply(batch));
            }
            let slots = if self.is_persistent { self.slots.unwritten() } else { Vec::new() };
            if slots.is_empty() {
                self.subscribing.clear();
                if !self.is_persistent {
                    self.slots.commit_finished();
                }
                self.effects.extend(effects);
                return self.grant_lock();
            }
            self.effects.push_back(Effect::Commit { version: self.slots.version(), slots });
            self.phase = Phase::Committing { batches, effects };
        }
    }

    /// The next batch, up to who wants the lock.
    fn next_batch(&mut self) -> Option<Batch> {
        let Some(Queued::Batch(mut next)) =
            self.queue.pop_front_if(|queued| matches!(queued, Queued::Batch(_)))
        else {
            return None;
        };
        if self.queue.is_empty() {
            self.queued_bytes.clear();
        }
        next.permit = None;
        Some(next)
    }

    fn grant_lock(&mut self) {
        if let Some(Queued::Lock(ticket)) =
            self.queue.pop_front_if(|queued| matches!(queued, Queued::Lock(_)))
        {
            self.lock_holder = Some(LockHolder { ticket, requests: Vec::new() });
            self.effects.push_back(Effect::Done { ticket, result: Ok(()) });
        }
    }
}

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;
