//! Limits on what is written.

use super::budget::OutputBudget;

/// Limits on the size of what the server writes, over every transport.
///
/// A request of a few kilobytes can name the same text or object many times, and a method that returns its argument
/// repeats it as often. So every encoding has a limit, and it is checked while the bytes are written.
///
/// The name of a limit is that of its field. It is part of the fault or error, and the label of
/// `amf_limits_exceeded_total`.
///
/// ```
/// use amf_remoting::{OutputLimits, Services};
///
/// let limits = OutputLimits::new().with_reply_bytes(64 * 1024);
/// let services = Services::new().output_limits(limits);
/// assert_eq!(services.encode_limits().reply_bytes, 65_536);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputLimits {
    /// Maximum size of the encoded result of one call, in bytes. Default: 4 MiB.
    ///
    /// A call whose result is larger is answered with the fault `Server.ReplyTooLarge`.
    pub reply_bytes: usize,
    /// Maximum size of the encoded arguments of one notification or call to a client, in bytes. Default: 4 MiB.
    ///
    /// Beyond it the program gets [`CallError::Encode`](crate::CallError::Encode). A transport applies it through
    /// [`Connection::max_message_bytes`](super::Connection::max_message_bytes).
    pub client_call_bytes: usize,
    /// Maximum size of a whole reply packet in bytes: replies, notifications and headers. Default: 16 MiB.
    ///
    /// When it is used up, the remaining replies become short faults `Server.ReplyTooLarge`, and clients of the packet
    /// take no further notifications. Room for these faults is reserved beforehand. A packet whose messages need more
    /// room for faults alone is refused with `413 Payload Too Large` before any call is made.
    pub packet_bytes: usize,
}

impl OutputLimits {
    pub(crate) const DEFAULT: Self =
        Self { reply_bytes: 4 << 20, client_call_bytes: 4 << 20, packet_bytes: 16 << 20 };

    /// Creates the default limits.
    pub const fn new() -> Self {
        Self::DEFAULT
    }

    /// Sets the maximum size of the encoded result of one call.
    #[must_use]
    pub const fn with_reply_bytes(self, bytes: usize) -> Self {
        Self { reply_bytes: bytes, ..self }
    }

    /// Sets the maximum size of the encoded arguments of one notification or call to a client.
    #[must_use]
    pub const fn with_client_call_bytes(self, bytes: usize) -> Self {
        Self { client_call_bytes: bytes, ..self }
    }

    /// Sets the maximum size of a whole reply packet.
    #[must_use]
    pub const fn with_packet_bytes(self, bytes: usize) -> Self {
        Self { packet_bytes: bytes, ..self }
    }

    pub(crate) const fn reply(self) -> OutputBudget {
        OutputBudget::new("reply_bytes", self.reply_bytes)
    }

    pub(crate) const fn client_call(self) -> OutputBudget {
        OutputBudget::new("client_call_bytes", self.client_call_bytes)
    }
}

impl Default for OutputLimits {
    fn default() -> Self {
        Self::new()
    }
}
