//! Transports: sockets, TLS, and RTMP through HTTP where nothing else gets through.
//!
//! A tunnel, WebSocket or RTMPT, is a route for an axum app. It is a pipe of bytes to the same server that listens on
//! sockets: what comes through a tunnel is handshake and chunks as ever. The pipe holds 64 KiB in either direction;
//! what is more waits where it always does, counted.

#[cfg(feature = "tunnel")]
mod client_address;
#[cfg(feature = "tunnel")]
mod pipe;
#[cfg(feature = "tunnel")]
mod rtmpt;
mod tcp;
#[cfg(feature = "tls")]
pub(crate) mod tls;
#[cfg(feature = "tunnel")]
mod websocket;

pub use tcp::BoundServer;

/// Bytes that the pipe of a tunnel holds in either direction.
#[cfg(feature = "tunnel")]
const PIPE_SIZE: usize = 64 << 10;
