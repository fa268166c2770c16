//! RTMP through HTTP, where nothing else gets through: routes for an axum app.
//!
//! Each is a pipe of bytes to the same server that listens on sockets: what comes through a tunnel is handshake and
//! chunks as ever. The pipe holds 64 KiB in either direction; what is more waits where it always does, counted.

mod limits;
mod rtmpt;
mod websocket;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

pub use limits::TunnelLimits;

/// Bytes that a pipe holds in either direction.
const PIPE: usize = 64 << 10;

/// Where a request comes from, if the app is served with `into_make_service_with_connect_info`.
struct Peer(Option<SocketAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(info.map(|ConnectInfo(peer)| *peer)))
    }
}
