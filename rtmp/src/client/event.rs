//! What a program is told of its connection.

use std::fmt;
use std::time::Duration;

use super::error::ConnectError;

/// What becomes of a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// There is one: the first, or another.
    Connected,
    /// There is none any more, whoever ended it.
    Lost,
    /// It will be tried to make another, after this time.
    Reconnecting {
        /// Which try it is, from 1.
        attempt: u32,
        /// What is waited before it.
        delay: Duration,
    },
    /// A try failed. If the server refused us, it was the last.
    ReconnectFailed(ConnectError),
    /// There will be no other.
    Closed,
}

impl fmt::Display for ConnectionEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected"),
            Self::Lost => f.write_str("the connection is lost"),
            Self::Reconnecting { attempt, delay } => write!(f, "try {attempt} to connect again in {delay:?}"),
            Self::ReconnectFailed(error) => error.fmt(f),
            Self::Closed => f.write_str("the connection has ended"),
        }
    }
}
