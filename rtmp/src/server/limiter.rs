//! How many may be connected at one time: in all, and from one address.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts of a server's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCounters {
    /// Connections that are there now, through any door, accepted as clients or not yet.
    pub connections: usize,
    /// Connections that came, without those that were refused here.
    pub accepted: u64,
    /// Connections that were refused because of [`Server::max_connections`](crate::Server::max_connections).
    pub refused_connections: u64,
    /// Connections that were refused because of
    /// [`Server::max_connections_per_address`](crate::Server::max_connections_per_address).
    pub refused_connections_per_address: u64,
}

/// The places of a server, and who has them.
#[derive(Debug, Default)]
pub(crate) struct Places {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    counters: ServerCounters,
    by_address: HashMap<IpAddr, usize>,
}

/// One place; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    address: Option<IpAddr>,
}

/// Why there is no place; its name is that of the setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) limit: &'static str,
    pub(crate) max: usize,
}

impl Places {
    /// Takes a place, for somebody at this address if addresses are to be counted.
    pub(crate) fn take(
        self: &Arc<Self>,
        max: usize,
        max_per_address: usize,
        peer: Option<SocketAddr>,
    ) -> Result<Place, Full> {
        let address = peer.map(|peer| counted_as(peer.ip()));
        let taken = &mut *self.lock();
        if taken.counters.connections >= max {
            taken.counters.refused_connections += 1;
            return Err(Full { limit: "max_connections", max });
        }
        if let Some(address) = address {
            let count = taken.by_address.get(&address).copied().unwrap_or_default();
            if count >= max_per_address {
                taken.counters.refused_connections_per_address += 1;
                return Err(Full { limit: "max_connections_per_address", max: max_per_address });
            }
            taken.by_address.insert(address, count + 1);
        }
        taken.counters.connections += 1;
        taken.counters.accepted += 1;
        Ok(Place { places: Arc::clone(self), address })
    }

    pub(crate) fn counters(&self) -> ServerCounters {
        self.lock().counters
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = &mut *self.places.lock();
        taken.counters.connections = taken.counters.connections.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(count) = taken.by_address.get_mut(&address)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no more than {} connections, the limit `{}`", self.max, self.limit)
    }
}

/// One household has a whole /64 of IPv6, and so as many addresses as it likes.
fn counted_as(address: IpAddr) -> IpAddr {
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
    fn places_in_all() {
        let places = Arc::new(Places::default());
        let held: Vec<_> = (0..3).map(|_| places.take(3, 1, None).unwrap()).collect();
        let full = places.take(3, 1, None).unwrap_err();
        assert_eq!(full.to_string(), "no more than 3 connections, the limit `max_connections`");
        drop(held);
        let _again = places.take(3, 1, None).unwrap();
        let expected =
            ServerCounters { connections: 1, accepted: 4, refused_connections: 1, ..Default::default() };
        assert_eq!(places.counters(), expected);
    }

    #[test]
    fn places_of_an_address() {
        let places = Arc::new(Places::default());
        for [first, same, other] in [
            ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
            ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"],
            // RFC 4291 §2.5.4: the first 64 bits are the network's.
            ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"],
        ] {
            let held =
                [places.take(9, 2, Some(at(first))).unwrap(), places.take(9, 2, Some(at(same))).unwrap()];
            assert_eq!(places.take(9, 2, Some(at(same))).unwrap_err().limit, "max_connections_per_address");
            drop(places.take(9, 2, Some(at(other))).unwrap());
            drop(held);
        }
        assert_eq!(places.counters().refused_connections_per_address, 3);
        assert!(places.lock().by_address.is_empty());
    }
}
