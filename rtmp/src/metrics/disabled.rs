//! The same functions without the feature `metrics`: nothing is counted.

use crate::proto::{CloseReason, Connection};

pub(crate) struct Meter;

impl Meter {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "nothing is counted")]
    pub(crate) const fn read(&mut self, _: &Connection) {}
}

pub(crate) const fn ended(_: &CloseReason) {}

pub(crate) const fn limit(_: &'static str) {}

pub(crate) const fn store_failed(_: &'static str) {}
