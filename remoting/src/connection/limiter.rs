//! Limits on connections: in all, and from one address.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::address::counted_address;
use crate::memory::{MemoryBudget, MemoryBudgetExceededError};
use crate::metrics;
use crate::service::NamedLimit;

/// Connections that an address may open although a memory budget is nearly full: more than one, because a client that
/// reconnects counts twice until its old connection has ended.
const FEW_CONNECTIONS: usize = 4;

/// Limits of a [`ConnectionLimiter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// Maximum number of connections in all.
    pub total: NamedLimit,
    /// Maximum number of connections from one address. Default: no limit.
    pub per_address: Option<NamedLimit>,
}

impl ConnectionLimits {
    /// Creates a limit on connections in all, without one by address.
    pub const fn new(total: NamedLimit) -> Self {
        Self { total, per_address: None }
    }

    /// Limits connections from one address too. All of a /64 of IPv6 is one address.
    #[must_use]
    pub const fn with_per_address(self, limit: NamedLimit) -> Self {
        Self { per_address: Some(limit), ..self }
    }
}

/// Counts of a server's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCounters {
    /// Connections that are open, through any transport, accepted as clients or not yet.
    pub connections: usize,
    /// Connections that were accepted so far, without those that were refused here.
    pub accepted: u64,
    /// Connections that were refused because of the limit on all connections.
    pub refused_connections: u64,
    /// Connections that were refused because of the limit on connections from one address.
    pub refused_connections_per_address: u64,
}

/// Counter of connections, in all and by address.
///
/// ```
/// use std::sync::Arc;
/// use amf_remoting::connection::{ConnectionLimiter, ConnectionLimits};
/// use amf_remoting::service::NamedLimit;
///
/// let limiter = Arc::new(ConnectionLimiter::default());
/// let limits = ConnectionLimits::new(NamedLimit::new("max_connections", 1));
/// let permit = limiter.admit(&limits, None)?;
/// assert!(limiter.admit(&limits, None).is_err());
/// drop(permit);
/// assert!(limiter.admit(&limits, None).is_ok());
/// # Ok::<(), amf_remoting::connection::TooManyConnectionsError>(())
/// ```
#[derive(Debug, Default)]
pub struct ConnectionLimiter {
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    counters: ConnectionCounters,
    by_address: HashMap<IpAddr, usize>,
}

/// Permit for one connection, which counts until the permit is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    address: Option<IpAddr>,
    is_accepted: AtomicBool,
}

/// A connection was refused, because one of the [`ConnectionLimits`] or the memory budget would be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyConnectionsError {
    /// The limit that would be exceeded.
    pub limit: NamedLimit,
}

impl ConnectionLimiter {
    /// Counts a connection, from the address of `peer` if it is given.
    ///
    /// # Errors
    /// If a limit would be exceeded. This is counted, by the limit's name.
    pub fn admit(
        self: &Arc<Self>,
        limits: &ConnectionLimits,
        peer: Option<SocketAddr>,
    ) -> Result<ConnectionPermit, TooManyConnectionsError> {
        let address = peer.map(|peer| counted_address(peer.ip()));
        let admitted = self.lock().admit(limits, address);
        admitted.inspect_err(|error| metrics::record_exceeded_limit(error.limit.name))?;
        Ok(ConnectionPermit { limiter: Arc::clone(self), address, is_accepted: AtomicBool::new(false) })
    }

    /// Counts a connection as [`admit`](Self::admit) does, if the budget has room for it. The first four connections from an
    /// address need [less room](MemoryBudget::accepts_newcomers) than [others](MemoryBudget::accepts_connections).
    ///
    /// # Errors
    /// If the budget has no room, or a limit would be exceeded.
    pub fn admit_within(
        self: &Arc<Self>,
        memory: &MemoryBudget,
        limits: &ConnectionLimits,
        peer: Option<SocketAddr>,
    ) -> Result<ConnectionPermit, TooManyConnectionsError> {
        let is_newcomer = peer.is_some_and(|peer| self.connections_from(peer) < FEW_CONNECTIONS);
        let has_room = if is_newcomer { memory.accepts_newcomers() } else { memory.accepts_connections() };
        if !has_room {
            return Err(TooManyConnectionsError::memory_budget(memory));
        }
        self.admit(limits, peer)
    }

    fn connections_from(&self, peer: SocketAddr) -> usize {
        let address = counted_address(peer.ip());
        self.lock().by_address.get(&address).copied().unwrap_or_default()
    }

    /// Returns the counts so far.
    pub fn counters(&self) -> ConnectionCounters {
        self.lock().counters
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    fn admit(
        &mut self,
        limits: &ConnectionLimits,
        address: Option<IpAddr>,
    ) -> Result<(), TooManyConnectionsError> {
        if self.counters.connections >= limits.total.max {
            self.counters.refused_connections += 1;
            return Err(TooManyConnectionsError { limit: limits.total });
        }
        if let Some(address) = address {
            self.add_to_address(limits, address)?;
        }
        self.counters.connections += 1;
        self.counters.accepted += 1;
        Ok(())
    }

    fn add_to_address(
        &mut self,
        limits: &ConnectionLimits,
        address: IpAddr,
    ) -> Result<(), TooManyConnectionsError> {
        let count = self.by_address.get(&address).copied().unwrap_or_default();
        if let Some(limit) = limits.per_address.filter(|limit| count >= limit.max) {
            self.counters.refused_connections_per_address += 1;
            return Err(TooManyConnectionsError { limit });
        }
        self.by_address.insert(address, count + 1);
        Ok(())
    }

    fn remove(&mut self, address: Option<IpAddr>) {
        self.counters.connections = self.counters.connections.saturating_sub(1);
        self.remove_from_address(address);
    }

    fn remove_from_address(&mut self, address: Option<IpAddr>) {
        if let Some(address) = address
            && let Some(count) = self.by_address.get_mut(&address)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}

impl ConnectionPermit {
    /// Counts the connection by the address of `peer` from now on. Behind a proxy, this address is known only after
    /// the connection has been admitted.
    ///
    /// # Errors
    /// If the limit on connections from one address would be exceeded. This is counted, by the limit's name. The
    /// connection counts as refused, and is not counted by address any more.
    pub fn set_address(
        &mut self,
        limits: &ConnectionLimits,
        peer: SocketAddr,
    ) -> Result<(), TooManyConnectionsError> {
        let address = counted_address(peer.ip());
        let mut connections = self.limiter.lock();
        connections.remove_from_address(self.address.take());
        if let Err(error) = connections.add_to_address(limits, address) {
            connections.counters.accepted = connections.counters.accepted.saturating_sub(1);
            drop(connections);
            metrics::record_exceeded_limit(error.limit.name);
            return Err(error);
        }
        self.address = Some(address);
        Ok(())
    }

    /// Records that the client has been accepted.
    pub fn set_accepted(&self) {
        self.is_accepted.store(true, Ordering::Relaxed);
    }

    /// Returns `true` once the client has been accepted. Until then a transport buffers as little as the protocol.
    pub fn is_accepted(&self) -> bool {
        self.is_accepted.load(Ordering::Relaxed)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.limiter.lock().remove(self.address);
    }
}

impl TooManyConnectionsError {
    fn memory_budget(budget: &MemoryBudget) -> Self {
        Self { limit: NamedLimit::new(MemoryBudget::NAME, budget.max_bytes()) }
    }
}

impl fmt::Display for TooManyConnectionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NamedLimit { name, max } = self.limit;
        if name == MemoryBudget::NAME {
            return MemoryBudgetExceededError { max }.fmt(f);
        }
        write!(f, "no more than {max} connections, the limit `{name}`")
    }
}

impl std::error::Error for TooManyConnectionsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(total: usize, per_address: usize) -> ConnectionLimits {
        ConnectionLimits::new(NamedLimit::new("max_connections", total))
            .with_per_address(NamedLimit::new("max_connections_per_address", per_address))
    }

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 7)
    }

    #[test]
    fn limits_connections_in_all() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let permits: Vec<_> = (0..3).map(|_| limiter.admit(&limits(3, 1), None).unwrap()).collect();
        let error = limiter.admit(&limits(3, 1), None).unwrap_err();
        assert_eq!(error.to_string(), "no more than 3 connections, the limit `max_connections`");
        drop(permits);
        let _another = limiter.admit(&limits(3, 1), None).unwrap();
        let expected =
            ConnectionCounters { connections: 1, accepted: 4, refused_connections: 1, ..Default::default() };
        assert_eq!(limiter.counters(), expected);
    }

    #[test]
    fn limits_connections_per_address() {
        let limiter = Arc::new(ConnectionLimiter::default());
        for [first, same, other] in [
            ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
            ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"],
            // RFC 4291 §2.5.4: the first 64 bits are the network's.
            ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"],
        ] {
            let permits = [
                limiter.admit(&limits(9, 2), Some(at(first))).unwrap(),
                limiter.admit(&limits(9, 2), Some(at(same))).unwrap(),
            ];
            assert_eq!(
                limiter.admit(&limits(9, 2), Some(at(same))).unwrap_err().limit.name,
                "max_connections_per_address"
            );
            drop(limiter.admit(&limits(9, 2), Some(at(other))).unwrap());
            drop(permits);
        }
        assert_eq!(limiter.counters().refused_connections_per_address, 3);
        assert!(limiter.lock().by_address.is_empty());
    }

    #[test]
    fn limits_connections_whose_address_is_known_late() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let limits = limits(9, 2);
        let mut permits: Vec<_> = (0..3).map(|_| limiter.admit(&limits, None).unwrap()).collect();
        let (client, other) = (at("192.0.2.1"), at("192.0.2.2"));
        permits[0].set_address(&limits, client).unwrap();
        // The same address again is no second connection.
        permits[0].set_address(&limits, client).unwrap();
        permits[1].set_address(&limits, client).unwrap();
        let error = permits[2].set_address(&limits, client).unwrap_err();
        assert_eq!(error.limit.name, "max_connections_per_address");
        limiter.admit(&limits, Some(client)).unwrap_err();
        let counters = limiter.counters();
        assert_eq!((counters.connections, counters.accepted), (3, 2));
        assert_eq!(counters.refused_connections_per_address, 2);
        permits[1].set_address(&limits, other).unwrap();
        drop(limiter.admit(&limits, Some(client)).unwrap());
        drop(permits);
        assert_eq!(limiter.counters().connections, 0);
        assert!(limiter.lock().by_address.is_empty());
    }
}
