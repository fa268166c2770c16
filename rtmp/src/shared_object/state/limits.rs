//! Limits on what shared objects hold.

use std::fmt;

amf_core::__private::limits! {
    /// Limits on the shared objects of a server, in force by default.
    ///
    /// A client whose change or object is refused receives the status `SharedObject.NoWriteAccess` or
    /// `SharedObject.ObjectCreationFailed` of the object, and an `onStatus` of its `NetConnection` with the same code and a
    /// description that names the limit; of these at most one a second. The server's own side receives a [`LimitError`]
    /// with the field's name.
    ///
    /// A client is one connection. All of a /64 of IPv6 is one address. Objects that the server's own side opened first
    /// count for the totals alone, and so do its changes.
    ///
    /// The limits on what is kept on disk are in [`PersistenceLimits`](crate::PersistenceLimits), those on messages in
    /// [`proto::Limits`](crate::proto::Limits). `docs/limits.md` lists the limits of all crates.
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
        total_memory, with_total_memory = 128 MiB {
            /// The change is refused, or the object is not created.
            ///
            /// Objects take no more than half of the [`MemoryBudget`](amf_remoting::MemoryBudget) of the server's services:
            /// what fills the rest of it belongs to connections, which can be disconnected.
        }

        /// Maximum size in memory of all objects that the clients of one address created, approximately.
        memory_per_address, with_memory_per_address = 32 MiB {
            /// The change is refused, or the object is not created.
            ///
            /// It is no more than a quarter of `total_memory`, so that clients of other addresses find room.
        }

        /// Maximum number of objects of one instance that are in use or linger.
        objects, with_objects = 1_024 objects {
            /// The object is not created.
        }

        /// Maximum number of objects that the clients of one address created and that are in use or linger, over all
        /// instances.
        objects_per_address, with_objects_per_address = 512 objects {
            /// The object is not created.
        }

        /// Maximum number of objects that one client created and that are in use or linger.
        objects_per_client, with_objects_per_client = 128 objects {
            /// The object is not created.
        }

        /// Maximum size of one client's requests to one object that wait for a lock or for the disk.
        pending_bytes, with_pending_bytes = 1 MiB {
            /// The client is disconnected.
        }

        /// Maximum size of one client's requests to all objects that wait for a lock or for the disk. A single message may
        /// be larger.
        pending_bytes_per_client, with_pending_bytes_per_client = 4 MiB {
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

/// A limit on shared objects would be exceeded: one of the [`SharedObjectLimits`], of the
/// [`PersistenceLimits`](crate::PersistenceLimits), or the [`MemoryBudget`](amf_remoting::MemoryBudget).
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
        write!(f, "the limit `{}` of shared objects is {}", self.limit, self.max)
    }
}

impl std::error::Error for LimitError {}
