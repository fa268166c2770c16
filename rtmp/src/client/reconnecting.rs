//! What stays the same of a connection when it is made again.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use amf_remoting::__private::log_limit::error_limited;
use amf_remoting::service::ClientId;
use tokio::sync::watch;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::connector::{Connector, Established};
use super::current::{ConnectionState, CurrentConnection};
use super::error::ConnectError;
use super::event::ConnectionEvent;
use super::shared_object::RemoteObjects;

/// How to connect again.
pub(super) struct ReconnectPolicy {
    pub(super) connector: Connector,
    pub(super) backoff: Backoff,
}

/// The current connection, and whoever waits for another.
pub(super) struct ReconnectingConnection {
    id: ClientId,
    current: Arc<CurrentConnection>,
    /// Set once, when this side wants no connection any more.
    closing: watch::Sender<bool>,
    on_event: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>,
    objects: Arc<RemoteObjects>,
}

impl ReconnectingConnection {
    pub(super) fn new(on_event: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>) -> Self {
        let current = Arc::new(CurrentConnection::new());
        Self {
            id: ClientId::allocate(),
            objects: Arc::new(RemoteObjects::new(Arc::clone(&current))),
            current,
            closing: watch::Sender::new(false),
            on_event,
        }
    }

    pub(super) fn id(&self) -> ClientId {
        self.id
    }

    pub(super) fn current(&self) -> &Arc<CurrentConnection> {
        &self.current
    }

    pub(super) fn objects(&self) -> &Arc<RemoteObjects> {
        &self.objects
    }

    pub(super) fn close(&self) {
        self.closing.send_replace(true);
        if let Ok(handle) = self.current.handle() {
            handle.close();
        }
    }

    pub(super) fn set_established(&self, established: &Established) {
        self.current.set(Arc::clone(&established.handle), Arc::clone(&established.accepted));
        self.objects.rejoin();
        self.emit(&ConnectionEvent::Connected);
    }

    /// Keeps a connection until it ends, and makes others as long as it should.
    pub(super) async fn run(
        self: Arc<Self>,
        mut established: Established,
        reconnect_policy: Option<ReconnectPolicy>,
    ) {
        let mut attempt = 0;
        loop {
            let began = Instant::now();
            let end = established.driver.await;
            tracing::debug!(?end, "connection ended");
            self.current.set_state(ConnectionState::Lost);
            self.emit(&ConnectionEvent::Lost);
            let Some(reconnect_policy) = reconnect_policy.as_ref().filter(|_| !*self.closing.borrow()) else {
                break;
            };
            if reconnect_policy.backoff.is_success(began.elapsed()) {
                attempt = 0;
            }
            match self.reconnect(reconnect_policy, &mut attempt).await {
                Some(reconnected) => established = reconnected,
                None => break,
            }
            self.set_established(&established);
            if *self.closing.borrow() {
                established.handle.close();
            }
        }
        self.current.set_state(ConnectionState::Closed);
        self.emit(&ConnectionEvent::Closed);
    }

    /// Another connection; nothing where there shall be none.
    async fn reconnect(&self, reconnect_policy: &ReconnectPolicy, attempt: &mut u32) -> Option<Established> {
        let mut closing = self.closing.subscribe();
        loop {
            *attempt = attempt.saturating_add(1);
            let delay = reconnect_policy.backoff.delay(*attempt, rand::random())?;
            self.emit(&ConnectionEvent::Reconnecting { attempt: *attempt, delay });
            let established = async {
                sleep(delay).await;
                reconnect_policy.connector.establish(self.id, &self.objects).await
            };
            let outcome = tokio::select! {
                outcome = established => outcome,
                _ = closing.wait_for(|closing| *closing) => return None,
            };
            match outcome {
                Ok(established) => return Some(established),
                Err(error) => {
                    let is_final = matches!(error, ConnectError::Rejected(_));
                    self.emit(&ConnectionEvent::ReconnectFailed(error));
                    if is_final {
                        return None;
                    }
                }
            }
        }
    }

    fn emit(&self, event: &ConnectionEvent) {
        // What keeps the connection must not end with a mistake of the program's.
        if catch_unwind(AssertUnwindSafe(|| (self.on_event)(event))).is_err() {
            error_limited!("the hook of on_event panicked");
        }
    }
}

impl fmt::Debug for ReconnectingConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectingConnection").field("current", &self.current).finish_non_exhaustive()
    }
}
