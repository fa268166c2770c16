//! Services for AMF clients: Flash movies in Ruffle, Flex and AIR programs, and whatever else speaks AMF.
//!
//! An impl block is annotated once. Its methods take and return a program's own types, and clients call them over
//! HTTP as a route of the program's own axum app.
//!
#![cfg_attr(feature = "http", doc = "```")]
#![cfg_attr(not(feature = "http"), doc = "```ignore")]
//! use amf_remoting::{AmfObject, Client, Fault, Gateway, Group, Services, remote_client, remoting_service};
//!
//! /// Members are camelCase on the wire: `displayName`.
//! #[derive(AmfObject, Clone)]
//! #[amf(alias = "com.example.Player")]
//! struct Player {
//!     display_name: String,
//!     #[amf(default)]
//!     level: u32,
//! }
//!
//! /// What a caller learns when a call fails: a code for programs, a message for people.
//! #[derive(Debug, Fault)]
//! enum GameError {
//!     #[fault(code = "Game.RoomFull", message = "room {0} is full")]
//!     RoomFull(String),
//! }
//!
//! /// What the server may call on its clients.
//! #[remote_client]
//! trait GameEvents {
//!     fn player_joined(&self, player: &Player);
//! }
//!
//! #[derive(Default)]
//! struct Game {
//!     lobby: Group,
//! }
//!
//! #[remoting_service(name = "game")]
//! impl Game {
//!     /// Borrowed parameters are about who calls; owned ones arrive on the wire.
//!     async fn join(&self, client: &Client, player: Player, room: Option<String>) -> Result<u32, GameError> {
//!         if room.as_deref() == Some("cellar") {
//!             return Err(GameError::RoomFull("cellar".to_owned()));
//!         }
//!         self.lobby.add(client);
//!         self.lobby.player_joined(&player);
//!         Ok(self.lobby.local_len() as u32)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let services = Services::new().add(Game::default());
//! let app: axum::Router = axum::Router::new()
//!     .route("/health", axum::routing::get(|| async { "well" }))
//!     .merge(Gateway::new(services).into_router("/gateway"));
//! // Behind a proxy, which has the deadlines and limits that axum has not; otherwise `gateway::serve`:
//! // axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
//! # // A packet by hand, from the specification: version 0, no headers, 1 message, target, response, body of
//! # // unknown length (-1): strict array (0A) of one anonymous object (03) with one member, a string (02).
//! # use tower::ServiceExt;
//! # let packet = b"\0\0\0\0\0\x01\0\x09game.join\0\x02/1\xFF\xFF\xFF\xFF\
//! #     \x0A\0\0\0\x01\x03\0\x0BdisplayName\x02\0\x03Ann\0\0\x09";
//! # let request = http::Request::post("/gateway").header("content-type", "application/x-amf").body(axum::body::Body::from(&packet[..])).unwrap();
//! # let response = app.oneshot(request).await.unwrap();
//! # let reply = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
//! # let reply = String::from_utf8_lossy(&reply);
//! # assert!(reply.contains("/1/onResult") && reply.contains("playerJoined"), "{reply}");
//! # }
//! ```
//!
//! # Where to look
//!
//! - [`service`]: what a call is, how it is dispatched, who the caller is, who can be called back. It knows no
//!   transport; all transports are given the same [`Services`].
#![cfg_attr(
    feature = "http",
    doc = "- [`gateway`]: calls over HTTP, feature `http`, on by default.\n- [`flex`]: RemoteObject of Flex and BlazeDS over the same gateway."
)]
#![cfg_attr(feature = "client", doc = "- [`client`]: calls to any remoting gateway, feature `client`.")]
#![cfg_attr(
    feature = "connection",
    doc = "- [`connection`]: building blocks for transports whose connections last, feature `connection`.\n- [`address`]: the client's address behind a proxy, with the same feature."
)]
#![cfg_attr(feature = "metrics", doc = "- [`metrics`]: what is counted, feature `metrics`.")]
//! - [`struct@Fault`]: how calls fail. [`FromCaller`]: what methods can learn about who calls. [`Client`], [`Group`]: whom
//!   they can tell something.
//! - [`Services::call_timeout`]: how long a call may take. [`Services::layer`]: tower layers around calls.
//! - [`memory`]: one bound on what all clients can make a server hold.
//! - [`amf_core`]: values, conversion and the packet, without services.
//!
//! # Traits
//!
//! To be implemented outside of this crate: [`Service`] (as a rule by `#[remoting_service]`), [`FromCaller`],
//! [`HeaderValue`](service::HeaderValue) and [`Authenticator`](service::Authenticator); by transports
//! [`Connection`](service::Connection), [`MessageHeaders`](service::MessageHeaders) and
//! [`ReplyEnvelope`](service::ReplyEnvelope), and with the feature `connection` `MessageFormat` and `Accept` of the
//! module `connection`. [`IntoReply`] and [`ToArguments`] are sealed.
//!
//! # Versions of other crates
//!
//! Of crates before their 1.0, these are part of public signatures: `tower` 0.5 with `tower-layer` 0.3 and
//! `tower-service` 0.3 (layers around calls, the gateway as a service) and, with the feature `http`, `axum` 0.8. With
//! the feature `metrics`, a recorder has to be installed in `metrics` 0.24. A breaking version of one of them is adopted
//! only in a new minor version of this crate, and the changelog says so. `amf_remoting::axum`, `bytes`, `http` and
//! `tower` are the versions in use.

#[doc(hidden)]
pub mod __log_limit;
#[doc(hidden)]
pub mod __private;
pub mod address;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "connection")]
pub mod connection;
#[cfg(feature = "http")]
pub mod flex;
#[cfg(feature = "http")]
pub mod gateway;
pub mod memory;
#[cfg(not(feature = "metrics"))]
mod metrics;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "http")]
mod packet;
pub mod service;

pub use amf_core;
#[cfg(feature = "http")]
#[doc(no_inline)]
pub use axum;
#[doc(no_inline)]
pub use bytes;
#[cfg(any(feature = "client", feature = "http"))]
#[doc(no_inline)]
pub use http;
#[doc(no_inline)]
pub use tower;

pub use amf_core::{
    Amf0Numbering, AmfClass, ArrayCollection, Date, DynamicMembers, Externalizable, FromAmf, Limits, ToAmf,
    Value, Version,
};
pub use amf_derive::{Fault, RemotingAmfObject as AmfObject, remote_client, remoting_service};
#[cfg(feature = "client")]
pub use client::RemotingClient;
#[cfg(feature = "http")]
pub use gateway::Gateway;
pub use memory::MemoryBudget;
pub use service::{
    CallError, Caller, Client, Fault, FromCaller, Group, IntoReply, OutputLimits, Service, Services,
    ToArguments,
};

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../README.md")]
struct Readme;
