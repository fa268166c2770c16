//! A call as traces and counters see it, from the outermost layer to its answer.

use std::borrow::Cow;
use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;

use super::registry::Registry;
use super::{Call, Fault, Reply};
use crate::count;

/// In place of names that are in no table: what a client makes up is no label.
const UNKNOWN: &str = "unknown";

/// What is noted of one call. Where nobody looks, it costs a look at whether somebody does.
pub(super) struct Observation {
    span: Span,
    service: &'static str,
    method: &'static str,
    /// Nothing when the call has ended.
    running_since: Option<Instant>,
}

impl Observation {
    pub(super) fn of(registry: &Registry, call: &Call) -> Self {
        let target = call.target();
        let span = tracing::debug_span!(
            "call",
            service = target.service(),
            method = target.method(),
            client = %call.caller().client().id(),
            outcome = Empty,
            seconds = Empty,
        );
        let (service, method) = if count::IS_ON { registry.names_of(target) } else { (None, None) };
        let (service, method) = (service.unwrap_or(UNKNOWN), method.unwrap_or(UNKNOWN));
        let is_on = count::IS_ON || !span.is_disabled();
        Self { span, service, method, running_since: is_on.then(Instant::now) }
    }

    /// Whether nobody looks.
    pub(super) fn is_off(&self) -> bool {
        self.running_since.is_none()
    }

    /// What the call is to run in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The call has come to its end.
    pub(super) fn answered(mut self, outcome: &Result<Reply, Fault>) {
        match outcome {
            Ok(reply) => self.span.in_scope(|| tracing::debug!(bytes = reply.body().len(), "answered")),
            Err(fault) => self.span.in_scope(|| {
                tracing::debug!(code = fault.code(), message = fault.message(), "answered with a fault");
            }),
        }
        self.end(&match outcome {
            Ok(_) => Outcome::Ok,
            Err(fault) if fault.is_panic() => Outcome::Panic,
            Err(fault) => Outcome::Fault(fault.code_as_given()),
        });
    }

    fn end(&mut self, outcome: &Outcome<'_>) {
        let Some(since) = self.running_since.take() else { return };
        let time = since.elapsed();
        self.span.record("outcome", outcome.text());
        self.span.record("seconds", time.as_secs_f64());
        count::call(self.service, self.method, outcome.label(), time);
    }
}

/// Whoever waited for the answer is gone.
impl Drop for Observation {
    fn drop(&mut self) {
        self.end(&Outcome::Cancelled);
    }
}

/// How a call ended.
enum Outcome<'a> {
    Ok,
    Fault(&'a Cow<'static, str>),
    Panic,
    Cancelled,
}

impl Outcome<'_> {
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
