//! Limits of the calls of one packet.

use std::time::Duration;

/// The part of a transport's limits that concerns the calls of one packet. The names are those of the fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketLimits {
    pub(crate) packet_timeout: Duration,
    pub(crate) notifications: usize,
    pub(crate) notification_bytes: usize,
}
