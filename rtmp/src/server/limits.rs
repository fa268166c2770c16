//! Limits that are methods of a server.

use super::Server;

amf_core::__private::limits! {
    /// Limits on the connections of a server. The methods of [`Server`] set them.
    pub(crate) struct ServerLimits by new for Server::change_limits {
        /// Timeout for the hook of [`on_connect`](Server::on_connect).
        on_connect_timeout, on_connect_timeout = 10 s {
            /// The client is refused.
        }

        /// Maximum number of open connections, over all transports together.
        max_connections, max_connections = 10_000 connections {
            /// Further connections are refused with the status `NetConnection.Connect.Rejected`, as far as
            /// [`pending_refusals`](Server::pending_refusals) allows it, or receive `503 Service Unavailable` over HTTP.
        }

        /// Maximum number of open connections from one address. All of a /64 of IPv6 is one address.
        max_connections_per_address, max_connections_per_address = 256 connections {
            /// Further connections from the address are refused with the status `NetConnection.Connect.Rejected`, as far as
            /// [`pending_refusals`](Server::pending_refusals) allows it, or receive `503 Service Unavailable` over HTTP.
            ///
            /// The connections of all transports count together, those that come through
            /// [`serve_stream`](Server::serve_stream) excepted. Connections over HTTP, by WebSocket or RTMPT, whose address
            /// the app does not provide count as those of one address. Behind a proxy all clients have the proxy's
            /// address, unless the proxy reports the client's and is trusted: see
            /// [`BoundServer::proxy_protocol`](crate::BoundServer::proxy_protocol) and
            /// `amf_remoting::address::TrustedHeader`.
        }

        /// Maximum number of connections over a limit that stay open until the refusal is sent, over all transports
        /// together.
        pending_refusals, pending_refusals = 32 connections {
            /// Further connections over a limit are closed at once.
        }

        /// Timeout for refusing a client over a limit, from the start of its connection until the refusal is sent.
        refusal_timeout, refusal_timeout = 3 s {
            /// The connection is closed.
        }

        /// Time for clients to disconnect by themselves after they were notified of a shutdown.
        shutdown_notice, shutdown_notice = 0 s {
            /// Clients without a call in flight are disconnected.
        }

        /// Timeout for calls in flight at a shutdown, from the end of the [notice](Server::shutdown_notice).
        shutdown_timeout, shutdown_timeout = 10 s {
            /// The calls are cancelled and their clients disconnected.
        }
    }
}

impl Server {
    /// Declaration of the limits, for the page that lists them.
    #[doc(hidden)]
    pub const LIMITS: amf_core::__private::limits::LimitsDeclaration = ServerLimits::DECLARATION;

    fn change_limits(self, change: impl FnOnce(&mut ServerLimits)) -> Self {
        self.with(|settings| change(&mut settings.limits))
    }
}
