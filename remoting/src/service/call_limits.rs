//! Limits on calls, over every transport.

use super::Services;

amf_core::__private::limits! {
    /// Limits on the calls of [`Services`], whose methods set them.
    pub(crate) struct CallLimits by new for Services::change_call_limits {
        /// Timeout for one call, over every transport.
        call_timeout, call_timeout = 30 s {
            /// The call is cancelled and answered with the fault `Server.Timeout`.
            ///
            /// The time runs from the first poll of the call to its reply, and includes everything that a call may
            /// wait for: layers, the [`authenticator`](Self::authenticator), decoding and the method. At the
            /// deadline the method's future is dropped at the point where it waits, and the caller receives the
            /// fault `Server.Timeout`, which names the limit `call_timeout`. Logins, logouts and descriptions have
            /// the same time.
            ///
            /// `#[remote(timeout = "5m")]` gives a method a time of its own, longer or shorter. Over HTTP,
            /// `GatewayLimits::packet_timeout` limits all calls of a packet together, whatever their own times are.
            ///
            /// A deadline ends what waits, not what computes: it is checked when the call waits, and a call that
            /// completes without waiting is not cut. A method that is `#[remote(blocking)]` runs on its own thread
            /// to its end, while its caller receives the fault at the deadline. Outside of a tokio runtime nothing
            /// measures the time, and calls have no deadline; in a runtime without timers (`enable_time` of its
            /// builder), a call that waits receives the fault `Server.Processing`, unless the time is
            /// [`Duration::MAX`].
            ///
            /// ```
            /// use std::time::Duration;
            /// use amf_remoting::{Services, remoting_service};
            /// use tokio::sync::Notify;
            ///
            /// struct Chess { moved: Notify }
            ///
            /// #[remoting_service(name = "chess")]
            /// impl Chess {
            ///     /// Waits for a person, who may think for a while.
            ///     #[remote(timeout = "5m")]
            ///     async fn next_move(&self) {
            ///         self.moved.notified().await;
            ///     }
            /// }
            ///
            /// let services = Services::new().add(Chess { moved: Notify::new() }).call_timeout(Duration::from_secs(5));
            /// # assert_eq!(services.methods("chess").next().unwrap().timeout(), Some(Duration::from_mins(5)));
            /// ```
        }
    }
}

impl Services {
    /// Declaration of the limits, for the page that lists them.
    #[doc(hidden)]
    pub const CALL_LIMITS: amf_core::__private::limits::LimitsDeclaration = CallLimits::DECLARATION;
}
