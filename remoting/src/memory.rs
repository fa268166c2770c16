//! One bound on the memory that all connections and requests of a process hold together.
//!
//! Every other limit holds for one message, one connection or one client; a thousand clients that stay just below it
//! can still fill a machine. So what a client can make a server hold is also charged to a [`MemoryBudget`]: bodies and
//! messages while they arrive, values while a call uses them, replies and notifications until the socket has taken
//! them, shared objects, and commits that wait for their store.
//!
//! Charges are estimates in steps of 4 KiB, not a measurement of the allocator, and do not cover the program's own data.
//!
//! As the budget fills, the server sheds load in this order:
//!
//! | in use | what happens |
//! |---|---|
//! | 80 % | [new connections are refused](MemoryBudget::accepts_connections) from addresses that have four, or that are not known |
//! | 90 % | [new requests are refused](MemoryBudget::try_charge): `Server.Overloaded`, over HTTP with the status 503 |
//! | 100 % | the connection or request that holds most is ended, then the next, until the rest takes no more than 90 %; if nothing can be ended, [replies are refused](MemoryBudget::try_charge_reply) |
//!
//! Connections that hold between 90 and 100 % for longer could keep everybody else from calling. So when requests have
//! been refused for a second, the connections that hold most are disconnected as well. Until the memory of a
//! disconnected client is free, notifications that the budget has no room for fail with
//! [`CallError::Full`](crate::CallError::Full).
//!
//! Requests, replies and commands of less than 4 KiB are neither charged nor refused: what they take is bounded by the
//! limits on connections, and a client with a short call is served while others exhaust the budget.
//!
//! One call may take a quarter of the budget for its decoded arguments, if [`Limits::memory`](crate::Limits) allows more.
//!
//! Of a lasting connection, these are charged: messages that are incomplete or wait for their turn, the arguments of calls
//! in flight, replies and notifications until the socket has taken them, the values of the connect command, and the
//! buffers of a tunnel. Each of these parts is rounded down to 4 KiB. Not charged are the connection itself (8 KiB over
//! RTMP, bounded by the limits on connections), the buffers of TLS, and those of the system's sockets.
//!
//! The gauge `amf_memory_bytes` shows how much is in use, and `amf_shed_total` counts what was shed, with the feature
//! `metrics`.

use std::fmt;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::__log_limit::warn_limited;
use crate::metrics::{self, Shed};

/// Granularity of charges, in bytes. A shared counter is touched only when a charge moves to another step.
pub(crate) const STEP: usize = 4 << 10;
/// Size in bytes from which on single requests and replies are charged.
pub(crate) const MIN_CHARGED_BYTES: usize = STEP;
/// Connections that hold less are not disconnected: it would free nothing worth the loss.
pub(crate) const MIN_SHED_BYTES: usize = 64 << 10;
/// Time for which requests are refused before connections are disconnected to make room for them.
const OVERLOAD_TIMEOUT: Duration = Duration::from_secs(1);
/// A refused request that comes later than this after the first one begins a new overload.
const OVERLOAD_END: Duration = Duration::from_secs(10);
/// Default of [`MemoryBudget::process`].
const PROCESS_BYTES: usize = 256 << 20;

/// Maximum number of bytes that clients can make a server hold.
///
/// Clones share one counter. Services use the budget of the [process](Self::process) unless
/// [`Services::memory_budget`](crate::Services::memory_budget) sets another one.
///
/// ```
/// use amf_remoting::{MemoryBudget, Services};
///
/// let budget = MemoryBudget::new(64 << 20);
/// let services = Services::new().memory_budget(budget.clone());
/// assert_eq!(budget.used_bytes(), 0);
/// # drop(services);
/// ```
#[derive(Clone)]
pub struct MemoryBudget {
    inner: Arc<BudgetInner>,
}

struct BudgetInner {
    max: AtomicUsize,
    /// Signed: where several tasks count in and out of one queue, what is counted out may come a moment before what was
    /// counted in.
    used: AtomicIsize,
    holders: Mutex<Holders>,
}

/// Connections that can be disconnected to free memory.
#[derive(Default)]
struct Holders {
    registered: Vec<Weak<dyn MemoryHolder>>,
    /// Connections that were disconnected and have not freed their memory yet.
    ending: Vec<Weak<dyn MemoryHolder>>,
    /// When the first request of the current overload was refused.
    overloaded_since: Option<Instant>,
}

/// Connection that a [`MemoryBudget`] disconnects when it is exceeded and no other connection holds more.
pub trait MemoryHolder: Send + Sync {
    /// Returns the bytes that ending the connection would free.
    fn held_bytes(&self) -> usize;

    /// Ends the connection. Must not wait, and may be called more than once.
    fn shed(&self);
}

/// Bytes that are charged to a [`MemoryBudget`] until the charge is dropped.
pub struct MemoryCharge {
    budget: MemoryBudget,
    /// Multiple of [`STEP`].
    charged: usize,
}

/// Bytes that stay charged as long as a part of them is held.
struct ChargedBytes {
    bytes: Bytes,
    _charge: MemoryCharge,
}

impl AsRef<[u8]> for ChargedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Error of a charge that the budget has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryBudgetExceededError {
    /// Size of the budget, in bytes.
    pub max: usize,
}

impl MemoryBudget {
    /// Name of the limit in errors and in `amf_limits_exceeded_total`.
    pub const NAME: &str = "memory_budget";

    /// Creates a budget of `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        let inner = BudgetInner {
            max: AtomicUsize::new(max_bytes),
            used: AtomicIsize::new(0),
            holders: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns the budget that all [`Services`](crate::Services) of the process share unless they are given another
    /// one: 256 MiB.
    pub fn process() -> Self {
        static PROCESS: LazyLock<MemoryBudget> = LazyLock::new(|| MemoryBudget::new(PROCESS_BYTES));
        PROCESS.clone()
    }

    /// Returns the size of the budget, in bytes.
    pub fn max_bytes(&self) -> usize {
        self.inner.max()
    }

    /// Changes the size of the budget, for all its clones.
    ///
    /// ```
    /// use amf_remoting::MemoryBudget;
    ///
    /// // For all transports of a program that sets no other budget.
    /// MemoryBudget::process().set_max_bytes(64 << 20);
    /// ```
    pub fn set_max_bytes(&self, max_bytes: usize) {
        self.inner.max.store(max_bytes, Ordering::Relaxed);
    }

    /// Returns the bytes that are charged now.
    #[inline]
    pub fn used_bytes(&self) -> usize {
        self.inner.used()
    }

    /// Returns `true` if more than the whole budget is in use.
    #[inline]
    pub fn is_exceeded(&self) -> bool {
        self.used_bytes() > self.inner.max()
    }

    /// Returns `true` if there is room for new connections: less than 80 % is in use.
    pub fn accepts_connections(&self) -> bool {
        accepted(self.used_bytes() < self.inner.max() / 10 * 8)
    }

    /// Returns `true` if there is room for a connection from an address that has fewer than four: less than 125 % is in
    /// use.
    ///
    /// With the limit of [other connections](Self::accepts_connections), a few addresses that hold 80 % could keep all
    /// other clients out. The budget is exceeded for a moment while connections that were ended free their memory.
    pub fn accepts_newcomers(&self) -> bool {
        accepted(self.used_bytes() < self.inner.max() / 4 * 5)
    }

    /// Returns `true` if there is room for new requests: no more than 90 % is in use.
    #[inline]
    pub fn accepts_requests(&self) -> bool {
        let accepts = self.used_bytes() <= self.inner.max_accepting();
        if !accepts {
            self.inner.refuse_request(Instant::now());
        }
        accepts
    }

    /// Charges bytes for new work.
    ///
    /// # Errors
    /// [`MemoryBudgetExceededError`] if more than 90 % would be in use; for less than 4 KiB, if the budget would be
    /// exceeded.
    pub fn try_charge(&self, bytes: usize) -> Result<MemoryCharge, MemoryBudgetExceededError> {
        self.try_charge_part(bytes, bytes)
    }

    /// Charges a part of work that takes `whole` bytes so far.
    fn try_charge_part(&self, part: usize, whole: usize) -> Result<MemoryCharge, MemoryBudgetExceededError> {
        let charge = MemoryCharge::new(self, part);
        let fits =
            if whole < MIN_CHARGED_BYTES { self.accepts_short_requests() } else { self.accepts_requests() };
        if !fits {
            return Err(MemoryBudgetExceededError { max: self.inner.max() });
        }
        Ok(charge)
    }

    /// Returns `true` if there is room for requests of less than 4 KiB: the budget is not exceeded.
    fn accepts_short_requests(&self) -> bool {
        let accepts = !self.is_exceeded();
        if !accepts {
            record_shed(Shed::Request);
        }
        accepts
    }

    /// Charges bytes of a reply. If the budget is exceeded by this, what holds most is ended, as by [`charge`](Self::charge).
    ///
    /// # Errors
    /// [`MemoryBudgetExceededError`] if the budget is exceeded nevertheless, because nothing can be ended that holds
    /// enough.
    pub fn try_charge_reply(&self, bytes: usize) -> Result<MemoryCharge, MemoryBudgetExceededError> {
        let charge = self.charge(bytes);
        if self.used_bytes() > self.inner.max() && self.inner.is_exceeded() {
            record_shed(Shed::Request);
            return Err(MemoryBudgetExceededError { max: self.inner.max() });
        }
        Ok(charge)
    }

    /// Returns the limit on the memory of one call's decoded arguments, in bytes: a quarter of the budget. A call is charged
    /// for its limit before it is decoded, so a larger share would be refused too often.
    pub(crate) fn max_call_bytes(&self) -> usize {
        self.inner.max() / 4
    }

    /// Charges bytes of work that has already been accepted. If the budget is exceeded by this, the connection that holds
    /// most is disconnected.
    pub fn charge(&self, bytes: usize) -> MemoryCharge {
        let mut charge = MemoryCharge::new(self, 0);
        charge.set(bytes);
        charge
    }

    /// Registers a connection that may be disconnected when the budget is exceeded, until it is dropped.
    pub fn register(&self, holder: Weak<dyn MemoryHolder>) {
        let mut holders = self.inner.lock();
        // Purged only when the list would grow, and grown if that made little room: so each connection pays for two
        // checks of other ones at most.
        let list = &mut holders.registered;
        if list.len() == list.capacity() {
            list.retain(|holder| holder.strong_count() > 0);
            if list.len() > list.capacity() / 2 {
                list.reserve(list.capacity());
            }
        }
        list.push(holder);
    }

    /// Counts bytes in. If the budget is exceeded by this, the connection that holds most is disconnected.
    pub(crate) fn add(&self, bytes: usize) {
        self.inner.used.fetch_add(bytes as isize, Ordering::Relaxed);
        metrics::add_memory(bytes);
        if self.is_exceeded() {
            self.inner.shed();
        }
    }

    /// Counts bytes out.
    pub(crate) fn subtract(&self, bytes: usize) {
        self.inner.used.fetch_sub(bytes as isize, Ordering::Relaxed);
        metrics::subtract_memory(bytes);
    }
}

impl BudgetInner {
    fn max(&self) -> usize {
        self.max.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Holders> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed).max(0) as usize
    }

    /// Returns the most that may be in use for requests to be accepted.
    fn max_accepting(&self) -> usize {
        self.max() / 10 * 9
    }

    /// Disconnects the connections that hold most, because the budget is exceeded.
    #[cold]
    fn shed(&self) {
        if let Some(mut holders) = self.try_lock()
            && self.excess(&mut holders) > 0
        {
            self.disconnect_largest(&mut holders);
        }
    }

    /// Records a refused request, and disconnects the connections that hold most if requests have been refused for
    /// long.
    #[cold]
    fn refuse_request(&self, now: Instant) {
        record_shed(Shed::Request);
        let Some(mut holders) = self.try_lock() else { return };
        let since = *holders.overloaded_since.get_or_insert(now);
        let lasts = now.saturating_duration_since(since);
        if lasts > OVERLOAD_END {
            holders.overloaded_since = Some(now);
        } else if lasts >= OVERLOAD_TIMEOUT {
            holders.overloaded_since = None;
            self.disconnect_largest(&mut holders);
        }
    }

    /// Returns `None` if another task is shedding, or a connection that is being shed charges its last message.
    fn try_lock(&self) -> Option<MutexGuard<'_, Holders>> {
        match self.holders.try_lock() {
            Ok(holders) => Some(holders),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Disconnects the connections that hold most, until requests are accepted again. If the rest merely fitted, those
    /// that remain could fill the budget again at once.
    fn disconnect_largest(&self, holders: &mut Holders) {
        let mut used = self.used_after_ending(holders);
        while used > self.max_accepting()
            && let Some((bytes, holder)) = holders.take_largest()
        {
            record_shed(Shed::Disconnect);
            warn_limited!(bytes, "disconnected a client: the limit `{}` is exceeded", MemoryBudget::NAME);
            holder.shed();
            used = used.saturating_sub(bytes);
            holders.ending.push(Arc::downgrade(&holder));
        }
    }

    /// Returns `true` if more is in use than the budget, without what is about to be freed.
    #[cold]
    fn is_exceeded(&self) -> bool {
        match self.holders.try_lock() {
            Ok(mut holders) => self.excess(&mut holders) > 0,
            Err(TryLockError::Poisoned(poisoned)) => self.excess(&mut poisoned.into_inner()) > 0,
            // Another task is shedding.
            Err(TryLockError::WouldBlock) => false,
        }
    }

    /// Returns the bytes over the budget, less those that are about to be freed.
    fn excess(&self, holders: &mut Holders) -> usize {
        self.used_after_ending(holders).saturating_sub(self.max())
    }

    /// Returns the bytes in use, less those that are about to be freed.
    fn used_after_ending(&self, holders: &mut Holders) -> usize {
        let mut ending = 0_usize;
        holders.ending.retain(|holder| {
            let held = holder.upgrade().map_or(0, |holder| holder.held_bytes());
            ending = ending.saturating_add(held);
            // The program may keep the handle of a client that is gone.
            held > 0
        });
        self.used().saturating_sub(ending)
    }
}

impl Holders {
    fn take_largest(&mut self) -> Option<(usize, Arc<dyn MemoryHolder>)> {
        let held = self.registered.iter().enumerate().filter_map(|(index, holder)| {
            let holder = holder.upgrade()?;
            Some((holder.held_bytes(), index, holder))
        });
        let (bytes, index, holder) = held.max_by_key(|(bytes, ..)| *bytes)?;
        if bytes < MIN_SHED_BYTES {
            return None;
        }
        self.registered.swap_remove(index);
        Some((bytes, holder))
    }
}

impl MemoryCharge {
    fn new(budget: &MemoryBudget, bytes: usize) -> Self {
        let charged = steps(bytes);
        budget.inner.used.fetch_add(charged as isize, Ordering::Relaxed);
        metrics::add_memory(charged);
        Self { budget: budget.clone(), charged }
    }

    /// Changes the charge to `bytes`. If the budget is exceeded by this, the connection that holds most is disconnected.
    #[inline]
    pub fn set(&mut self, bytes: usize) {
        let charged = steps(bytes);
        if charged != self.charged {
            self.change(charged);
        }
    }

    /// Changes the charge to `bytes` for new work, as [`MemoryBudget::try_charge`] does.
    ///
    /// # Errors
    /// [`MemoryBudgetExceededError`] if the charge grows by this, and more than 90 % would be in use. The charge is as
    /// before.
    pub fn try_set(&mut self, bytes: usize) -> Result<(), MemoryBudgetExceededError> {
        if steps(bytes) > self.charged {
            let grown = self.budget.try_charge_part(bytes - self.charged, bytes)?;
            self.merge(grown);
        } else {
            self.set(bytes);
        }
        Ok(())
    }

    /// Returns the bytes with the charge inside, which is dropped with the last clone or part of them.
    ///
    /// ```
    /// use amf_remoting::MemoryBudget;
    /// use bytes::Bytes;
    ///
    /// let budget = MemoryBudget::new(1 << 20);
    /// let message = budget.charge(4_096).into_bytes(Bytes::from(vec![0; 4_096]));
    /// let part = message.slice(..10);
    /// drop(message);
    /// assert_eq!(budget.used_bytes(), 4_096);
    /// drop(part);
    /// assert_eq!(budget.used_bytes(), 0);
    /// ```
    pub fn into_bytes(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(ChargedBytes { bytes, _charge: self })
    }

    /// Adds the bytes of another charge to this one, which must be of the same budget.
    pub fn merge(&mut self, mut other: Self) {
        self.charged += std::mem::take(&mut other.charged);
    }

    /// Returns the bytes that are charged, rounded up to steps of 4 KiB.
    pub fn bytes(&self) -> usize {
        self.charged
    }

    fn change(&mut self, charged: usize) {
        let before = std::mem::replace(&mut self.charged, charged);
        if charged < before {
            self.budget.subtract(before - charged);
        } else {
            self.budget.add(charged - before);
        }
    }
}

impl Drop for MemoryCharge {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl Default for MemoryBudget {
    /// Returns the budget of the [process](Self::process).
    fn default() -> Self {
        Self::process()
    }
}

fn steps(bytes: usize) -> usize {
    bytes.div_ceil(STEP).saturating_mul(STEP)
}

/// Counts a connection that is refused.
fn accepted(accepts: bool) -> bool {
    if !accepts {
        record_shed(Shed::Connection);
    }
    accepts
}

fn record_shed(shed: Shed) {
    metrics::record_exceeded_limit(MemoryBudget::NAME);
    metrics::record_shed(shed);
}

impl fmt::Debug for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBudget")
            .field("max_bytes", &self.max_bytes())
            .field("used_bytes", &self.used_bytes())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MemoryCharge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryCharge").field(&self.charged).finish()
    }
}

impl fmt::Display for MemoryBudgetExceededError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max } = self;
        write!(f, "the server holds as much as it may, the limit `{}` of {max} bytes", MemoryBudget::NAME)
    }
}

impl std::error::Error for MemoryBudgetExceededError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that frees its memory when it is told to.
    struct Connection {
        charge: Mutex<MemoryCharge>,
    }

    impl MemoryHolder for Connection {
        fn held_bytes(&self) -> usize {
            self.charge.lock().unwrap().bytes()
        }

        fn shed(&self) {
            self.charge.lock().unwrap().set(0);
        }
    }

    fn connection(budget: &MemoryBudget, bytes: usize) -> Arc<Connection> {
        let connection = Arc::new(Connection { charge: Mutex::new(budget.charge(bytes)) });
        let holder: Arc<dyn MemoryHolder> = connection.clone();
        budget.register(Arc::downgrade(&holder));
        connection
    }

    #[test]
    fn charges_are_counted_in_steps_until_they_are_dropped() {
        let budget = MemoryBudget::new(1 << 20);
        let mut charge = budget.charge(1);
        assert_eq!(budget.used_bytes(), 4_096);
        charge.set(4_097);
        assert_eq!(budget.used_bytes(), 8_192);
        charge.merge(budget.charge(4_096));
        assert_eq!((charge.bytes(), budget.used_bytes()), (12_288, 12_288));
        charge.set(0);
        assert_eq!(budget.used_bytes(), 0);
        drop(budget.charge(1 << 20));
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn connections_are_refused_before_requests() {
        let budget = MemoryBudget::new(1000 * STEP);
        let mut charge = budget.charge(800 * STEP - 1);
        assert!(!budget.accepts_connections() && budget.accepts_newcomers());
        charge.set(1250 * STEP);
        assert!(!budget.accepts_newcomers());
        charge.set(799 * STEP);
        assert!(budget.accepts_connections());
        let request = budget.try_charge(101 * STEP).unwrap();
        budget.try_charge(1).unwrap();
        let refused = budget.try_charge(STEP).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the server holds as much as it may, the limit `memory_budget` of 4096000 bytes"
        );
        drop(request);
        budget.try_charge(STEP).unwrap();
        let _others = budget.charge(201 * STEP);
        budget.try_charge(1).unwrap_err();
    }

    #[test]
    fn a_charge_grows_up_to_the_room_for_requests() {
        let budget = MemoryBudget::new(10 * STEP);
        let mut charge = budget.try_charge(1).unwrap();
        charge.try_set(9 * STEP).unwrap();
        charge.try_set(9 * STEP + 1).unwrap_err();
        assert_eq!((charge.bytes(), budget.used_bytes()), (9 * STEP, 9 * STEP));
        charge.try_set(STEP).unwrap();
        let bytes = charge.into_bytes(Bytes::from_static(b"abc"));
        let part = bytes.slice(1..);
        drop(bytes);
        assert_eq!((&*part, budget.used_bytes()), (&b"bc"[..], STEP));
        drop(part);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn replies_are_refused_if_nothing_can_be_ended() {
        let budget = MemoryBudget::new(1 << 20);
        let reply = budget.try_charge_reply(1 << 20).unwrap();
        budget.try_charge_reply(1).unwrap_err();
        assert_eq!(budget.used_bytes(), 1 << 20);
        drop(reply);
        let other = connection(&budget, 512 << 10);
        let reply = budget.try_charge_reply(1 << 20).unwrap();
        assert_eq!((other.held_bytes(), reply.bytes()), (0, 1 << 20));
    }

    #[test]
    fn the_connections_that_hold_most_are_disconnected() {
        let budget = MemoryBudget::new(1 << 20);
        let sizes = [100 << 10, 300 << 10, 200 << 10, 4 << 10];
        let connections = sizes.map(|bytes| connection(&budget, bytes));
        let held = || connections.each_ref().map(|connection| connection.held_bytes() >> 10);
        let mut work = budget.charge(400 << 10);
        assert_eq!(held(), [100, 300, 200, 4]);
        work.set(450 << 10);
        assert_eq!(held(), [100, 0, 200, 4]);
        work.set(1 << 20);
        // The last one holds too little for it to matter.
        assert_eq!(held(), [0, 0, 0, 4]);
    }

    #[test]
    fn requests_are_not_refused_for_long() {
        let budget = MemoryBudget::new(1 << 20);
        let sizes = [100 << 10, 500 << 10, 352 << 10];
        let connections = sizes.map(|bytes| connection(&budget, bytes));
        let held = || connections.each_ref().map(|connection| connection.held_bytes() >> 10);
        assert!(!budget.accepts_requests());
        let start = Instant::now();
        budget.inner.lock().overloaded_since = Some(start);
        for late in [Duration::from_millis(999), Duration::from_millis(10_001), Duration::from_secs(11)] {
            budget.inner.refuse_request(start + late);
        }
        assert_eq!(held(), [100, 500, 352]);
        // A second after the one that began a new overload.
        budget.inner.refuse_request(start + Duration::from_millis(11_001));
        assert_eq!(held(), [100, 0, 352]);
        assert!(budget.accepts_requests());
    }

    #[test]
    fn registering_purges_those_that_are_gone() {
        let budget = MemoryBudget::new(1 << 20);
        let _lasting: Vec<_> = (0..100).map(|_| connection(&budget, 0)).collect();
        for _ in 0..10_000 {
            drop(connection(&budget, 0));
        }
        let holders = budget.inner.lock();
        assert!(holders.registered.len() <= holders.registered.capacity());
        assert!(holders.registered.capacity() <= 512, "{}", holders.registered.capacity());
    }

    #[test]
    fn connections_that_are_ending_count_as_free() {
        /// Holds its memory after it was told to end.
        struct Slow(MemoryCharge);

        impl MemoryHolder for Slow {
            fn held_bytes(&self) -> usize {
                self.0.bytes()
            }

            fn shed(&self) {}
        }

        let budget = MemoryBudget::new(1 << 20);
        let slow: Arc<dyn MemoryHolder> = Arc::new(Slow(budget.charge(512 << 10)));
        budget.register(Arc::downgrade(&slow));
        let other = connection(&budget, 256 << 10);
        let mut work = budget.charge(300 << 10);
        work.set(400 << 10);
        assert_eq!(other.held_bytes(), 256 << 10);
        drop((slow, work));
        assert_eq!(budget.used_bytes(), 256 << 10);
    }
}
