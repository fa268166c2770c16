//! What is counted, through the facade of the crate `metrics`, with the feature of that name.
//!
//! A program installs a recorder, for example that of `metrics-exporter-prometheus`, before it serves; without one
//! nothing is counted. [`describe`] tells it what each name means. Names and labels are these, for every transport
//! where none is named:
//!
//! | name | kind | labels | what is counted |
//! |---|---|---|---|
//! | `amf_packets_total` | counter | `version` | packets that came over HTTP and could be read: `0`, `1`, `3` or `unknown` |
//! | `amf_messages_total` | counter | | messages in them |
//! | `amf_received_bytes_total` | counter | | bytes of the bodies of requests over HTTP |
//! | `amf_sent_bytes_total` | counter | | bytes of the packets that answered them |
//! | `amf_refused_total` | counter | `reason` | requests over HTTP that no call was made for, or not every one: see below |
//! | `amf_calls_total` | counter | `service`, `method`, `outcome` | calls that ended |
//! | `amf_call_seconds` | histogram | `service`, `method`, `outcome` | how long each took, with the layers of [`Services::layer`](crate::Services::layer) |
//! | `amf_limits_exceeded_total` | counter | `limit` | how often a limit was passed, by the name that the error says |
//!
//! **Reasons**: `method` (no POST), `content_type`, `body` (too large), `body_timeout`, `incomplete` (the body broke off),
//! `empty`, `packet` (it cannot be read), `header` (the value of a header cannot be read), `reply` (a reply cannot be
//! written), `version` (of a packet, unknown), `must_understand`, `message` (one of a packet cannot be read, and what
//! stands before it was answered), and `cancelled` (the client went away before the reply).
//!
//! **Outcomes**: `ok`, `panic`, `cancelled` (nobody waits for the answer any more), or the code of the fault. A code
//! that was put together at run time is `fault`.
//!
//! **Limits**: the fields of [`Limits`](crate::Limits) and of `GatewayLimits`, and `header_read_timeout` (of the
//! first request), `shutdown_timeout` and `connections` of `gateway::serve`.
//!
//! No label comes from a client: a service or a method that is in no table is `unknown`.

use metrics::{Unit, describe_counter, describe_histogram};

pub(crate) const PACKETS: &str = "amf_packets_total";
pub(crate) const MESSAGES: &str = "amf_messages_total";
pub(crate) const RECEIVED_BYTES: &str = "amf_received_bytes_total";
pub(crate) const SENT_BYTES: &str = "amf_sent_bytes_total";
pub(crate) const REFUSED: &str = "amf_refused_total";
pub(crate) const CALLS: &str = "amf_calls_total";
pub(crate) const CALL_SECONDS: &str = "amf_call_seconds";
pub(crate) const LIMITS_PASSED: &str = "amf_limits_exceeded_total";

/// Tells the recorder that is installed what the names mean.
///
/// ```
/// amf_remoting::metrics::describe();
/// ```
pub fn describe() {
    describe_counter!(PACKETS, Unit::Count, "AMF packets over HTTP, by version");
    describe_counter!(MESSAGES, Unit::Count, "messages in AMF packets over HTTP");
    describe_counter!(RECEIVED_BYTES, Unit::Bytes, "bytes of the bodies of AMF requests over HTTP");
    describe_counter!(SENT_BYTES, Unit::Bytes, "bytes of AMF packets that answered requests over HTTP");
    describe_counter!(REFUSED, Unit::Count, "AMF requests over HTTP that were refused, by reason");
    describe_counter!(CALLS, Unit::Count, "calls that ended, by service, method and outcome");
    describe_histogram!(CALL_SECONDS, Unit::Seconds, "how long calls took, by service, method and outcome");
    describe_counter!(LIMITS_PASSED, Unit::Count, "limits that were passed, by name");
}
