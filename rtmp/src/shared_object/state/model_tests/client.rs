//! A client: its replica, and the messages that are on their way.

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
enum ToServer {
    Use(SubscriberId),
    Release,
    Writes(Vec<SharedObjectEvent>),
}

pub(super) struct Client {
    encoding: Version,
    replica: Option<Replica>,
    /// As which it uses the object now, in its own eyes and in the server's.
    subscriber: Option<SubscriberId>,
    pub(super) server_subscriber: Option<SubscriberId>,
    upstream: VecDeque<ToServer>,
    pub(super) downstream: VecDeque<(SubscriberId, SharedObjectMessage)>,
    last_version: u32,
    /// What it asked for and has no answer to.
    pending: VecDeque<(Key, Option<Number>)>,
    is_joined: bool,
    /// Nobody holds an object before it can be used; one who holds it does so across connections.
    is_held: bool,
    /// What was sent before it joined, and what it received of that since.
    pub(super) sent_before: usize,
    pub(super) received_numbers: Vec<Number>,
}

impl Client {
    pub(super) fn new(encoding: Version) -> Self {
        Self {
            encoding,
            replica: None,
            subscriber: None,
            server_subscriber: None,
            upstream: VecDeque::new(),
            downstream: VecDeque::new(),
            last_version: 0,
            pending: VecDeque::new(),
            is_joined: false,
            is_held: false,
            sent_before: 0,
            received_numbers: Vec::new(),
        }
    }

    pub(super) fn join(&mut self, subscriber: SubscriberId) {
        // One that was disconnected still has its replica.
        let replica = self.replica.get_or_insert_default();
        if self.subscriber.is_none() {
            replica.clear_pending();
            self.subscriber = Some(subscriber);
            self.pending.clear();
            self.received_numbers.clear();
            self.is_joined = false;
        }
        self.upstream.extend(self.subscriber.map(ToServer::Use));
    }

    pub(super) fn release(&mut self) {
        if self.replica.take().is_some() {
            self.subscriber = None;
            self.is_held = false;
            self.upstream.push_back(ToServer::Release);
        }
    }

    pub(super) fn disconnect(&mut self, state: &mut SharedObjectState) {
        self.subscriber = None;
        self.upstream.clear();
        self.downstream.clear();
        self.last_version = 0;
        if let Some(subscriber) = self.server_subscriber.take() {
            state.remove_subscriber(subscriber);
        }
    }

    /// As one message.
    pub(super) fn send_writes(&mut self, writes: Vec<Write>, first: Number) {
        if self.subscriber.is_some() && self.is_held {
            let events = writes.into_iter().zip(first..).map(|(write, number)| self.event(write, number));
            let events = events.collect();
            self.upstream.push_back(ToServer::Writes(events));
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
        self.pending.push_back((Arc::clone(&key), number));
        SharedObjectEvent::RequestChange { key, value: bytes }
    }

    /// What the server does with a message, guard and all.
    pub(super) fn deliver_to_server(&mut self, state: &mut SharedObjectState) {
        match self.upstream.pop_front() {
            Some(ToServer::Use(subscriber)) => {
                let subscriber = *self.server_subscriber.get_or_insert(subscriber);
                state.queue_client_requests(subscriber, self.encoding, vec![Request::Use], 0);
            }
            Some(ToServer::Release) => {
                if let Some(subscriber) = self.server_subscriber.take() {
                    state.remove_subscriber(subscriber);
                }
            }
            Some(ToServer::Writes(events)) => {
                let Some(subscriber) = self.server_subscriber else { return };
                let requests = events.into_iter().map(|event| request(event, self.encoding)).collect();
                state.queue_client_requests(subscriber, self.encoding, requests, 0);
            }
            None => {}
        }
    }

    /// Whether it joins with this message, and did not before.
    pub(super) fn is_join(&self, subscriber: SubscriberId, message: &SharedObjectMessage) -> bool {
        message.events.first() == Some(&SharedObjectEvent::UseSuccess)
            && !self.downstream.iter().any(|(to, _)| *to == subscriber)
            && !self.is_joined
    }

    pub(super) fn receive(&mut self, accepted: &mut BTreeSet<Number>, refused: &mut BTreeSet<Number>) {
        let Some((to, message)) = self.downstream.pop_front() else { return };
        assert!(message.version >= self.last_version, "the version went back");
        self.last_version = message.version;
        let is_first = message.events.first() == Some(&SharedObjectEvent::UseSuccess);
        // The object was released, or used again since.
        let is_stale = self.subscriber != Some(to);
        if !is_stale {
            self.is_joined |= is_first;
            self.is_held |= is_first;
            assert!(self.is_joined, "{message:?} before it could use the object");
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
                    self.received_numbers.push(message.decoder().unwrap().read().unwrap());
                }
                SyncEvent::Sync(changes) => {
                    changes.iter().for_each(|change| self.record_change(change, accepted, refused));
                }
                _ => {}
            }
        }
        if is_answer {
            for (key, _) in &self.pending {
                assert_eq!(before.get(key), after.get(key), "what was asked last stays in sight");
            }
        }
    }

    fn record_change(
        &mut self,
        change: &SyncChange,
        accepted: &mut BTreeSet<Number>,
        refused: &mut BTreeSet<Number>,
    ) {
        let (key, set) = match change {
            SyncChange::Success { key } => (key, accepted),
            SyncChange::Reject { key, .. } => (key, refused),
            _ => return,
        };
        let at = self.pending.iter().position(|(pending, _)| pending == key).expect("it was asked for");
        set.extend(self.pending.remove(at).unwrap().1);
    }

    pub(super) fn has_no_messages(&self) -> bool {
        self.upstream.is_empty() && self.downstream.is_empty()
    }

    /// Its replica, to which nothing more comes; none if it does not use the object.
    pub(super) fn settled_replica(&self) -> Option<&Replica> {
        let replica = self.replica.as_ref().filter(|_| self.subscriber.is_some())?;
        assert!(self.pending.is_empty() && replica.has_no_pending(), "no answer: {:?}", self.pending);
        Some(replica)
    }
}

fn request(event: SharedObjectEvent, version: Version) -> Request {
    let refused = |key| Request::Refused { key, code: code::SHARED_OBJECT_NO_WRITE_ACCESS };
    match event {
        SharedObjectEvent::RequestChange { key: slot, value } => {
            let value = Arc::new(EncodedValue::new(version, value));
            let is_allowed = match value.read::<Option<Number>>().unwrap() {
                Some(number) => number % 5 != 0,
                None => slot != key(KEPT),
            };
            if is_allowed { Request::Set { key: slot, value } } else { refused(Some(slot)) }
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
