//! RTMP, the protocol in which Flash programs keep a lasting connection to a server.
//!
//! `Server` lets clients call the same services that a gateway answers over HTTP, and lets the server call
//! its clients; `NetConnection` is the client's side. `SharedObject` is
//! what both of them see. [`proto`] is the protocol of one connection as a state machine:
//! bytes and the time go in, events and bytes come out. It has no sockets, no clock and no runtime, so it can be driven
//! by anything, and tested with two peers under virtual time.
//!
//! | feature | what it brings |
//! |---|---|
//! | `net`, on by default | server and client on tokio |
//! | `persistence` | shared objects that are kept on disk, by redb |
//! | `tls` | `rtmps://` for both |
//! | `tunnel` | WebSocket and RTMPT as routes for axum |
//!
//! A server listens on any number of transports:
//!
//! ```no_run
//! # #[cfg(all(feature = "tls", feature = "tunnel"))]
//! # async fn serve(tls: std::sync::Arc<amf_rtmp::rustls::ServerConfig>) -> std::io::Result<()> {
//! use amf_remoting::{Services, remoting_service};
//! use amf_rtmp::{Instance, Server};
//!
//! struct Chat;
//!
//! #[remoting_service(name = "chat")]
//! impl Chat {
//!     /// Tells everybody who is connected to the same room, `rtmp://host/chat/room`.
//!     fn say(&self, instance: &Instance, text: String) {
//!         let _ = instance.local_clients().notify("said", (text,));
//!     }
//! }
//!
//! let server = Server::new(Services::new().add(Chat));
//! let plain = server.clone().bind("[::]:1935").await?;
//! let secure = server.clone().bind("[::]:443").await?.tls(tls);
//! let tunnels = axum::Router::new().route("/rtmp", server.websocket()).merge(server.rtmpt());
//! let http = tokio::net::TcpListener::bind("[::]:80").await?;
//! tokio::spawn(async move {
//!     drop(tokio::signal::ctrl_c().await);
//!     server.shutdown().await;
//! });
//! tokio::try_join!(plain.serve(), secure.serve(), async { axum::serve(http, tunnels).await })?;
//! # Ok(())
//! # }
//! ```
//!
//! # Traits
//!
//! `SharedObjectGuard` and `SharedObjectStore` are to be implemented outside of this crate. `FromArguments` is sealed.
//!
//! # Versions of other crates
//!
//! Of crates before their 1.0, these are part of public signatures: `rustls` 0.23 with the feature `tls`, and `axum` 0.8
//! with the feature `tunnel`. With the feature `metrics`, a recorder has to be installed in `metrics` 0.24. A breaking
//! version of one of them is adopted only in a new minor version of this crate, and the changelog says so.
//! `amf_rtmp::axum`, `bytes` and `rustls` are the versions in use.

pub mod proto;

#[cfg(feature = "net")]
mod client;
#[cfg(feature = "net")]
mod connection;
#[cfg(feature = "net")]
mod instance;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(all(feature = "net", not(feature = "metrics")))]
mod metrics;
#[cfg(feature = "net")]
mod server;
#[cfg(feature = "net")]
mod shared_object;
#[cfg(feature = "net")]
mod transport;

#[cfg(feature = "net")]
pub use amf_remoting::connection::ConnectionCounters;
#[cfg(feature = "net")]
pub use client::{
    Backoff, ConnectError, ConnectionEvent, JoinError, NetConnection, NetConnectionBuilder,
    RemoteSharedObject, SharedObjectBatch, SyncEvents,
};
#[cfg(feature = "net")]
pub use instance::{Instance, InstanceNameError};
#[cfg(feature = "net")]
pub use server::{
    Admission, Connect, Disconnect, DisconnectReason, FromArguments, Rejection, Server, UnknownCommand,
};
#[cfg(feature = "tunnel")]
pub use server::{AllowedOrigins, OriginError, TunnelLimits};
#[cfg(feature = "persistence")]
pub use shared_object::RedbStore;
#[cfg(feature = "net")]
pub use shared_object::{
    LimitError, PendingWrite, PersistenceLimits, SharedObject, SharedObjectAccess, SharedObjectError,
    SharedObjectGuard, SharedObjectLimits, SharedObjectLock, SharedObjectOptions, SharedObjectStore,
    SharedObjectUpdate, SharedObjectWatch, SharedObjects, SlotChange, SlotValue, SlotWrite, StoreUsage,
    StoredCommit, StoredName, StoredObject, StoredSlot, SyncChange, SyncEvent,
};
#[cfg(feature = "net")]
pub use transport::BoundServer;

#[cfg(feature = "tunnel")]
#[doc(no_inline)]
pub use axum;
#[doc(no_inline)]
pub use bytes;
#[cfg(feature = "tls")]
#[doc(no_inline)]
pub use tokio_rustls::rustls;

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "net"))]
#[doc = include_str!("../README.md")]
struct Readme;
