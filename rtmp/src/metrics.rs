//! What is counted, through the facade of the crate `metrics`: feature `metrics`.
//!
//! A program installs a recorder, for example that of `metrics-exporter-prometheus`, before it serves; without one
//! nothing is counted. [`describe`] tells it what each name means. Servers and clients of a process are counted
//! together.
//!
//! | name | kind | labels | what is counted |
//! |---|---|---|---|
//! | `amf_rtmp_connections` | gauge | | connections that are open, those that still shake hands among them |
//! | `amf_rtmp_connections_total` | counter | | connections that began |
//! | `amf_rtmp_ended_total` | counter | `reason` | connections that ended: see below |
//! | `amf_rtmp_received_bytes_total` | counter | | bytes that came |
//! | `amf_rtmp_sent_bytes_total` | counter | | bytes that were given to the socket, or were about to be |
//! | `amf_rtmp_received_messages_total` | counter | | messages that came |
//! | `amf_rtmp_sent_messages_total` | counter | | messages that were sent |
//! | `amf_rtmp_calls_in_flight` | gauge | `direction` | calls that have no reply yet: `in` from peers, `out` to them |
//! | `amf_rtmp_store_failures_total` | counter | `action` | what the store of shared objects failed to do: `load`, `commit` |
//! | `amf_limits_exceeded_total` | counter | `limit` | how often a limit was passed, by the name that the error says |
//!
//! **Reasons**: `local` (this side ended it), `disconnected`, `rejected`, `policy`, or
//! [`PeerError::name`](crate::proto::PeerError::name) where the peer broke the protocol or a limit.
//!
//! **Limits**: the fields of [`Limits`](crate::proto::Limits), those of [`amf_core::Limits`] that a connect passed,
//! `max_connections` and `max_connections_per_address` of a server, and the fields of
//! [`SharedObjectLimits`](crate::SharedObjectLimits) and `TunnelLimits`.
//!
//! No label comes from a peer.

use metrics::{Unit, describe_counter, describe_gauge};

pub(crate) const CONNECTIONS: &str = "amf_rtmp_connections";
pub(crate) const CONNECTIONS_TOTAL: &str = "amf_rtmp_connections_total";
pub(crate) const ENDED: &str = "amf_rtmp_ended_total";
pub(crate) const RECEIVED_BYTES: &str = "amf_rtmp_received_bytes_total";
pub(crate) const SENT_BYTES: &str = "amf_rtmp_sent_bytes_total";
pub(crate) const RECEIVED_MESSAGES: &str = "amf_rtmp_received_messages_total";
pub(crate) const SENT_MESSAGES: &str = "amf_rtmp_sent_messages_total";
pub(crate) const CALLS_IN_FLIGHT: &str = "amf_rtmp_calls_in_flight";
pub(crate) const STORE_FAILURES: &str = "amf_rtmp_store_failures_total";
pub(crate) const LIMITS_PASSED: &str = "amf_limits_exceeded_total";

/// Tells the recorder that is installed what the names mean.
///
/// ```
/// amf_rtmp::metrics::describe();
/// ```
pub fn describe() {
    describe_gauge!(CONNECTIONS, Unit::Count, "RTMP connections that are open");
    describe_counter!(CONNECTIONS_TOTAL, Unit::Count, "RTMP connections that began");
    describe_counter!(ENDED, Unit::Count, "RTMP connections that ended, by reason");
    describe_counter!(RECEIVED_BYTES, Unit::Bytes, "bytes that came over RTMP");
    describe_counter!(SENT_BYTES, Unit::Bytes, "bytes that were sent over RTMP");
    describe_counter!(RECEIVED_MESSAGES, Unit::Count, "messages that came over RTMP");
    describe_counter!(SENT_MESSAGES, Unit::Count, "messages that were sent over RTMP");
    describe_gauge!(CALLS_IN_FLIGHT, Unit::Count, "calls over RTMP that have no reply yet, by direction");
    describe_counter!(STORE_FAILURES, Unit::Count, "failures of the store of shared objects, by action");
    describe_counter!(LIMITS_PASSED, Unit::Count, "limits that were passed, by name");
}
