//! Limits on what persistent objects take on disk.

amf_core::__private::limits! {
    /// Limits on the persistent shared objects of a server, in force by default.
    ///
    /// Sizes are those of the rows that a [`StoreUsage`](crate::StoreUsage) counts. What the store holds when it is opened
    /// counts for the totals; who created it is not kept on disk, so the shares of addresses and clients begin anew with
    /// each process. A share is freed when slots are removed; an object without slots is removed from the store.
    ///
    /// A client whose change is refused receives what [`SharedObjectLimits`](crate::SharedObjectLimits) says. Changes of the
    /// server's own side count for the totals of objects and bytes, and are not limited by rates and shares.
    ///
    /// ```
    /// use amf_rtmp::{PersistenceLimits, SharedObjects};
    ///
    /// let limits = PersistenceLimits::new().with_persistent_bytes(1 << 30);
    /// let objects = SharedObjects::new().persistence_limits(limits);
    /// ```
    pub struct PersistenceLimits by new {
        /// Maximum number of objects in the store.
        persistent_objects, with_persistent_objects = 16_384 objects {
            /// The change is refused with which the object would come to the store.
        }

        /// Maximum number of objects in the store that the clients of one address created.
        persistent_objects_per_address, with_persistent_objects_per_address = 1_024 objects {
            /// The change is refused with which the object would come to the store.
        }

        /// Maximum number of objects in the store that one client created.
        persistent_objects_per_client, with_persistent_objects_per_client = 256 objects {
            /// The change is refused with which the object would come to the store.
        }

        /// Maximum size of all objects in the store.
        persistent_bytes, with_persistent_bytes = 256 MiB {
            /// The change is refused.
        }

        /// Maximum size of the objects in the store that the clients of one address created.
        persistent_bytes_per_address, with_persistent_bytes_per_address = 16 MiB {
            /// The change is refused.
        }

        /// Maximum size of the objects in the store that one client created.
        persistent_bytes_per_client, with_persistent_bytes_per_client = 4 MiB {
            /// The change is refused.
        }

        /// Maximum number of bytes per second that all clients write to persistent objects, averaged over 8 s. Each slot
        /// counts at least 256 bytes.
        persistent_write_rate, with_persistent_write_rate = 4 MiB {
            /// The change is refused.
        }

        /// Maximum number of bytes per second that the clients of one address write to persistent objects, averaged over
        /// 8 s.
        persistent_write_rate_per_address, with_persistent_write_rate_per_address = 1 MiB {
            /// The change is refused.
        }

        /// Maximum number of bytes per second that one client writes to persistent objects, averaged over 8 s.
        persistent_write_rate_per_client, with_persistent_write_rate_per_client = 256 KiB {
            /// The change is refused.
        }

        /// Maximum number of loads and commits that wait for the store.
        store_queue_jobs, with_store_queue_jobs = 4_096 jobs {
            /// The change is refused, or the object is not created.
        }

        /// Maximum size of all commits that wait for the store. A single one may be larger.
        store_queue_bytes, with_store_queue_bytes = 16 MiB {
            /// The change is refused. The commits are charged to the [`MemoryBudget`](amf_remoting::MemoryBudget), and
            /// refused too when that has no room for new work.
        }
    }
}
