//! The program's handle to a connected client, and the queue from it to the task of the connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use amf_core::Version;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::metrics;
use crate::service::{ArgumentsForm, BoxFuture, CallError, Connection, Encoding, NamedLimit, Notification};

/// Bytes that a message takes beside its name and arguments, at most.
const MESSAGE_OVERHEAD: usize = 64;

/// The form in which a transport sends one message to many clients, made once for all of them.
pub trait MessageFormat: Send + Sync + 'static {
    /// A message in this form.
    type Message: Send + Sync + 'static;

    /// Makes the message of a notification whose arguments are encoded in `version`.
    fn message(&self, notification: &Notification, version: Version) -> Self::Message;

    /// Returns the bytes that a message takes on the wire.
    fn message_bytes(message: &Self::Message) -> usize;
}

/// Class of a message of a [`MessageFormat`], which decides what happens if there is no room for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageClass {
    /// A message without which the client's state would be wrong, such as an update of a shared object. The sender gets
    /// [`CallError::Full`] and ends the connection.
    Reply,
    /// A message that the sender may do without. The sender gets [`CallError::Full`].
    Event,
    /// A message that is worthless when it is late, such as video. There is room for it only while no more than half of
    /// the queue is in use, so that it never displaces other messages.
    Droppable,
}

/// Message that the task of a connection takes from its [`OutboundQueue`] and sends.
#[derive(Debug)]
pub enum Outbound<M> {
    /// A call without a reply.
    Notify(Notification),
    /// A call, and the channel for its reply: one value in the form that an envelope carries.
    Invoke(Notification, oneshot::Sender<Result<Bytes, CallError>>),
    /// A message in the transport's form, which other clients may get too.
    Message(Arc<M>, MessageClass),
    /// The end of the connection.
    Close,
}

impl<M> Outbound<M> {
    /// The bytes that count against the queue: with headers, so that the transport has room for them later.
    fn bytes<F: MessageFormat<Message = M>>(&self) -> usize {
        match self {
            Self::Notify(call) | Self::Invoke(call, _) => {
                MESSAGE_OVERHEAD + call.method().len() + call.arguments().len()
            }
            Self::Message(message, _) => MESSAGE_OVERHEAD + F::message_bytes(message),
            Self::Close => 0,
        }
    }
}

/// Settings of a [`Handle`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HandleSettings {
    /// How the arguments of calls to the client are laid out.
    pub form: ArgumentsForm,
    /// Maximum size of the encoded arguments of one notification or call, in bytes.
    pub max_message_bytes: usize,
    /// Maximum number of bytes that wait to be sent. One message always fits an empty queue.
    pub outbound: NamedLimit,
}

impl HandleSettings {
    /// Creates the settings of a transport.
    pub fn new(form: ArgumentsForm, max_message_bytes: usize, outbound: NamedLimit) -> Self {
        Self { form, max_message_bytes, outbound }
    }
}

/// Creates the handle of a client that has just connected, and the queue that the task of its connection reads.
///
/// The client receives AMF0 until [`OutboundQueue::set_version`] is called.
pub fn channel<F: MessageFormat>(format: F, settings: HandleSettings) -> (Handle<F>, OutboundQueue<F>) {
    let (outbound_tx, outbound_rx) = mpsc::unbounded_channel();
    let status = Arc::new(ConnectionStatus {
        is_open: AtomicBool::new(true),
        is_amf3: AtomicBool::new(false),
        queued: AtomicUsize::new(0),
        unsent: AtomicUsize::new(0),
    });
    let queue = OutboundQueue { outbound_rx, status: Arc::clone(&status) };
    (Handle { outbound_tx, format, settings, status }, queue)
}

/// Handle to a connected client. What it sends goes to the task of the connection, through a queue bounded in bytes.
///
/// When the task is gone, sending returns [`CallError::Gone`].
pub struct Handle<F: MessageFormat> {
    outbound_tx: mpsc::UnboundedSender<Outbound<F::Message>>,
    format: F,
    settings: HandleSettings,
    status: Arc<ConnectionStatus>,
}

/// What the handle and the task of a connection both see.
#[derive(Debug)]
struct ConnectionStatus {
    is_open: AtomicBool,
    is_amf3: AtomicBool,
    /// Bytes in the channel.
    queued: AtomicUsize,
    /// Bytes behind the channel, with the transport and the socket.
    unsent: AtomicUsize,
}

impl<F: MessageFormat> Handle<F> {
    /// Asks the task to end the connection, after the messages that were sent before.
    pub fn close(&self) {
        // An error says that the connection has ended already.
        let _ = self.outbound_tx.send(Outbound::Close);
    }

    /// Refuses all further messages: the connection has ended, or is about to.
    pub fn mark_closed(&self) {
        self.status.is_open.store(false, Ordering::Release);
    }

    /// Sends a message in the transport's form.
    ///
    /// # Errors
    /// [`CallError::Full`] if there is no room for a message of this class, [`CallError::Gone`] if the connection has
    /// ended.
    pub fn send_message(&self, message: Arc<F::Message>, class: MessageClass) -> Result<(), CallError> {
        self.send(Outbound::Message(message, class), class)
    }

    fn version(&self) -> Version {
        if self.status.is_amf3.load(Ordering::Relaxed) { Version::Amf3 } else { Version::Amf0 }
    }

    fn send(&self, outbound: Outbound<F::Message>, class: MessageClass) -> Result<(), CallError> {
        if !self.is_open() {
            return Err(CallError::Gone);
        }
        let NamedLimit { name, max } = self.settings.outbound;
        let max = if class == MessageClass::Droppable { max / 2 } else { max };
        if !self.status.try_enqueue(outbound.bytes::<F>(), max) {
            // Dropping what is late is no failure, and would be counted many times a second.
            if class != MessageClass::Droppable {
                metrics::record_exceeded_limit(name);
            }
            return Err(CallError::Full);
        }
        self.outbound_tx.send(outbound).map_err(|_| CallError::Gone)
    }
}

impl<F: MessageFormat> Connection for Handle<F> {
    fn encoding(&self) -> Encoding {
        Encoding::new(self.version(), self.settings.form)
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.send(Outbound::Notify(notification.clone()), MessageClass::Event)
    }

    fn broadcast(&self, notification: &Notification) -> Result<(), CallError> {
        let message = notification.get_or_init(|| self.format.message(notification, self.version()));
        self.send_message(message, MessageClass::Event)
    }

    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        let (reply_tx, reply_rx) = oneshot::channel();
        let sent = self.send(Outbound::Invoke(call.clone(), reply_tx), MessageClass::Event);
        Box::pin(async move {
            sent?;
            reply_rx.await.unwrap_or(Err(CallError::Gone))
        })
    }

    fn max_message_bytes(&self) -> usize {
        self.settings.max_message_bytes
    }

    fn is_open(&self) -> bool {
        self.status.is_open.load(Ordering::Acquire) && !self.outbound_tx.is_closed()
    }
}

impl<F: MessageFormat> fmt::Debug for Handle<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("settings", &self.settings)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Receiving end of the queue from the program to the task of one connection.
pub struct OutboundQueue<F: MessageFormat> {
    outbound_rx: mpsc::UnboundedReceiver<Outbound<F::Message>>,
    status: Arc<ConnectionStatus>,
}

impl<F: MessageFormat> OutboundQueue<F> {
    /// Polls for the next message; [`Outbound::Close`] when every handle is gone.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Outbound<F::Message>> {
        self.outbound_rx.poll_recv(cx).map(|outbound| self.dequeue(outbound.unwrap_or(Outbound::Close)))
    }

    /// Returns the next message. See [`poll_recv`](Self::poll_recv).
    pub async fn recv(&mut self) -> Outbound<F::Message> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Returns the next message if there is one.
    pub fn try_recv(&mut self) -> Option<Outbound<F::Message>> {
        let outbound = self.outbound_rx.try_recv().ok()?;
        Some(self.dequeue(outbound))
    }

    /// Sets the version in which the client receives arguments from now on.
    pub fn set_version(&self, version: Version) {
        self.status.is_amf3.store(version == Version::Amf3, Ordering::Relaxed);
    }

    /// Reports the bytes that were taken from here, or completed as replies, and have not reached the socket yet. They
    /// count against the queue.
    pub fn set_unsent(&self, bytes: usize) {
        self.status.unsent.store(bytes, Ordering::Relaxed);
    }

    /// Refuses all further messages. Those that were sent before can still be received.
    pub fn close(&mut self) {
        self.status.is_open.store(false, Ordering::Release);
        self.outbound_rx.close();
    }

    fn dequeue(&self, outbound: Outbound<F::Message>) -> Outbound<F::Message> {
        self.status.queued.fetch_sub(outbound.bytes::<F>(), Ordering::Relaxed);
        outbound
    }
}

impl<F: MessageFormat> fmt::Debug for OutboundQueue<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundQueue").field("status", &self.status).finish_non_exhaustive()
    }
}

impl ConnectionStatus {
    /// Counts bytes in, unless they are too many. One message always fits an empty queue.
    fn try_enqueue(&self, bytes: usize, max: usize) -> bool {
        let before = self.queued.fetch_add(bytes, Ordering::Relaxed) + self.unsent.load(Ordering::Relaxed);
        let fits = before == 0 || before.saturating_add(bytes) <= max;
        if !fits {
            self.queued.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends bytes as they are.
    struct Plain;

    impl MessageFormat for Plain {
        type Message = Vec<u8>;

        fn message(&self, notification: &Notification, _: Version) -> Vec<u8> {
            notification.arguments().to_vec()
        }

        fn message_bytes(message: &Vec<u8>) -> usize {
            message.len()
        }
    }

    /// A queue of 1,000 bytes.
    fn queue() -> (Handle<Plain>, OutboundQueue<Plain>) {
        let outbound = NamedLimit::new("outbound_bytes", 1_000);
        channel(Plain, HandleSettings::new(ArgumentsForm::Sequence, 100, outbound))
    }

    /// A message that counts as so many bytes.
    fn message(bytes: usize) -> Arc<Vec<u8>> {
        Arc::new(vec![0; bytes - MESSAGE_OVERHEAD])
    }

    fn is_full(outcome: &Result<(), CallError>) -> bool {
        matches!(outcome, Err(CallError::Full))
    }

    #[test]
    fn events_fill_the_queue_to_its_last_byte() {
        let (handle, mut queue) = queue();
        handle.send_message(message(600), MessageClass::Event).unwrap();
        assert!(is_full(&handle.send_message(message(401), MessageClass::Event)));
        handle.send_message(message(400), MessageClass::Reply).unwrap();
        assert!(queue.try_recv().is_some());
        handle.send_message(message(600), MessageClass::Event).unwrap();
    }

    #[test]
    fn what_has_not_reached_the_socket_counts() {
        let (handle, queue) = queue();
        queue.set_unsent(500);
        assert!(is_full(&handle.send_message(message(501), MessageClass::Event)));
        handle.send_message(message(500), MessageClass::Event).unwrap();
    }

    #[test]
    fn one_message_fits_an_empty_queue_whatever_its_size() {
        let (handle, _queue) = queue();
        handle.send_message(message(5_000), MessageClass::Event).unwrap();
        assert!(is_full(&handle.send_message(message(64), MessageClass::Event)));
    }

    #[test]
    fn droppable_messages_take_half_of_the_queue() {
        let (handle, _queue) = queue();
        handle.send_message(message(400), MessageClass::Droppable).unwrap();
        assert!(is_full(&handle.send_message(message(101), MessageClass::Droppable)));
        handle.send_message(message(100), MessageClass::Droppable).unwrap();
        handle.send_message(message(500), MessageClass::Event).unwrap();
    }

    #[test]
    fn a_closed_queue_gives_what_was_sent_before() {
        let (handle, mut queue) = queue();
        handle.send_message(message(100), MessageClass::Event).unwrap();
        queue.close();
        let late = handle.send_message(message(100), MessageClass::Event);
        assert!(matches!(late, Err(CallError::Gone)));
        assert!(matches!(queue.try_recv(), Some(Outbound::Message(..))));
        assert!(queue.try_recv().is_none());
    }

    #[tokio::test]
    async fn a_queue_without_handles_ends() {
        let (handle, mut queue) = queue();
        drop(handle);
        assert!(matches!(queue.recv().await, Outbound::Close));
    }
}
