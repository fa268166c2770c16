//! The handshake as a server does it.
//!
//! ```text
//!            C0 C1: send S0 S1 S2             C2
//!   Version ──────────────────────> Answered ────> Done
//!      │ '<'
//!      └────> Policy
//! ```

use super::digest::{self, Side};
use super::{Collected, PART, POLICY_REQUEST, Progress, Random, Seed, VERSION, check_version};
use crate::proto::PeerErrorKind;
use crate::proto::chunk::Output;

/// What stands for our version in S1, where a client looks for more than zeros before it looks for a
/// digest.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

/// Goes along with whatever the client does: a digest in either scheme, or none.
#[derive(Debug)]
pub(crate) struct Server {
    random: Random,
    collected: Collected,
    /// Whether S0 S1 S2 are on their way; then C2 is what comes, and is counted only.
    answered: bool,
    left: usize,
}

impl Server {
    pub(crate) fn new(seed: &Seed) -> Self {
        Self { random: Random::new(seed), collected: Collected::default(), answered: false, left: PART }
    }

    pub(super) fn read(&mut self, input: &mut &[u8], out: &mut Output) -> Result<Progress, PeerErrorKind> {
        if !self.answered {
            if !self.collected.fill(input, 1) {
                return Ok(Progress::More);
            }
            if self.collected.0.first() == POLICY_REQUEST.first() {
                return self.policy(input);
            }
            check_version(self.collected.0.first().copied().unwrap_or_default())?;
            if !self.collected.fill(input, 1 + PART) {
                return Ok(Progress::More);
            }
            self.answer(out);
        }
        // What C2 says is of no use: a client that answers wrongly is served all the same.
        let (taken, rest) = input.split_at(self.left.min(input.len()));
        self.left -= taken.len();
        *input = rest;
        Ok(if self.left == 0 { Progress::Done } else { Progress::More })
    }

    fn policy(&mut self, input: &mut &[u8]) -> Result<Progress, PeerErrorKind> {
        let is_whole = self.collected.fill(input, POLICY_REQUEST.len());
        if !POLICY_REQUEST.starts_with(&self.collected.0) {
            return Err(PeerErrorKind::Version { found: b'<' });
        }
        Ok(if is_whole { Progress::Policy } else { Progress::More })
    }

    /// Sends S0 S1 S2, without waiting for C2: some clients send it only then.
    fn answer(&mut self, out: &mut Output) {
        let request = std::mem::take(&mut self.collected.0);
        let c1 = request.get(1..).unwrap_or_default();
        // Bytes 4 to 8 are zero in a handshake by the specification.
        let has_version = c1.get(4..8).is_some_and(|version| version != [0; 4]);
        let digest = if has_version { digest::find(Side::Player, c1) } else { None };

        let mut s1 = [0; PART];
        if let Some((_, behind)) = s1.split_at_mut_checked(8) {
            self.random.fill(behind);
        }
        out.put(&[VERSION]);
        if let Some((scheme, digest)) = digest {
            if let Some(version) = s1.get_mut(4..8) {
                version.copy_from_slice(&SERVER_VERSION);
            }
            digest::insert(Side::Server, scheme, &mut s1);
            let mut s2 = [0; PART];
            self.random.fill(&mut s2);
            digest::sign(Side::Server, &digest, &mut s2);
            out.put(&s1);
            out.put(&s2);
        } else {
            out.put(&s1);
            out.put(c1);
        }
        self.answered = true;
    }
}
