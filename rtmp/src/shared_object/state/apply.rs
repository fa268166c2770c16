//! What a batch of requests comes to.

use std::sync::Arc;

use amf_core::Version;

use super::limits::{LimitError, SharedObjectLimits};
use super::quota::{ClientShare, Writer};
use super::request::{
    Batch, Change, ClientFormat, Effect, Origin, RefusalReason, Request, SubscriberId, WriteError,
};
use super::{SharedObjectState, Subscriber};
use crate::proto::message::code::{
    SHARED_OBJECT_CREATION_FAILED as CREATION_FAILED, SHARED_OBJECT_NO_WRITE_ACCESS as NO_WRITE_ACCESS,
};
use crate::shared_object::state::encoded::EncodedValue;
use crate::shared_object::state::updates::{Update, UpdateHeader};

impl SharedObjectState {
    /// Does one batch, and tells what follows once that is on disk.
    pub(super) fn apply(&mut self, batch: Batch) -> Vec<Effect> {
        let writer = match &batch.from {
            Origin::Client(from, format) => Some((*from, *format)),
            Origin::Server(_) => None,
        };
        let is_proxied = writer.is_some_and(|(_, format)| format.is_proxied);
        let by = if writer.is_some() { Writer::Client } else { Writer::Server };
        if batch.may_create {
            self.create(batch.share.as_deref());
        }
        let mut outcome = BatchOutcome { is_proxied, by, ..BatchOutcome::default() };
        for request in batch.requests {
            match request {
                Request::Use | Request::UseExisting => {
                    if let Some((from, ClientFormat { encoding, .. })) = writer {
                        self.queued_uses.remove(&from);
                        if !self.is_created {
                            outcome.refusal = Some((CREATION_FAILED, RefusalReason::NotCreated));
                            outcome.for_writer.push(Update::Status(CREATION_FAILED));
                            continue;
                        }
                        if self.subscribers.insert(from, Subscriber { encoding }).is_none() {
                            self.subscribing.push(from);
                        }
                        self.push_all_slots(&mut outcome.for_writer);
                    }
                }
                // The client was told that it cannot use the object.
                Request::Set { key, .. } | Request::Remove { key } if !self.is_created => {
                    self.push_refusal(Some(&key), NO_WRITE_ACCESS, &mut outcome);
                }
                Request::Clear | Request::Send(_) if !self.is_created => {
                    self.push_refusal(None, NO_WRITE_ACCESS, &mut outcome);
                }
                request => self.apply_request(request, &mut outcome),
            }
        }
        if outcome.has_changed {
            self.slots.advance_version();
        }
        let mut effects = self.updates_to_effects(writer, &outcome.for_writer, &outcome.for_others);
        if !outcome.changes.is_empty() {
            let from = writer.map(|(from, _)| from);
            effects.push(Effect::Changed { version: self.slots.version(), from, changes: outcome.changes });
        }
        if let (Some((subscriber, _)), Some((code, reason))) = (writer, outcome.refusal) {
            effects.push(Effect::Describe { subscriber, code, reason });
        }
        if let Origin::Server(Some(ticket)) = batch.from {
            effects.push(Effect::Done { ticket, result: outcome.error.map_or(Ok(()), Err) });
        }
        effects
    }

    /// The object is there from now on, as one of this client's or of the server's own side.
    fn create(&mut self, share: Option<&ClientShare>) {
        if !self.is_created {
            self.is_created = true;
            self.slots.set_creator(share.map(ClientShare::creator));
        }
    }

    /// The server's own side uses the object.
    pub(crate) fn create_as_server(&mut self) {
        self.create(None);
    }

    fn apply_request(&mut self, request: Request, outcome: &mut BatchOutcome) {
        match request {
            Request::Set { key, value } if value.is_null() => {
                if self.slots.remove(&key) {
                    outcome.push_change(
                        Update::Removed(Arc::clone(&key)),
                        Change::Removed { key: Arc::clone(&key) },
                    );
                }
                outcome.push_success(key, None);
            }
            Request::Set { key, value } => {
                match self.slots.set(&key, Arc::clone(&value), &self.limits, outcome.by) {
                    Ok(()) => {
                        outcome.push_change(
                            Update::Changed(Arc::clone(&key), Arc::clone(&value)),
                            Change::Set { key: Arc::clone(&key), value: Arc::clone(&value) },
                        );
                        outcome.push_success(key, Some(value));
                    }
                    Err(limit) => {
                        tracing::debug!(object = ?self.name, ?key, %limit, "a change was refused");
                        self.push_over_limit(Some(&key), limit, outcome);
                    }
                }
            }
            Request::Remove { key } => {
                if self.slots.remove(&key) {
                    outcome.push_change(
                        Update::Removed(Arc::clone(&key)),
                        Change::Removed { key: Arc::clone(&key) },
                    );
                }
                outcome.for_writer.push(Update::Removed(key));
            }
            Request::Clear => {
                if self.slots.clear() {
                    outcome.push_change(Update::Cleared, Change::Cleared);
                }
                outcome.for_writer.push(Update::Cleared);
            }
            Request::Send(sent) => {
                outcome.for_writer.push(Update::Message(Arc::clone(&sent)));
                outcome.for_others.push(Update::Message(Arc::clone(&sent)));
                outcome.changes.push(Change::Message(sent));
            }
            Request::Refused { key, code } => {
                outcome.error.get_or_insert(WriteError::Storage);
                self.push_refusal(key.as_ref(), code, outcome);
            }
            Request::OverLimit { key, limit } => self.push_over_limit(key.as_ref(), limit, outcome),
            Request::Use | Request::UseExisting => {}
        }
    }

    fn push_over_limit(&self, key: Option<&Arc<str>>, limit: LimitError, outcome: &mut BatchOutcome) {
        outcome.error.get_or_insert(WriteError::Limit(limit));
        outcome.refusal.get_or_insert((NO_WRITE_ACCESS, RefusalReason::Limit(limit)));
        self.push_refusal(key, NO_WRITE_ACCESS, outcome);
    }

    /// The writer is told no, and what the slot is: it may show already what it wrote.
    fn push_refusal(&self, key: Option<&Arc<str>>, code: &'static str, outcome: &mut BatchOutcome) {
        let Some(key) = key else { return outcome.for_writer.push(Update::Status(code)) };
        let value = self.slots.get(key).map(|slot| Arc::clone(&slot.value));
        outcome.for_writer.push(Update::Refused(code, Arc::clone(key), value));
    }

    /// Everything that one who comes now has to know.
    fn push_all_slots(&self, updates: &mut Vec<Update>) {
        updates.extend([Update::UseSuccess, Update::Cleared]);
        updates.extend(
            self.slots.iter().map(|(key, slot)| Update::Changed(Arc::clone(key), Arc::clone(&slot.value))),
        );
    }

    /// The messages to the writer and to the others: encoded once for each encoding that somebody listens in.
    fn updates_to_effects(
        &mut self,
        writer: Option<(SubscriberId, ClientFormat)>,
        for_writer: &[Update],
        for_others: &[Update],
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some((from, format)) = writer
            && !for_writer.is_empty()
        {
            effects.extend(self.answer_writer(for_writer, format, from));
        }
        if for_others.is_empty() {
            return effects;
        }
        for encoding in [Version::Amf0, Version::Amf3] {
            let is_other = |id: SubscriberId| writer.is_none_or(|(from, _)| from != id);
            let to: Vec<_> = self
                .subscribers
                .iter()
                .filter(|(id, subscriber)| subscriber.encoding == encoding && is_other(**id))
                .map(|(id, _)| *id)
                .collect();
            if !to.is_empty() {
                effects.extend(self.send(for_others, encoding, &to));
            }
        }
        effects
    }

    /// The messages to a client about its own requests, as long as they are within its budget.
    ///
    /// The messages are built one after another: a message of 20 KB may have 1,000 changes that are refused, and each
    /// refusal says what the slot is, up to a megabyte.
    fn answer_writer(
        &mut self,
        for_writer: &[Update],
        format: ClientFormat,
        to: SubscriberId,
    ) -> Vec<Effect> {
        let max = self.limits.answer_bytes;
        let answered = self.answered_bytes.get(&to).copied().unwrap_or_default();
        if answered > max {
            return Vec::new();
        }
        let header = UpdateHeader { is_proxied: format.is_proxied, ..self.header() };
        let messages = header.messages_within(for_writer, format.encoding, max - answered);
        let bytes: usize = messages.iter().map(|message| message.payload.len()).sum();
        self.answered_bytes.insert(to, answered + bytes);
        if answered + bytes > max {
            return vec![Effect::Disconnect {
                subscriber: to,
                limit: SharedObjectLimits::NAMES.answer_bytes,
            }];
        }
        messages.into_iter().map(|message| Effect::Send { to: vec![to], message }).collect()
    }

    pub(super) fn send(
        &self,
        updates: &[Update],
        encoding: Version,
        to: &[SubscriberId],
    ) -> impl Iterator<Item = Effect> {
        let messages = self.header().messages(updates, encoding).into_iter();
        messages.map(|message| Effect::Send { to: to.to_vec(), message })
    }

    fn header(&self) -> UpdateHeader<'_> {
        UpdateHeader {
            name: &self.name,
            version: self.slots.version(),
            is_persistent: self.is_persistent,
            is_proxied: false,
        }
    }
}

/// What a batch comes to.
#[derive(Default)]
struct BatchOutcome {
    /// Whether the writer expects the events of proxies.
    is_proxied: bool,
    /// What the writer is told, and what the others are.
    for_writer: Vec<Update>,
    for_others: Vec<Update>,
    changes: Vec<Change>,
    has_changed: bool,
    error: Option<WriteError>,
    /// The first refusal that has a reason for the writer.
    refusal: Option<(&'static str, RefusalReason)>,
    by: Writer,
}

impl BatchOutcome {
    /// Tells the writer that its change was made: to this value, or to none.
    fn push_success(&mut self, key: Arc<str>, value: Option<Arc<EncodedValue>>) {
        self.for_writer.push(match value {
            _ if !self.is_proxied => Update::Success(key),
            // Such a client changes its own slots only when it is told.
            Some(value) => Update::ChangeEcho(key, value),
            None => Update::Removed(key),
        });
    }

    fn push_change(&mut self, update: Update, change: Change) {
        self.for_others.push(update);
        self.changes.push(change);
        self.has_changed = true;
    }
}
