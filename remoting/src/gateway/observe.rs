//! A request as traces and counters see it, from its head to its reply.

use std::pin::Pin;
use std::time::Instant;

use amf_core::packet::Packet;
use bytes::Bytes;
use tracing::field::Empty;
use tracing::{Instrument, Span};

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

/// Follows a request to its end. Where nobody looks, it costs a look at whether somebody does.
///
/// It takes a large future by its pointer, or it would have room for each place where that one is moved to.
pub(super) async fn follow(
    span: Span,
    answer: Pin<&mut impl Future<Output = Result<Bytes, Refusal>>>,
) -> Result<Bytes, Refusal> {
    if span.is_disabled() && !count::IS_ON {
        return answer.await;
    }
    let mut watch = Watch { since: (!span.is_disabled()).then(Instant::now), has_ended: false, span };
    let answer = answer.instrument(watch.span.clone()).await;
    match &answer {
        Ok(reply) => {
            count::sent(reply.len());
            watch.end("answered");
        }
        Err(refusal) => {
            count::refused(refusal.reason());
            watch.span.in_scope(|| refusal.log());
            watch.end(refusal.reason());
        }
    }
    answer
}

struct Watch {
    span: Span,
    since: Option<Instant>,
    has_ended: bool,
}

impl Watch {
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
