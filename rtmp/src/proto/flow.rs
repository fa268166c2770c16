//! What keeps the two sides in step: acknowledgements, bandwidth, ping, and silence.

use std::time::{Duration, Instant};

use super::Limits;
use super::message::BandwidthLimit;

/// Acknowledgement windows of both directions (RTMP §5.4.3 to §5.4.5). What goes over the wire are 32 bits
/// of the counts.
#[derive(Debug, Default)]
pub(super) struct AckWindow {
    received: u64,
    acknowledged: u64,
    /// After how many bytes the peer wants an acknowledgement; 0 is never.
    window: u32,
    /// The last bandwidth that the peer set, and whether it was hard.
    bandwidth: Option<(u32, bool)>,
    /// The last window that we told the peer.
    sent_window: u32,
    /// What the peer acknowledged, as it came.
    peer_acknowledged: u32,
}

impl AckWindow {
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn record_input(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }

    /// The peer wants an acknowledgement after so many bytes.
    pub(super) fn set_window(&mut self, window: u32) {
        self.window = window;
    }

    /// The acknowledgement that is due. One is enough, however many windows have passed.
    pub(super) fn due(&mut self) -> Option<u32> {
        let since = self.received - self.acknowledged;
        if self.window == 0 || since < u64::from(self.window) {
            return None;
        }
        self.acknowledged = self.received;
        Some(self.received as u32)
    }

    /// We tell the peer this window.
    pub(super) fn set_sent_window(&mut self, window: u32) {
        self.sent_window = window;
    }

    /// The peer limits us; gives the window to tell it, if that is another than the last (RTMP §5.4.5).
    ///
    /// It is told, and nothing is held back for it: peers count acknowledgements differently, and waiting for one
    /// that never comes would be the end. What a slow peer may keep waiting is bounded by `outbound_bytes`.
    pub(super) fn set_peer_bandwidth(&mut self, size: u32, limit: BandwidthLimit) -> Option<u32> {
        let (size, hard) = match (limit, self.bandwidth) {
            (BandwidthLimit::Hard, _) | (BandwidthLimit::Dynamic, Some((_, true))) => (size, true),
            (BandwidthLimit::Soft, Some((last, hard))) => (size.min(last), hard),
            // Everybody sends the dynamic one, and means that the window is to be told.
            (BandwidthLimit::Soft, None) | (BandwidthLimit::Dynamic, _) => (size, false),
        };
        self.bandwidth = Some((size, hard));
        (size != self.sent_window).then(|| {
            self.sent_window = size;
            size
        })
    }

    /// The peer has received so many bytes. Peers count differently, so it decides nothing.
    pub(super) fn acknowledge(&mut self, received: u32) {
        self.peer_acknowledged = received;
    }

    /// How many of the bytes that we sent the peer has not acknowledged, modulo 2^32.
    pub(super) fn unacknowledged(&self, sent: u64) -> u32 {
        (sent as u32).wrapping_sub(self.peer_acknowledged)
    }
}

/// Whether the peer is still there.
#[derive(Debug)]
pub(super) struct Keepalive {
    started: Instant,
    last_input: Instant,
    pinged_at: Option<Instant>,
    round_trip: Option<Duration>,
}

/// What silence calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdleAction {
    /// Send this ping.
    Ping(u32),
    /// Give up.
    TimedOut,
}

impl Keepalive {
    pub(super) fn new(now: Instant) -> Self {
        Self { started: now, last_input: now, pinged_at: None, round_trip: None }
    }

    /// Something came.
    pub(super) fn record_input(&mut self, now: Instant) {
        self.last_input = now;
    }

    pub(super) fn last_input(&self) -> Instant {
        self.last_input
    }

    /// The time that a ping carries: milliseconds since the connection began.
    fn stamp(&self, at: Instant) -> u32 {
        at.saturating_duration_since(self.started).as_millis() as u32
    }

    pub(super) fn ping(&mut self, now: Instant) -> u32 {
        self.pinged_at = Some(now);
        self.stamp(now)
    }

    /// A pong came; an answer to anything but the last ping says nothing.
    pub(super) fn pong(&mut self, now: Instant, stamp: u32) {
        if let Some(sent) = self.pinged_at.filter(|sent| self.stamp(*sent) == stamp) {
            self.round_trip = Some(now.saturating_duration_since(sent));
            self.pinged_at = None;
        }
    }

    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let idle = self.last_input.checked_add(limits.idle_timeout);
        let ping = self.last_input.checked_add(limits.ping_interval).filter(|_| !self.is_ping_pending());
        [idle, ping].into_iter().flatten().min()
    }

    pub(super) fn expire(&mut self, now: Instant, limits: &Limits) -> Option<IdleAction> {
        let idle = now.saturating_duration_since(self.last_input);
        if idle >= limits.idle_timeout {
            Some(IdleAction::TimedOut)
        } else if idle >= limits.ping_interval && !self.is_ping_pending() {
            Some(IdleAction::Ping(self.ping(now)))
        } else {
            None
        }
    }

    /// Whether a ping is on its way since the peer was last heard.
    fn is_ping_pending(&self) -> bool {
        self.pinged_at.is_some_and(|pinged_at| pinged_at >= self.last_input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_wrap_at_32_bits() {
        let mut ack_window = AckWindow::default();
        assert_eq!(ack_window.due(), None, "no window, no acknowledgement");
        ack_window.set_window(1_000);
        ack_window.record_input(usize::MAX >> 31); // 2^33 - 1
        assert_eq!(ack_window.due(), Some(0xFFFF_FFFF));
        assert_eq!(ack_window.due(), None);
        ack_window.record_input(999);
        assert_eq!(ack_window.due(), None);
        ack_window.record_input(1);
        assert_eq!(ack_window.due(), Some(999), "0xFFFF_FFFF + 1,000, modulo 2^32");
        ack_window.record_input(5_000);
        assert_eq!(ack_window.due(), Some(5_999), "one for several windows");
        ack_window.set_window(0);
        ack_window.record_input(5_000);
        assert_eq!(ack_window.due(), None);

        ack_window.acknowledge(0xFFFF_FFF0);
        assert_eq!(ack_window.unacknowledged(0x1_0000_0010), 0x20);
    }

    #[test]
    fn peer_bandwidths_follow_the_specification() {
        use BandwidthLimit::{Dynamic, Hard, Soft};
        let mut ack_window = AckWindow::default();
        ack_window.set_sent_window(100);
        assert_eq!(ack_window.set_peer_bandwidth(100, Hard), None, "that is what it was told");
        assert_eq!(ack_window.set_peer_bandwidth(200, Hard), Some(200));
        assert_eq!(ack_window.set_peer_bandwidth(300, Soft), None, "no more than now");
        assert_eq!(ack_window.set_peer_bandwidth(50, Soft), Some(50));
        assert_eq!(ack_window.set_peer_bandwidth(400, Dynamic), Some(400));
        assert_eq!(ack_window.set_peer_bandwidth(400, Dynamic), None);
    }

    #[test]
    fn a_ping_is_sent_once_for_each_idle_period() {
        let limits = Limits::server();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut keepalive = Keepalive::new(start);
        assert_eq!(keepalive.expire(at(59), &limits), None);
        assert_eq!(keepalive.expire(at(60), &limits), Some(IdleAction::Ping(60_000)));
        assert_eq!(keepalive.expire(at(61), &limits), None);
        assert_eq!(keepalive.deadline(&limits), Some(at(120)));
        keepalive.record_input(at(70));
        assert_eq!(keepalive.deadline(&limits), Some(at(130)));
        assert_eq!(keepalive.expire(at(130), &limits), Some(IdleAction::Ping(130_000)));
        keepalive.pong(at(131), 60_000);
        assert_eq!(keepalive.round_trip(), None, "an old one");
        keepalive.pong(at(132), 130_000);
        assert_eq!(keepalive.round_trip(), Some(Duration::from_secs(2)));
        assert_eq!(keepalive.expire(at(190), &limits), Some(IdleAction::TimedOut));
    }
}
