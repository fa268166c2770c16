//! What a server may cost its client.

use std::time::Duration;

use amf_core::Limits;

use crate::service::budget::OutputBudget;

/// The limits of a [`RemotingClient`](super::RemotingClient).
///
/// ```
/// use std::time::Duration;
/// use amf_remoting::client::ClientLimits;
///
/// let limits = ClientLimits::default().reply_bytes(64 * 1024).call_timeout(Duration::from_secs(5));
/// assert_eq!(limits.reply_bytes, 65_536);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClientLimits {
    /// The most bytes of a reply's body; 2 MiB.
    pub reply_bytes: usize,
    /// The longest from a call to the end of its reply; 30 s. As long for all that a server calls along with it.
    pub call_timeout: Duration,
    /// The most persistent headers, and the most cookies, that a server may have us keep; 64 of each.
    pub stored_entries: usize,
    /// The most bytes of one of these; 8 KiB.
    pub stored_entry_bytes: usize,
    /// The most notifications on their way at a time; 256.
    pub notifications_in_flight: usize,
    /// Maximum size of the encoded arguments of all notifications in flight together, in bytes. One notification always
    /// fits if none is in flight. Default: 16 MiB.
    pub notification_bytes_in_flight: usize,
    /// Maximum size of the encoded arguments of one call or notification, in bytes. Default: 4 MiB.
    pub client_call_bytes: usize,
    /// Maximum size of a request packet, with the calls of a batch and all headers, in bytes. Default: 16 MiB.
    pub request_bytes: usize,
    /// What reading a reply's values may cost.
    pub decode: Limits,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            reply_bytes: 2 * 1024 * 1024,
            call_timeout: Duration::from_secs(30),
            stored_entries: 64,
            stored_entry_bytes: 8 * 1024,
            notifications_in_flight: 256,
            notification_bytes_in_flight: 16 * 1024 * 1024,
            client_call_bytes: 4 * 1024 * 1024,
            request_bytes: 16 * 1024 * 1024,
            decode: Limits::default(),
        }
    }
}

impl ClientLimits {
    /// Sets the most bytes of a reply's body.
    #[must_use]
    pub fn reply_bytes(self, bytes: usize) -> Self {
        Self { reply_bytes: bytes, ..self }
    }

    /// Sets the longest from a call to the end of its reply.
    #[must_use]
    pub fn call_timeout(self, time: Duration) -> Self {
        Self { call_timeout: time, ..self }
    }

    /// Sets the most persistent headers, and the most cookies, that a server may have us keep.
    #[must_use]
    pub fn stored_entries(self, count: usize) -> Self {
        Self { stored_entries: count, ..self }
    }

    /// Sets the most bytes of one of these.
    #[must_use]
    pub fn stored_entry_bytes(self, bytes: usize) -> Self {
        Self { stored_entry_bytes: bytes, ..self }
    }

    /// Sets the most notifications on their way at a time.
    #[must_use]
    pub fn notifications_in_flight(self, count: usize) -> Self {
        Self { notifications_in_flight: count, ..self }
    }

    /// Sets the maximum size of the arguments of all notifications in flight together.
    #[must_use]
    pub fn notification_bytes_in_flight(self, bytes: usize) -> Self {
        Self { notification_bytes_in_flight: bytes, ..self }
    }

    /// Sets the maximum size of the arguments of one call or notification.
    #[must_use]
    pub fn client_call_bytes(self, bytes: usize) -> Self {
        Self { client_call_bytes: bytes, ..self }
    }

    /// Sets the maximum size of a request packet.
    #[must_use]
    pub fn request_bytes(self, bytes: usize) -> Self {
        Self { request_bytes: bytes, ..self }
    }

    pub(super) fn request_budget(&self) -> OutputBudget {
        OutputBudget::new("request_bytes", self.request_bytes)
    }

    /// Sets what reading a reply's values may cost.
    #[must_use]
    pub fn decode(self, limits: Limits) -> Self {
        Self { decode: limits, ..self }
    }
}
