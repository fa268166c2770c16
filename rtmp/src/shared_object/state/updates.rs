//! What clients are told, and the messages that say it.

use std::mem;
use std::sync::Arc;

use amf_core::Version;

use super::encoded::{EncodedMessage, EncodedValue};
use crate::proto::{Message, SharedObjectEvent, SharedObjectMessage};

/// A message to clients holds no more events than this, unless one write has more.
const MAX_EVENTS: usize = 512;
/// Nor more bytes than this, unless one event has more.
const MAX_BYTES: usize = 128 << 10;

/// What every message of an object says.
pub(in crate::shared_object) struct UpdateHeader<'a> {
    pub(in crate::shared_object) name: &'a Arc<str>,
    pub(in crate::shared_object) version: u32,
    pub(in crate::shared_object) is_persistent: bool,
    /// Whether the client uses the events of proxies.
    pub(in crate::shared_object) is_proxied: bool,
}

impl UpdateHeader<'_> {
    /// All of it in one message, or in several where that would be large.
    pub(in crate::shared_object) fn messages(&self, updates: &[Update], encoding: Version) -> Vec<Message> {
        self.messages_within(updates, encoding, usize::MAX)
    }

    /// The same, up to the first message with which there are more than `max_bytes`.
    pub(in crate::shared_object) fn messages_within(
        &self,
        updates: &[Update],
        encoding: Version,
        max_bytes: usize,
    ) -> Vec<Message> {
        let (mut messages, mut events, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut total = 0;
        for update in updates {
            let new_events = update.events(encoding);
            let (count, size) = (
                new_events.iter().flatten().count(),
                new_events.iter().flatten().map(SharedObjectEvent::size).sum::<usize>(),
            );
            if !events.is_empty() && (events.len() + count > MAX_EVENTS || bytes + size > MAX_BYTES) {
                messages.push(self.message(encoding, mem::take(&mut events)));
                bytes = 0;
            }
            bytes += size;
            total += size;
            events.extend(new_events.into_iter().flatten());
            if total > max_bytes {
                break;
            }
            // What comes next is not what was refused.
            if matches!(update, Update::Status(_)) {
                messages.push(self.message(encoding, mem::take(&mut events)));
                bytes = 0;
            }
        }
        if !events.is_empty() {
            messages.push(self.message(encoding, events));
        }
        messages
    }

    pub(in crate::shared_object) fn message(
        &self,
        encoding: Version,
        events: Vec<SharedObjectEvent>,
    ) -> Message {
        let message = SharedObjectMessage {
            encoding,
            name: Arc::clone(self.name),
            version: self.version,
            is_persistent: self.is_persistent,
            is_proxied: self.is_proxied,
            events,
        };
        message.to_message()
    }
}

/// What a client is told, before it is encoded.
pub(in crate::shared_object) enum Update {
    UseSuccess,
    Cleared,
    Changed(Arc<str>, Arc<EncodedValue>),
    Removed(Arc<str>),
    Success(Arc<str>),
    /// The same for a client that uses the events of proxies.
    ChangeEcho(Arc<str>, Arc<EncodedValue>),
    Message(Arc<EncodedMessage>),
    /// A refusal that is of no slot.
    Status(&'static str),
    /// A refusal, and what the slot is: one message has both.
    Refused(&'static str, Arc<str>, Option<Arc<EncodedValue>>),
}

impl Update {
    /// One or two. Nothing where it cannot be said in this encoding.
    fn events(&self, encoding: Version) -> [Option<SharedObjectEvent>; 2] {
        let changed = |key: &Arc<str>, value: &EncodedValue| SharedObjectEvent::Change {
            key: Arc::clone(key),
            value: value.bytes_in(encoding),
        };
        let removed = |key: &Arc<str>| SharedObjectEvent::Remove { key: Arc::clone(key) };
        let event = match self {
            Self::UseSuccess => SharedObjectEvent::UseSuccess,
            Self::Cleared => SharedObjectEvent::Clear,
            Self::Changed(key, value) => changed(key, value),
            Self::Removed(key) => removed(key),
            Self::Success(key) => SharedObjectEvent::Success { key: Arc::clone(key) },
            Self::ChangeEcho(key, value) => {
                SharedObjectEvent::ChangeEcho { key: Arc::clone(key), value: value.bytes_in(encoding) }
            }
            Self::Message(sent) => {
                return [sent.message_in(encoding).map(SharedObjectEvent::SendMessage), None];
            }
            Self::Status(code) => status(code),
            Self::Refused(code, key, value) => {
                let current = value.as_ref().map_or_else(|| removed(key), |value| changed(key, value));
                return [Some(status(code)), Some(current)];
            }
        };
        [Some(event), None]
    }
}

/// A refusal, as clients are told of it.
pub(in crate::shared_object) fn status(code: &'static str) -> SharedObjectEvent {
    SharedObjectEvent::Status { code: code.into(), level: "error".into() }
}
