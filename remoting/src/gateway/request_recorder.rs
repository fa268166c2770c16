//! A request as traces and counters see it, from its head to its reply.

use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use tracing::{Instrument, Span};

use super::rejection::HttpRejection;
use crate::metrics;

/// Follows a request to its end. Where nobody looks, it costs a look at whether somebody does.
///
/// It takes a large future by its pointer, or it would have room for each place where that one is moved to.
pub(super) async fn record_request(
    span: Span,
    reply: Pin<&mut impl Future<Output = Result<Bytes, HttpRejection>>>,
) -> Result<Bytes, HttpRejection> {
    if span.is_disabled() && !metrics::IS_ENABLED {
        return reply.await;
    }
    let mut recorder =
        RequestRecorder { since: (!span.is_disabled()).then(Instant::now), has_ended: false, span };
    let outcome = reply.instrument(recorder.span.clone()).await;
    match &outcome {
        Ok(reply) => {
            metrics::record_sent(reply.len());
            recorder.finish("answered");
        }
        Err(refusal) => {
            metrics::record_refusal(refusal.reason());
            recorder.span.in_scope(|| refusal.log());
            recorder.finish(refusal.reason());
        }
    }
    outcome
}

struct RequestRecorder {
    span: Span,
    since: Option<Instant>,
    has_ended: bool,
}

impl RequestRecorder {
    fn finish(&mut self, outcome: &str) {
        self.has_ended = true;
        self.span.record("outcome", outcome);
        if let Some(since) = self.since {
            self.span.record("seconds", since.elapsed().as_secs_f64());
        }
    }
}

/// The client is gone, or the server was stopped.
impl Drop for RequestRecorder {
    fn drop(&mut self) {
        if !self.has_ended {
            metrics::record_refusal("cancelled");
            self.finish("cancelled");
        }
    }
}
