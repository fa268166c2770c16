//! Limits on what a server can cost its client.

use amf_core::Limits;

use crate::service::budget::OutputBudget;

amf_core::__private::limits! {
    /// Limits of a [`RemotingClient`](super::RemotingClient).
    ///
    /// `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use std::time::Duration;
    /// use amf_remoting::client::ClientLimits;
    ///
    /// let limits = ClientLimits::new().with_reply_bytes(64 * 1024).with_call_timeout(Duration::from_secs(5));
    /// assert_eq!(limits.reply_bytes, 65_536);
    /// ```
    pub struct ClientLimits by new {
        /// Maximum size of a reply's body.
        reply_bytes, with_reply_bytes = 2 MiB {
            /// The call fails with [`HttpError::TooLarge`](super::HttpError::TooLarge).
        }

        /// Timeout from a call to the end of its reply, and again for all methods that the server calls along with it.
        call_timeout, with_call_timeout = 30 s {
            /// The call fails with [`CallError::Timeout`](crate::CallError::Timeout); the methods are cancelled.
        }

        /// Maximum number of persistent headers, and of cookies, that a server has the client keep.
        stored_entries, with_stored_entries = 64 entries {
            /// Further ones are not kept.
        }

        /// Maximum size of one persistent header, of one cookie, and of the address that a server sets.
        stored_entry_bytes, with_stored_entry_bytes = 8 KiB {
            /// A larger one is not kept.
        }

        /// Maximum number of notifications in flight.
        notifications_in_flight, with_notifications_in_flight = 256 notifications {
            /// The notification fails with [`CallError::Full`](crate::CallError::Full).
        }

        /// Maximum size of the encoded arguments of all notifications in flight together. One notification always fits
        /// if none is in flight.
        notification_bytes_in_flight, with_notification_bytes_in_flight = 16 MiB {
            /// The notification fails with [`CallError::Full`](crate::CallError::Full).
        }

        /// Maximum size of the encoded arguments of one call or notification.
        client_call_bytes, with_client_call_bytes = 4 MiB {
            /// The call fails with [`CallError::Encode`](crate::CallError::Encode).
        }

        /// Maximum size of a request packet, with the calls of a batch and all headers.
        request_bytes, with_request_bytes = 16 MiB {
            /// The call fails with [`CallError::Encode`](crate::CallError::Encode).
        }

        /// Limits on decoding replies.
        decode, with_decode = Limits defaults {
            /// The call fails with [`CallError::Decode`](crate::CallError::Decode).
        }
    }
}

impl ClientLimits {
    pub(super) fn request_budget(&self) -> OutputBudget {
        OutputBudget::new(Self::NAMES.request_bytes, self.request_bytes)
    }
}
