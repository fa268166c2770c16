//! The packet that answers a packet.

use amf_core::packet::PacketWriter;
use amf_core::{EncodeError, OutputLimit};
use bytes::Bytes;

use super::budget::{NO_RESPONSE, ON_RESULT, ON_STATUS, PACKET_BYTES, address};
use super::handler::PacketError;
use super::protocol::MessageReply;
use super::reply_headers::ReplyHeaders;
use crate::__log_limit::error_limited;
use crate::service::Notification;

/// Bytes that most messages take besides their bodies, at most.
const MESSAGE_BYTES: usize = 64;
/// Bytes beyond the packet that are not given back.
const MAX_SLACK: usize = 64 << 10;

pub(super) struct ReplyWriter {
    packet: PacketWriter,
}

impl ReplyWriter {
    pub(super) fn new(version: u16) -> Self {
        // What goes in was charged against the packet's budget before, which may be more than the writer's default.
        let unlimited = OutputLimit::new(PACKET_BYTES, usize::MAX);
        Self { packet: PacketWriter::new(version).with_output_limit(unlimited) }
    }

    /// Reserves room for so many messages with bodies of so many bytes.
    pub(super) fn reserve(&mut self, messages: usize, bytes: usize) {
        self.packet.reserve(messages * MESSAGE_BYTES + bytes);
    }

    /// The answer to the message that gave this response URI.
    pub(super) fn reply(&mut self, response_uri: &str, reply: &MessageReply) -> Result<(), PacketError> {
        let (method, body) = match reply {
            MessageReply::Result(body) => (ON_RESULT, body),
            MessageReply::Status(body) => (ON_STATUS, body),
        };
        self.message(&[address(response_uri), method].concat(), body)
    }

    /// What methods tell the client's connection.
    pub(super) fn headers(&mut self, headers: &ReplyHeaders) -> Result<(), PacketError> {
        headers.write(&mut self.packet).map_err(encode_error)
    }

    /// A call to a method of the client.
    pub(super) fn notification(&mut self, notification: &Notification) -> Result<(), PacketError> {
        self.message(notification.method(), notification.arguments())
    }

    pub(super) fn finish(self) -> Bytes {
        let mut packet = self.packet.finish();
        // The buffer doubles where it grows, and a packet of 9 MiB would be held in 16 until the client has taken it.
        if packet.capacity() - packet.len() >= MAX_SLACK {
            packet.shrink_to_fit();
        }
        packet.into()
    }

    fn message(&mut self, target: &str, body: &[u8]) -> Result<(), PacketError> {
        self.packet.message(target, NO_RESPONSE, body).map_err(encode_error)
    }
}

/// Everything that the packet holds was checked when it was made, so nothing should lead here.
#[cold]
fn encode_error(error: EncodeError) -> PacketError {
    error_limited!(%error, "a reply cannot be written");
    PacketError::Encode(error)
}
