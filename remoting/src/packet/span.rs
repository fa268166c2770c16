//! The span of a packet.

use amf_core::packet::Packet;
use tracing::Span;
use tracing::field::Empty;

use crate::metrics;

/// The span of a request, whose packet is not read yet.
pub(crate) fn packet_span() -> Span {
    tracing::debug_span!("packet", version = Empty, messages = Empty, outcome = Empty, seconds = Empty)
}

/// Notes what is in a packet.
pub(super) fn record_packet(span: &Span, packet: &Packet<'_>) {
    let messages = packet.messages.len();
    metrics::record_packet(packet.version, messages);
    metrics::record_trailing_bytes("request", packet.trailing_bytes);
    span.record("version", packet.version);
    span.record("messages", messages);
}
