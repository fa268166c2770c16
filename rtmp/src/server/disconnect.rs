//! How a client went.

use std::fmt;
use std::io;
use std::sync::Arc;

use amf_remoting::{Caller, Client, MemoryBudget};

use super::connect::Connect;
use crate::connection::ConnectionEnd;
use crate::instance::Instance;
use crate::proto::{CloseReason, PeerError};

/// A client that was let in and is gone now: what the hook of
/// [`Server::on_disconnect`](crate::Server::on_disconnect) is told.
#[derive(Clone, Debug)]
pub struct Disconnect {
    pub(crate) caller: Caller,
    pub(crate) connect: Connect,
    pub(crate) reason: DisconnectReason,
}

/// Why a client is gone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The client closed the connection.
    Client,
    /// The program closed it, or the server was shut down.
    Server,
    /// The transport failed.
    Transport(Arc<io::Error>),
    /// The client took nothing of what was sent for 10 seconds.
    Stalled,
    /// The client broke the protocol or exceeded one of its [`Limits`](crate::proto::Limits), silence among them.
    Protocol(PeerError),
    /// The server needed the memory that the client made it hold: its
    /// [budget](amf_remoting::Services::memory_budget) was exceeded, and no other client held more.
    MemoryBudget,
    /// What served the connection was dropped or panicked.
    Aborted,
}

impl Disconnect {
    /// The client. It can be told nothing any more, but it is known by its id.
    pub fn client(&self) -> &Client {
        self.caller.client()
    }

    /// Returns the instance that the client was connected to. The client is no longer among its
    /// [`local_clients`](Instance::local_clients).
    pub fn instance(&self) -> &Instance {
        self.connect.instance()
    }

    /// What it connected with.
    pub fn connect(&self) -> &Connect {
        &self.connect
    }

    /// The caller of its calls, with what [`Connect::admit`] attached.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Why it is gone.
    pub fn reason(&self) -> &DisconnectReason {
        &self.reason
    }
}

impl From<&ConnectionEnd> for DisconnectReason {
    fn from(end: &ConnectionEnd) -> Self {
        match end {
            ConnectionEnd::Closed(CloseReason::Peer(error)) => Self::Protocol(error.clone()),
            ConnectionEnd::Closed(CloseReason::Disconnected | CloseReason::Remote) => Self::Client,
            ConnectionEnd::Closed(_) => Self::Server,
            ConnectionEnd::Lost(error) if is_closed_by_peer(error) => Self::Client,
            ConnectionEnd::Lost(error) => Self::Transport(Arc::clone(error)),
            ConnectionEnd::Stalled => Self::Stalled,
            ConnectionEnd::Shed => Self::MemoryBudget,
        }
    }
}

/// How a socket tells that the other side has closed it; a browser that is closed resets.
fn is_closed_by_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe)
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("the client closed the connection"),
            Self::Server => f.write_str("the server closed the connection"),
            Self::Transport(error) => write!(f, "the transport failed: {error}"),
            Self::Stalled => f.write_str("the client took nothing of what was sent"),
            Self::Protocol(error) => error.fmt(f),
            Self::MemoryBudget => {
                write!(f, "the client made the server hold too much, the limit `{}`", MemoryBudget::NAME)
            }
            Self::Aborted => f.write_str("the connection was dropped"),
        }
    }
}
