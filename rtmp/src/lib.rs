//! RTMP, the protocol in which Flash programs keep a lasting connection to a server.
//!
//! `Server` lets clients call the same services that a gateway answers over HTTP, and lets the server call
//! its clients. [`proto`] is the protocol of one connection as a state machine: bytes and the time go in, events
//! and bytes come out. It has no sockets, no clock and no runtime, so it can be driven by anything, and tested
//! with two peers under virtual time.

pub mod proto;

#[cfg(feature = "net")]
mod client;
#[cfg(feature = "net")]
mod connect;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "net")]
mod net;
#[cfg(feature = "net")]
mod server;
#[cfg(feature = "net")]
mod session;

#[cfg(feature = "net")]
pub use client::{ConnectError, Connecting, NetConnection};
#[cfg(feature = "net")]
pub use connect::{Admission, Connect, Rejection};
#[cfg(feature = "net")]
pub use server::{Listening, Server};
