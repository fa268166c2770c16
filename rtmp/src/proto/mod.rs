//! The protocol of one connection as a state machine, without I/O or a clock.
//!
//! A [`Connection`] is told what came ([`handle_input`](Connection::handle_input)) and what time it is
//! ([`handle_timeout`](Connection::handle_timeout) at the [`poll_timeout`](Connection::poll_timeout)); it tells what happened
//! ([`poll_event`](Connection::poll_event)) and what is to be sent ([`poll_transmit`](Connection::poll_transmit)). Both roles are
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
//!     while let Some(bytes) = client.poll_transmit() {
//!         server.handle_input(now, &bytes);
//!     }
//!     if let Some(Event::Connect(connect)) = server.poll_event() {
//!         assert_eq!(connect.app(), "lobby");
//!         server.accept(now, &Accept::default())?;
//!     }
//!     while let Some(bytes) = server.poll_transmit() {
//!         client.handle_input(now, &bytes);
//!     }
//!     if let Some(Event::Accepted(reply)) = client.poll_event() {
//!         accepted = Some(reply);
//!     }
//! }
//! assert_eq!(accepted.map(|reply| reply.version()), Some(Version::Amf3));
//! # Ok::<(), amf_rtmp::proto::UserError>(())
//! ```
//!
//! What a peer does wrong is a [`PeerError`] and ends the connection ([`Event::Closed`]), unless only one message is
//! affected, whose end is known: such a message is ignored and [counted](Counters::ignored). What the program does wrong
//! is a [`UserError`], which ends nothing.
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
mod limit_counters;
mod limits;
pub mod message;
mod message_type;

pub use calls::{CallId, Transaction};
pub use config::Config;
pub use connection::Connection;
pub use error::{PeerError, PeerErrorKind, UserError};
pub use event::{Accepted, CloseReason, Command, Connect, Counters, Event, Outcome, Reply};
pub use handshake::Seed;
pub use limits::Limits;
pub use message::{
    Accept, Body, ConnectRequest, Message, MessageType, SentMessage, SharedObjectEvent, SharedObjectMessage,
    Status,
};
