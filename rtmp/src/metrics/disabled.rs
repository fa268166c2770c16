//! The same functions without the feature `metrics`: nothing is counted.

use crate::proto::{CloseReason, Connection};

pub(crate) struct ConnectionMetrics;

impl ConnectionMetrics {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "nothing is counted")]
    pub(crate) const fn update(&mut self, _: &Connection) {}
}

pub(crate) const fn connection_ended(_: &CloseReason) {}

pub(crate) const fn limit_exceeded(_: &'static str) {}

pub(crate) const fn members_omitted(_: usize) {}

pub(crate) const fn store_failed(_: &'static str) {}
