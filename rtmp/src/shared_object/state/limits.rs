//! Limits on what shared objects hold.

use std::fmt;

amf_core::__private::limits! {
    /// Limits on the shared objects of a server, in force by default.
    ///
    /// A client that would exceed one of the first four is refused with a status, `SharedObject.NoWriteAccess` or
    /// `SharedObject.ObjectCreationFailed`; the server's own side receives a [`LimitError`] with the field's name. The limits
    /// on messages are in [`proto::Limits`](crate::proto::Limits). `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use amf_rtmp::{SharedObjectLimits, SharedObjects};
    ///
    /// let objects = SharedObjects::new().limits(SharedObjectLimits::new().with_slots(64));
    /// ```
    pub struct SharedObjectLimits by new {
        /// Maximum number of slots of one object.
        slots, with_slots = 4_096 slots {
            /// The change is refused.
        }

        /// Maximum size of one object: of its slots' names and values, as they arrived.
        bytes, with_bytes = 1 MiB {
            /// The change is refused.
        }

        /// Maximum size in memory of all objects of the server, approximately.
        total_memory, with_total_memory = 256 MiB {
            /// The change is refused.
        }

        /// Maximum number of objects of one instance that are in use or linger.
        objects, with_objects = 1_024 objects {
            /// The object is not created.
        }

        /// Maximum size of one client's requests that wait for a lock or for the disk.
        pending_bytes, with_pending_bytes = 1 MiB {
            /// The client is disconnected.
        }

        /// Maximum size of the updates that the requests of one client cause for itself at one time. It should be no less
        /// than `bytes`, as a client that begins to use an object receives all of it.
        answer_bytes, with_answer_bytes = 4 MiB {
            /// The client is disconnected.
            ///
            /// Without it a refused change of a few bytes would be answered with all of the slot's value, any number of
            /// times.
        }

        /// Time for which an object that is not persistent is kept after its last use.
        linger, with_linger = 10 s {
            /// The object is removed.
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
