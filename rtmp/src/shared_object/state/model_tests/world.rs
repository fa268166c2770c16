//! The object, its clients, the server's own side and a store, and what must hold of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amf_core::{Encoder, ToAmf, Value, Version};

use super::super::{Change, Effect, Request, SharedObjectState, SubscriberId, Ticket};
use super::client::Client;
use crate::proto::{Limits, SentMessage, SharedObjectMessage};
use crate::shared_object::state::encoded::{EncodedMessage, EncodedValue};
use crate::shared_object::state::limits::SharedObjectLimits;
use crate::shared_object::state::slots::{Memory, Slot, Slots};

pub(super) const CLIENTS: usize = 3;
pub(super) const KEYS: u8 = 4;
/// What clients write is none of this, which they remove.
pub(super) const REMOVED: u8 = 4;
/// The slot that clients may not remove.
pub(super) const KEPT: u8 = 3;

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
    Ask(usize, Vec<Write>),
    /// A message comes to the server, or to the client.
    Arrive(usize),
    Hear(usize),
    Serve(Write),
    Clear,
    Lock,
    /// Under the lock, as is the next: reads a slot and writes it.
    Locked(Write),
    Count(u8),
    /// The holder's, or nobody's who waits.
    Unlock,
    GiveUp,
    Load,
    Commit(bool),
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
    now: State,
    sent: Vec<Number>,
    taken: BTreeSet<Number>,
    refused: BTreeSet<Number>,
    /// What the server's own side waits for.
    tickets: BTreeMap<Ticket, Vec<Number>>,
    /// The last that was done of what it asked for, outside of locks and under them.
    served: [Number; 2],
    under_lock: BTreeSet<Number>,
    /// Who waits for the lock, and who has it and wrote this.
    wanted: BTreeSet<Ticket>,
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
            state: SharedObjectState::new("board".into(), is_persistent, limits, Memory::default()),
            is_persistent,
            clients: [Version::Amf0, Version::Amf3, Version::Amf0].map(Client::new),
            next: 0,
            history: Vec::new(),
            now: State::new(),
            sent: Vec::new(),
            taken: BTreeSet::new(),
            refused: BTreeSet::new(),
            tickets: BTreeMap::new(),
            served: [0; 2],
            under_lock: BTreeSet::new(),
            wanted: BTreeSet::new(),
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
            Step::Ask(client, writes) => {
                let first = self.next + 1;
                self.next += writes.len() as u32;
                self.clients[client].ask(writes, first);
            }
            Step::Arrive(client) => self.clients[client].arrive(&mut self.state),
            Step::Hear(client) => self.clients[client].hear(&mut self.taken, &mut self.refused),
            Step::Load if self.state.is_loading() => self.state.load_finished(Some(Slots::default())),
            Step::Load => {}
            Step::Commit(is_done) => self.commit(is_done),
            // Nobody has a handle before the object is loaded.
            _ if self.state.is_loading() => {}
            Step::Serve(write) => self.serve(write),
            Step::Clear => {
                let ticket = self.ticket(Vec::new());
                self.state.server(vec![Request::Clear], ticket);
            }
            Step::Lock => {
                let ticket = Ticket::from(self.number());
                self.wanted.insert(ticket);
                self.state.lock(ticket);
            }
            Step::Locked(write) => drop(self.locked(write)),
            Step::Count(slot) => {
                let was = self.state.get_locked(&key(slot)).map(|value| value.read().unwrap());
                if let Some(number) = self.locked(Write::Set(slot)) {
                    self.read.insert(number, (key(slot), was));
                }
            }
            Step::Unlock => {
                if let Some((by, numbers)) = self.lock_holder.take() {
                    let ticket = self.ticket(numbers);
                    self.state.unlock(by, Some(ticket));
                }
            }
            Step::GiveUp => {
                if let Some(ticket) = self.wanted.pop_last() {
                    self.state.unlock(ticket, None);
                }
            }
        }
        self.write_uncertain();
    }

    fn ticket(&mut self, numbers: Vec<Number>) -> Ticket {
        let ticket = Ticket::from(self.number());
        self.tickets.insert(ticket, numbers);
        ticket
    }

    fn serve(&mut self, write: Write) {
        let number = self.number();
        let ticket = self.ticket(written(write, number).collect());
        self.state.server(vec![request(write, number)], ticket);
    }

    /// Under the lock, if somebody has it.
    fn locked(&mut self, write: Write) -> Option<Number> {
        let number = self.number();
        let (by, numbers) = self.lock_holder.as_mut()?;
        numbers.extend(written(write, number));
        self.state.locked(*by, request(write, number));
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
        self.write_uncertain();
    }

    fn write_uncertain(&mut self) {
        while let Some(effect) = self.state.effect() {
            match effect {
                Effect::Send { to, message } => {
                    let message = SharedObjectMessage::parse(&message, &Limits::server()).unwrap().unwrap();
                    for subscriber in to {
                        self.send(subscriber, message.clone());
                    }
                }
                Effect::Commit { version, slots } => assert!(self.commit.replace((version, slots)).is_none()),
                Effect::Done { ticket, result } => {
                    if self.wanted.remove(&ticket) {
                        assert!(result.is_ok() && self.lock_holder.is_none(), "one at a time");
                        self.lock_holder = Some((ticket, Vec::new()));
                        continue;
                    }
                    let numbers = self.tickets.remove(&ticket).expect("one answer");
                    if result.is_ok() { &mut self.taken } else { &mut self.refused }.extend(numbers);
                }
                Effect::Changed { from, changes, .. } => self.changed(from, changes),
                Effect::Disconnect { .. } => panic!("nobody asks for so much"),
            }
        }
    }

    fn send(&mut self, subscriber: SubscriberId, message: SharedObjectMessage) {
        let Some(client) = self.clients.iter_mut().find(|client| client.at_server == Some(subscriber)) else {
            return;
        };
        if client.is_joining(subscriber, &message) {
            // The messages of its own batch are not in the history yet.
            client.sent_before = self.sent.len();
        }
        client.down.push_back((subscriber, message));
    }

    fn changed(&mut self, from: Option<SubscriberId>, changes: Vec<Change>) {
        for change in changes {
            let (key, number) = match change {
                Change::Set { key, value } => (key, Some(value.read::<Number>().unwrap())),
                Change::Removed { key } => (key, None),
                Change::Cleared => {
                    self.now.clear();
                    continue;
                }
                Change::EncodedMessage(sent) => {
                    self.sent.push(sent.message().decoder().unwrap().read().unwrap());
                    continue;
                }
            };
            if let Some(number) = number {
                if let Some((key, was)) = self.read.remove(&number) {
                    assert_eq!(self.now.get(&key).copied(), was, "it was written after it was read");
                }
                if from.is_none() {
                    let last = &mut self.served[usize::from(self.under_lock.contains(&number))];
                    assert!(*last < number, "the server's order");
                    *last = number;
                }
                self.now.insert(Arc::clone(&key), number);
            } else {
                self.now.remove(&key);
            }
            self.history.push((key, number));
        }
    }

    /// All that is on its way comes.
    pub(super) fn rest(&mut self) {
        self.step(Step::Load);
        loop {
            self.commit(true);
            self.step(Step::Unlock);
            for client in 0..CLIENTS {
                self.step(Step::Arrive(client));
                self.step(Step::Hear(client));
            }
            let is_locked = self.lock_holder.is_some() || !self.wanted.is_empty();
            if self.commit.is_none() && !is_locked && self.clients.iter().all(Client::is_quiet) {
                break;
            }
        }
    }

    /// What must hold when nothing is on its way.
    pub(super) fn check(&mut self) {
        let there = state(self.state.slots());
        assert_eq!(self.now, there, "the history leads to what is there");
        let done: BTreeSet<_> =
            self.history.iter().filter_map(|(_, number)| *number).chain(self.sent.iter().copied()).collect();
        assert!(self.taken.is_subset(&done), "acknowledged, and not done: {:?}", &self.taken - &done);
        let both: Vec<_> = self.refused.intersection(&done).collect();
        assert!(both.is_empty(), "refused, and done: {both:?}");
        assert!(self.tickets.is_empty(), "no answer: {:?}", self.tickets);
        for (at, client) in self.clients.iter().enumerate() {
            let Some(replica) = client.uncertain_written() else { continue };
            assert_eq!(state(replica.slots()), there, "the copy of {at}");
            assert_eq!(replica.version(), self.state.slots().version(), "the version of {at}");
            assert_eq!(client.heard, self.sent[client.sent_before..], "what {at} heard");
        }
    }

    /// One more change mends what was torn on disk.
    pub(super) fn check_disk(&mut self) {
        if self.is_persistent {
            self.serve(Write::Set(0));
            self.rest();
            assert_eq!(
                (&self.disk, self.disk_version),
                (&state(self.state.slots()), self.state.slots().version())
            );
        }
    }

    /// Nobody listens who is gone.
    pub(super) fn check_listeners(&mut self) {
        let there: Vec<_> = self.clients.iter().filter_map(|client| client.at_server).collect();
        self.state.server(
            vec![Request::Send(EncodedMessage::new(Version::Amf0, SentMessage::new("over", &[])))],
            0,
        );
        while let Some(effect) = self.state.effect() {
            if let Effect::Send { to, .. } = effect {
                assert!(to.iter().all(|to| there.contains(to)), "{to:?} of {there:?}");
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
