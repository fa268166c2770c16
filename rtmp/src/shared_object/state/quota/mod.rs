//! What clients take of what all clients of a server share: memory, objects, and the disk.
//!
//! Everything is counted at up to three levels, each of which has a [`Share`]: the server, the address of the client that
//! created the object, and that client. A limit at a lower level keeps one client, or one address with many clients, from
//! what is there for the others.

mod counter;
mod object;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use amf_remoting::memory::{MemoryBudget, MemoryCharge};

use counter::{Counter, RATE_WINDOW, WriteRate};
pub(crate) use object::ObjectCharge;
pub(super) use object::SlotSizes;

use super::limits::{LimitError, SharedObjectLimits};
use super::persistence_limits::PersistenceLimits;

/// What a row of the store takes beside its names and value, approximately.
const ROW_OVERHEAD: usize = 32;
/// What a written slot counts at least: a store rewrites a page for it, however small it is.
const MIN_WRITE_BYTES: usize = 256;
/// Bytes of a row of the store: of an object, or of a slot with its key and value.
pub(in crate::shared_object) const fn row_bytes(name_bytes: usize, slot_bytes: usize) -> usize {
    name_bytes.saturating_add(slot_bytes).saturating_add(ROW_OVERHEAD)
}

/// Bytes that a change of a slot counts for the rate.
pub(in crate::shared_object) fn write_bytes(name_bytes: usize, slot_bytes: usize) -> usize {
    row_bytes(name_bytes, slot_bytes).max(MIN_WRITE_BYTES)
}

/// Whose change it is. The server's own side is bound by totals alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Writer {
    #[default]
    Client,
    Server,
}

/// What one level takes.
#[derive(Debug, Default)]
struct Share {
    /// Objects that were created and are there.
    objects: Counter,
    /// Bytes in memory of these objects.
    memory: Counter,
    /// Objects in the store, and their bytes there.
    stored_objects: Counter,
    stored_bytes: Counter,
    write_rate: Mutex<WriteRate>,
}

impl Share {
    fn write_rate(&self) -> MutexGuard<'_, WriteRate> {
        self.write_rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_unused(&self) -> bool {
        [&self.objects, &self.memory, &self.stored_objects, &self.stored_bytes]
            .iter()
            .all(|counter| counter.get() == 0)
    }
}

/// The share of a server, and those of addresses.
pub(crate) struct Ledger {
    total: Share,
    addresses: Mutex<HashMap<IpAddr, Arc<Share>>>,
    /// Objects in the store that a client created and that nobody holds, by their names. So a share is freed too when
    /// somebody else removes what is in such an object.
    at_rest: Mutex<HashMap<Arc<str>, AtRest>>,
}

/// An object that is in the store alone.
#[derive(Debug)]
struct AtRest {
    creator: Creator,
    bytes: usize,
}

/// The client that created an object, and its address.
#[derive(Clone, Debug)]
pub(crate) struct Creator {
    client: Arc<Share>,
    address: Option<Arc<Share>>,
}

impl Ledger {
    /// Creates the ledger of a store that holds this already.
    pub(crate) fn new(stored_objects: usize, stored_bytes: usize) -> Arc<Self> {
        let total = Share::default();
        total.stored_objects.add(stored_objects);
        total.stored_bytes.add(stored_bytes);
        Arc::new(Self { total, addresses: Mutex::default(), at_rest: Mutex::default() })
    }

    /// Returns the share of an address. It is kept as long as anything is counted there: a client that connects again
    /// does not begin anew.
    fn address(&self, address: IpAddr, now: Instant) -> Arc<Share> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = addresses.get(&address) {
            return Arc::clone(share);
        }
        // Purged only when the map would grow, so a new address costs one check of another one.
        if addresses.len() == addresses.capacity() {
            addresses.retain(|_, share| {
                let wrote_lately = share
                    .write_rate()
                    .at
                    .is_some_and(|at| now.saturating_duration_since(at).as_secs() < RATE_WINDOW as u64);
                Arc::strong_count(share) > 1 || !share.is_unused() || wrote_lately
            });
        }
        Arc::clone(addresses.entry(address).or_default())
    }

    fn at_rest(&self) -> MutexGuard<'_, HashMap<Arc<str>, AtRest>> {
        self.at_rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("total", &self.total).finish_non_exhaustive()
    }
}

/// What one client takes, as one of its address.
#[derive(Debug)]
pub(crate) struct ClientShare {
    ledger: Arc<Ledger>,
    creator: Creator,
    /// Requests that wait.
    pending: Mutex<Pending>,
}

#[derive(Debug)]
struct Pending {
    bytes: usize,
    charge: MemoryCharge,
}

/// Requests of a client that wait, until they are done.
#[derive(Debug)]
pub(crate) struct PendingPermit {
    share: Arc<ClientShare>,
    bytes: usize,
}

impl ClientShare {
    pub(crate) fn new(ledger: &Arc<Ledger>, address: Option<IpAddr>, budget: &MemoryBudget) -> Arc<Self> {
        let address = address.map(|address| ledger.address(address, Instant::now()));
        Arc::new(Self {
            ledger: Arc::clone(ledger),
            creator: Creator { client: Arc::default(), address },
            pending: Mutex::new(Pending { bytes: 0, charge: budget.charge(0) }),
        })
    }

    pub(crate) fn creator(&self) -> &Creator {
        &self.creator
    }

    pub(crate) fn is_of(&self, ledger: &Arc<Ledger>) -> bool {
        Arc::ptr_eq(&self.ledger, ledger)
    }

    /// Counts bytes that are about to be written to a persistent object.
    pub(crate) fn try_write(
        &self,
        bytes: usize,
        limits: &PersistenceLimits,
        now: Instant,
    ) -> Result<(), LimitError> {
        let names = PersistenceLimits::NAMES;
        let levels = [
            (
                Some(&*self.creator.client),
                names.persistent_write_rate_per_client,
                limits.persistent_write_rate_per_client,
            ),
            (
                self.creator.address.as_deref(),
                names.persistent_write_rate_per_address,
                limits.persistent_write_rate_per_address,
            ),
            (Some(&self.ledger.total), names.persistent_write_rate, limits.persistent_write_rate),
        ];
        let mut counted = Vec::new();
        for (share, name, rate) in levels {
            let Some(share) = share else { continue };
            if !share.write_rate().try_add(bytes, rate, now) {
                for share in counted {
                    Share::write_rate(share).bytes -= bytes as f64;
                }
                return Err(LimitError::new(name, rate));
            }
            counted.push(share);
        }
        Ok(())
    }

    /// Counts requests that are about to wait. One message is always allowed.
    pub(crate) fn try_wait(self: &Arc<Self>, bytes: usize, max: usize) -> Result<PendingPermit, LimitError> {
        let mut pending = self.pending();
        if pending.bytes > 0 && pending.bytes.saturating_add(bytes) > max {
            // It is counted when the client is disconnected.
            return Err(LimitError { limit: SharedObjectLimits::NAMES.pending_bytes_per_client, max });
        }
        pending.add(bytes);
        Ok(PendingPermit { share: Arc::clone(self), bytes })
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.charge.set(self.bytes);
    }
}

impl Drop for PendingPermit {
    fn drop(&mut self) {
        let mut pending = self.share.pending();
        pending.bytes = pending.bytes.saturating_sub(self.bytes);
        let bytes = pending.bytes;
        pending.charge.set(bytes);
    }
}

#[cfg(test)]
mod tests;
