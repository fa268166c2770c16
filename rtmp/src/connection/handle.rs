//! The other side of a connection, as the program holds it: what it is told goes to the driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use amf_core::Version;
use amf_remoting::service::{ArgumentsForm, BoxFuture, Connection, Encoding, Notification};
use amf_remoting::{CallError, OutputLimits};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::proto::chunk::PreChunkedMessage;
use crate::proto::{Config, Limits, Message};

/// What a call takes beside its name and arguments, at most.
const MESSAGE_OVERHEAD: usize = 64;

/// What a handle asks its driver to send.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// A call without an answer.
    Notify(Notification),
    /// A call, and where its answer goes.
    Invoke(Notification, oneshot::Sender<Result<Bytes, CallError>>),
    /// A call without an answer that goes to many, cut into chunks once for all of them.
    Broadcast(Arc<PreChunkedMessage>),
    /// A message about a shared object, cut in the same way. One that is missed ends the connection.
    SharedObject(Arc<PreChunkedMessage>),
    /// The end of the connection.
    Close,
}

/// The sending end. When the driver is gone, it answers [`CallError::Gone`].
#[derive(Debug)]
pub(crate) struct Handle {
    outbound_tx: mpsc::UnboundedSender<Outbound>,
    /// For what is cut into chunks before the connection has it.
    chunk_size: u32,
    /// Of the arguments of one notification or call.
    max_message_bytes: usize,
    status: Arc<ConnectionStatus>,
}

/// What the driver and the handle both see.
#[derive(Debug)]
pub(crate) struct ConnectionStatus {
    is_open: AtomicBool,
    is_amf3: AtomicBool,
    /// Bytes that wait in the channel to the driver.
    queued: AtomicUsize,
    /// Bytes that wait behind it, with the protocol and the socket.
    unsent: AtomicUsize,
    /// Of the bytes that wait.
    max_bytes: usize,
}

impl Handle {
    /// A handle, what its driver reads, and what they share.
    pub(crate) fn new(
        config: &Config,
        output: OutputLimits,
    ) -> (Self, mpsc::UnboundedReceiver<Outbound>, Arc<ConnectionStatus>) {
        let (outbound_tx, outbound_rx) = mpsc::unbounded_channel();
        let status = Arc::new(ConnectionStatus {
            is_open: AtomicBool::new(true),
            is_amf3: AtomicBool::new(false),
            queued: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            max_bytes: config.limits.outbound_bytes,
        });
        (
            Self {
                outbound_tx,
                chunk_size: config.chunk_size,
                max_message_bytes: output.client_call_bytes,
                status: Arc::clone(&status),
            },
            outbound_rx,
            status,
        )
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        // An error says that it has ended already.
        let _ = self.outbound_tx.send(Outbound::Close);
    }

    /// The connection is gone, or its driver is going.
    pub(crate) fn mark_closed(&self) {
        self.status.close();
    }

    /// Sends a message about a shared object.
    pub(crate) fn send_pre_chunked(&self, chunked: &Arc<PreChunkedMessage>) -> Result<(), CallError> {
        self.send(Outbound::SharedObject(Arc::clone(chunked)))
    }

    fn version(&self) -> Version {
        if self.status.is_amf3.load(Ordering::Relaxed) { Version::Amf3 } else { Version::Amf0 }
    }

    fn send(&self, outbound: Outbound) -> Result<(), CallError> {
        if !self.is_open() {
            return Err(CallError::Gone);
        }
        let len = outbound.len();
        if !self.status.try_enqueue(len) {
            crate::metrics::limit_exceeded(Limits::NAMES.outbound_bytes);
            return Err(CallError::Full);
        }
        self.outbound_tx.send(outbound).map_err(|_| CallError::Gone)
    }
}

impl Connection for Handle {
    fn encoding(&self) -> Encoding {
        Encoding { version: self.version(), form: ArgumentsForm::Sequence }
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.send(Outbound::Notify(notification.clone()))
    }

    fn broadcast(&self, notification: &Notification) -> Result<(), CallError> {
        let chunked = notification.get_or_init(|| {
            let (method, arguments) = (notification.method(), notification.arguments());
            PreChunkedMessage::new(
                Message::notification(self.version(), 0, method, arguments),
                self.chunk_size,
            )
        });
        self.send(Outbound::Broadcast(chunked))
    }

    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        let (reply_tx, reply_rx) = oneshot::channel();
        let sent = self.send(Outbound::Invoke(call.clone(), reply_tx));
        Box::pin(async move {
            sent?;
            reply_rx.await.unwrap_or(Err(CallError::Gone))
        })
    }

    fn max_message_bytes(&self) -> usize {
        self.max_message_bytes
    }

    fn is_open(&self) -> bool {
        self.status.is_open.load(Ordering::Acquire) && !self.outbound_tx.is_closed()
    }
}

impl ConnectionStatus {
    pub(crate) fn set_version(&self, version: Version) {
        self.is_amf3.store(version == Version::Amf3, Ordering::Relaxed);
    }

    pub(crate) fn set_unsent(&self, bytes: usize) {
        self.unsent.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn dequeued(&self, outbound: &Outbound) {
        self.queued.fetch_sub(outbound.len(), Ordering::Relaxed);
    }

    pub(crate) fn close(&self) {
        self.is_open.store(false, Ordering::Release);
    }

    /// Counts bytes in, unless they are too many. One message always fits an empty queue.
    fn try_enqueue(&self, len: usize) -> bool {
        let before = self.queued.fetch_add(len, Ordering::Relaxed) + self.unsent.load(Ordering::Relaxed);
        let fits = before == 0 || before + len <= self.max_bytes;
        if !fits {
            self.queued.fetch_sub(len, Ordering::Relaxed);
        }
        fits
    }
}

impl Outbound {
    /// What it takes of the limit: with the headers it will get, so that the protocol has room for it later.
    fn len(&self) -> usize {
        match self {
            Self::Notify(call) | Self::Invoke(call, _) => {
                MESSAGE_OVERHEAD + call.method().len() + call.arguments().len()
            }
            Self::Broadcast(chunked) | Self::SharedObject(chunked) => {
                MESSAGE_OVERHEAD + chunked.message().payload.len()
            }
            Self::Close => 0,
        }
    }
}
