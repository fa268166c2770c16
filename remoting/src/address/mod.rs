//! Addresses of clients: how limits count them, and which address counts behind a proxy.
//!
//! A proxy connects from its own address. Unless the proxy is trusted, its address is that of all clients behind it,
//! and limits by address hold for all of them together. Nothing that a peer says
//! about another address is believed by default.
//!
//! | type | what it is for |
//! |---|---|
//! | `TrustedProxies` (feature `connection`) | the networks of the proxies that are believed |
//! | `TrustedProxies::read_proxy_header` (feature `connection`) | the PROXY protocol, versions 1 and 2, before the first byte of a connection |
//! | `TrustedHeader` (feature `forwarded`) | the headers `X-Forwarded-For` and `Forwarded` of HTTP requests |

#[cfg(feature = "forwarded")]
mod forwarded;
#[cfg(feature = "connection")]
mod proxy_protocol;
#[cfg(feature = "forwarded")]
mod trusted_header;
#[cfg(feature = "connection")]
mod trusted_proxies;

use std::net::{IpAddr, Ipv6Addr};

#[cfg(feature = "connection")]
pub use proxy_protocol::ProxyProtocolError;
#[cfg(feature = "forwarded")]
pub use trusted_header::{TrustedHeader, TrustedHeaderService};
#[cfg(feature = "connection")]
pub use trusted_proxies::{NetworkError, TrustedProxies};

/// Returns the address by which limits count a client: one for all of a /64 of IPv6, because one household has as many
/// addresses of its /64 as it likes. An IPv4 address that is mapped into IPv6 counts as the IPv4 address.
///
/// ```
/// use amf_remoting::address::counted_address;
///
/// let counted = |text: &str| counted_address(text.parse().unwrap());
/// assert_eq!(counted("2001:db8::1"), counted("2001:db8::ffff:1"));
/// assert_ne!(counted("192.0.2.1"), counted("192.0.2.2"));
/// assert_eq!(counted("::ffff:192.0.2.1"), counted("192.0.2.1"));
/// ```
pub fn counted_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}
