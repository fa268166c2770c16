//! How much shared objects may hold.

use std::fmt;
use std::time::Duration;

/// Bounds on the shared objects of a server, in force by default.
///
/// A client that would pass one is refused with a status, `SharedObject.NoWriteAccess` or
/// `SharedObject.ObjectCreationFailed`; the server's own side gets a [`LimitError`] with the field's name.
/// The bounds on messages are in [`proto::Limits`](crate::proto::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedObjectLimits {
    /// Slots of one object. Default 4,096.
    pub slots: usize,
    /// Bytes of one object: of its slots' names and values, as they came. Default 1 MiB.
    pub bytes: usize,
    /// Bytes that all objects of the server take in memory, about. Default 256 MiB.
    pub total_memory: usize,
    /// Objects of one instance that are in use or linger. Default 1,024.
    pub objects: usize,
    /// Bytes of one client's requests that wait, for a lock or for the disk. Default 1 MiB. One that sends more is
    /// disconnected.
    pub pending_bytes: usize,
    /// Bytes of the updates that the requests of one client may cause for itself at one time. Default 4 MiB; it should
    /// be no less than `bytes`, as a client that begins to use an object gets all of it. One that causes more is
    /// disconnected: a refused change of a few bytes is answered with all of the slot's value.
    pub answer_bytes: usize,
    /// How long an object that is not persistent is kept when nobody uses it any more. Default 10 s.
    pub linger: Duration,
}

impl Default for SharedObjectLimits {
    fn default() -> Self {
        Self {
            slots: 4_096,
            bytes: 1 << 20,
            total_memory: 256 << 20,
            objects: 1_024,
            pending_bytes: 1 << 20,
            answer_bytes: 4 << 20,
            linger: Duration::from_secs(10),
        }
    }
}

/// One of the [`SharedObjectLimits`] would be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitError {
    /// The limit's field name.
    pub limit: &'static str,
    /// Its value.
    pub max: usize,
}

impl LimitError {
    /// Counts it, too.
    pub(in crate::shared_object) fn new(limit: &'static str, max: usize) -> Self {
        crate::metrics::limit_exceeded(limit);
        Self { limit, max }
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a shared object may have no more than {}, the limit `{}`", self.max, self.limit)
    }
}

impl std::error::Error for LimitError {}
