//! The handshake: 1,536 bytes each way, twice, of which some prove who one is (RTMP §5.2).
//!
//! The digests are not in the specification; they are what Flash Player and Flash Media Server do, and
//! what peers that will play H.264 only for those two look for.

mod client;
mod digest;
mod server;

use std::fmt;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::chunk::Output;
use super::{PeerError, PeerErrorKind};

pub(crate) use client::Client;
pub use client::ClientHandshake;
pub use digest::DigestScheme;
pub(crate) use server::Server;

/// The length of each part behind the version byte.
pub const PART_LEN: usize = 1_536;

/// The version of plain RTMP.
const VERSION: u8 = 3;

/// What Flash sends to ask for a policy, before it opens a socket for its program.
const POLICY_REQUEST: &[u8] = b"<policy-file-request/>\0";

/// Where a handshake's random bytes come from: the same seed gives the same bytes, which tests need.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// This seed.
    pub const fn new(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    /// A seed that nobody can guess.
    pub fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// How far a handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More bytes are needed.
    More,
    /// It is a request for a policy instead.
    Policy,
    /// What follows are chunks.
    Done,
}

#[derive(Debug)]
pub(crate) enum Handshake {
    Server(Server),
    Client(Client),
}

impl Handshake {
    /// Takes the handshake's bytes from the input, and leaves what is behind it.
    pub(crate) fn read(
        &mut self,
        input: &mut &[u8],
        position: &mut u64,
        out: &mut Output,
    ) -> Result<Progress, PeerError> {
        let before = input.len();
        let result = match self {
            Self::Server(server) => server.read(input, out),
            Self::Client(client) => client.read(input, out),
        };
        *position += (before - input.len()) as u64;
        result.map_err(|kind| PeerError::new(kind, *position))
    }
}

/// Random bytes from a seed.
#[derive(Debug)]
struct SeededRandom(StdRng);

impl SeededRandom {
    fn new(seed: &Seed) -> Self {
        Self(StdRng::from_seed(seed.0))
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

/// Bytes that are collected until there are enough.
#[derive(Debug, Default)]
struct InputBuffer(Vec<u8>);

impl InputBuffer {
    /// Takes from the input until there are this many; whether there are.
    fn fill(&mut self, input: &mut &[u8], len: usize) -> bool {
        let missing = len.saturating_sub(self.0.len());
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.0.extend_from_slice(taken);
        *input = rest;
        self.0.len() >= len
    }
}

/// Checks the version byte.
fn check_version(found: u8) -> Result<(), PeerErrorKind> {
    match found {
        VERSION => Ok(()),
        6 | 8 | 9 => Err(PeerErrorKind::Encrypted { version: found }),
        found => Err(PeerErrorKind::Version { found }),
    }
}
