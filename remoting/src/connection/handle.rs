//! The program's handle to a connected client, and the queue from it to the task of the connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use amf_core::Version;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::memory::{ConnectionMemory, SharedMessage, whole_steps};
use crate::memory::{MemoryBudget, STEP};
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

    /// Returns the bytes that a message takes in memory. Default: as many as on the wire.
    fn message_memory(message: &Self::Message) -> usize {
        Self::message_bytes(message)
    }
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
    Message(Arc<SharedMessage<M>>, MessageClass),
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

    /// Returns `true` if the connection is not charged with the message.
    fn is_shared(&self) -> bool {
        matches!(self, Self::Message(message, _) if message.is_charged())
    }
}

/// Settings of a [`Handle`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HandleSettings {
    /// How the arguments of calls to the client are laid out.
    pub form: ArgumentsForm,
    /// Maximum size of the encoded arguments of one notification or call, in bytes.
    pub max_message_bytes: usize,
    /// Maximum number of bytes that wait to be sent. One message always fits an empty queue.
    pub outbound: NamedLimit,
    /// Account of the connection. Default: what the connection holds is charged to no budget.
    pub memory: Option<Arc<ConnectionMemory>>,
}

impl HandleSettings {
    /// Creates the settings of a transport.
    pub fn new(form: ArgumentsForm, max_message_bytes: usize, outbound: NamedLimit) -> Self {
        Self { form, max_message_bytes, outbound, memory: None }
    }

    /// Sets the account that is charged with what the connection holds.
    #[must_use]
    pub fn with_memory(self, memory: Arc<ConnectionMemory>) -> Self {
        Self { memory: Some(memory), ..self }
    }
}

/// Creates the handle of a client that has just connected, and the queue that the task of its connection reads.
///
/// The client receives AMF0 until [`OutboundQueue::set_version`] is called.
pub fn channel<F: MessageFormat>(format: F, settings: HandleSettings) -> (Handle<F>, OutboundQueue<F>) {
    let HandleSettings { form, max_message_bytes, outbound, memory } = settings;
    let memory = memory.unwrap_or_else(ConnectionMemory::uncharged);
    let (outbound_tx, outbound_rx) = mpsc::unbounded_channel();
    let status = Arc::new(ConnectionStatus {
        is_open: AtomicBool::new(true),
        is_amf3: AtomicBool::new(false),
        queued: AtomicUsize::new(0),
        unsent: AtomicUsize::new(0),
        memory,
    });
    let queue = OutboundQueue { outbound_rx, status: Arc::clone(&status), waker: Waker::noop().clone() };
    (Handle { outbound_tx, format, form, max_message_bytes, outbound, status }, queue)
}

/// Handle to a connected client. What it sends goes to the task of the connection, through a queue bounded in bytes.
///
/// When the task is gone, sending returns [`CallError::Gone`].
pub struct Handle<F: MessageFormat> {
    outbound_tx: mpsc::UnboundedSender<Outbound<F::Message>>,
    format: F,
    form: ArgumentsForm,
    max_message_bytes: usize,
    outbound: NamedLimit,
    status: Arc<ConnectionStatus>,
}

/// What the handle and the task of a connection both see.
#[derive(Debug)]
struct ConnectionStatus {
    is_open: AtomicBool,
    is_amf3: AtomicBool,
    /// Bytes in the channel, without those of shared messages. What is charged for them is at any time the whole steps of
    /// this sum, as each change of the sum charges the steps that it crosses.
    queued: AtomicUsize,
    /// Bytes behind the channel, with the transport and the socket.
    unsent: AtomicUsize,
    memory: Arc<ConnectionMemory>,
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

    /// Returns the account of what the connection holds.
    pub fn memory(&self) -> &Arc<ConnectionMemory> {
        &self.status.memory
    }

    /// Prepares a message in the transport's form for any number of clients. It is charged to the budget of this
    /// connection, once for all.
    pub fn share(&self, message: F::Message) -> Arc<SharedMessage<F::Message>> {
        let bytes = F::message_memory(&message);
        Arc::new(self.status.memory.share(message, bytes))
    }

    /// Sends a message in the transport's form.
    ///
    /// # Errors
    /// [`CallError::Full`] if there is no room for a message of this class, [`CallError::Gone`] if the connection has
    /// ended.
    pub fn send_message(
        &self,
        message: Arc<SharedMessage<F::Message>>,
        class: MessageClass,
    ) -> Result<(), CallError> {
        self.send(Outbound::Message(message, class), class)
    }

    fn version(&self) -> Version {
        if self.status.is_amf3.load(Ordering::Relaxed) { Version::Amf3 } else { Version::Amf0 }
    }

    fn send(&self, outbound: Outbound<F::Message>, class: MessageClass) -> Result<(), CallError> {
        if !self.is_open() {
            return Err(CallError::Gone);
        }
        let NamedLimit { name, max } = self.outbound;
        let max = if class == MessageClass::Droppable { max / 2 } else { max };
        let (bytes, is_shared) = (outbound.bytes::<F>(), outbound.is_shared());
        let enqueued = match self.status.try_enqueue(bytes, is_shared, max) {
            Ok(Enqueued::Charged) if class != MessageClass::Reply => {
                self.status.check_budget(bytes, is_shared)
            }
            enqueued => enqueued.map(drop).map_err(|QueueFullError| name),
        };
        if let Err(limit) = enqueued {
            // Dropping what is late is no failure, and would be counted many times a second.
            if class != MessageClass::Droppable {
                metrics::record_exceeded_limit(limit);
            }
            return Err(CallError::Full);
        }
        self.outbound_tx.send(outbound).map_err(|_| {
            self.status.dequeue(bytes, is_shared);
            CallError::Gone
        })
    }
}

impl<F: MessageFormat> Connection for Handle<F> {
    fn encoding(&self) -> Encoding {
        Encoding::new(self.version(), self.form)
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.send(Outbound::Notify(notification.clone()), MessageClass::Event)
    }

    fn broadcast(&self, notification: &Notification) -> Result<(), CallError> {
        let share = || {
            let message = self.format.message(notification, self.version());
            let bytes = F::message_memory(&message);
            self.status.memory.share(message, bytes)
        };
        let message = notification.get_or_init(share);
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
        self.max_message_bytes
    }

    fn is_open(&self) -> bool {
        self.status.is_open.load(Ordering::Acquire)
            && !self.status.memory.is_shed()
            && !self.outbound_tx.is_closed()
    }
}

impl<F: MessageFormat> fmt::Debug for Handle<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("outbound", &self.outbound)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Receiving end of the queue from the program to the task of one connection.
pub struct OutboundQueue<F: MessageFormat> {
    outbound_rx: mpsc::UnboundedReceiver<Outbound<F::Message>>,
    status: Arc<ConnectionStatus>,
    /// The one that is registered for [`poll_shed`](Self::poll_shed).
    waker: Waker,
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

    /// Returns the account of what the connection holds.
    #[inline]
    pub fn memory(&self) -> &Arc<ConnectionMemory> {
        &self.status.memory
    }

    /// Is ready once the memory budget has disconnected the connection: the task ends at once and drops the connection,
    /// without writing what is unsent.
    #[inline]
    pub fn poll_shed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A task has the same waker all the time, and comparing it costs less than registering it.
        if !self.waker.will_wake(cx.waker()) {
            self.waker.clone_from(cx.waker());
            self.status.memory.task().register(cx.waker());
        }
        if self.status.memory.is_shed() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn dequeue(&self, outbound: Outbound<F::Message>) -> Outbound<F::Message> {
        self.status.dequeue(outbound.bytes::<F>(), outbound.is_shared());
        outbound
    }
}

impl<F: MessageFormat> Drop for OutboundQueue<F> {
    fn drop(&mut self) {
        self.close();
        while self.try_recv().is_some() {}
        // It refers to the task, which may own a handle, which refers to the account.
        drop(self.status.memory.task().take());
        self.status.memory.set_unsent_shared(0);
    }
}

impl<F: MessageFormat> fmt::Debug for OutboundQueue<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundQueue").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Outcome of a message that has been counted in.
enum Enqueued {
    /// Nothing was charged.
    Uncharged,
    /// The message was charged, or has a charge of its own.
    Charged,
}

/// There is no room in the queue.
struct QueueFullError;

impl ConnectionStatus {
    /// Counts bytes in, unless they are too many. One message always fits an empty queue.
    fn try_enqueue(&self, bytes: usize, is_shared: bool, max: usize) -> Result<Enqueued, QueueFullError> {
        let (own, shared) = (&self.queued, &self.memory.queued_shared);
        let (counter, other) = if is_shared { (shared, own) } else { (own, shared) };
        let before = counter.fetch_add(bytes, Ordering::Relaxed);
        let waiting = before + other.load(Ordering::Relaxed) + self.unsent.load(Ordering::Relaxed);
        if waiting == 0 || waiting.saturating_add(bytes) <= max {
            return Ok(self.charge_added(before, bytes, is_shared));
        }
        let after = counter.fetch_sub(bytes, Ordering::Relaxed);
        if !is_shared {
            // Both at once: a message that is refused must not exceed the budget for a moment.
            let counted_in = whole_steps(before) + whole_steps(after);
            self.charge_steps(counted_in, whole_steps(before + bytes) + whole_steps(after - bytes));
        }
        Err(QueueFullError)
    }

    fn charge_added(&self, before: usize, bytes: usize, is_shared: bool) -> Enqueued {
        let is_charged = if is_shared {
            bytes >= STEP
        } else {
            self.charge_steps(whole_steps(before), whole_steps(before + bytes))
        };
        if is_charged { Enqueued::Charged } else { Enqueued::Uncharged }
    }

    /// Counts bytes out that were counted in by [`try_enqueue`](Self::try_enqueue).
    fn dequeue(&self, bytes: usize, is_shared: bool) {
        if is_shared {
            self.memory.queued_shared.fetch_sub(bytes, Ordering::Relaxed);
        } else {
            let before = self.queued.fetch_sub(bytes, Ordering::Relaxed);
            self.charge_steps(whole_steps(before), whole_steps(before - bytes));
        }
    }

    /// Counts bytes out again, and returns the name of the budget's limit, if the budget is exceeded: connections that it
    /// has disconnected free their memory only when their tasks run, and one task may send to many clients before that.
    fn check_budget(&self, bytes: usize, is_shared: bool) -> Result<(), &'static str> {
        if !self.memory.is_budget_exceeded() {
            return Ok(());
        }
        self.dequeue(bytes, is_shared);
        Err(MemoryBudget::NAME)
    }

    fn charge_steps(&self, before: usize, after: usize) -> bool {
        let is_changed = before != after;
        if is_changed {
            self.memory.change(before, after);
        }
        is_changed
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
    fn message(bytes: usize) -> Arc<SharedMessage<Vec<u8>>> {
        Arc::new(ConnectionMemory::uncharged().share(vec![0; bytes - MESSAGE_OVERHEAD], bytes))
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

    /// A queue of 1 MiB that is charged to a budget of 40 KiB.
    fn charged_queue() -> (MemoryBudget, Handle<Plain>, OutboundQueue<Plain>) {
        let budget = MemoryBudget::new(40 << 10);
        let (handle, queue) = charged_queue_of(&budget);
        (budget, handle, queue)
    }

    fn charged_queue_of(budget: &MemoryBudget) -> (Handle<Plain>, OutboundQueue<Plain>) {
        let outbound = NamedLimit::new("outbound_bytes", 1 << 20);
        let settings = HandleSettings::new(ArgumentsForm::Sequence, 1 << 20, outbound);
        channel(Plain, settings.with_memory(ConnectionMemory::new(budget)))
    }

    fn notification(bytes: usize) -> Notification {
        let encoding = Encoding::new(Version::Amf0, ArgumentsForm::Sequence);
        // The overhead, the name, and in AMF0 a marker and a length of 16 bits.
        Notification::encode("said", &("x".repeat(bytes - MESSAGE_OVERHEAD - 4 - 3),), encoding).unwrap()
    }

    #[test]
    fn the_queue_charges_whole_steps_of_its_sum() {
        let (budget, handle, mut queue) = charged_queue();
        for (bytes, used) in [(4_095, 0), (100, 4_096), (3_900, 4_096), (10_000, 16_384)] {
            handle.notify(&notification(bytes)).unwrap();
            assert_eq!(budget.used_bytes(), used, "{bytes}");
        }
        queue.try_recv().unwrap();
        queue.try_recv().unwrap();
        assert_eq!(budget.used_bytes(), 12_288);
        drop(queue);
        assert_eq!(budget.used_bytes(), 0);
        assert!(matches!(handle.notify(&notification(5_000)), Err(CallError::Gone)));
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn messages_are_refused_while_the_budget_is_exceeded() {
        let (budget, handle, _queue) = charged_queue();
        let other = budget.charge(36 << 10);
        handle.notify(&notification(4_096)).unwrap();
        assert!(is_full(&handle.notify(&notification(4_096))));
        assert_eq!(budget.used_bytes(), 40 << 10);
        // Without it the client's state would be wrong.
        handle.send_message(handle.share(vec![0; 4_096]), MessageClass::Reply).unwrap();
        assert_eq!(budget.used_bytes(), 44 << 10);
        drop(other);
        handle.notify(&notification(4_096)).unwrap();
    }

    #[test]
    fn a_message_that_does_not_fit_its_queue_disconnects_nobody() {
        let budget = MemoryBudget::new(200 << 10);
        let (largest, _queue) = charged_queue_of(&budget);
        let (full, _full_queue) = charged_queue_of(&budget);
        largest.notify(&notification(100 << 10 >> 1)).unwrap();
        largest.notify(&notification(100 << 10 >> 1)).unwrap();
        full.notify(&notification(60_000)).unwrap();
        full.status.unsent.store(1 << 20, Ordering::Relaxed);
        let used = budget.used_bytes();
        assert!(is_full(&full.notify(&notification(60_000))));
        assert!(largest.is_open() && full.is_open());
        assert_eq!(budget.used_bytes(), used);
    }

    #[test]
    fn shared_messages_are_charged_once() {
        let budget = MemoryBudget::new(200 << 10);
        let clients = [(); 3].map(|()| charged_queue_of(&budget));
        let message = clients[0].0.share(vec![0; 90 << 10]);
        for (handle, _) in &clients {
            handle.send_message(Arc::clone(&message), MessageClass::Event).unwrap();
        }
        drop(message);
        assert_eq!(budget.used_bytes(), 90 << 10);
        assert_eq!(clients[2].0.memory().charged_bytes(), 0);
        // To the budget each of them holds all of it.
        let _charge = budget.charge(150 << 10);
        assert!(!clients.iter().all(|(handle, _)| handle.is_open()));
        drop(clients);
        assert_eq!(budget.used_bytes(), 152 << 10);
    }

    #[tokio::test]
    async fn a_connection_that_holds_most_ends_at_once() {
        let budget = MemoryBudget::new(100 << 10);
        let (handle, mut queue) = charged_queue_of(&budget);
        for _ in 0..2 {
            handle.notify(&notification(40 << 10)).unwrap();
        }
        let shed = tokio::spawn(async move {
            std::future::poll_fn(|cx| queue.poll_shed(cx)).await;
            drop(queue);
        });
        tokio::task::yield_now().await;
        let charge = budget.charge(40 << 10);
        assert!(matches!(handle.notify(&notification(100)), Err(CallError::Gone)));
        shed.await.unwrap();
        assert_eq!(budget.used_bytes(), charge.bytes());
    }
}
