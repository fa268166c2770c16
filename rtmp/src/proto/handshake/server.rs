//! The handshake as a server does it.
//!
//! ```text
//!            C0 C1: send S0 S1 S2             C2
//!   Version ──────────────────────> Answered ────> Done
//!      │ '<'
//!      └────> Policy
//! ```

use super::digest::{self, KeyOwner};
use super::{InputBuffer, PART_LEN, POLICY_REQUEST, Progress, Seed, SeededRandom, VERSION, check_version};
use crate::proto::PeerErrorKind;
use crate::proto::chunk::Output;

/// What stands for our version in S1, where a client looks for more than zeros before it looks for a
/// digest.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

/// Goes along with whatever the client does: a digest in either scheme, or none.
#[derive(Debug)]
pub(crate) struct Server {
    random: SeededRandom,
    input_buffer: InputBuffer,
    /// Whether S0 S1 S2 are on their way; then C2 is what comes, and is counted only.
    is_answered: bool,
    c2_remaining: usize,
}

impl Server {
    pub(crate) fn new(seed: &Seed) -> Self {
        Self {
            random: SeededRandom::new(seed),
            input_buffer: InputBuffer::default(),
            is_answered: false,
            c2_remaining: PART_LEN,
        }
    }

    pub(super) fn read(&mut self, input: &mut &[u8], out: &mut Output) -> Result<Progress, PeerErrorKind> {
        if !self.is_answered {
            if !self.input_buffer.fill(input, 1) {
                return Ok(Progress::More);
            }
            if self.input_buffer.0.first() == POLICY_REQUEST.first() {
                return self.read_policy_request(input);
            }
            check_version(self.input_buffer.0.first().copied().unwrap_or_default())?;
            if !self.input_buffer.fill(input, 1 + PART_LEN) {
                return Ok(Progress::More);
            }
            self.send_s0_s1_s2(out);
        }
        // What C2 says is of no use: a client that answers wrongly is served all the same.
        let (taken, rest) = input.split_at(self.c2_remaining.min(input.len()));
        self.c2_remaining -= taken.len();
        *input = rest;
        Ok(if self.c2_remaining == 0 { Progress::Done } else { Progress::More })
    }

    fn read_policy_request(&mut self, input: &mut &[u8]) -> Result<Progress, PeerErrorKind> {
        let is_complete = self.input_buffer.fill(input, POLICY_REQUEST.len());
        if !POLICY_REQUEST.starts_with(&self.input_buffer.0) {
            return Err(PeerErrorKind::Version { found: b'<' });
        }
        Ok(if is_complete { Progress::Policy } else { Progress::More })
    }

    /// Sends S0 S1 S2, without waiting for C2: some clients send it only then.
    fn send_s0_s1_s2(&mut self, out: &mut Output) {
        let request = std::mem::take(&mut self.input_buffer.0);
        let c1 = request.get(1..).unwrap_or_default();
        // Bytes 4 to 8 are zero in a handshake by the specification.
        let has_version = c1.get(4..8).is_some_and(|version| version != [0; 4]);
        let digest = if has_version { digest::find_digest(KeyOwner::Player, c1) } else { None };

        let mut s1 = [0; PART_LEN];
        if let Some((_, behind)) = s1.split_at_mut_checked(8) {
            self.random.fill(behind);
        }
        out.put(&[VERSION]);
        if let Some((scheme, digest)) = digest {
            if let Some(version) = s1.get_mut(4..8) {
                version.copy_from_slice(&SERVER_VERSION);
            }
            digest::insert_digest(KeyOwner::Server, scheme, &mut s1);
            let mut s2 = [0; PART_LEN];
            self.random.fill(&mut s2);
            digest::sign(KeyOwner::Server, &digest, &mut s2);
            out.put(&s1);
            out.put(&s2);
        } else {
            out.put(&s1);
            out.put(c1);
        }
        self.is_answered = true;
    }
}
