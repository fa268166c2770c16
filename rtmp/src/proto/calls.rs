//! Calls in flight, of both sides.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use amf_core::Version;

/// A call of the peer that wants a reply. Its number on the wire may repeat; this does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transaction {
    serial: u64,
    index: usize,
    number: f64,
    version: Version,
}

impl Transaction {
    /// The transaction id on the wire.
    pub fn number(self) -> f64 {
        self.number
    }

    /// The version to answer in: that in which the call came.
    pub fn version(self) -> Version {
        self.version
    }
}

/// A call to the peer whose reply is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(u32);

impl CallId {
    /// The transaction id on the wire.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// What a reply is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyMatch {
    /// A call waits for it.
    Waiting(CallId),
    /// The call was made, but waits no longer.
    Late,
    /// No such call was ever made.
    Unknown,
}

/// Transaction ids and who waits for them.
#[derive(Debug)]
pub(super) struct CallTable {
    /// Calls of the peer without a reply: the serial number of each at its index, 0 where there is none.
    incoming: Vec<u64>,
    /// Indices without a call.
    free_indices: Vec<usize>,
    last_serial: u64,
    /// Our calls without a reply, and until when. The time for each is the same, so the first is due first.
    outgoing: BTreeMap<u32, Instant>,
    next_id: u32,
}

/// The first transaction id of our calls; 1 is connect.
const FIRST_ID: u32 = 2;

impl CallTable {
    pub(super) fn new() -> Self {
        Self {
            incoming: Vec::new(),
            free_indices: Vec::new(),
            last_serial: 0,
            outgoing: BTreeMap::new(),
            next_id: FIRST_ID,
        }
    }

    /// The peer's calls without a reply.
    pub(super) fn incoming(&self) -> usize {
        self.incoming.len() - self.free_indices.len()
    }

    /// Our calls without a reply.
    pub(super) fn outgoing(&self) -> usize {
        self.outgoing.len()
    }

    /// Takes a call of the peer.
    pub(super) fn begin_incoming(&mut self, number: f64, version: Version) -> Transaction {
        self.last_serial += 1;
        let serial = self.last_serial;
        let index = self.free_indices.pop().unwrap_or_else(|| {
            self.incoming.push(0);
            self.incoming.len() - 1
        });
        if let Some(call) = self.incoming.get_mut(index) {
            *call = serial;
        }
        Transaction { serial, index, number, version }
    }

    /// Whether the call still wanted its reply.
    pub(super) fn finish_incoming(&mut self, transaction: Transaction) -> bool {
        let Transaction { serial, index, .. } = transaction;
        let Some(call) = self.incoming.get_mut(index).filter(|call| **call == serial) else { return false };
        *call = 0;
        self.free_indices.push(index);
        true
    }

    /// Makes a call. Nobody makes four billion on one connection, but then they begin again.
    pub(super) fn begin_outgoing(&mut self, now: Instant, timeout: Duration) -> CallId {
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1).unwrap_or(FIRST_ID);
        // No deadline is one that never comes: thirty years.
        let deadline = now.checked_add(timeout).unwrap_or(now + Duration::from_secs(1 << 30));
        self.outgoing.insert(id, deadline);
        CallId(id)
    }

    /// Which call this is the reply to.
    pub(super) fn match_reply(&mut self, number: f64) -> ReplyMatch {
        let made = FIRST_ID..self.next_id;
        let Some(id) = whole_number(number).filter(|id| made.contains(id)) else {
            return ReplyMatch::Unknown;
        };
        match self.outgoing.remove(&id) {
            Some(_) => ReplyMatch::Waiting(CallId(id)),
            None => ReplyMatch::Late,
        }
    }

    /// When the first call is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.outgoing.first_key_value().map(|(_, deadline)| *deadline)
    }

    /// A call whose time is up.
    pub(super) fn expire(&mut self, now: Instant) -> Option<CallId> {
        let entry = self.outgoing.first_entry().filter(|entry| *entry.get() <= now)?;
        Some(CallId(entry.remove_entry().0))
    }
}

/// The transaction id as the whole number that ours are.
pub(super) fn whole_number(number: f64) -> Option<u32> {
    let fits = (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0;
    fits.then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_matched_by_number() {
        let now = Instant::now();
        let mut calls = CallTable::new();
        let first = calls.begin_outgoing(now, Duration::from_secs(30));
        let second = calls.begin_outgoing(now, Duration::MAX);
        assert_eq!((first.number(), second.number()), (2, 3));
        for unknown in [0.0, 1.0, 4.0, 2.5, -2.0, 1e300, f64::from(u32::MAX)] {
            assert_eq!(calls.match_reply(unknown), ReplyMatch::Unknown, "{unknown}");
        }
        assert_eq!(calls.match_reply(3.0), ReplyMatch::Waiting(second));
        assert_eq!(calls.match_reply(3.0), ReplyMatch::Late);
        assert_eq!(calls.deadline(), Some(now + Duration::from_secs(30)));
        assert_eq!(calls.expire(now + Duration::from_secs(29)), None);
        assert_eq!(calls.expire(now + Duration::from_secs(30)), Some(first));
        assert_eq!(calls.match_reply(2.0), ReplyMatch::Late);
        assert_eq!((calls.outgoing(), calls.deadline()), (0, None));
    }

    #[test]
    fn a_number_that_comes_twice_is_two_calls() {
        let mut calls = CallTable::new();
        let first = calls.begin_incoming(5.0, Version::Amf0);
        let second = calls.begin_incoming(5.0, Version::Amf3);
        assert_eq!((first.number(), second.number(), second.version()), (5.0, 5.0, Version::Amf3));
        assert!(
            calls.finish_incoming(first) && !calls.finish_incoming(first) && calls.finish_incoming(second)
        );
    }
}
