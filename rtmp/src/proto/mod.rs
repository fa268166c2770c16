//! The protocol of one connection as a state machine, without I/O or a clock.
//!
//! A [`Connection`] is told what came ([`receive`](Connection::receive)) and what time it is
//! ([`expire`](Connection::expire) at the [`deadline`](Connection::deadline)); it tells what happened
//! ([`event`](Connection::event)) and what is to be sent ([`output`](Connection::output)). Both roles are
//! here, so two of them can be run against each other:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Instant;
//!
//! use amf_core::Version;
//! use amf_rtmp::proto::{Accept, Config, ConnectRequest, Connection, Event, Seed};
//!
//! let now = Instant::now();
//! let request = ConnectRequest::new("lobby", "rtmp://localhost/lobby").encoding(Version::Amf3);
//! let mut client = Connection::client(Arc::new(Config::client()), request, &Seed::new([1; 32]), now);
//! let mut server = Connection::server(Arc::new(Config::server()), &Seed::new([2; 32]), now);
//!
//! let mut accepted = None;
//! for _ in 0..4 {
//!     while let Some(bytes) = client.output() {
//!         server.receive(now, &bytes);
//!     }
//!     if let Some(Event::Connect(connect)) = server.event() {
//!         assert_eq!(connect.app(), "lobby");
//!         server.accept(now, &Accept::default())?;
//!     }
//!     while let Some(bytes) = server.output() {
//!         client.receive(now, &bytes);
//!     }
//!     if let Some(Event::Accepted(reply)) = client.event() {
//!         accepted = Some(reply);
//!     }
//! }
//! assert_eq!(accepted.map(|reply| reply.version()), Some(Version::Amf3));
//! # Ok::<(), amf_rtmp::proto::UseError>(())
//! ```
//!
//! What a peer does wrong is a [`PeerError`] and ends the connection ([`Event::Closed`]); what the program
//! does wrong is a [`UseError`], which ends nothing.
//!
//! "RTMP §5.3" in these documents is a section of *Adobe's Real Time Messaging Protocol* 1.0 (2012).

mod calls;
pub mod chunk;
mod config;
mod connection;
mod error;
mod event;
mod flow;
pub mod handshake;
mod limits;
pub mod message;
mod passed;

pub use calls::{CallId, Transaction};
pub use config::Config;
pub use connection::Connection;
pub use error::{PeerError, PeerErrorKind, UseError};
pub use event::{Accepted, CloseReason, Command, Connect, Counters, Event, Outcome, Reply};
pub use handshake::Seed;
pub use limits::Limits;
pub use message::{Accept, Body, ConnectRequest, Message, MessageType, Status};
