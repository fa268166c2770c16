//! The handshake as a client does it.
//!
//! ```text
//!   send C0 C1           S0 S1: send C2           S2
//!  ────────────> Waiting ──────────────> Answered ────> Done
//! ```

use super::digest::{self, DIGEST_LEN, DigestScheme, KeyOwner};
use super::{InputBuffer, PART_LEN, Progress, Seed, SeededRandom, VERSION, check_version};
use crate::proto::PeerErrorKind;
use crate::proto::chunk::Output;

/// How a client shakes hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientHandshake {
    /// By the specification, without digests.
    Plain,
    /// As Flash Player does. A server that only echoes will do, but one that gives a digest must give
    /// the right one.
    Digest(DigestScheme),
    /// As Flash Player does; a server that gives no digest is refused.
    RequireDigest(DigestScheme),
}

impl Default for ClientHandshake {
    fn default() -> Self {
        Self::Digest(DigestScheme::default())
    }
}

/// What stands for our version in C1.
const PLAYER_VERSION: [u8; 4] = [0x80, 0, 7, 2];

#[derive(Debug)]
pub(crate) struct Client {
    random: SeededRandom,
    input_buffer: InputBuffer,
    mode: ClientHandshake,
    c1: Box<[u8; PART_LEN]>,
    /// The digest in C1.
    digest: Option<[u8; DIGEST_LEN]>,
    /// Once C2 is on its way: whether S1 had a digest, so that S2 must answer ours.
    expects_signature: Option<bool>,
}

impl Client {
    /// Sends C0 C1.
    pub(crate) fn new(mode: ClientHandshake, seed: &Seed, out: &mut Output) -> Self {
        let mut random = SeededRandom::new(seed);
        let mut c1 = Box::new([0; PART_LEN]);
        if let Some((_, behind)) = c1.split_at_mut_checked(8) {
            random.fill(behind);
        }
        let digest = match mode {
            ClientHandshake::Plain => None,
            ClientHandshake::Digest(scheme) | ClientHandshake::RequireDigest(scheme) => {
                if let Some(version) = c1.get_mut(4..8) {
                    version.copy_from_slice(&PLAYER_VERSION);
                }
                Some(digest::insert_digest(KeyOwner::Player, scheme, &mut *c1))
            }
        };
        out.put(&[VERSION]);
        out.put(&*c1);
        Self { random, input_buffer: InputBuffer::default(), mode, c1, digest, expects_signature: None }
    }

    pub(super) fn read(&mut self, input: &mut &[u8], out: &mut Output) -> Result<Progress, PeerErrorKind> {
        if self.expects_signature.is_none() {
            if !self.input_buffer.fill(input, 1) {
                return Ok(Progress::More);
            }
            check_version(self.input_buffer.0.first().copied().unwrap_or_default())?;
            if !self.input_buffer.fill(input, 1 + PART_LEN) {
                return Ok(Progress::More);
            }
            self.send_c2(out)?;
        }
        if !self.input_buffer.fill(input, PART_LEN) {
            return Ok(Progress::More);
        }
        self.check_signature()?;
        Ok(Progress::Done)
    }

    /// Sends C2.
    fn send_c2(&mut self, out: &mut Output) -> Result<(), PeerErrorKind> {
        let reply = std::mem::take(&mut self.input_buffer.0);
        let s1 = reply.get(1..).unwrap_or_default();
        match self.digest.and_then(|_| digest::find_digest(KeyOwner::Server, s1)) {
            Some((_, digest)) => {
                let mut c2 = [0; PART_LEN];
                self.random.fill(&mut c2);
                digest::sign(KeyOwner::Player, &digest, &mut c2);
                out.put(&c2);
                self.expects_signature = Some(true);
            }
            None if matches!(self.mode, ClientHandshake::RequireDigest(_)) => {
                return Err(PeerErrorKind::ServerDigest);
            }
            None => {
                out.put(s1);
                self.expects_signature = Some(false);
            }
        }
        Ok(())
    }

    /// S2 must be signed if S1 was; an echo says nothing, right or wrong, as servers are careless with it.
    fn check_signature(&self) -> Result<(), PeerErrorKind> {
        let (Some(true), Some(digest)) = (self.expects_signature, &self.digest) else { return Ok(()) };
        let s2 = &*self.input_buffer.0;
        let echoes = s2 == self.c1.as_slice() && matches!(self.mode, ClientHandshake::Digest(_));
        if echoes || digest::is_signed(KeyOwner::Server, digest, s2) {
            Ok(())
        } else {
            Err(PeerErrorKind::ServerDigest)
        }
    }
}
