//! What a request may cost.

use std::time::Duration;

use crate::packet::PacketLimits;

/// The limits of a [`Gateway`](super::Gateway). What reading the values may cost is
/// [`Services::limits`](crate::Services::limits), the size of replies [`Services::output_limits`](crate::Services::output_limits); how long a client may take for the head of a request, and how many
/// may be connected, is up to the server: axum's sets no such limit, `gateway::serve` does, with the feature
/// `serve`.
///
/// Whoever passes one learns which: by its name in the text of the answer.
///
/// ```
/// use amf_remoting::gateway::GatewayLimits;
///
/// let limits = GatewayLimits::default().body_bytes(512 * 1024);
/// assert_eq!(limits.body_bytes, 512 * 1024);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GatewayLimits {
    /// The most bytes of a request's body; 2 MiB.
    pub body_bytes: usize,
    /// The longest that a client may take to send the whole body; 30 s.
    pub body_timeout: Duration,
    /// The longest that all calls of one packet may take together; 30 s. Those for which no time is left are not made,
    /// and each is answered with the fault `Server.Timeout`, as the one that took too long is. It stays in force for
    /// calls that may take longer by [`Services::call_timeout`](crate::Services::call_timeout) or by a timeout of their
    /// method; the fault then names `packet_timeout`.
    pub packet_timeout: Duration,
    /// The most that the calls of one packet may tell their client; 1,024 notifications.
    pub notifications: usize,
    /// Maximum number of bytes of all these together; that of one of them is
    /// [`OutputLimits::client_call_bytes`](crate::OutputLimits::client_call_bytes). Default: 4 MiB.
    pub notification_bytes: usize,
    /// Maximum number of packets whose calls are completed at a time after their clients have gone, with
    /// [`complete_calls_on_disconnect`](super::Gateway::complete_calls_on_disconnect). The calls of further ones are
    /// cancelled when their client goes. Default: 256.
    pub detached_packets: usize,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self {
            body_bytes: 2 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            packet_timeout: Duration::from_secs(30),
            notifications: 1024,
            notification_bytes: 4 * 1024 * 1024,
            detached_packets: 256,
        }
    }
}

impl GatewayLimits {
    /// Sets the most bytes of a request's body.
    #[must_use]
    pub fn body_bytes(self, bytes: usize) -> Self {
        Self { body_bytes: bytes, ..self }
    }

    /// Sets the longest that a client may take to send the whole body.
    #[must_use]
    pub fn body_timeout(self, time: Duration) -> Self {
        Self { body_timeout: time, ..self }
    }

    /// Sets the longest that all calls of one packet may take together.
    #[must_use]
    pub fn packet_timeout(self, time: Duration) -> Self {
        Self { packet_timeout: time, ..self }
    }

    /// Sets the most that the calls of one packet may tell their client.
    #[must_use]
    pub fn notifications(self, count: usize) -> Self {
        Self { notifications: count, ..self }
    }

    /// Sets the most bytes of what the calls of one packet may tell their client.
    #[must_use]
    pub fn notification_bytes(self, bytes: usize) -> Self {
        Self { notification_bytes: bytes, ..self }
    }

    /// Sets the maximum number of packets whose calls are completed at a time after their clients have gone.
    #[must_use]
    pub fn detached_packets(self, count: usize) -> Self {
        Self { detached_packets: count, ..self }
    }

    pub(super) fn packet_limits(&self) -> PacketLimits {
        PacketLimits {
            packet_timeout: self.packet_timeout,
            notifications: self.notifications,
            notification_bytes: self.notification_bytes,
        }
    }
}
