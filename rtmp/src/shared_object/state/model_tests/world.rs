//! The object, its clients, the server's own side and a store, and what must hold of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amf_core::{Encoder, ToAmf, Value, Version};

use super::super::{Change, Effect, RefusalReason, Request, SharedObjectState, SubscriberId, Ticket};
use super::client::Client;
use crate::proto::{Limits, SentMessage, SharedObjectMessage};
use crate::shared_object::state::encoded::{EncodedMessage, EncodedValue};
use crate::shared_object::state::limits::{LimitError, SharedObjectLimits};
use crate::shared_object::state::slots::{Slot, Slots};

pub(super) const CLIENTS: usize = 3;
pub(super) const KEYS: u8 = 4;
/// What clients write is none of this, which they remove.
pub(super) const REMOVED: u8 = 4;
/// The slot that clients may not remove.
pub(super) const KEPT: u8 = 3;

const QUEUE_FULL: LimitError = LimitError { limit: "store_queue_jobs", max: 1 };

/// What is written: no number is written twice.
pub(super) type Number = u32;
pub(super) type Key = Arc<str>;
/// What slots hold.
pub(super) type State = BTreeMap<Key, Number>;

/// A version and slots, on their way to the disk.
type Commit = (u32, Vec<(Key, Option<Slot>)>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Write {
    Set(u8),
    /// Set to null.
    Null(u8),
    Remove(u8),
    Send,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Use(usize),
    Release(usize),
    /// Without a word.
    Disconnect(usize),
    Write(usize, Vec<Write>),
    /// A message comes to the server, or to the client.
    DeliverToServer(usize),
    DeliverToClient(usize),
    WriteAsServer(Write),
    Clear,
    Lock,
    /// Under the lock, as is the next: reads a slot and writes it.
    WriteUnderLock(Write),
    ReadAndWriteUnderLock(u8),
    /// The holder's, or nobody's who waits.
    Unlock,
    CancelLock,
    Load,
    Commit(bool),
    /// The store's queue has no place for it.
    RefuseCommit,
}

pub(super) fn key(number: u8) -> Key {
    format!("k{number}").into()
}

pub(super) fn encoded(value: &impl ToAmf, version: Version) -> Arc<EncodedValue> {
    let mut encoder = Encoder::in_envelope(version);
    value.to_amf(&mut encoder).unwrap();
    Arc::new(EncodedValue::new(version, encoder.finish().unwrap().into()))
}

pub(super) fn state(slots: &Slots) -> State {
    slots.iter().map(|(key, slot)| (Arc::clone(key), slot.value.read().unwrap())).collect()
}

pub(super) struct World {
    state: SharedObjectState,
    is_persistent: bool,
    clients: [Client; CLIENTS],
    next: u32,
    /// All that was done, as those hear who watch.
    history: Vec<(Key, Option<Number>)>,
    slots: State,
    sent: Vec<Number>,
    accepted: BTreeSet<Number>,
    refused: BTreeSet<Number>,
    /// What the server's own side waits for.
    tickets: BTreeMap<Ticket, Vec<Number>>,
    /// The last that was done of what it asked for, outside of locks and under them.
    server_writes: [Number; 2],
    under_lock: BTreeSet<Number>,
    /// Who waits for the lock, and who has it and wrote this.
    lock_requests: BTreeSet<Ticket>,
    lock_holder: Option<(Ticket, Vec<Number>)>,
    /// What a slot was when it was read to write this number.
    read: BTreeMap<Number, (Key, Option<Number>)>,
    commit: Option<Commit>,
    disk: State,
    disk_version: u32,
}

impl World {
    pub(super) fn new(is_persistent: bool) -> Self {
        let limits = SharedObjectLimits::default();
        Self {
            state: SharedObjectState::new("board".into(), is_persistent, limits, None),
            is_persistent,
            clients: [Version::Amf0, Version::Amf3, Version::Amf0].map(Client::new),
            next: 0,
            history: Vec::new(),
            slots: State::new(),
            sent: Vec::new(),
            accepted: BTreeSet::new(),
            refused: BTreeSet::new(),
            tickets: BTreeMap::new(),
            server_writes: [0; 2],
            under_lock: BTreeSet::new(),
            lock_requests: BTreeSet::new(),
            lock_holder: None,
            read: BTreeMap::new(),
            commit: None,
            disk: State::new(),
            disk_version: 1,
        }
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Use(client) => {
                let subscriber = SubscriberId::from(self.number());
                self.clients[client].join(subscriber);
            }
            Step::Release(client) => self.clients[client].release(),
            Step::Disconnect(client) => self.clients[client].disconnect(&mut self.state),
            Step::Write(client, writes) => {
                let first = self.next + 1;
                self.next += writes.len() as u32;
                self.clients[client].send_writes(writes, first);
            }
            Step::DeliverToServer(client) => self.clients[client].deliver_to_server(&mut self.state),
            Step::DeliverToClient(client) => {
                self.clients[client].receive(&mut self.accepted, &mut self.refused);
            }
            Step::Load if self.state.is_loading() => self.state.load_finished(Some(Slots::default())),
            Step::Load => {}
            Step::Commit(is_done) => self.commit(is_done),
            Step::RefuseCommit => {
                if self.commit.take().is_some() {
                    self.state.commit_refused(QUEUE_FULL);
                }
            }
            // Nobody has a handle before the object is loaded.
            _ if self.state.is_loading() => {}
            Step::WriteAsServer(write) => self.write_as_server(write),
            Step::Clear => {
                let ticket = self.ticket(Vec::new());
                self.state.queue_server_requests(vec![Request::Clear], ticket);
            }
            Step::Lock => {
                let ticket = Ticket::from(self.number());
                self.lock_requests.insert(ticket);
                self.state.request_lock(ticket);
            }
            Step::WriteUnderLock(write) => drop(self.write_under_lock(write)),
            Step::ReadAndWriteUnderLock(slot) => {
                let old = self.state.get_locked(&key(slot)).map(|value| value.read().unwrap());
                if let Some(number) = self.write_under_lock(Write::Set(slot)) {
                    self.read.insert(number, (key(slot), old));
                }
            }
            Step::Unlock => {
                if let Some((by, numbers)) = self.lock_holder.take() {
                    let ticket = self.ticket(numbers);
                    self.state.unlock(by, Some(ticket));
                }
            }
            Step::CancelLock => {
                if let Some(ticket) = self.lock_requests.pop_last() {
                    self.state.unlock(ticket, None);
                }
            }
        }
        self.process_effects();
    }

    fn ticket(&mut self, numbers: Vec<Number>) -> Ticket {
        let ticket = Ticket::from(self.number());
        self.tickets.insert(ticket, numbers);
        ticket
    }

    fn write_as_server(&mut self, write: Write) {
        let number = self.number();
        let ticket = self.ticket(written(write, number).collect());
        self.state.queue_server_requests(vec![request(write, number)], ticket);
    }

    /// Under the lock, if somebody has it.
    fn write_under_lock(&mut self, write: Write) -> Option<Number> {
        let number = self.number();
        let (by, numbers) = self.lock_holder.as_mut()?;
        numbers.extend(written(write, number));
        self.state.request_under_lock(*by, request(write, number));
        let slot = |slot| self.state.get_locked(&key(slot)).map(|value| value.read::<Number>().unwrap());
        match write {
            Write::Set(at) => assert_eq!(slot(at), Some(number), "the holder reads what it wrote"),
            Write::Null(at) | Write::Remove(at) => assert_eq!(slot(at), None),
            Write::Send => {}
        }
        self.under_lock.insert(number);
        Some(number)
    }

    fn commit(&mut self, is_done: bool) {
        let Some((version, slots)) = self.commit.take() else { return };
        // One that fails may be torn.
        let torn = if is_done { slots.len() } else { slots.len() / 2 };
        for (key, slot) in slots.into_iter().take(torn) {
            match slot {
                Some(slot) => drop(self.disk.insert(key, slot.value.read().unwrap())),
                None => drop(self.disk.remove(&key)),
            }
        }
        if is_done {
            self.disk_version = version;
        }
        self.state.commit_finished(is_done);
        self.process_effects();
    }

    fn process_effects(&mut self) {
        while let Some(effect) = self.state.poll_effect() {
            match effect {
                Effect::Send { to, message } => {
                    let message = SharedObjectMessage::parse(&message, &Limits::server()).unwrap().unwrap();
                    for subscriber in to {
                        self.send(subscriber, message.clone());
                    }
                }
                Effect::Commit { version, slots } => assert!(self.commit.replace((version, slots)).is_none()),
                Effect::Done { ticket, result } => {
                    if self.lock_requests.remove(&ticket) {
                        assert!(result.is_ok() && self.lock_holder.is_none(), "one at a time");
                        self.lock_holder = Some((ticket, Vec::new()));
                        continue;
                    }
                    let numbers = self.tickets.remove(&ticket).expect("one answer");
                    if result.is_ok() { &mut self.accepted } else { &mut self.refused }.extend(numbers);
                }
                Effect::Changed { from, changes, .. } => self.changed(from, changes),
                Effect::Describe { reason, .. } => assert_eq!(reason, RefusalReason::Limit(QUEUE_FULL)),
                Effect::Disconnect { .. } => panic!("nobody asks for so much"),
            }
        }
    }

    fn send(&mut self, subscriber: SubscriberId, message: SharedObjectMessage) {
        let Some(client) =
            self.clients.iter_mut().find(|client| client.server_subscriber == Some(subscriber))
        else {
            return;
        };
        if client.is_join(subscriber, &message) {
            // The messages of its own batch are not in the history yet.
            client.sent_before = self.sent.len();
        }
        client.downstream.push_back((subscriber, message));
    }

    fn changed(&mut self, from: Option<SubscriberId>, changes: Vec<Change>) {
        for change in changes {
            let (key, number) = match change {
                Change::Set { key, value } => (key, Some(value.read::<Number>().unwrap())),
                Change::Removed { key } => (key, None),
                Change::Cleared => {
                    self.slots.clear();
                    continue;
                }
                Change::Message(sent) => {
                    self.sent.push(sent.message().decoder().unwrap().read().unwrap());
                    continue;
                }
            };
            if let Some(number) = number {
                if let Some((key, old)) = self.read.remove(&number) {
                    assert_eq!(self.slots.get(&key).copied(), old, "it was written after it was read");
                }
                if from.is_none() {
                    let last = &mut self.server_writes[usize::from(self.under_lock.contains(&number))];
                    assert!(*last < number, "the server's order");
                    *last = number;
                }
                self.slots.insert(Arc::clone(&key), number);
            } else {
                self.slots.remove(&key);
            }
            self.history.push((key, number));
        }
    }

    /// All that is on its way comes.
    pub(super) fn settle(&mut self) {
        self.step(Step::Load);
        loop {
            self.commit(true);
            self.step(Step::Unlock);
            for client in 0..CLIENTS {
                self.step(Step::DeliverToServer(client));
                self.step(Step::DeliverToClient(client));
            }
            let is_locked = self.lock_holder.is_some() || !self.lock_requests.is_empty();
            if self.commit.is_none() && !is_locked && self.clients.iter().all(Client::has_no_messages) {
                break;
            }
        }
    }

    /// What must hold when nothing is on its way.
    pub(super) fn check(&mut self) {
        let expected = state(self.state.slots());
        assert_eq!(self.slots, expected, "the history leads to what is there");
        let done: BTreeSet<_> =
            self.history.iter().filter_map(|(_, number)| *number).chain(self.sent.iter().copied()).collect();
        assert!(self.accepted.is_subset(&done), "acknowledged, and not done: {:?}", &self.accepted - &done);
        let both: Vec<_> = self.refused.intersection(&done).collect();
        assert!(both.is_empty(), "refused, and done: {both:?}");
        assert!(self.tickets.is_empty(), "no answer: {:?}", self.tickets);
        for (at, client) in self.clients.iter().enumerate() {
            let Some(replica) = client.settled_replica() else { continue };
            assert_eq!(state(replica.slots()), expected, "the replica of {at}");
            assert_eq!(replica.version(), self.state.slots().version(), "the version of {at}");
            assert_eq!(client.received_numbers, self.sent[client.sent_before..], "what {at} received");
        }
    }

    /// One more change mends what was torn on disk.
    pub(super) fn check_disk(&mut self) {
        if self.is_persistent {
            self.write_as_server(Write::Set(0));
            self.settle();
            assert_eq!(
                (&self.disk, self.disk_version),
                (&state(self.state.slots()), self.state.slots().version())
            );
        }
    }

    /// Nobody listens who is gone.
    pub(super) fn check_subscribers(&mut self) {
        let expected: Vec<_> = self.clients.iter().filter_map(|client| client.server_subscriber).collect();
        self.state.queue_server_requests(
            vec![Request::Send(EncodedMessage::new(Version::Amf0, SentMessage::new("over", &[])))],
            0,
        );
        while let Some(effect) = self.state.poll_effect() {
            if let Effect::Send { to, .. } = effect {
                assert!(to.iter().all(|to| expected.contains(to)), "{to:?} of {expected:?}");
            }
        }
    }
}

/// What the server's own side asks for.
fn request(write: Write, number: Number) -> Request {
    match write {
        Write::Set(slot) => Request::Set { key: key(slot), value: encoded(&number, Version::Amf3) },
        Write::Null(slot) => Request::Set { key: key(slot), value: encoded(&Value::Null, Version::Amf3) },
        Write::Remove(slot) => Request::Remove { key: key(slot) },
        Write::Send => Request::Send(EncodedMessage::encode("moved", &(number,)).unwrap()),
    }
}

fn written(write: Write, number: Number) -> impl Iterator<Item = Number> {
    Some(number).filter(|_| matches!(write, Write::Set(_) | Write::Send)).into_iter()
}
