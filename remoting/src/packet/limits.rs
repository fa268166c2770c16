//! Limits of the calls of one packet.

use std::time::Duration;

use crate::service::NamedLimit;

/// The part of a transport's limits that concerns the calls of one packet, with the transport's names for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketLimits {
    pub(crate) packet_timeout: NamedLimit<Duration>,
    pub(crate) notifications: NamedLimit<usize>,
    pub(crate) notification_bytes: NamedLimit<usize>,
}

impl NamedLimit<usize> {
    /// Returns the limit with no more than `max`.
    pub(super) fn capped(self, max: usize) -> Self {
        Self { max: self.max.min(max), ..self }
    }
}
