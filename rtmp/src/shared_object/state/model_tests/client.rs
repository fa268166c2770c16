//! A client: its copy, and the messages that are on their way.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use amf_core::{Value, Version};

use super::super::{Request, SharedObjectState, SubscriberId};
use super::world::{KEPT, Key, Number, REMOVED, Write, encoded, key, state};
use crate::proto::message::code;
use crate::proto::{SentMessage, SharedObjectEvent, SharedObjectMessage};
use crate::shared_object::state::encoded::{EncodedMessage, EncodedValue};
use crate::shared_object::{Replica, SyncChange, SyncEvent};

/// A message to the server.
enum Up {
    Use(SubscriberId),
    Release,
    Ask(Vec<SharedObjectEvent>),
}

pub(super) struct Client {
    encoding: Version,
    replica: Option<Replica>,
    /// As which it uses the object now, in its own eyes and in the server's.
    subscriber: Option<SubscriberId>,
    pub(super) at_server: Option<SubscriberId>,
    up: VecDeque<Up>,
    pub(super) down: VecDeque<(SubscriberId, SharedObjectMessage)>,
    last_version: u32,
    /// What it asked for and has no answer to.
    asked: VecDeque<(Key, Option<Number>)>,
    is_in: bool,
    /// Nobody holds an object before it can be used; one who holds it does so across connections.
    is_held: bool,
    /// What was sent before it joined, and what it heard of that since.
    pub(super) sent_before: usize,
    pub(super) heard: Vec<Number>,
}

impl Client {
    pub(super) fn new(encoding: Version) -> Self {
        Self {
            encoding,
            replica: None,
            subscriber: None,
            at_server: None,
            up: VecDeque::new(),
            down: VecDeque::new(),
            last_version: 0,
            asked: VecDeque::new(),
            is_in: false,
            is_held: false,
            sent_before: 0,
            heard: Vec::new(),
        }
    }

    pub(super) fn join(&mut self, subscriber: SubscriberId) {
        // One that was disconnected still has its copy.
        let replica = self.replica.get_or_insert_default();
        if self.subscriber.is_none() {
            replica.forget();
            self.subscriber = Some(subscriber);
            self.asked.clear();
            self.heard.clear();
            self.is_in = false;
        }
        self.up.extend(self.subscriber.map(Up::Use));
    }

    pub(super) fn release(&mut self) {
        if self.replica.take().is_some() {
            self.subscriber = None;
            self.is_held = false;
            self.up.push_back(Up::Release);
        }
    }

    pub(super) fn disconnect(&mut self, state: &mut SharedObjectState) {
        self.subscriber = None;
        self.up.clear();
        self.down.clear();
        self.last_version = 0;
        if let Some(subscriber) = self.at_server.take() {
            state.remove_subscriber(subscriber);
        }
    }

    /// As one message.
    pub(super) fn ask(&mut self, writes: Vec<Write>, first: Number) {
        if self.subscriber.is_some() && self.is_held {
            let events = writes.into_iter().zip(first..).map(|(write, number)| self.event(write, number));
            let events = events.collect();
            self.up.push_back(Up::Ask(events));
        }
    }

    fn event(&mut self, write: Write, number: Number) -> SharedObjectEvent {
        match write {
            Write::Set(slot) => self.set(key(slot), encoded(&number, self.encoding), Some(number)),
            Write::Null(slot) => self.set(key(slot), encoded(&Value::Null, self.encoding), None),
            // As players do. They cannot tell the answer from somebody else's removal.
            Write::Remove(_) => SharedObjectEvent::RequestRemove { key: key(REMOVED) },
            Write::Send => {
                let arguments = encoded(&number, self.encoding);
                SharedObjectEvent::SendMessage(SentMessage::new("moved", arguments.bytes()))
            }
        }
    }

    fn set(&mut self, key: Key, value: Arc<EncodedValue>, number: Option<Number>) -> SharedObjectEvent {
        let bytes = value.bytes().clone();
        if let Some(replica) = &mut self.replica {
            replica.set(Arc::clone(&key), value);
        }
        self.asked.push_back((Arc::clone(&key), number));
        SharedObjectEvent::RequestChange { key, value: bytes }
    }

    /// What the server does with a message, guard and all.
    pub(super) fn arrive(&mut self, state: &mut SharedObjectState) {
        match self.up.pop_front() {
            Some(Up::Use(subscriber)) => {
                let subscriber = *self.at_server.get_or_insert(subscriber);
                state.client(subscriber, self.encoding, vec![Request::Use], 0);
            }
            Some(Up::Release) => {
                if let Some(subscriber) = self.at_server.take() {
                    state.remove_subscriber(subscriber);
                }
            }
            Some(Up::Ask(events)) => {
                let Some(subscriber) = self.at_server else { return };
                let requests = events.into_iter().map(|event| request(event, self.encoding)).collect();
                state.client(subscriber, self.encoding, requests, 0);
            }
            None => {}
        }
    }

    /// Whether it joins with this message, and did not before.
    pub(super) fn is_joining(&self, subscriber: SubscriberId, message: &SharedObjectMessage) -> bool {
        message.events.first() == Some(&SharedObjectEvent::UseSuccess)
            && !self.down.iter().any(|(to, _)| *to == subscriber)
            && !self.is_in
    }

    pub(super) fn hear(&mut self, taken: &mut BTreeSet<Number>, refused: &mut BTreeSet<Number>) {
        let Some((to, message)) = self.down.pop_front() else { return };
        assert!(message.version >= self.last_version, "the version went back");
        self.last_version = message.version;
        let is_first = message.events.first() == Some(&SharedObjectEvent::UseSuccess);
        // The object was released, or used again since.
        let is_stale = self.subscriber != Some(to);
        if !is_stale {
            self.is_in |= is_first;
            self.is_held |= is_first;
            assert!(self.is_in, "{message:?} before it could use the object");
        }
        let Some(replica) = &mut self.replica else { return };
        let before = state(replica.slots());
        let is_success = |event: &SharedObjectEvent| matches!(event, SharedObjectEvent::Success { .. });
        let is_answer = message.events.iter().all(is_success);
        let (events, _) = replica.receive(message);
        let after = state(replica.slots());
        if is_stale {
            return;
        }
        for event in events {
            match event {
                SyncEvent::Message(message) => {
                    self.heard.push(message.decoder().unwrap().read().unwrap());
                }
                SyncEvent::Sync(changes) => {
                    changes.iter().for_each(|change| self.told(change, taken, refused));
                }
                _ => {}
            }
        }
        if is_answer {
            for (key, _) in &self.asked {
                assert_eq!(before.get(key), after.get(key), "what was asked last stays in sight");
            }
        }
    }

    fn told(&mut self, change: &SyncChange, taken: &mut BTreeSet<Number>, refused: &mut BTreeSet<Number>) {
        let (key, set) = match change {
            SyncChange::Success { key } => (key, taken),
            SyncChange::Reject { key, .. } => (key, refused),
            _ => return,
        };
        let at = self.asked.iter().position(|(asked, _)| asked == key).expect("it was asked for");
        set.extend(self.asked.remove(at).unwrap().1);
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.up.is_empty() && self.down.is_empty()
    }

    /// Its copy, to which nothing more comes; none if it does not use the object.
    pub(super) fn uncertain_written(&self) -> Option<&Replica> {
        let replica = self.replica.as_ref().filter(|_| self.subscriber.is_some())?;
        assert!(self.asked.is_empty() && replica.is_answered(), "no answer: {:?}", self.asked);
        Some(replica)
    }
}

fn request(event: SharedObjectEvent, version: Version) -> Request {
    let refused = |key| Request::Refused { key, code: code::SHARED_OBJECT_NO_WRITE_ACCESS };
    match event {
        SharedObjectEvent::RequestChange { key: slot, value } => {
            let value = Arc::new(EncodedValue::new(version, value));
            let may = match value.read::<Option<Number>>().unwrap() {
                Some(number) => number % 5 != 0,
                None => slot != key(KEPT),
            };
            if may { Request::Set { key: slot, value } } else { refused(Some(slot)) }
        }
        SharedObjectEvent::RequestRemove { key: slot } => {
            if slot == key(KEPT) {
                refused(Some(slot))
            } else {
                Request::Remove { key: slot }
            }
        }
        SharedObjectEvent::SendMessage(message) => {
            let number: Number = message.decoder().unwrap().read().unwrap();
            if number.is_multiple_of(5) {
                refused(None)
            } else {
                Request::Send(EncodedMessage::new(version, message))
            }
        }
        other => panic!("{other:?}"),
    }
}
