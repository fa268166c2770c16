//! What is worth a number. Without the feature `metrics` nothing is done here.

use std::time::Duration;

use amf_core::{DecodeError, DecodeErrorKind};

#[cfg(feature = "metrics")]
use crate::metrics as name;

/// Whether anybody may be counting.
pub(crate) const IS_ON: bool = cfg!(feature = "metrics");

/// Adds to a counter.
macro_rules! add {
    ($name:ident, $count:expr $(, $label:literal => $value:expr)*) => {{
        #[cfg(feature = "metrics")]
        ::metrics::counter!(name::$name $(, $label => $value)*).increment($count);
        #[cfg(not(feature = "metrics"))]
        let _ = ($count, $($value),*);
    }};
}

/// A call that ended. All three labels are of a bounded set.
pub(crate) fn call(service: &'static str, method: &'static str, outcome: &'static str, time: Duration) {
    add!(CALLS, 1, "service" => service, "method" => method, "outcome" => outcome);
    #[cfg(feature = "metrics")]
    ::metrics::histogram!(name::CALL_SECONDS, "service" => service, "method" => method, "outcome" => outcome)
        .record(time);
    #[cfg(not(feature = "metrics"))]
    let _ = time;
}

/// A limit that was passed, by the name that the error says.
pub(crate) fn limit(limit: &'static str) {
    add!(LIMITS_PASSED, 1, "limit" => limit);
}

/// Counts the limit that an error is about, if it is about one.
pub(crate) fn limit_of(error: &DecodeError) {
    if let DecodeErrorKind::Limit { limit: name, .. } = error.kind() {
        limit(name);
    }
}

#[cfg(feature = "http")]
pub(crate) fn packet(version: u16, messages: usize) {
    let version = match version {
        0 => "0",
        1 => "1",
        3 => "3",
        _ => "unknown",
    };
    add!(PACKETS, 1, "version" => version);
    add!(MESSAGES, messages as u64);
}

#[cfg(feature = "http")]
pub(crate) fn received(bytes: usize) {
    add!(RECEIVED_BYTES, bytes as u64);
}

#[cfg(feature = "http")]
pub(crate) fn sent(bytes: usize) {
    add!(SENT_BYTES, bytes as u64);
}

#[cfg(feature = "http")]
pub(crate) fn refused(reason: &'static str) {
    add!(REFUSED, 1, "reason" => reason);
}
