//! A call as traces and counters see it, from the outermost layer to its answer.

use std::borrow::Cow;
use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;

use super::registry::Registry;
use super::{Call, Fault, Reply};
use crate::metrics;

/// In place of names that are in no table: what a client makes up is no label.
pub(super) const UNKNOWN: &str = "unknown";

/// Span and counters of one call. When both are disabled, the cost is a single check.
pub(super) struct CallRecorder {
    span: Span,
    service: &'static str,
    method: &'static str,
    /// Nothing when the call has ended.
    running_since: Option<Instant>,
}

impl CallRecorder {
    /// Begins to record a call. Returns `None` if the span and the counters are disabled.
    pub(super) fn start(registry: &Registry, call: &Call) -> Option<Self> {
        let target = call.target();
        let span = tracing::debug_span!(
            "call",
            service = target.service(),
            method = target.method(),
            client = %call.caller().client().id(),
            outcome = Empty,
            seconds = Empty,
        );
        if !metrics::IS_ENABLED && span.is_disabled() {
            return None;
        }
        let (service, method) =
            if metrics::IS_ENABLED { registry.resolve_names(target) } else { (None, None) };
        let (service, method) = (service.unwrap_or(UNKNOWN), method.unwrap_or(UNKNOWN));
        Some(Self { span, service, method, running_since: Some(Instant::now()) })
    }

    /// What the call is to run in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The call has come to its end.
    pub(super) fn finish(mut self, outcome: &Result<Reply, Fault>) {
        match outcome {
            Ok(reply) => self.span.in_scope(|| tracing::debug!(bytes = reply.body().len(), "answered")),
            Err(fault) => self.span.in_scope(|| {
                tracing::debug!(code = fault.code(), text = fault.message(), "answered with a fault");
            }),
        }
        self.end(&match outcome {
            Ok(_) => CallOutcome::Ok,
            Err(fault) if fault.is_panic() => CallOutcome::Panic,
            Err(fault) => CallOutcome::Fault(fault.code_cow()),
        });
    }

    fn end(&mut self, outcome: &CallOutcome<'_>) {
        let Some(since) = self.running_since.take() else { return };
        let time = since.elapsed();
        self.span.record("outcome", outcome.text());
        self.span.record("seconds", time.as_secs_f64());
        metrics::record_call(self.service, self.method, outcome.label(), time);
    }
}

/// Whoever waited for the answer is gone.
impl Drop for CallRecorder {
    fn drop(&mut self) {
        self.end(&CallOutcome::Cancelled);
    }
}

/// How a call ended.
enum CallOutcome<'a> {
    Ok,
    Fault(&'a Cow<'static, str>),
    Panic,
    Cancelled,
}

impl CallOutcome<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Fault(code) => code,
            other => other.label(),
        }
    }

    /// One of a bounded set: there are as many codes as the program's text has.
    fn label(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fault(Cow::Borrowed(code)) => code,
            Self::Fault(Cow::Owned(_)) => "fault",
            Self::Panic => "panic",
            Self::Cancelled => "cancelled",
        }
    }
}
