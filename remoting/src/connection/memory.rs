//! Account of the memory of one connection, charged to a memory budget.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use futures_util::task::AtomicWaker;

use crate::memory::{MemoryBudget, MemoryHolder, STEP};

/// Messages that take less are counted for each client they wait for: a transport copies them, and a charge of their own
/// would cost more than it tells.
const MIN_SHARED_BYTES: usize = 512;

/// Account of the memory of one connection: its queue, output that is not written, calls that are not complete, and the
/// buffers of its tunnel.
///
/// All of it is charged to a [`MemoryBudget`], which disconnects the connection if the budget is exceeded and no other
/// connection holds more. Each part is rounded down to 4 KiB, so a connection that holds little touches no counter
/// that others use. The memory of an idle connection is not charged: the number of connections bounds it.
///
/// A [message for many clients](SharedMessage) is charged once, however many connections it waits for. When the budget
/// looks for the connection that holds most, such a message counts for each of them.
#[derive(Debug)]
pub struct ConnectionMemory {
    budget: Option<MemoryBudget>,
    /// Multiple of [`STEP`]; signed for the same reason as the budget's.
    charged: AtomicIsize,
    /// Bytes of shared messages in the queue.
    pub(super) queued_shared: AtomicUsize,
    /// Bytes of shared messages behind the queue.
    unsent_shared: AtomicUsize,
    /// Size of the arguments of calls, whose decoded values the services charge.
    decoded: AtomicUsize,
    is_shed: AtomicBool,
    task: AtomicWaker,
}

impl ConnectionMemory {
    /// Creates the account of a connection that has just been opened.
    pub fn new(budget: &MemoryBudget) -> Arc<Self> {
        let memory = Arc::new(Self::with_budget(Some(budget.clone())));
        let weak: Weak<Self> = Arc::downgrade(&memory);
        budget.register(weak);
        memory
    }

    /// Creates the account of a connection that is charged to no budget.
    pub(super) fn uncharged() -> Arc<Self> {
        Arc::new(Self::with_budget(None))
    }

    fn with_budget(budget: Option<MemoryBudget>) -> Self {
        Self {
            budget,
            charged: AtomicIsize::new(0),
            queued_shared: AtomicUsize::new(0),
            unsent_shared: AtomicUsize::new(0),
            decoded: AtomicUsize::new(0),
            is_shed: AtomicBool::new(false),
            task: AtomicWaker::new(),
        }
    }

    /// Returns a charge of 0 bytes for a part of what the connection holds.
    pub fn charge(self: &Arc<Self>) -> ConnectionCharge {
        ConnectionCharge { memory: Arc::clone(self), charged: 0 }
    }

    /// Returns the bytes that are charged now, without those of shared messages.
    pub fn charged_bytes(&self) -> usize {
        self.charged.load(Ordering::Relaxed).max(0) as usize
    }

    /// Returns `true` once the budget has disconnected the connection. Its task ends at once: it writes nothing more, and
    /// frees what it holds.
    #[inline]
    pub fn is_shed(&self) -> bool {
        self.is_shed.load(Ordering::Acquire)
    }

    /// Sets the bytes of shared messages that the task has taken and the socket has not.
    pub fn set_unsent_shared(&self, bytes: usize) {
        self.unsent_shared.store(bytes, Ordering::Relaxed);
    }

    /// Sets the size of the arguments that calls hold in their decoded form. The services charge them; here they count when
    /// the budget looks for the connection that holds most.
    #[inline]
    pub fn set_decoded(&self, bytes: usize) {
        self.decoded.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn task(&self) -> &AtomicWaker {
        &self.task
    }

    /// Returns `true` if the budget is exceeded. A task lets others run then, before it begins something that takes memory:
    /// connections that were disconnected free theirs when their tasks run.
    #[inline]
    pub fn is_budget_exceeded(&self) -> bool {
        self.budget.as_ref().is_some_and(MemoryBudget::is_exceeded)
    }

    /// Charges the difference between two amounts, each of whole steps.
    #[cold]
    pub(super) fn change(&self, before: usize, after: usize) {
        let Some(budget) = &self.budget else { return };
        if after > before {
            // First here: the budget may look for the largest connection at once.
            self.charged.fetch_add((after - before) as isize, Ordering::Relaxed);
            budget.add(after - before);
        } else {
            self.charged.fetch_sub((before - after) as isize, Ordering::Relaxed);
            budget.subtract(before - after);
        }
    }

    pub(super) fn share<M>(&self, message: M, bytes: usize) -> SharedMessage<M> {
        let budget = self.budget.as_ref().filter(|_| bytes >= MIN_SHARED_BYTES).cloned();
        if let Some(budget) = &budget {
            budget.add(bytes);
        }
        SharedMessage { message, bytes, budget }
    }
}

impl MemoryHolder for ConnectionMemory {
    fn held_bytes(&self) -> usize {
        let uncharged = [&self.queued_shared, &self.unsent_shared, &self.decoded];
        let uncharged = uncharged.map(|bytes| bytes.load(Ordering::Relaxed));
        uncharged.into_iter().fold(self.charged_bytes(), usize::saturating_add)
    }

    fn shed(&self) {
        self.is_shed.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl Drop for ConnectionMemory {
    /// Messages that were sent while the connection ended go with the last handle.
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.subtract((*self.charged.get_mut()).max(0) as usize);
        }
    }
}

/// Charge for a part of what a connection holds, until it is dropped.
///
/// ```
/// use amf_remoting::MemoryBudget;
/// use amf_remoting::connection::ConnectionMemory;
///
/// let budget = MemoryBudget::new(1 << 20);
/// let memory = ConnectionMemory::new(&budget);
/// let mut body = memory.charge();
/// body.set(10_000);
/// assert_eq!(budget.used_bytes(), 8_192);
/// drop(body);
/// assert_eq!(budget.used_bytes(), 0);
/// ```
#[derive(Debug)]
pub struct ConnectionCharge {
    memory: Arc<ConnectionMemory>,
    charged: usize,
}

impl ConnectionCharge {
    /// Changes the charge to `bytes`, rounded down to 4 KiB. If the budget is exceeded by this, the connection that holds
    /// most is disconnected.
    #[inline]
    pub fn set(&mut self, bytes: usize) {
        let charged = whole_steps(bytes);
        if charged != self.charged {
            self.memory.change(self.charged, charged);
            self.charged = charged;
        }
    }

    /// Returns `true` if nothing is charged.
    #[inline]
    pub fn is_zero(&self) -> bool {
        self.charged == 0
    }

    /// Returns the account of the connection.
    pub fn memory(&self) -> &Arc<ConnectionMemory> {
        &self.memory
    }
}

impl Drop for ConnectionCharge {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// A message in the transport's form that many clients may get. It is charged once, until the last connection has sent
/// it.
pub struct SharedMessage<M> {
    message: M,
    bytes: usize,
    /// `None` if each connection is charged.
    budget: Option<MemoryBudget>,
}

impl<M> SharedMessage<M> {
    /// Returns `true` if the message is charged once for all clients, so that no connection is charged.
    pub fn is_charged(&self) -> bool {
        self.budget.is_some()
    }
}

impl<M> Deref for SharedMessage<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.message
    }
}

impl<M> Drop for SharedMessage<M> {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.subtract(self.bytes);
        }
    }
}

impl<M: fmt::Debug> fmt::Debug for SharedMessage<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

/// Rounds down: what takes less than a step is not charged, so a small message that comes and goes costs nothing.
pub(super) const fn whole_steps(bytes: usize) -> usize {
    bytes - bytes % STEP
}
