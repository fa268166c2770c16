//! What a batch of requests comes to.

use std::sync::Arc;

use amf_core::Version;

use super::request::{Batch, Change, Effect, ListenerId, NotWritten, Origin, Request};
use super::{Listener, Machine};
use crate::proto::message::code;
use crate::shared_object::state::updates::{Header, Told};

impl Machine {
    /// Does one batch, and tells what follows once that is on disk.
    pub(super) fn apply(&mut self, batch: Batch) -> Vec<Effect> {
        let mut outcome = Outcome::default();
        let writer = match &batch.from {
            Origin::Client(from, encoding) => Some((*from, *encoding)),
            Origin::Server(_) => None,
        };
        for request in batch.requests {
            match request {
                Request::Use => {
                    if let Some((from, encoding)) = writer {
                        if self.listeners.insert(from, Listener { encoding }).is_none() {
                            self.joining.push(from);
                        }
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
        let Some(key) = key else { return outcome.own.push(Told::Status(code)) };
        let value = self.slots.get(key).map(|slot| Arc::clone(&slot.value));
        outcome.own.push(Told::Refused(code, Arc::clone(key), value));
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

    pub(super) fn send(
        &self,
        told: &[Told],
        encoding: Version,
        to: &[ListenerId],
    ) -> impl Iterator<Item = Effect> {
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
