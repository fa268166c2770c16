//! Several changes in one message.

use std::fmt;
use std::sync::Arc;

use amf_core::{EncodeError, Encoder, ToAmf, Value, Version};
use amf_remoting::CallError;
use amf_remoting::service::ToArguments;

use super::{JoinState, RemoteObject};
use crate::metrics::members_omitted;
use crate::proto::message::MESSAGE_LIMIT;
use crate::proto::{Limits, SentMessage, SharedObjectEvent};
use crate::shared_object::EncodedValue;

/// Changes that go to the server as one message: [`RemoteSharedObject::batch`](super::RemoteSharedObject::batch)
/// begins it, [`submit`](Self::submit) sends it. Dropped before that, it is as if there never was any of it.
#[must_use = "nothing is sent before `submit`"]
pub struct SharedObjectBatch<'a> {
    remote: &'a RemoteObject,
    encoding: Version,
    events: Vec<SharedObjectEvent>,
}

impl<'a> SharedObjectBatch<'a> {
    pub(super) fn new(remote: &'a RemoteObject) -> Self {
        Self { remote, encoding: remote.encoding(), events: Vec::new() }
    }

    /// Gives a slot a value. Null removes the slot. The key has at most 256 bytes, or [`submit`](Self::submit) fails.
    pub fn set(&mut self, key: &str, value: &(impl ToAmf + ?Sized)) -> Result<(), EncodeError> {
        let mut encoder = Encoder::in_envelope(self.encoding).with_output_limit(MESSAGE_LIMIT);
        value.to_amf(&mut encoder)?;
        members_omitted(encoder.omitted_members());
        let value = encoder.finish()?.into();
        self.events.push(SharedObjectEvent::RequestChange { key: key.into(), value });
        Ok(())
    }

    /// Removes a slot.
    pub fn remove(&mut self, key: &str) -> Result<(), EncodeError> {
        // The answer to the event that is named for it is the same as when somebody else removes the slot.
        self.set(key, &Value::Null)
    }

    /// Calls a handler of everybody who uses the object, this client too.
    pub fn send(&mut self, handler: &str, arguments: impl ToArguments) -> Result<(), EncodeError> {
        let mut encoder = Encoder::in_envelope(self.encoding).with_output_limit(MESSAGE_LIMIT);
        arguments.write(&mut encoder)?;
        members_omitted(encoder.omitted_members());
        self.events.push(SharedObjectEvent::SendMessage(SentMessage::new(handler, encoder.bytes()?)));
        Ok(())
    }

    /// Makes the changes here, and asks the server for them. It answers each of them: one may be refused and the
    /// others not.
    ///
    /// Nothing is changed or asked for where this fails: with [`CallError::Gone`] if there is no connection,
    /// [`CallError::Full`] if too much waits to be sent, [`CallError::Unsupported`] if a message may not hold so
    /// much (1,024 changes, 1 MiB; keys of 256 bytes), or if the server did not let us use the object again after a
    /// reconnect.
    pub fn submit(self) -> Result<(), CallError> {
        let Self { remote, encoding, events } = self;
        if events.is_empty() {
            return Ok(());
        }
        check_limits(&remote.name, &events)?;
        // In the order in which they are sent.
        let mut replica = remote.replica();
        if matches!(*remote.join_state.borrow(), JoinState::Refused(_)) {
            return Err(CallError::Unsupported("the server does not let us use the shared object any more"));
        }
        let changes: Vec<_> = events.iter().filter_map(|event| slot(event, encoding)).collect();
        remote.send_events(encoding, events)?;
        for (key, value) in changes {
            replica.set(key, value);
        }
        Ok(())
    }
}

/// A server closes the connection of one that sends more.
fn check_limits(name: &str, events: &[SharedObjectEvent]) -> Result<(), CallError> {
    let limits = Limits::server();
    // The message's first byte, two of the name's length, and three numbers.
    let size = 15 + name.len() + events.iter().map(SharedObjectEvent::size).sum::<usize>();
    if events.len() > limits.shared_object_events || size > limits.command_bytes {
        return Err(CallError::Unsupported(
            "a message to a shared object has at most 1,024 changes and 1 MiB",
        ));
    }
    let is_long = |event: &SharedObjectEvent| match event {
        SharedObjectEvent::RequestChange { key, .. } => key.len() > limits.shared_object_name_bytes,
        _ => false,
    };
    if events.iter().any(is_long) {
        return Err(CallError::Unsupported("the key of a slot has at most 256 bytes"));
    }
    Ok(())
}

fn slot(event: &SharedObjectEvent, encoding: Version) -> Option<(Arc<str>, Arc<EncodedValue>)> {
    match event {
        SharedObjectEvent::RequestChange { key, value } => {
            Some((Arc::clone(key), Arc::new(EncodedValue::new(encoding, value.clone()))))
        }
        _ => None,
    }
}

impl fmt::Debug for SharedObjectBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedObjectBatch").field("object", &self.remote.name).finish_non_exhaustive()
    }
}
