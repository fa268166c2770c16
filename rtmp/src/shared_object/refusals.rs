//! Refusals in words for a client's program.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use amf_remoting::Client;

use crate::proto::Status;

/// The event of a shared object that says no has a code and nothing else, so `NetConnection` is told why. A client that
/// is refused again and again is told once in so long, or a small request would cost more than itself.
const INTERVAL: Duration = Duration::from_secs(1);

/// Tells the program of one client why its requests were refused.
#[derive(Debug)]
pub(super) struct Refusals {
    client: Client,
    last: Mutex<Option<Instant>>,
}

impl Refusals {
    pub(super) fn new(client: Client) -> Self {
        Self { client, last: Mutex::new(None) }
    }

    /// Sends an `onStatus` with the code of the refusal and its reason.
    pub(super) fn describe(&self, code: &'static str, reason: &str) {
        let now = Instant::now();
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
                return;
            }
            *last = Some(now);
        }
        if let Err(error) = self.client.notify("onStatus", (&Status::error(code, reason),)) {
            tracing::debug!(client = %self.client.id(), %error, "a client was not told why it was refused");
        }
    }
}
