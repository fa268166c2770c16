//! A request as traces and counters see it, from its head to its reply.

use std::time::Instant;

use amf_core::packet::Packet;
use bytes::Bytes;
use tracing::Span;
use tracing::field::Empty;

use super::refusal::Refusal;
use crate::count;

/// The span of a request, whose packet is not read yet.
pub(super) fn span() -> Span {
    tracing::debug_span!("packet", version = Empty, messages = Empty, outcome = Empty, seconds = Empty)
}

/// Notes what is in a packet.
pub(super) fn read(span: &Span, packet: &Packet<'_>) {
    let messages = packet.messages.len();
    count::packet(packet.version, messages);
    span.record("version", packet.version);
    span.record("messages", messages);
}

/// Waits for the end of a request.
pub(super) struct Watch {
    span: Span,
    since: Option<Instant>,
    has_ended: bool,
}

impl Watch {
    pub(super) fn begin(span: Span) -> Self {
        Self { since: (!span.is_disabled()).then(Instant::now), has_ended: false, span }
    }

    pub(super) fn answered(mut self, answer: &Result<Bytes, Refusal>) {
        match answer {
            Ok(reply) => {
                count::sent(reply.len());
                self.end("answered");
            }
            Err(refusal) => {
                count::refused(refusal.reason());
                self.span.in_scope(|| refusal.log());
                self.end(refusal.reason());
            }
        }
    }

    fn end(&mut self, outcome: &str) {
        self.has_ended = true;
        self.span.record("outcome", outcome);
        if let Some(since) = self.since {
            self.span.record("seconds", since.elapsed().as_secs_f64());
        }
    }
}

/// The client is gone, or the server was stopped.
impl Drop for Watch {
    fn drop(&mut self) {
        if !self.has_ended {
            count::refused("cancelled");
            self.end("cancelled");
        }
    }
}
