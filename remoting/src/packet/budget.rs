//! The room that is left in a reply packet.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::handler::PacketError;
use super::protocol::MessageReply;
use crate::memory::MemoryBudget;
use crate::metrics;
use crate::service::OutputLimits;
use crate::service::fault::{Fault, code};

/// Name of the limit.
pub(super) const PACKET_BYTES: &str = OutputLimits::NAMES.packet_bytes;

/// Version, number of headers, number of messages.
const PACKET_LEN: usize = 3 * size_of::<u16>();

/// Response URI of what nobody answers.
pub(super) const NO_RESPONSE: &str = "null";

/// Maximum size of a fault that says no more than that a limit was exceeded, in any version and protocol. A test
/// checks it.
const SHORT_FAULT_BYTES: usize = 1024;

/// The bytes that a reply packet may still take.
///
/// Replies are charged when their calls end, not when the packet is put together: up to 256 replies of 4 MiB would
/// otherwise wait for the slowest call. For each message the room of a short fault is reserved from the start, so that
/// no call is left without an answer because of another one.
#[derive(Debug)]
pub(super) struct PacketBudget {
    max: usize,
    left: AtomicUsize,
    memory: MemoryBudget,
}

impl PacketBudget {
    /// Reserves room for a short fault to each of these response URIs.
    ///
    /// # Errors
    /// [`PacketError::Crowded`] if the limit is too low for that.
    pub(super) fn reserve<'a>(
        max: usize,
        response_uris: impl Iterator<Item = &'a str>,
        memory: &MemoryBudget,
    ) -> Result<Self, PacketError> {
        let reserved = response_uris
            .map(|uri| message_len(address(uri).len() + ON_RESULT.len(), SHORT_FAULT_BYTES))
            .fold(PACKET_LEN, usize::saturating_add);
        let Some(left) = max.checked_sub(reserved) else {
            metrics::record_exceeded_limit(PACKET_BYTES);
            return Err(PacketError::Crowded { max });
        };
        Ok(Self { max, left: AtomicUsize::new(left), memory: memory.clone() })
    }

    /// What the packet holds until it is written is also charged to this.
    pub(super) fn memory(&self) -> &MemoryBudget {
        &self.memory
    }

    /// Takes the room of a finished reply.
    ///
    /// # Errors
    /// A fault to answer with instead.
    pub(super) fn charge_reply(&self, reply: &MessageReply) -> Result<(), Fault> {
        if self.charge(reply.body().len().saturating_sub(SHORT_FAULT_BYTES)) {
            return Ok(());
        }
        metrics::record_exceeded_limit(PACKET_BYTES);
        Err(packet_full(self.max))
    }

    /// Takes the room of a notification.
    ///
    /// # Errors
    /// The name of the limit.
    pub(super) fn charge_notification(&self, method: &str, arguments: &[u8]) -> Result<(), &'static str> {
        if self.charge(message_len(method.len(), arguments.len())) { Ok(()) } else { Err(PACKET_BYTES) }
    }

    /// Takes the room of a header.
    ///
    /// # Errors
    /// The name of the limit.
    pub(super) fn charge_header(&self, name: &str, value: &[u8]) -> Result<(), &'static str> {
        // A byte says whether the header must be understood.
        let len = size_of::<u16>() + name.len() + 1 + size_of::<u32>() + value.len();
        if self.charge(len) { Ok(()) } else { Err(PACKET_BYTES) }
    }

    fn charge(&self, bytes: usize) -> bool {
        // Nothing else is published by it.
        let order = Ordering::Relaxed;
        self.left.fetch_update(order, order, |left| left.checked_sub(bytes)).is_ok()
    }
}

/// The size of a message: both URIs and the value, each behind its length.
fn message_len(target_len: usize, body_len: usize) -> usize {
    size_of::<u16>() + target_len + size_of::<u16>() + NO_RESPONSE.len() + size_of::<u32>() + body_len
}

fn packet_full(max: usize) -> Fault {
    let text = format!("the replies of the packet are larger than {max} bytes, the limit `{PACKET_BYTES}`");
    Fault::new(code::REPLY_TOO_LARGE, text)
}

/// The target of a result; that of a fault is as long.
pub(super) const ON_RESULT: &str = "/onResult";
pub(super) const ON_STATUS: &str = "/onStatus";

/// Maximum length of a response URI: the target of its reply has a length of 16 bits.
const MAX_RESPONSE_URI: usize = u16::MAX as usize - ON_RESULT.len();

/// Checks that a reply to this response URI can be written.
///
/// # Errors
/// The fault for the message, which goes to [`address`].
pub(super) fn check_response_uri(uri: &str) -> Result<(), Fault> {
    if uri.len() <= MAX_RESPONSE_URI {
        return Ok(());
    }
    let len = uri.len();
    let text = format!("the response URI of {len} bytes is longer than {MAX_RESPONSE_URI}");
    Err(Fault::new(code::MESSAGE_ENCODING, text))
}

/// Where the reply to a response URI goes: one that is too long is answered as an empty one is.
pub(super) fn address(response_uri: &str) -> &str {
    if response_uri.len() <= MAX_RESPONSE_URI { response_uri } else { "" }
}

#[cfg(test)]
mod tests {
    use amf_core::Version;

    use super::super::protocol::PacketProtocol;
    use super::*;
    use crate::flex::Flex;

    #[test]
    fn short_faults_fit_into_what_is_reserved_for_them() {
        for version in [Version::Amf0, Version::Amf3] {
            for fault in [packet_full(usize::MAX), check_response_uri(&"x".repeat(65_527)).unwrap_err()] {
                let plain = MessageReply::fault(version, &fault);
                let flex = Flex::new().fault_reply("null", version, &fault).unwrap();
                for reply in [plain, flex] {
                    let len = reply.body().len();
                    assert!((100..=SHORT_FAULT_BYTES).contains(&len), "{version}: {len}");
                }
            }
        }
    }

    #[test]
    fn each_kind_of_entry_is_charged_by_its_size() {
        let memory = MemoryBudget::new(1 << 20);
        let body = |len: usize| MessageReply::Result(vec![0; len].into());
        let reserved = PACKET_LEN + message_len("/1/onResult".len(), SHORT_FAULT_BYTES);
        assert!(PacketBudget::reserve(reserved - 1, ["/1"].into_iter(), &memory).is_err());
        let budget = PacketBudget::reserve(reserved + 50, ["/1"].into_iter(), &memory).unwrap();
        budget.charge_reply(&body(SHORT_FAULT_BYTES)).unwrap();
        assert!(budget.charge_reply(&body(SHORT_FAULT_BYTES + 51)).is_err());
        budget.charge_reply(&body(SHORT_FAULT_BYTES + 20)).unwrap();
        // 2 and a name of 4, 1 for must-understand, 4 and a value of 3
        budget.charge_header("name", &[0; 3]).unwrap();
        // 2 and a method of 2, 2 and "null" of 4, 4 and arguments of 3: 17, and 16 are left
        assert!(budget.charge_notification("ab", &[0; 3]).is_err());
        budget.charge_notification("ab", &[0; 2]).unwrap();
        assert!(budget.charge_header("", &[]).is_err());
    }
}
