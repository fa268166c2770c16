//! The digests by which Flash Player and Flash Media Server know each other.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::PART_LEN;

/// The length of a digest.
pub(super) const DIGEST_LEN: usize = 32;
/// The second part ends with a digest of the bytes before it.
const SIGNED_LEN: usize = PART_LEN - DIGEST_LEN;

const PLAYER_NAME: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER_NAME: &[u8] = b"Genuine Adobe Flash Media Server 001";
/// What both keys end with.
const SECRET: [u8; 32] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57, 0x6E,
    0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
];

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyOwner {
    Player,
    Server,
}

impl KeyOwner {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Player => PLAYER_NAME,
            Self::Server => SERVER_NAME,
        }
    }

    fn full_key(self) -> Vec<u8> {
        [self.name(), &SECRET].concat()
    }
}

/// Where the digest stands in the first part. Peers number the two differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DigestScheme {
    /// The digest is in the first half, a key in the second. librtmp calls it 0, SRS 1.
    #[default]
    DigestFirst,
    /// The key is in the first half, the digest in the second. librtmp calls it 1, SRS 0.
    KeyFirst,
}

impl DigestScheme {
    pub(super) const ALL: [Self; 2] = [Self::DigestFirst, Self::KeyFirst];

    /// Where the four bytes are that say where the digest is, and where their sum counts from.
    fn base(self) -> (usize, usize) {
        match self {
            Self::DigestFirst => (8, 12),
            Self::KeyFirst => (772, 776),
        }
    }

    fn offset(self, part: &[u8]) -> Option<usize> {
        let (pointer, base) = self.base();
        let sum: usize = part.get(pointer..pointer + 4)?.iter().map(|byte| usize::from(*byte)).sum();
        Some(base + sum % 728)
    }

    /// The part before the digest, the digest, the part behind it.
    fn split(self, part: &[u8]) -> Option<(&[u8], &[u8; DIGEST_LEN], &[u8])> {
        let (before, rest) = part.split_at_checked(self.offset(part)?)?;
        let (digest, behind) = rest.split_first_chunk()?;
        Some((before, digest, behind))
    }
}

/// The digest in a first part, and how it is laid out, if one is right.
pub(super) fn find_digest(owner: KeyOwner, part: &[u8]) -> Option<(DigestScheme, [u8; DIGEST_LEN])> {
    DigestScheme::ALL.into_iter().find_map(|scheme| {
        let (before, digest, behind) = scheme.split(part)?;
        mac(owner.name(), &[before, behind])?.verify_slice(digest).ok()?;
        Some((scheme, *digest))
    })
}

/// Puts the digest into a first part, and gives it.
pub(super) fn insert_digest(owner: KeyOwner, scheme: DigestScheme, part: &mut [u8]) -> [u8; DIGEST_LEN] {
    let digest: [u8; DIGEST_LEN] = scheme
        .split(part)
        .and_then(|(before, _, behind)| mac(owner.name(), &[before, behind]))
        .map(|mac| mac.finalize().into_bytes().into())
        .unwrap_or_default();
    let target = scheme.offset(part).and_then(|offset| part.get_mut(offset..offset + DIGEST_LEN));
    if let Some(target) = target {
        target.copy_from_slice(&digest);
    }
    digest
}

/// Signs a second part in answer to the digest of the other's first part.
pub(super) fn sign(owner: KeyOwner, answered: &[u8; DIGEST_LEN], part: &mut [u8]) {
    if let Some((signed, signature)) = part.split_at_mut_checked(SIGNED_LEN)
        && let Some(mac) = signature_of(owner, answered, signed)
    {
        signature.copy_from_slice(&mac.finalize().into_bytes());
    }
}

/// Whether a second part is signed in answer to this digest.
pub(super) fn is_signed(owner: KeyOwner, answered: &[u8; DIGEST_LEN], part: &[u8]) -> bool {
    part.split_at_checked(SIGNED_LEN).is_some_and(|(signed, signature)| {
        signature_of(owner, answered, signed).is_some_and(|mac| mac.verify_slice(signature).is_ok())
    })
}

fn signature_of(owner: KeyOwner, answered: &[u8; DIGEST_LEN], signed: &[u8]) -> Option<Hmac<Sha256>> {
    let key = mac(&owner.full_key(), &[answered])?.finalize().into_bytes();
    mac(&key, &[signed])
}

/// A key of any length will do, so there always is one.
fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac)
}
