//! The objects that one connection uses.

use std::collections::HashMap;
use std::sync::Arc;

use amf_core::Version;
use amf_remoting::Caller;
use amf_remoting::connection::MessageClass;
use amf_remoting::service::Connection as _;

use super::error::{SharedObjectError, is_valid_name};
use super::guard::{SharedObjectAccess, SlotWrite, is_allowed};
use super::object::{SharedObjectInner, Subscriber, registry};
use super::settings::object_settings;
use super::state::encoded::{EncodedMessage, EncodedValue};
use super::state::updates::{UpdateHeader, status};
use super::state::{ClientFormat, Request, SubscriberId};
use crate::connection::Handle;
use crate::instance::Instance;
use crate::metrics::limit_exceeded;
use crate::proto::chunk::PreChunkedMessage;
use crate::proto::message::code;
use crate::proto::{Limits, SharedObjectEvent, SharedObjectMessage};

/// The objects that one connection uses. It leaves them when it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionSubscriptions {
    handle: Arc<Handle>,
    chunk_size: u32,
    objects: HashMap<Arc<str>, (Arc<SharedObjectInner>, SubscriberId)>,
}

impl ConnectionSubscriptions {
    pub(crate) fn new(handle: Arc<Handle>, chunk_size: u32) -> Self {
        Self { handle, chunk_size, objects: HashMap::new() }
    }

    /// Does what a client asks for.
    pub(crate) fn receive(
        &mut self,
        message: SharedObjectMessage,
        caller: &Caller,
        instance: &Instance,
        limits: &Limits,
    ) {
        let SharedObjectMessage { encoding, name, is_persistent, is_proxied, events, .. } = message;
        let format = ClientFormat { encoding, is_proxied };
        let access = SharedObjectAccess { caller, instance, name: &name, is_persistent };
        let mut requests = Vec::new();
        let (mut size, mut is_used) = (0, false);
        for event in events {
            // One that does not read what it asked for is not given more.
            if !self.handle.is_open() {
                return;
            }
            size += event.size();
            match event {
                // Its answer is all of the object, so once is enough.
                SharedObjectEvent::Use if is_used => {}
                SharedObjectEvent::Use => {
                    is_used = true;
                    match self.join(&name, &access, limits) {
                        Ok(()) => requests.push(Request::Use),
                        Err(code) => self.refuse(format, &name, is_persistent, code),
                    }
                }
                SharedObjectEvent::Release => {
                    is_used = false;
                    self.forward(&name, format, std::mem::take(&mut requests), size);
                    if let Some((object, subscriber)) = self.objects.remove(&name) {
                        object.unsubscribe(subscriber);
                    }
                }
                event => {
                    if let Some((object, _)) = self.objects.get(&name) {
                        requests.extend(authorized_request(event, encoding, object, caller));
                    }
                }
            }
        }
        self.forward(&name, format, requests, size);
    }

    fn forward(&self, name: &str, format: ClientFormat, requests: Vec<Request>, size: usize) {
        if let Some((object, subscriber)) = self.objects.get(name)
            && !requests.is_empty()
        {
            object.client_requests(*subscriber, format, requests, size);
        }
    }

    /// Says otherwise why it cannot be.
    fn join(
        &mut self,
        name: &Arc<str>,
        access: &SharedObjectAccess<'_>,
        limits: &Limits,
    ) -> Result<(), &'static str> {
        let SharedObjectAccess { caller, instance, is_persistent, .. } = *access;
        if let Some((object, _)) = self.objects.get(name) {
            return if object.is_persistent() == is_persistent {
                Ok(())
            } else {
                Err(code::SHARED_OBJECT_BAD_PERSISTENCE)
            };
        }
        if !is_valid_name(name) {
            return Err(code::SHARED_OBJECT_CREATION_FAILED);
        }
        if self.objects.len() >= limits.shared_objects {
            let name = Limits::NAMES.shared_objects;
            limit_exceeded(name);
            tracing::debug!(client = %caller.client().id(), "the limit `{name}` is reached");
            return Err(code::SHARED_OBJECT_CREATION_FAILED);
        }
        let settings = object_settings(instance);
        if let Some(guard) = &settings.guard {
            if registry(instance).get(name).is_none() && !is_allowed(|| guard.may_create(access)) {
                return Err(code::SHARED_OBJECT_CREATION_FAILED);
            }
            if !is_allowed(|| guard.may_read(access)) {
                return Err(code::SHARED_OBJECT_NO_READ_ACCESS);
            }
        }
        let object = SharedObjectInner::open(instance, name, is_persistent, &settings).map_err(|error| {
            tracing::debug!(client = %caller.client().id(), object = ?name, %error, "a shared object was refused");
            match error {
                SharedObjectError::PersistenceMismatch => code::SHARED_OBJECT_BAD_PERSISTENCE,
                _ => code::SHARED_OBJECT_CREATION_FAILED,
            }
        })?;
        let (client, handle) = (caller.client().id(), Arc::clone(&self.handle));
        let subscriber = object.subscribe(Subscriber { client, handle, chunk_size: self.chunk_size });
        self.objects.insert(Arc::clone(name), (object, subscriber));
        Ok(())
    }

    fn refuse(&self, format: ClientFormat, name: &Arc<str>, is_persistent: bool, code: &'static str) {
        let ClientFormat { encoding, is_proxied } = format;
        let header = UpdateHeader { name, version: 0, is_persistent, is_proxied };
        let message = header.message(encoding, vec![status(code)]);
        let chunked = PreChunkedMessage::new(message, self.chunk_size);
        let sent = self.handle.send_message(self.handle.share(chunked), MessageClass::Reply);
        if let Err(error) = sent {
            tracing::debug!(%error, "a client was not told that its shared object was refused");
        }
    }
}

impl Drop for ConnectionSubscriptions {
    fn drop(&mut self) {
        for (_, (object, subscriber)) in self.objects.drain() {
            object.unsubscribe(subscriber);
        }
    }
}

/// What an event asks for, if the guard lets it.
fn authorized_request(
    event: SharedObjectEvent,
    encoding: Version,
    object: &SharedObjectInner,
    caller: &Caller,
) -> Option<Request> {
    let request = match event {
        SharedObjectEvent::RequestChange { key, value } => {
            Request::Set { key, value: Arc::new(EncodedValue::new(encoding, value)) }
        }
        SharedObjectEvent::RequestRemove { key } => Request::Remove { key },
        SharedObjectEvent::RequestClear => Request::Clear,
        SharedObjectEvent::SendMessage(message) => Request::Send(EncodedMessage::new(encoding, message)),
        // Events for clients mean nothing here.
        _ => return None,
    };
    let Some(guard) = &object.settings().guard else { return Some(request) };
    let access = SharedObjectAccess {
        caller,
        instance: object.instance(),
        name: object.name(),
        is_persistent: object.is_persistent(),
    };
    let (allowed, key) = match &request {
        Request::Set { key, value } => {
            let write = SlotWrite { key, value: Some(value).filter(|value| !value.is_null()).map(|v| &**v) };
            (is_allowed(|| guard.may_write(&access, &write)), Some(key))
        }
        Request::Remove { key } => {
            (is_allowed(|| guard.may_write(&access, &SlotWrite { key, value: None })), Some(key))
        }
        Request::Clear => (is_allowed(|| guard.may_clear(&access)), None),
        Request::Send(sent) => (is_allowed(|| guard.may_send(&access, sent.message().handler())), None),
        _ => (true, None),
    };
    let key = key.cloned();
    Some(if allowed { request } else { Request::Refused { key, code: code::SHARED_OBJECT_NO_WRITE_ACCESS } })
}
