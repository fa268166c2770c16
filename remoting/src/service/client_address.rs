//! The address of a caller, by which limits count.

use std::net::{IpAddr, Ipv6Addr};

use crate::address::counted_address;

/// Address of a client, as its transport knows it: an extension that a transport attaches to its [`Caller`](super::Caller),
/// and [`Caller::address`](super::Caller::address) returns.
///
/// The gateway attaches the address of axum's `ConnectInfo<SocketAddr>`, which `gateway::serve` and
/// `into_make_service_with_connect_info` provide. Behind a proxy this has to be the client's address: a limit by address
/// would otherwise hold for all clients together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Returns the address by which limits count the client.
    pub(super) fn counted(self) -> IpAddr {
        counted_address(self.0)
    }
}

/// The network of a counted address, of which one owner may have many: /48 of IPv6, /24 of IPv4.
pub(super) fn network(counted: IpAddr) -> IpAddr {
    match counted {
        IpAddr::V6(address) => masked(address, 48),
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            [a, b, c, 0].into()
        }
    }
}

fn masked(address: Ipv6Addr, bits: u32) -> IpAddr {
    Ipv6Addr::from_bits(address.to_bits() & u128::MAX << (128 - bits)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks() {
        // RFC 4291 §2.5.4: the first 64 bits are the network's.
        for (address, counted, of_network) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.0"),
            ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1::"),
        ] {
            let key = ClientAddress(address.parse().unwrap()).counted();
            assert_eq!(
                (key.to_string(), network(key).to_string()),
                (counted.to_owned(), of_network.to_owned())
            );
        }
    }
}
