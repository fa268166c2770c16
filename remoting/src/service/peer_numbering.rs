//! The numbering of AMF0 references that a peer uses.

use std::sync::atomic::{AtomicU8, Ordering};

use amf_core::Amf0Numbering;

/// The numbering that the peer of a packet or a connection showed last, if it showed one.
#[derive(Debug, Default)]
pub(super) struct PeerNumbering(AtomicU8);

impl PeerNumbering {
    const SHOWN: u8 = 1;
    const ARGUMENTS_COUNT: u8 = 1 << 1;
    const DATES_COUNT: u8 = 1 << 2;

    pub(super) fn get(&self) -> Option<Amf0Numbering> {
        let bits = self.0.load(Ordering::Relaxed);
        (bits & Self::SHOWN != 0).then_some(Amf0Numbering {
            arguments_count: bits & Self::ARGUMENTS_COUNT != 0,
            dates_count: bits & Self::DATES_COUNT != 0,
        })
    }

    pub(super) fn set(&self, numbering: Amf0Numbering) {
        let flag = |is_set: bool, bit| if is_set { bit } else { 0 };
        let bits = Self::SHOWN
            | flag(numbering.arguments_count, Self::ARGUMENTS_COUNT)
            | flag(numbering.dates_count, Self::DATES_COUNT);
        self.0.store(bits, Ordering::Relaxed);
    }
}
