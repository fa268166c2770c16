//! The networks of the proxies that are believed.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

/// The networks of the proxies whose word about the client's address is believed.
///
/// By default there are none. List the addresses of the proxies alone: every host in the networks can claim any address
/// for its connections.
///
/// ```
/// use amf_remoting::address::TrustedProxies;
///
/// let proxies = TrustedProxies::list(["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"])?;
/// assert!(proxies.is_trusted("10.1.2.3".parse().unwrap()));
/// assert!(!proxies.is_trusted("192.0.2.1".parse().unwrap()));
/// # Ok::<(), amf_remoting::address::NetworkError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Arc<[IpNet]>,
}

impl TrustedProxies {
    /// Trusts the proxies in these networks: each an address and the length of its prefix, such as `10.0.0.0/8`, or an
    /// address alone.
    ///
    /// # Errors
    /// If an entry is no network.
    pub fn list<S: AsRef<str>>(networks: impl IntoIterator<Item = S>) -> Result<Self, NetworkError> {
        let parse = |network: S| {
            let network = network.as_ref();
            parse_network(network).ok_or_else(|| NetworkError { network: network.to_owned() })
        };
        Ok(Self { networks: networks.into_iter().map(parse).collect::<Result<_, _>>()? })
    }

    /// Returns `true` if the address is in one of the networks. An IPv4 address may be mapped into IPv6, as sockets that
    /// listen on `[::]` report it.
    pub fn is_trusted(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

fn parse_network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => text.parse::<IpAddr>().ok()?.into(),
    };
    // Addresses are compared in their canonical form, so a network of mapped addresses has to be one of IPv4.
    if let IpNet::V6(mapped) = network
        && let (Some(address), Some(prefix)) =
            (mapped.addr().to_ipv4_mapped(), mapped.prefix_len().checked_sub(96))
    {
        return Ipv4Net::new(address, prefix).ok().map(IpNet::V4);
    }
    Some(network)
}

/// A text in a [list](TrustedProxies::list) that is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkError {
    /// The text.
    pub network: String,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no network: expected an address or a prefix, such as `10.0.0.0/8`", self.network)
    }
}

impl Error for NetworkError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_matched_at_their_bounds() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            ("10.1.2.3/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            ("192.0.2.4/31", ["192.0.2.4", "192.0.2.5"], ["192.0.2.3", "192.0.2.6"]),
            ("192.0.2.4", ["192.0.2.4", "::ffff:192.0.2.4"], ["192.0.2.5", "::192.0.2.4"]),
            ("::ffff:10.0.0.0/104", ["10.255.0.0", "::ffff:10.0.0.1"], ["11.0.0.0", "::ffff:11.0.0.0"]),
            ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db7:ffff::", "2001:db9::"]),
            ("::1", ["::1", "::1"], ["::2", "127.0.0.1"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "2001:db8::1"]),
        ] {
            let proxies = TrustedProxies::list([network]).unwrap();
            for address in inside {
                assert!(proxies.is_trusted(address.parse().unwrap()), "{network} {address}");
            }
            for address in outside {
                assert!(!proxies.is_trusted(address.parse().unwrap()), "{network} {address}");
            }
        }
        assert!(!TrustedProxies::default().is_trusted("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["", "proxy.example", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8", "10.0.0.1:80"] {
            let error = TrustedProxies::list(["127.0.0.1", text]).unwrap_err();
            assert_eq!(error.network, text);
        }
    }
}
