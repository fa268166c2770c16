//! What stays the same of a connection when it is made again.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use amf_remoting::service::ClientId;
use tokio::sync::watch;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::connector::{Connector, Established};
use super::current::{CurrentConnection, LinkState};
use super::error::ConnectError;
use super::event::ConnectionEvent;
use super::shared_object::RemoteObjects;

/// How to connect again.
pub(super) struct Retry {
    pub(super) connector: Connector,
    pub(super) backoff: Backoff,
}

/// The current connection, and whoever waits for another.
pub(super) struct ReconnectingConnection {
    id: ClientId,
    current: Arc<CurrentConnection>,
    /// Set once, when this side wants no connection any more.
    closing: watch::Sender<bool>,
    events: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>,
    objects: Arc<RemoteObjects>,
}

impl ReconnectingConnection {
    pub(super) fn new(events: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>) -> Self {
        let current = Arc::new(CurrentConnection::new());
        Self {
            id: ClientId::allocate(),
            objects: Arc::new(RemoteObjects::new(Arc::clone(&current))),
            current,
            closing: watch::Sender::new(false),
            events,
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

    pub(super) fn begin(&self, established: &Established) {
        self.current.begin(Arc::clone(&established.handle), Arc::clone(&established.accepted));
        self.objects.rejoin();
        self.emit(&ConnectionEvent::Connected);
    }

    /// Keeps a connection until it ends, and makes others as long as it should.
    pub(super) async fn keep(self: Arc<Self>, mut established: Established, retry: Option<Retry>) {
        let mut attempt = 0;
        loop {
            let began = Instant::now();
            let end = established.driver.await;
            tracing::debug!(?end, "connection ended");
            self.current.set_state(LinkState::Lost);
            self.emit(&ConnectionEvent::Lost);
            let Some(retry) = retry.as_ref().filter(|_| !*self.closing.borrow()) else { break };
            if retry.backoff.is_success(began.elapsed()) {
                attempt = 0;
            }
            match self.reconnect(retry, &mut attempt).await {
                Some(reconnect) => established = reconnect,
                None => break,
            }
            self.begin(&established);
            if *self.closing.borrow() {
                established.handle.close();
            }
        }
        self.current.set_state(LinkState::Ended);
        self.emit(&ConnectionEvent::Ended);
    }

    /// Another connection; nothing where there shall be none.
    async fn reconnect(&self, retry: &Retry, attempt: &mut u32) -> Option<Established> {
        let mut closing = self.closing.subscribe();
        loop {
            *attempt = attempt.saturating_add(1);
            let delay = retry.backoff.delay(*attempt, rand::random())?;
            self.emit(&ConnectionEvent::Waiting { attempt: *attempt, delay });
            let established = async {
                sleep(delay).await;
                retry.connector.establish(self.id, &self.objects).await
            };
            let outcome = tokio::select! {
                outcome = established => outcome,
                _ = closing.wait_for(|closing| *closing) => return None,
            };
            match outcome {
                Ok(established) => return Some(established),
                Err(error) => {
                    let is_final = matches!(error, ConnectError::Rejected(_));
                    self.emit(&ConnectionEvent::Failed(error));
                    if is_final {
                        return None;
                    }
                }
            }
        }
    }

    fn emit(&self, event: &ConnectionEvent) {
        // What keeps the connection must not end with a mistake of the program's.
        if catch_unwind(AssertUnwindSafe(|| (self.events)(event))).is_err() {
            tracing::error!("the hook of on_event panicked");
        }
    }
}

impl fmt::Debug for ReconnectingConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectingConnection").field("current", &self.current).finish_non_exhaustive()
    }
}
