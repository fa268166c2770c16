//! What is counted of a connection.

use std::collections::HashMap;

use metrics::{counter, gauge};

use super::names as name;
use crate::proto::{CloseReason, Connection, Counters};

/// What was counted of one connection already.
pub(crate) struct ConnectionMetrics {
    received: u64,
    sent: u64,
    counters: Counters,
    calls_in: usize,
    calls_out: usize,
    exceeded: HashMap<&'static str, u64>,
}

impl ConnectionMetrics {
    /// Counts a connection that begins.
    pub(crate) fn new() -> Self {
        counter!(name::CONNECTIONS_TOTAL).increment(1);
        gauge!(name::CONNECTIONS).increment(1.0);
        Self {
            received: 0,
            sent: 0,
            counters: Counters::default(),
            calls_in: 0,
            calls_out: 0,
            exceeded: HashMap::new(),
        }
    }

    /// Counts what happened since the last time.
    pub(crate) fn update(&mut self, connection: &Connection) {
        let counters = connection.counters();
        add(name::RECEIVED_BYTES, connection.received() - self.received);
        add(name::SENT_BYTES, connection.sent() - self.sent);
        add(name::RECEIVED_MESSAGES, counters.messages - self.counters.messages);
        add(name::SENT_MESSAGES, counters.sent_messages - self.counters.sent_messages);
        add(name::IGNORED_MESSAGES, ignored(&counters) - ignored(&self.counters));
        (self.received, self.sent, self.counters) = (connection.received(), connection.sent(), counters);
        for (limit, count) in connection.limit_counters() {
            let counted = self.exceeded.entry(limit).or_default();
            counter!(name::LIMITS_EXCEEDED, "limit" => limit).increment(count - *counted);
            *counted = count;
        }
        self.set_calls(connection.calls_in(), connection.calls_out());
    }

    fn set_calls(&mut self, calls_in: usize, calls_out: usize) {
        adjust_in_flight(calls_in, self.calls_in, "in");
        adjust_in_flight(calls_out, self.calls_out, "out");
        (self.calls_in, self.calls_out) = (calls_in, calls_out);
    }
}

/// However the connection ended.
impl Drop for ConnectionMetrics {
    fn drop(&mut self) {
        self.set_calls(0, 0);
        gauge!(name::CONNECTIONS).decrement(1.0);
    }
}

/// Messages that changed nothing.
const fn ignored(counters: &Counters) -> u64 {
    counters.ignored + counters.late_replies + counters.unknown_replies
}

fn add(name: &'static str, count: u64) {
    if count > 0 {
        counter!(name).increment(count);
    }
}

fn adjust_in_flight(calls: usize, before: usize, direction: &'static str) {
    if calls != before {
        gauge!(name::CALLS_IN_FLIGHT, "direction" => direction).increment(calls as f64 - before as f64);
    }
}

/// Counts the end of a connection.
pub(crate) fn connection_ended(reason: &CloseReason) {
    let reason = match reason {
        CloseReason::Local => "local",
        CloseReason::Disconnected => "disconnected",
        CloseReason::Remote => "remote",
        CloseReason::Rejected => "rejected",
        CloseReason::Policy => "policy",
        CloseReason::Peer(error) => error.name(),
    };
    counter!(name::ENDED, "reason" => reason).increment(1);
}

/// A limit that was exceeded elsewhere than in the protocol.
pub(crate) fn limit_exceeded(limit: &'static str) {
    counter!(name::LIMITS_EXCEEDED, "limit" => limit).increment(1);
}

/// Members that an encoder left out of AMF3 output.
pub(crate) fn members_omitted(count: usize) {
    if count > 0 {
        counter!(name::OMITTED_MEMBERS).increment(count as u64);
    }
}

pub(crate) fn store_failed(action: &'static str) {
    counter!(name::STORE_FAILURES, "action" => action).increment(1);
}
