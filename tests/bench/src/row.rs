//! Puts a row together. Whoever enters it shows first that its result is right.

use std::hint::black_box;

use amf_core::{FromAmf, ToAmf, Version};
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, Than};
use crate::contestants::with_serde::Format;
use crate::contestants::{Peer, Values, ours};
use crate::measure::{Contestant, Kind};

/// What our plain way is called, and the one that borrows from the input.
pub const OURS: &str = "amf-core";
pub const BORROWED: &str = "amf-core, borrowed";
pub const REUSED: &str = "amf-core, encoder reused";
pub const MEMCPY: &str = "memcpy";

/// Contestants that do the same.
pub struct Row {
    pub contestants: Vec<Contestant>,
    pub claims: Vec<Claim>,
}

/// Data and bytes live as long as the process: contestants may borrow them, and results from them.
pub fn keep<T>(data: T) -> &'static T {
    Box::leak(Box::new(data))
}

impl Row {
    pub fn new() -> Self {
        Self { contestants: Vec::new(), claims: Vec::new() }
    }

    pub fn claim(mut self, claim: Claim) -> Self {
        self.claims.push(claim);
        self
    }

    pub fn faster(self, ours: &'static str, than: Than, times: f64) -> Self {
        self.claim(Claim::Faster { ours, than, times })
    }

    pub fn within(self, ours: &'static str, times: f64, of: &'static str) -> Self {
        self.claim(Claim::Within { ours, of, times })
    }

    pub fn with<T>(
        mut self,
        name: &str,
        kind: Kind,
        bytes: usize,
        operation: impl FnMut() -> T + 'static,
    ) -> Self {
        self.contestants.push(Contestant::new(name, kind, bytes, operation));
        self
    }

    /// An allocation, and a copy of so many bytes.
    pub fn memcpy(self, bytes: &'static [u8]) -> Self {
        self.with(MEMCPY, Kind::Limit, bytes.len(), move || black_box(bytes).to_vec())
    }

    pub fn ours_encode<T: ToAmf>(self, version: Version, data: &'static T) -> Self {
        let bytes = ours::encode(version, data).len();
        self.with(OURS, Kind::Ours, bytes, move || ours::encode(version, black_box(data)))
    }

    pub fn ours_decode<T>(self, version: Version, bytes: &'static [u8], data: &T) -> Self
    where
        T: FromAmf<'static> + PartialEq + 'static,
    {
        assert!(ours::decode::<T>(version, bytes) == *data, "{OURS} reads something else");
        self.with(OURS, Kind::Ours, bytes.len(), move || ours::decode::<T>(version, black_box(bytes)))
    }

    /// What is borrowed is of another type than the data, so it is compared by writing it again.
    pub fn ours_decode_borrowed<T>(self, version: Version, bytes: &'static [u8]) -> Self
    where
        T: FromAmf<'static> + ToAmf + 'static,
    {
        assert!(
            ours::encode(version, &ours::decode::<T>(version, bytes)) == bytes,
            "{BORROWED} reads something else"
        );
        self.with(BORROWED, Kind::Ours, bytes.len(), move || ours::decode::<T>(version, black_box(bytes)))
    }

    pub fn serde_encode<F: Format>(self, data: &'static impl Serialize) -> Self {
        let bytes = F::encode(data).len();
        self.with(F::NAME, F::KIND, bytes, move || F::encode(black_box(data)))
    }

    /// Reads what the format itself wrote.
    pub fn serde_decode<F: Format, T>(self, data: &T) -> Self
    where
        T: Serialize + Deserialize<'static> + PartialEq + 'static,
    {
        let bytes: &[u8] = F::encode(data).leak();
        assert!(F::decode::<T>(bytes) == *data, "{} reads something else", F::NAME);
        self.with(F::NAME, F::KIND, bytes.len(), move || F::decode::<T>(black_box(bytes)))
    }

    pub fn serde_decode_borrowed<F: Format, T>(self, data: &impl Serialize) -> Self
    where
        T: Serialize + Deserialize<'static> + 'static,
    {
        let bytes: &[u8] = F::encode(data).leak();
        assert!(F::encode(&F::decode::<T>(bytes)) == bytes, "{} reads something else", F::NAME);
        let name = format!("{}, borrowed", F::NAME);
        self.with(&name, F::KIND, bytes.len(), move || F::decode::<T>(black_box(bytes)))
    }

    /// A peer from a ready tree, and with the tree still to be made.
    pub fn peer_encode<P: Peer + 'static, const N: usize>(self, data: &'static impl Values<N>) -> Self {
        let mut message = P::message(data.values::<P>());
        let bytes = P::encode(&mut message).leak();
        verify::<P, N>(&P::read_back(bytes), data);
        let tree = format!("{}, ready tree", P::NAME);
        let structs = format!("{}, from structs", P::NAME);
        self.with(&tree, Kind::Peer, bytes.len(), move || P::encode(black_box(&mut message))).with(
            &structs,
            Kind::PeerWithStructs,
            bytes.len(),
            move || P::encode(&mut P::message(black_box(data).values::<P>())),
        )
    }

    /// A peer from bytes to its tree, which a program would have to go through yet.
    pub fn peer_decode<P: Peer + 'static, const N: usize>(
        self,
        data: &'static impl Values<N>,
        bytes: &'static [u8],
    ) -> Self {
        verify::<P, N>(&P::decode(bytes), data);
        self.with(P::NAME, Kind::Peer, bytes.len(), move || P::decode::<N>(black_box(bytes)))
    }

    /// The same for a peer that cannot read our bytes: it gets its own.
    pub fn peer_decode_own<P: Peer + 'static, const N: usize>(self, data: &'static impl Values<N>) -> Self {
        let bytes = P::encode(&mut P::message(data.values::<P>())).leak();
        self.peer_decode::<P, N>(data, bytes)
    }
}

fn verify<P: Peer, const N: usize>(values: &[P::Value; N], data: &'static impl Values<N>) {
    let expected = data.values::<P>();
    let same = values.iter().zip(&expected).all(|(value, expected)| P::is_same(value, expected));
    assert!(same, "{} has something else", P::NAME);
}
