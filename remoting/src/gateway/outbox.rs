//! What the calls of a packet tell their client, until the reply is written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use amf_core::Version;
use bytes::Bytes;

use super::GatewayLimits;
use crate::count;
use crate::service::{
    ArgumentsForm, BoxFuture, CallError, Client, ClientId, Connection, Encoding, Notification,
};

/// One client with one queue for each call of its packet.
pub(super) struct Outboxes {
    id: ClientId,
    shared: Arc<Shared>,
    /// Groups hold these weakly.
    calls: Vec<Arc<CallOutbox>>,
}

impl Outboxes {
    /// Queues for calls that are answered in these versions.
    pub(super) fn open(versions: impl IntoIterator<Item = Version>, limits: &GatewayLimits) -> Self {
        let shared = Arc::new(Shared {
            queued: Mutex::new(Some(Queued::default())),
            count: limits.notifications,
            bytes: limits.notification_bytes,
        });
        let outbox = |(call, version)| Arc::new(CallOutbox { shared: Arc::clone(&shared), call, version });
        let calls: Vec<_> = versions.into_iter().enumerate().map(outbox).collect();
        Self { id: ClientId::allocate(), shared, calls }
    }

    /// The client as each call knows it: always the same one, told things after that call's result.
    pub(super) fn clients(&self) -> impl Iterator<Item = Client> {
        self.calls.iter().map(|outbox| Client::new(self.id, Arc::clone(outbox) as Arc<dyn Connection>))
    }

    /// Ends the client's life; gives what it was told, each with the place of the call that told it, in their order.
    pub(super) fn close(&self) -> Vec<(usize, Notification)> {
        let mut told = self.shared.lock().take().map(|queued| queued.told).unwrap_or_default();
        told.sort_by_key(|(call, _)| *call);
        told
    }
}

/// A request that is dropped takes its client with it.
impl Drop for Outboxes {
    fn drop(&mut self) {
        self.close();
    }
}

struct Shared {
    /// Nothing when the reply was written.
    queued: Mutex<Option<Queued>>,
    count: usize,
    bytes: usize,
}

#[derive(Default)]
struct Queued {
    told: Vec<(usize, Notification)>,
    bytes: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Queued>> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, call: usize, notification: &Notification) -> Result<(), CallError> {
        let mut queued = self.lock();
        let queued = queued.as_mut().ok_or(CallError::Gone)?;
        let bytes = queued.bytes + notification.method().len() + notification.arguments().len();
        if queued.told.len() == self.count {
            return Err(full("notifications"));
        }
        if bytes > self.bytes {
            return Err(full("notification_bytes"));
        }
        queued.told.push((call, notification.clone()));
        queued.bytes = bytes;
        Ok(())
    }
}

/// The error of whoever passes this limit.
#[cold]
pub(super) fn full(limit: &'static str) -> CallError {
    count::limit(limit);
    CallError::Full
}

/// The connection of a client, as one call knows it.
struct CallOutbox {
    shared: Arc<Shared>,
    call: usize,
    version: Version,
}

impl Connection for CallOutbox {
    fn encoding(&self) -> Encoding {
        Encoding { version: self.version, form: ArgumentsForm::Array }
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.shared.push(self.call, notification)
    }

    fn invoke(&self, _: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        Box::pin(async {
            Err(CallError::Unsupported(
                "a client cannot be asked over HTTP, since it has no way to answer; tell it with a notification, \
                 or let it connect over RTMP",
            ))
        })
    }

    fn is_open(&self) -> bool {
        self.shared.lock().is_some()
    }
}
