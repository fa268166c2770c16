//! The objects that one connection uses.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use amf_core::Version;
use amf_remoting::address::counted_address;
use amf_remoting::connection::MessageClass;
use amf_remoting::service::Connection as _;
use amf_remoting::{Caller, Client};

use super::error::{SharedObjectError, is_valid_name};
use super::guard::{SharedObjectAccess, SlotWrite, is_allowed};
use super::object::{SharedObjectInner, Subscriber, registry};
use super::refusals::Refusals;
use super::settings::{SharedObjects, object_settings};
use super::state::encoded::{EncodedMessage, EncodedValue};
use super::state::limits::LimitError;
use super::state::quota::{ClientShare, write_bytes};
use super::state::updates::{UpdateHeader, status};
use super::state::{ClientFormat, Request, SubscriberId};
use super::store_writer::PersistedObject as _;
use crate::connection::Handle;
use crate::instance::Instance;
use crate::proto::chunk::PreChunkedMessage;
use crate::proto::message::code;
use crate::proto::{Limits, SharedObjectEvent, SharedObjectMessage};

/// The objects that one connection uses. It leaves them when it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionSubscriptions {
    handle: Arc<Handle>,
    chunk_size: u32,
    /// Made with the first object, as an idle connection has no use for it.
    refusals: Option<Arc<Refusals>>,
    /// Made with the first object.
    share: Option<Arc<ClientShare>>,
    objects: HashMap<Arc<str>, (Arc<SharedObjectInner>, SubscriberId)>,
}

/// Why an object is refused: the code, and what it does not say.
struct JoinError {
    code: &'static str,
    reason: Option<String>,
}

impl From<&'static str> for JoinError {
    fn from(code: &'static str) -> Self {
        Self { code, reason: None }
    }
}

impl ConnectionSubscriptions {
    pub(crate) fn new(handle: Arc<Handle>, chunk_size: u32) -> Self {
        Self { handle, chunk_size, refusals: None, share: None, objects: HashMap::new() }
    }

    fn refusals(&mut self, client: &Client) -> &Arc<Refusals> {
        self.refusals.get_or_insert_with(|| Arc::new(Refusals::new(client.clone())))
    }

    /// What the client takes of what these settings share out.
    fn share(&mut self, settings: &SharedObjects, caller: &Caller) -> Arc<ClientShare> {
        let share = self.share.take().filter(|share| share.is_of(&settings.ledger));
        let share = share.unwrap_or_else(|| {
            // All clients behind one address have one share.
            let address = caller.address().map(counted_address);
            ClientShare::new(&settings.ledger, address, &settings.budget)
        });
        Arc::clone(self.share.insert(share))
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
                        Ok(request) => requests.push(request),
                        Err(error) => {
                            self.refuse(format, &name, is_persistent, error.code);
                            if let Some(reason) = &error.reason {
                                self.refusals(caller.client()).describe(error.code, reason);
                            }
                        }
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
                        let request = authorized_request(event, encoding, object, caller);
                        requests.extend(request.map(|request| self.within_rate(request, object, caller)));
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

    /// Counts a change of a persistent object; the change is refused if the client writes too fast.
    fn within_rate(&self, request: Request, object: &SharedObjectInner, caller: &Caller) -> Request {
        if !object.is_persistent() {
            return request;
        }
        let size = match &request {
            Request::Set { key, value } => key.len() + value.bytes().len(),
            Request::Remove { key } => key.len(),
            Request::Clear => 0,
            _ => return request,
        };
        let Some(share) = &self.share else { return request };
        let limits = &object.settings().persistence_limits;
        let bytes = write_bytes(object.stored_name().size(), size);
        let Err(limit) = share.try_write(bytes, limits, Instant::now()) else { return request };
        tracing::debug!(client = %caller.client().id(), object = ?object.name(), %limit, "a change was refused");
        let key = match request {
            Request::Set { key, .. } | Request::Remove { key } => Some(key),
            _ => None,
        };
        Request::OverLimit { key, limit }
    }

    /// Uses an object.
    ///
    /// # Errors
    /// They say why that cannot be.
    fn join(
        &mut self,
        name: &Arc<str>,
        access: &SharedObjectAccess<'_>,
        limits: &Limits,
    ) -> Result<Request, JoinError> {
        let SharedObjectAccess { caller, instance, is_persistent, .. } = *access;
        if let Some((object, _)) = self.objects.get(name) {
            return if object.is_persistent() == is_persistent {
                Ok(use_request(object.settings(), access))
            } else {
                Err(code::SHARED_OBJECT_BAD_PERSISTENCE.into())
            };
        }
        if !is_valid_name(name) {
            return Err(code::SHARED_OBJECT_CREATION_FAILED.into());
        }
        if self.objects.len() >= limits.shared_objects {
            let limit = LimitError::new(Limits::NAMES.shared_objects, limits.shared_objects);
            tracing::debug!(client = %caller.client().id(), %limit, "a shared object was refused");
            let code = code::SHARED_OBJECT_CREATION_FAILED;
            return Err(JoinError { code, reason: Some(limit.to_string()) });
        }
        let settings = object_settings(instance);
        if let Some(guard) = &settings.guard {
            if registry(instance).get(name).is_none() && !is_allowed(|| guard.may_create(access)) {
                return Err(code::SHARED_OBJECT_CREATION_FAILED.into());
            }
            if !is_allowed(|| guard.may_read(access)) {
                return Err(code::SHARED_OBJECT_NO_READ_ACCESS.into());
            }
        }
        let request = use_request(&settings, access);
        let share = self.share(&settings, caller);
        let object = SharedObjectInner::open(instance, name, is_persistent, &settings, Some(&share));
        let object = object.map_err(|error| {
            tracing::debug!(client = %caller.client().id(), object = ?name, %error, "a shared object was refused");
            match error {
                SharedObjectError::PersistenceMismatch => code::SHARED_OBJECT_BAD_PERSISTENCE.into(),
                error => JoinError {
                    code: code::SHARED_OBJECT_CREATION_FAILED,
                    reason: Some(error.to_string()),
                },
            }
        })?;
        let subscriber = object.subscribe(Subscriber {
            client: caller.client().id(),
            refusals: Arc::clone(self.refusals(caller.client())),
            share,
            handle: Arc::clone(&self.handle),
            chunk_size: self.chunk_size,
        });
        self.objects.insert(Arc::clone(name), (object, subscriber));
        Ok(request)
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

/// The request to use an object, with or without the right to create it.
fn use_request(settings: &SharedObjects, access: &SharedObjectAccess<'_>) -> Request {
    let may_create = !access.is_persistent
        || settings.guard.as_ref().is_some_and(|guard| is_allowed(|| guard.may_create_persistent(access)));
    if may_create { Request::Use } else { Request::UseExisting }
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
