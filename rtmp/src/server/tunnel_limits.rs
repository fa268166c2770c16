//! How much a client in a tunnel may make us do.

use std::time::Duration;

use super::Server;

/// Bounds on RTMP through WebSocket and RTMPT, beside those of the [protocol](crate::proto::Limits) and the server.
///
/// ```
/// use std::time::Duration;
///
/// use amf_remoting::Services;
/// use amf_rtmp::{Server, TunnelLimits};
///
/// let limits = TunnelLimits { idle_timeout: Duration::from_secs(10), ..TunnelLimits::default() };
/// let server = Server::new(Services::new()).tunnel_limits(limits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelLimits {
    /// Bytes of a message of WebSocket, and of a request of RTMPT. Default 1 MiB. A longer message ends the
    /// connection; a longer request is answered with 413.
    pub message_bytes: usize,
    /// How long the body of a request of RTMPT may take to arrive. Default 10 s; then the answer is 408.
    pub request_timeout: Duration,
    /// Requests of one connection that may be under way in RTMPT. Default 8: clients have one, librtmp sometimes two.
    /// One more is answered with 429.
    pub pending_requests: usize,
    /// How long a client of RTMPT may ask for nothing. Default 30 s; Flash Player asks twice a second at least.
    pub idle_timeout: Duration,
    /// How long an answer of RTMPT waits for something to say. Default 20 ms. More makes the client's next words wait,
    /// as it has one request under way; less makes it ask more often.
    pub response_delay: Duration,
}

impl TunnelLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            message_bytes: 1 << 20,
            request_timeout: Duration::from_secs(10),
            pending_requests: 8,
            idle_timeout: Duration::from_secs(30),
            response_delay: Duration::from_millis(20),
        }
    }
}

impl Default for TunnelLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// Sets the limits of tunnels that are made of the server from now on.
    #[must_use]
    pub fn tunnel_limits(self, limits: TunnelLimits) -> Self {
        self.with(|settings| settings.tunnel = limits)
    }
}
