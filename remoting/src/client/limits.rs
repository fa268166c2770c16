//! What a server may cost its client.

use std::time::Duration;

use amf_core::Limits;

/// The limits of a [`RemotingClient`](super::RemotingClient).
///
/// ```
/// use std::time::Duration;
/// use amf_remoting::client::ClientLimits;
///
/// let limits = ClientLimits::default().reply(64 * 1024).time(Duration::from_secs(5));
/// assert_eq!(limits.reply, 65_536);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClientLimits {
    /// The most bytes of a reply's body; 2 MiB.
    pub reply: usize,
    /// The longest from a call to the end of its reply; 30 s. As long for all that a server calls along with it.
    pub time: Duration,
    /// The most persistent headers, and the most cookies, that a server may have us keep; 64 of each.
    pub kept: usize,
    /// The most bytes of one of these; 8 KiB.
    pub kept_bytes: usize,
    /// The most notifications on their way at a time; 256.
    pub notifications: usize,
    /// What reading a reply's values may cost.
    pub values: Limits,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            reply: 2 * 1024 * 1024,
            time: Duration::from_secs(30),
            kept: 64,
            kept_bytes: 8 * 1024,
            notifications: 256,
            values: Limits::default(),
        }
    }
}

impl ClientLimits {
    /// Sets the most bytes of a reply's body.
    #[must_use]
    pub fn reply(self, bytes: usize) -> Self {
        Self { reply: bytes, ..self }
    }

    /// Sets the longest from a call to the end of its reply.
    #[must_use]
    pub fn time(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// Sets the most persistent headers, and the most cookies, that a server may have us keep.
    #[must_use]
    pub fn kept(self, count: usize) -> Self {
        Self { kept: count, ..self }
    }

    /// Sets the most bytes of one of these.
    #[must_use]
    pub fn kept_bytes(self, bytes: usize) -> Self {
        Self { kept_bytes: bytes, ..self }
    }

    /// Sets the most notifications on their way at a time.
    #[must_use]
    pub fn notifications(self, count: usize) -> Self {
        Self { notifications: count, ..self }
    }

    /// Sets what reading a reply's values may cost.
    #[must_use]
    pub fn values(self, limits: Limits) -> Self {
        Self { values: limits, ..self }
    }
}
