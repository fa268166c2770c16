//! The other side of a connection, as the program holds it: what it is told goes to the driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use amf_core::Version;
use amf_remoting::CallError;
use amf_remoting::service::{ArgumentsForm, BoxFuture, Connection, Encoding, Notification};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::proto::chunk::Chunked;
use crate::proto::{Config, Message};

/// What a call takes beside its name and arguments, at most.
const HEADERS: usize = 64;

/// What a handle asks its driver to send.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A call without an answer.
    Notify(Notification),
    /// A call, and where its answer goes.
    Invoke(Notification, oneshot::Sender<Result<Bytes, CallError>>),
    /// A call without an answer that goes to many, cut into chunks once for all of them.
    Broadcast(Arc<Chunked>),
    /// A message about a shared object, cut in the same way. One that is missed ends the connection.
    Shared(Arc<Chunked>),
    /// The end of the connection.
    Close,
}

/// The sending end. When the driver is gone, it answers [`CallError::Gone`].
#[derive(Debug)]
pub(crate) struct Handle {
    inbox: mpsc::UnboundedSender<Outgoing>,
    /// For what is cut into chunks before the connection has it.
    chunk_size: u32,
    shared: Arc<Shared>,
}

/// What the driver and the handle both see.
#[derive(Debug)]
pub(crate) struct Shared {
    open: AtomicBool,
    amf3: AtomicBool,
    /// Bytes that wait in the inbox.
    waiting: AtomicUsize,
    /// Bytes that wait behind it, with the protocol and the socket.
    unsent: AtomicUsize,
    /// Of the bytes that wait.
    limit: usize,
}

impl Handle {
    /// A handle, what its driver reads, and what they share.
    pub(crate) fn new(config: &Config) -> (Self, mpsc::UnboundedReceiver<Outgoing>, Arc<Shared>) {
        let (inbox, outbox) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            open: AtomicBool::new(true),
            amf3: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            limit: config.limits.outbound,
        });
        (Self { inbox, chunk_size: config.chunk_size, shared: Arc::clone(&shared) }, outbox, shared)
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        // An error says that it has ended already.
        let _ = self.inbox.send(Outgoing::Close);
    }

    /// The connection is gone, or its driver is going.
    pub(crate) fn ended(&self) {
        self.shared.close();
    }

    /// Sends a message about a shared object.
    pub(crate) fn send_shared(&self, chunked: &Arc<Chunked>) -> Result<(), CallError> {
        self.send(Outgoing::Shared(Arc::clone(chunked)))
    }

    fn version(&self) -> Version {
        if self.shared.amf3.load(Ordering::Relaxed) { Version::Amf3 } else { Version::Amf0 }
    }

    fn send(&self, outgoing: Outgoing) -> Result<(), CallError> {
        if !self.is_open() {
            return Err(CallError::Gone);
        }
        let len = outgoing.len();
        if !self.shared.admit(len) {
            super::limit("outbound");
            return Err(CallError::Full);
        }
        self.inbox.send(outgoing).map_err(|_| CallError::Gone)
    }
}

impl Connection for Handle {
    fn encoding(&self) -> Encoding {
        Encoding { version: self.version(), form: ArgumentsForm::Sequence }
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.send(Outgoing::Notify(notification.clone()))
    }

    fn broadcast(&self, notification: &Notification) -> Result<(), CallError> {
        let chunked = notification.get_or_init(|| {
            let (method, arguments) = (notification.method(), notification.arguments());
            Chunked::new(Message::notification(self.version(), 0, method, arguments), self.chunk_size)
        });
        self.send(Outgoing::Broadcast(chunked))
    }

    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        let (sender, answer) = oneshot::channel();
        let sent = self.send(Outgoing::Invoke(call.clone(), sender));
        Box::pin(async move {
            sent?;
            answer.await.unwrap_or(Err(CallError::Gone))
        })
    }

    fn is_open(&self) -> bool {
        self.shared.open.load(Ordering::Acquire) && !self.inbox.is_closed()
    }
}

impl Shared {
    pub(crate) fn set_version(&self, version: Version) {
        self.amf3.store(version == Version::Amf3, Ordering::Relaxed);
    }

    pub(crate) fn set_unsent(&self, bytes: usize) {
        self.unsent.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn taken(&self, outgoing: &Outgoing) {
        self.waiting.fetch_sub(outgoing.len(), Ordering::Relaxed);
    }

    pub(crate) fn close(&self) {
        self.open.store(false, Ordering::Release);
    }

    /// Counts bytes in, unless they are too many. One message always fits an empty queue.
    fn admit(&self, len: usize) -> bool {
        let before = self.waiting.fetch_add(len, Ordering::Relaxed) + self.unsent.load(Ordering::Relaxed);
        let fits = before == 0 || before + len <= self.limit;
        if !fits {
            self.waiting.fetch_sub(len, Ordering::Relaxed);
        }
        fits
    }
}

impl Outgoing {
    /// What it takes of the limit: with the headers it will get, so that the protocol has room for it later.
    fn len(&self) -> usize {
        match self {
            Self::Notify(call) | Self::Invoke(call, _) => {
                HEADERS + call.method().len() + call.arguments().len()
            }
            Self::Broadcast(chunked) | Self::Shared(chunked) => HEADERS + chunked.message().payload.len(),
            Self::Close => 0,
        }
    }
}
