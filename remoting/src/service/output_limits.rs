//! Limits on what is written.

use super::budget::OutputBudget;

amf_core::__private::limits! {
    /// Limits on the size of what the server writes, over every transport.
    ///
    /// A request of a few kilobytes can name the same text or object many times, and a method that returns its argument
    /// repeats it as often. So every encoding has a limit, and it is checked while the bytes are written.
    ///
    /// The name of a limit is that of its field. It is part of the fault or error, and the label of
    /// `amf_limits_exceeded_total`. `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use amf_remoting::{OutputLimits, Services};
    ///
    /// let limits = OutputLimits::new().with_reply_bytes(64 * 1024);
    /// let services = Services::new().output_limits(limits);
    /// assert_eq!(services.encode_limits().reply_bytes, 65_536);
    /// ```
    pub struct OutputLimits by new {
        /// Maximum size of the encoded result of one call.
        reply_bytes, with_reply_bytes = 4 MiB {
            /// The call is answered with the fault `Server.ReplyTooLarge`.
        }

        /// Maximum size of the encoded arguments of one notification or call to a client.
        client_call_bytes, with_client_call_bytes = 4 MiB {
            /// The program receives [`CallError::Encode`](crate::CallError::Encode).
            ///
            /// A transport applies the limit through
            /// [`Connection::max_message_bytes`](super::Connection::max_message_bytes).
        }

        /// Maximum size of a whole reply packet: replies, notifications and headers.
        packet_bytes, with_packet_bytes = 16 MiB {
            /// The remaining replies become short faults `Server.ReplyTooLarge`, and clients of the packet take no further
            /// notifications. A packet whose messages need more room for such faults alone is refused with
            /// `413 Payload Too Large` before any call is made.
        }
    }
}

impl OutputLimits {
    pub(crate) const fn reply(self) -> OutputBudget {
        OutputBudget::new(Self::NAMES.reply_bytes, self.reply_bytes)
    }

    pub(crate) const fn client_call(self) -> OutputBudget {
        OutputBudget::new(Self::NAMES.client_call_bytes, self.client_call_bytes)
    }
}
