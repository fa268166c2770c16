//! The address of a client behind HTTP.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::server::ServerSettings;

/// Address of the peer of a request, if the app is served with its peers' addresses: axum's `ConnectInfo<SocketAddr>`.
pub(super) struct ClientAddress(pub(super) Option<SocketAddr>);

impl ClientAddress {
    /// Returns the address by which a connection is counted. All connections without a known address count as those of
    /// one address: if they were not counted, one client could take the places of all transports.
    pub(super) fn counted(&self, settings: &ServerSettings) -> SocketAddr {
        self.0.unwrap_or_else(|| {
            settings.warn_of_unknown_address();
            // No peer has this address.
            SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0)
        })
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(info.map(|ConnectInfo(peer)| *peer)))
    }
}
