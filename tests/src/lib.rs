//! What the integration tests share: processes that end with the test, the lobby, the foreign
//! clients, and values chosen when a test runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

pub mod clients;
pub mod lobby;
pub mod process;
pub mod random;
pub mod tagged;
