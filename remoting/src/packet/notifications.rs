//! What the calls of a packet tell their client, until the reply is written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use amf_core::Version;
use bytes::Bytes;

use super::budget::PacketBudget;
use super::limits::PacketLimits;
use crate::__log_limit::error_limited;
use crate::memory::{MIN_CHARGED_BYTES, MemoryCharge};
use crate::metrics;
use crate::service::{
    ArgumentsForm, BoxFuture, CallError, Client, ClientId, Connection, Encoding, NamedLimit, Notification,
};

/// One client with one queue for each call of its packet.
pub(super) struct PacketClient {
    id: ClientId,
    queue: Arc<NotificationQueue>,
    /// Groups hold these weakly.
    calls: Vec<Arc<CallConnection>>,
}

impl PacketClient {
    /// Queues for calls that are answered in these versions.
    ///
    /// The reply packet counts its messages in 16 bits, so `replies` of them leave room for so many fewer notifications.
    pub(super) fn new(
        versions: impl IntoIterator<Item = Version>,
        replies: usize,
        limits: &PacketLimits,
        max_message_bytes: usize,
        budget: Arc<PacketBudget>,
    ) -> Self {
        let queue = Arc::new(NotificationQueue {
            queued: Mutex::new(Some(QueuedNotifications::default())),
            count: limits.notifications.capped(usize::from(u16::MAX).saturating_sub(replies)),
            bytes: limits.notification_bytes,
            max_message_bytes,
            budget,
        });
        let connection =
            |(call, version)| Arc::new(CallConnection { queue: Arc::clone(&queue), call, version });
        let calls: Vec<_> = versions.into_iter().enumerate().map(connection).collect();
        Self { id: ClientId::allocate(), queue, calls }
    }

    /// The client as each call knows it: always the same one, told things after that call's result.
    pub(super) fn clients(&self) -> impl Iterator<Item = Client> {
        self.calls
            .iter()
            .map(|connection| Client::new(self.id, Arc::clone(connection) as Arc<dyn Connection>))
    }

    /// Ends the client's life; gives what it was told, each with the place of the call that told it, in their order.
    pub(super) fn close(&self) -> Vec<(usize, Notification)> {
        let mut notifications =
            self.queue.lock().take().map(|queued| queued.notifications).unwrap_or_default();
        notifications.sort_by_key(|(call, _)| *call);
        notifications
    }
}

/// A request that is dropped takes its client with it.
impl Drop for PacketClient {
    fn drop(&mut self) {
        self.close();
    }
}

struct NotificationQueue {
    /// Nothing when the reply was written.
    queued: Mutex<Option<QueuedNotifications>>,
    count: NamedLimit,
    bytes: NamedLimit,
    max_message_bytes: usize,
    budget: Arc<PacketBudget>,
}

#[derive(Default)]
struct QueuedNotifications {
    notifications: Vec<(usize, Notification)>,
    bytes: usize,
    charge: Option<MemoryCharge>,
}

impl NotificationQueue {
    fn lock(&self) -> MutexGuard<'_, Option<QueuedNotifications>> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, call: usize, notification: &Notification) -> Result<(), CallError> {
        let mut queued = self.lock();
        let queued = queued.as_mut().ok_or(CallError::Gone)?;
        let bytes = queued.bytes + notification.method().len() + notification.arguments().len();
        if queued.notifications.len() == self.count.max {
            return Err(queue_full(self.count.name));
        }
        if bytes > self.bytes.max {
            return Err(queue_full(self.bytes.name));
        }
        let charged = self.budget.charge_notification(notification.method(), notification.arguments());
        charged.map_err(queue_full)?;
        queued.notifications.push((call, notification.clone()));
        queued.bytes = bytes;
        if bytes >= MIN_CHARGED_BYTES {
            queued.charge.get_or_insert_with(|| self.budget.memory().charge(0)).set(bytes);
        }
        Ok(())
    }
}

/// The error of whoever passes this limit.
#[cold]
pub(super) fn queue_full(limit: &'static str) -> CallError {
    metrics::record_exceeded_limit(limit);
    CallError::Full
}

/// The connection of a client, as one call knows it.
struct CallConnection {
    queue: Arc<NotificationQueue>,
    call: usize,
    version: Version,
}

impl Connection for CallConnection {
    fn encoding(&self) -> Encoding {
        Encoding::new(self.version, ArgumentsForm::Array)
    }

    fn max_message_bytes(&self) -> usize {
        self.queue.max_message_bytes
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.queue.push(self.call, notification)
    }

    fn invoke(&self, _: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        Box::pin(async {
            error_limited!(
                "a client was asked over HTTP; tell it with a notification, or let it connect over RTMP"
            );
            Err(CallError::Unsupported("a client cannot be asked over HTTP, since it has no way to answer"))
        })
    }

    fn is_open(&self) -> bool {
        self.queue.lock().is_some()
    }
}
