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
//! | `amf_trailing_bytes_total` | counter | `packet` | bytes behind the last message of a packet, which are ignored: of a `request` to the gateway, or of a `reply` to a client |
//! | `amf_refused_total` | counter | `reason` | requests over HTTP that no call was made for, or not every one: see below |
//! | `amf_calls_total` | counter | `service`, `method`, `outcome` | calls that ended |
//! | `amf_call_seconds` | histogram | `service`, `method`, `outcome` | how long each took, with the layers of [`Services::layer`](crate::Services::layer) |
//! | `amf_slow_polls_total` | counter | `service`, `method` | polls of a call, layers included, that took 100 ms or longer and held the other work of their connection; see `blocking` in [`remoting_service`](macro@crate::remoting_service) |
//! | `amf_limits_exceeded_total` | counter | `limit` | how often a limit was passed, by the name that the error says |
//! | `amf_memory_bytes` | gauge | | bytes that are charged to every [`MemoryBudget`](crate::MemoryBudget) of the process |
//! | `amf_shed_total` | counter | `kind` | what was refused or ended because a memory budget was full: `connection`, `request`, `disconnect` |
//! | `amf_omitted_members_total` | counter | | members with an empty name that were left out of AMF3 output, which cannot carry them |
//!
//! **Reasons**: `method` (no POST), `content_type`, `content_encoding`, `body` (too large), `body_timeout`, `body_rate`,
//! `memory_budget` (no room for the body), `incomplete` (the body broke off), `empty`, `packet` (it cannot be read), `reply` (the replies cannot be written, or need more room
//! than `packet_bytes` has), `response_uri` (too long for a reply to name it), `version` (of a packet, unknown),
//! `must_understand`, `message` (one of a packet cannot be read, while others of it were answered), and `cancelled` (the
//! client went away before the reply).
//!
//! **Outcomes**: `ok`, `panic`, `cancelled` (nobody waits for the answer any more), or the code of the fault. A code
//! that was put together at run time is `fault`.
//!
//! **Limits**: the fields of [`Limits`](crate::Limits), of [`OutputLimits`](crate::OutputLimits) and of `GatewayLimits`;
//! `call_timeout` of [`Services::call_timeout`](crate::Services::call_timeout) and `method_timeout` of
//! `#[remote(timeout = "…")]`; `header_bytes` (1 MiB, of one header that is encoded again to be read as a type); and
//! those of `gateway::ServerLimits`, `header_read_timeout` for the PROXY protocol and the first request of a connection
//! alone; and `memory_budget` of [`MemoryBudget`](crate::MemoryBudget).
//!
//! No label comes from a client: a service or a method that is in no table is `unknown`.

use std::time::Duration;

use amf_core::{DecodeError, DecodeErrorKind};

#[cfg(feature = "metrics")]
mod name {
    pub(super) const PACKETS: &str = "amf_packets_total";
    pub(super) const MESSAGES: &str = "amf_messages_total";
    pub(super) const RECEIVED_BYTES: &str = "amf_received_bytes_total";
    pub(super) const SENT_BYTES: &str = "amf_sent_bytes_total";
    pub(super) const TRAILING_BYTES: &str = "amf_trailing_bytes_total";
    pub(super) const REFUSED: &str = "amf_refused_total";
    pub(super) const CALLS: &str = "amf_calls_total";
    pub(super) const CALL_SECONDS: &str = "amf_call_seconds";
    pub(super) const SLOW_POLLS: &str = "amf_slow_polls_total";
    pub(super) const LIMITS_EXCEEDED: &str = "amf_limits_exceeded_total";
    pub(super) const MEMORY: &str = "amf_memory_bytes";
    pub(super) const SHED: &str = "amf_shed_total";
    pub(super) const OMITTED_MEMBERS: &str = "amf_omitted_members_total";
}

/// Tells the recorder that is installed what the names mean.
///
/// ```
/// amf_remoting::metrics::describe();
/// ```
#[cfg(feature = "metrics")]
pub fn describe() {
    use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

    describe_counter!(name::PACKETS, Unit::Count, "AMF packets over HTTP, by version");
    describe_counter!(name::MESSAGES, Unit::Count, "messages in AMF packets over HTTP");
    describe_counter!(name::RECEIVED_BYTES, Unit::Bytes, "bytes of the bodies of AMF requests over HTTP");
    describe_counter!(name::SENT_BYTES, Unit::Bytes, "bytes of AMF packets that answered requests over HTTP");
    describe_counter!(
        name::TRAILING_BYTES,
        Unit::Bytes,
        "bytes behind the last message of AMF packets, by kind of packet"
    );
    describe_counter!(name::REFUSED, Unit::Count, "AMF requests over HTTP that were refused, by reason");
    describe_counter!(name::CALLS, Unit::Count, "calls that ended, by service, method and outcome");
    describe_histogram!(
        name::CALL_SECONDS,
        Unit::Seconds,
        "how long calls took, by service, method and outcome"
    );
    describe_counter!(
        name::SLOW_POLLS,
        Unit::Count,
        "polls of calls that took 100 ms or longer, by service and method"
    );
    describe_counter!(name::LIMITS_EXCEEDED, Unit::Count, "limits that were passed, by name");
    describe_gauge!(name::MEMORY, Unit::Bytes, "bytes that are charged to memory budgets");
    describe_counter!(name::SHED, Unit::Count, "refused or ended because a memory budget was full, by kind");
    describe_counter!(name::OMITTED_MEMBERS, Unit::Count, "members without a name, left out of AMF3 output");
}

/// Whether anybody may be counting.
pub(crate) const IS_ENABLED: bool = cfg!(feature = "metrics");

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
pub(crate) fn record_call(
    service: &'static str,
    method: &'static str,
    outcome: &'static str,
    time: Duration,
) {
    add!(CALLS, 1, "service" => service, "method" => method, "outcome" => outcome);
    #[cfg(feature = "metrics")]
    ::metrics::histogram!(name::CALL_SECONDS, "service" => service, "method" => method, "outcome" => outcome)
        .record(time);
    #[cfg(not(feature = "metrics"))]
    let _ = time;
}

/// Counts a poll of a call that held its task for long.
pub(crate) fn record_slow_poll(service: &'static str, method: &'static str) {
    add!(SLOW_POLLS, 1, "service" => service, "method" => method);
}

/// Counts members that were left out of AMF3 output.
#[cold]
pub(crate) fn record_omitted_members(count: usize) {
    add!(OMITTED_MEMBERS, count as u64);
}

/// A limit that was passed, by the name that the error says.
pub(crate) fn record_exceeded_limit(limit: &'static str) {
    add!(LIMITS_EXCEEDED, 1, "limit" => limit);
}

/// Work that is refused or ended because a memory budget is full.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shed {
    Connection,
    Request,
    Disconnect,
}

/// Counts what was refused or ended because a memory budget was full.
#[cold]
pub(crate) fn record_shed(shed: Shed) {
    let kind = match shed {
        Shed::Connection => "connection",
        Shed::Request => "request",
        Shed::Disconnect => "disconnect",
    };
    add!(SHED, 1, "kind" => kind);
}

/// Adds to the bytes that are charged to memory budgets.
pub(crate) fn add_memory(bytes: usize) {
    #[cfg(feature = "metrics")]
    ::metrics::gauge!(name::MEMORY).increment(bytes as f64);
    #[cfg(not(feature = "metrics"))]
    let _ = bytes;
}

/// Subtracts from the bytes that are charged to memory budgets.
pub(crate) fn subtract_memory(bytes: usize) {
    #[cfg(feature = "metrics")]
    ::metrics::gauge!(name::MEMORY).decrement(bytes as f64);
    #[cfg(not(feature = "metrics"))]
    let _ = bytes;
}

/// Counts the limit that an error is about, if it is about one.
pub(crate) fn record_decode_limit(error: &DecodeError) {
    if let DecodeErrorKind::Limit { limit: name, .. } = error.kind() {
        record_exceeded_limit(name);
    }
}

#[cfg(feature = "http")]
pub(crate) fn record_packet(version: u16, messages: usize) {
    let version = match version {
        0 => "0",
        1 => "1",
        3 => "3",
        _ => "unknown",
    };
    add!(PACKETS, 1, "version" => version);
    add!(MESSAGES, messages as u64);
}

/// Bytes behind the last message of a `request` or a `reply`.
#[cfg(any(feature = "http", feature = "client"))]
pub(crate) fn record_trailing_bytes(packet: &'static str, bytes: usize) {
    if bytes > 0 {
        add!(TRAILING_BYTES, bytes as u64, "packet" => packet);
    }
}

#[cfg(feature = "http")]
pub(crate) fn record_received(bytes: usize) {
    add!(RECEIVED_BYTES, bytes as u64);
}

#[cfg(feature = "http")]
pub(crate) fn record_sent(bytes: usize) {
    add!(SENT_BYTES, bytes as u64);
}

#[cfg(feature = "http")]
pub(crate) fn record_refusal(reason: &'static str) {
    add!(REFUSED, 1, "reason" => reason);
}
