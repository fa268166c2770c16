//! How many may be connected at one time: in all, and from one address.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::ServerLimits;

/// Counts of a server's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCounters {
    /// Connections that are there now, through any transport, accepted as clients or not yet.
    pub connections: usize,
    /// Connections that came, without those that were refused here.
    pub accepted: u64,
    /// Connections that were refused because of [`Server::max_connections`](crate::Server::max_connections).
    pub refused_connections: u64,
    /// Connections that were refused because of
    /// [`Server::max_connections_per_address`](crate::Server::max_connections_per_address).
    pub refused_connections_per_address: u64,
}

/// Limits on the connections of a server, in all and by address.
#[derive(Debug, Default)]
pub(crate) struct ConnectionLimiter {
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    counters: ServerCounters,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection that counts until this is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    address: Option<IpAddr>,
    is_accepted: AtomicBool,
}

/// Why there is no permit; its name is that of the setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyConnectionsError {
    pub(crate) limit: &'static str,
    pub(crate) max: usize,
}

impl ConnectionLimiter {
    /// Takes a permit, for somebody at this address if addresses are to be counted.
    pub(crate) fn admit(
        self: &Arc<Self>,
        max: usize,
        max_per_address: usize,
        peer: Option<SocketAddr>,
    ) -> Result<ConnectionPermit, TooManyConnectionsError> {
        let address = peer.map(|peer| address_key(peer.ip()));
        let connections = &mut *self.lock();
        if connections.counters.connections >= max {
            connections.counters.refused_connections += 1;
            return Err(TooManyConnectionsError { limit: ServerLimits::NAMES.max_connections, max });
        }
        if let Some(address) = address {
            let count = connections.by_address.get(&address).copied().unwrap_or_default();
            if count >= max_per_address {
                connections.counters.refused_connections_per_address += 1;
                return Err(TooManyConnectionsError {
                    limit: ServerLimits::NAMES.max_connections_per_address,
                    max: max_per_address,
                });
            }
            connections.by_address.insert(address, count + 1);
        }
        connections.counters.connections += 1;
        connections.counters.accepted += 1;
        Ok(ConnectionPermit { limiter: Arc::clone(self), address, is_accepted: AtomicBool::new(false) })
    }

    pub(crate) fn counters(&self) -> ServerCounters {
        self.lock().counters
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionPermit {
    /// Notes that the client has been accepted.
    pub(crate) fn set_accepted(&self) {
        self.is_accepted.store(true, Ordering::Relaxed);
    }

    /// Returns `true` once the client has been accepted. Until then a transport buffers as little as the protocol.
    #[cfg(feature = "tunnel")]
    pub(crate) fn is_accepted(&self) -> bool {
        self.is_accepted.load(Ordering::Relaxed)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let connections = &mut *self.limiter.lock();
        connections.counters.connections = connections.counters.connections.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(count) = connections.by_address.get_mut(&address)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                connections.by_address.remove(&address);
            }
        }
    }
}

impl fmt::Display for TooManyConnectionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no more than {} connections, the limit `{}`", self.max, self.limit)
    }
}

/// One household has a whole /64 of IPv6, and so as many addresses as it likes.
fn address_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 7)
    }

    #[test]
    fn limits_connections_in_all() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let permits: Vec<_> = (0..3).map(|_| limiter.admit(3, 1, None).unwrap()).collect();
        let error = limiter.admit(3, 1, None).unwrap_err();
        assert_eq!(error.to_string(), "no more than 3 connections, the limit `max_connections`");
        drop(permits);
        let _another = limiter.admit(3, 1, None).unwrap();
        let expected =
            ServerCounters { connections: 1, accepted: 4, refused_connections: 1, ..Default::default() };
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
            let permits =
                [limiter.admit(9, 2, Some(at(first))).unwrap(), limiter.admit(9, 2, Some(at(same))).unwrap()];
            assert_eq!(limiter.admit(9, 2, Some(at(same))).unwrap_err().limit, "max_connections_per_address");
            drop(limiter.admit(9, 2, Some(at(other))).unwrap());
            drop(permits);
        }
        assert_eq!(limiter.counters().refused_connections_per_address, 3);
        assert!(limiter.lock().by_address.is_empty());
    }
}
