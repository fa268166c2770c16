//! Limits on clients in a tunnel.

use super::Server;

amf_core::__private::limits! {
    /// Limits on RTMP through WebSocket and RTMPT, beside those of the [protocol](crate::proto::Limits) and the server.
    ///
    /// `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use amf_remoting::Services;
    /// use amf_rtmp::{Server, TunnelLimits};
    ///
    /// let limits = TunnelLimits::new().with_idle_timeout(Duration::from_secs(10));
    /// let server = Server::new(Services::new()).tunnel_limits(limits);
    /// ```
    pub struct TunnelLimits by new {
        /// Maximum size of a message of WebSocket, and of a request of RTMPT.
        message_bytes, with_message_bytes = 1 MiB {
            /// A WebSocket is closed with the code 1009. A request is answered with `413 Payload Too Large`.
        }

        /// Timeout for the body of a request of RTMPT.
        request_timeout, with_request_timeout = 10 s {
            /// The response is `408 Request Timeout`.
        }

        /// Maximum number of requests of one RTMPT connection in flight. Clients have one, librtmp sometimes two.
        pending_requests, with_pending_requests = 8 requests {
            /// The response is `429 Too Many Requests`.
        }

        /// Maximum time for which a request of RTMPT that has overtaken the one before is held until that one arrives.
        /// Requests overtake each other where a proxy has several connections to the server.
        reorder_timeout, with_reorder_timeout = 1 s {
            /// The response is `400 Bad Request`, and the connection is closed. The first request of a connection is
            /// served then, whatever its number.
        }

        /// Timeout for the next request of an RTMPT client. Flash Player sends at least two in a second.
        idle_timeout, with_idle_timeout = 30 s {
            /// The connection is closed.
        }

        /// Maximum time for which a response of RTMPT waits for output.
        response_delay, with_response_delay = 20 ms {
            /// The response is sent without output.
            ///
            /// A longer delay holds up the client's next message, as it has one request in flight; a shorter one makes
            /// it send more requests.
        }
    }
}

impl Server {
    /// Sets the limits of tunnels that are made of the server from now on.
    #[must_use]
    pub fn tunnel_limits(self, limits: TunnelLimits) -> Self {
        self.with(|settings| settings.tunnel = limits)
    }
}
