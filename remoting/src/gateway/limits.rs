//! Limits on what a request can cost.

use crate::packet::PacketLimits;
use crate::service::NamedLimit;

amf_core::__private::limits! {
    /// Limits of a [`Gateway`](super::Gateway).
    ///
    /// What reading the values may cost is [`Services::limits`](crate::Services::limits), and the size of replies
    /// [`Services::output_limits`](crate::Services::output_limits). How long a client may take for the head of a
    /// request, and how many may be connected, is up to the server: axum's sets no such limit, `gateway::serve` does,
    /// with the feature `serve`.
    ///
    /// The name of a limit is that of its field. It is part of the response or the fault, and the label of
    /// `amf_limits_exceeded_total`. `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use amf_remoting::gateway::GatewayLimits;
    ///
    /// let limits = GatewayLimits::new().with_body_bytes(512 * 1024);
    /// assert_eq!(limits.body_bytes, 524_288);
    /// ```
    pub struct GatewayLimits by new {
        /// Maximum size of a request's body.
        body_bytes, with_body_bytes = 2 MiB {
            /// The response is `413 Payload Too Large`.
        }

        /// Timeout for a client to send the whole body.
        body_timeout, with_body_timeout = 30 s {
            /// The response is `408 Request Timeout`.
        }

        /// Minimum rate at which a body arrives, in bytes per second, over the time for which the server waits for it.
        /// A client may be slower for `body_grace`. 0 is no limit.
        body_rate, with_body_rate = 1 KiB {
            /// The response is `408 Request Timeout`.
        }

        /// Time for which a client may be slower than `body_rate`. A body of which nothing arrives for this time is
        /// too slow, however fast it was before.
        body_grace, with_body_grace = 10 s {
            /// The response is `408 Request Timeout`, which names `body_rate`.
        }

        /// Maximum number of bytes that are read of a body that is refused. Common clients read the response only
        /// after they have sent the whole body; unless it is read, they report a broken connection.
        drained_bytes, with_drained_bytes = 64 MiB {
            /// The response is sent while the client is sending, and the connection is closed. If the head
            /// announces a larger body, this happens at once.
        }

        /// Timeout for reading a body that is refused, or `body_timeout` if that is shorter.
        drain_timeout, with_drain_timeout = 10 s {
            /// The response is sent while the client is sending, and the connection is closed.
        }

        /// Timeout for all calls of one packet together.
        packet_timeout, with_packet_timeout = 30 s {
            /// The running call is cancelled, and the calls for which no time is left are not made. Each of them is
            /// answered with the fault `Server.Timeout`, which names `packet_timeout`.
            ///
            /// The limit stays in force for calls that may take longer by
            /// [`Services::call_timeout`](crate::Services::call_timeout) or by a timeout of their method.
        }

        /// Maximum number of notifications that the calls of one packet send to their client, and of headers that they
        /// add to the reply.
        notifications, with_notifications = 1_024 notifications {
            /// The program receives [`CallError::Full`](crate::CallError::Full).
        }

        /// Maximum size of all notifications of one packet together, and of all headers that its calls add.
        notification_bytes, with_notification_bytes = 4 MiB {
            /// The program receives [`CallError::Full`](crate::CallError::Full).
            ///
            /// The size of a single notification is
            /// [`OutputLimits::client_call_bytes`](crate::OutputLimits::client_call_bytes).
        }

        /// Maximum number of packets whose calls are completed at a time after their clients have disconnected, with
        /// [`complete_calls_on_disconnect`](super::Gateway::complete_calls_on_disconnect).
        detached_packets, with_detached_packets = 256 packets {
            /// The calls of further packets are cancelled when their client disconnects.
        }
    }
}

impl GatewayLimits {
    pub(super) const fn packet_limits(&self) -> PacketLimits {
        let names = Self::NAMES;
        PacketLimits {
            packet_timeout: NamedLimit::new(names.packet_timeout, self.packet_timeout),
            notifications: NamedLimit::new(names.notifications, self.notifications),
            notification_bytes: NamedLimit::new(names.notification_bytes, self.notification_bytes),
        }
    }
}
