//! A service written by hand, packets written by hand, and a gateway that is driven without a socket.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "only tests use it")]

pub mod amf3;
pub mod bytes;
#[cfg(feature = "metrics")]
pub mod counters;
pub mod direct;
pub mod flex;
pub mod log;
pub mod post;
pub mod probe;
