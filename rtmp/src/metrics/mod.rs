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
//! | `amf_rtmp_ignored_messages_total` | counter | | messages, and events of shared objects, that were ignored: they mean nothing here, cannot be read, or are replies that nobody waits for |
//! | `amf_rtmp_calls_in_flight` | gauge | `direction` | calls that have no reply yet: `in` from peers, `out` to them |
//! | `amf_rtmp_store_failures_total` | counter | `action` | what the store of shared objects failed to do: `load`, `commit` |
//! | `amf_limits_exceeded_total` | counter | `limit` | how often a limit was exceeded, by the name that the error says |
//! | `amf_omitted_members_total` | counter | | members with an empty name that were left out of AMF3 output, which cannot carry them |
//!
//! **Reasons**: `local` (this side ended it), `disconnected`, `remote` (the command `close`), `rejected`, `policy`, or
//! [`PeerError::name`](crate::proto::PeerError::name) where the peer broke the protocol or a limit.
//!
//! **Limits**: the fields of [`Limits`](crate::proto::Limits), those of [`amf_core::Limits`] that a connect exceeded,
//! `max_connections`, `max_connections_per_address` and `pending_refusals` of a server, and the fields of
//! [`SharedObjectLimits`](crate::SharedObjectLimits), [`PersistenceLimits`](crate::PersistenceLimits) and `TunnelLimits`.
//!
//! No label comes from a peer.

#[cfg(feature = "metrics")]
mod connection;
#[cfg(not(feature = "metrics"))]
mod disabled;
#[cfg(feature = "metrics")]
mod names;

#[cfg(feature = "metrics")]
pub(crate) use connection::{
    ConnectionMetrics, connection_ended, limit_exceeded, members_omitted, store_failed,
};
#[cfg(not(feature = "metrics"))]
pub(crate) use disabled::{
    ConnectionMetrics, connection_ended, limit_exceeded, members_omitted, store_failed,
};
#[cfg(feature = "metrics")]
pub use names::describe;
