//! How a connection is to behave.

use super::Limits;
use super::handshake::ClientHandshake;

/// Settings that many connections share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What the peer may make us do.
    pub limits: Limits,
    /// Bytes of each chunk that we send, once the peer has been told. Default 60,000. Less makes headers,
    /// more makes small messages wait for large ones.
    pub chunk_size: u32,
    /// Bytes after which the peer shall acknowledge what it received. Default 2,500,000.
    pub window: u32,
    /// What the peer is told to limit itself to. Default 2,500,000. `None` tells nothing; clients do not.
    pub peer_bandwidth: Option<u32>,
    /// How a client shakes hands. A server goes along with whatever the client does.
    pub handshake: ClientHandshake,
}

impl Config {
    /// The defaults of a server.
    pub fn server() -> Self {
        Self {
            limits: Limits::server(),
            chunk_size: 60_000,
            window: 2_500_000,
            peer_bandwidth: Some(2_500_000),
            handshake: ClientHandshake::default(),
        }
    }

    /// The defaults of a client.
    pub fn client() -> Self {
        Self { limits: Limits::client(), peer_bandwidth: None, ..Self::server() }
    }

    /// The same settings with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
