//! The names of the metrics.

use metrics::{Unit, describe_counter, describe_gauge};

pub(super) const CONNECTIONS: &str = "amf_rtmp_connections";
pub(super) const CONNECTIONS_TOTAL: &str = "amf_rtmp_connections_total";
pub(super) const ENDED: &str = "amf_rtmp_ended_total";
pub(super) const RECEIVED_BYTES: &str = "amf_rtmp_received_bytes_total";
pub(super) const SENT_BYTES: &str = "amf_rtmp_sent_bytes_total";
pub(super) const RECEIVED_MESSAGES: &str = "amf_rtmp_received_messages_total";
pub(super) const SENT_MESSAGES: &str = "amf_rtmp_sent_messages_total";
pub(super) const IGNORED_MESSAGES: &str = "amf_rtmp_ignored_messages_total";
pub(super) const CALLS_IN_FLIGHT: &str = "amf_rtmp_calls_in_flight";
pub(super) const STORE_FAILURES: &str = "amf_rtmp_store_failures_total";
pub(super) const LIMITS_EXCEEDED: &str = "amf_limits_exceeded_total";
pub(super) const OMITTED_MEMBERS: &str = "amf_omitted_members_total";

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
    describe_counter!(IGNORED_MESSAGES, Unit::Count, "messages over RTMP that were ignored");
    describe_gauge!(CALLS_IN_FLIGHT, Unit::Count, "calls over RTMP that have no reply yet, by direction");
    describe_counter!(STORE_FAILURES, Unit::Count, "failures of the store of shared objects, by action");
    describe_counter!(LIMITS_EXCEEDED, Unit::Count, "limits that were exceeded, by name");
    describe_counter!(OMITTED_MEMBERS, Unit::Count, "members without a name, left out of AMF3 output");
}
