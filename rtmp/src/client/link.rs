//! What stays the same of a connection when it is made again.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use amf_core::Version;
use amf_remoting::CallError;
use amf_remoting::service::{ArgumentsForm, BoxFuture, ClientId, Connection, Encoding, Notification};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::remote::Remotes;
use super::{Backoff, ConnectError, Connecting, ConnectionEvent};
use crate::net::{End, Handle};
use crate::proto::Accepted;

/// A connection that the server has accepted.
pub(super) struct Established {
    pub(super) handle: Arc<Handle>,
    pub(super) accepted: Arc<Accepted>,
    pub(super) driver: AbortOnDropHandle<End>,
}

/// How to connect again.
pub(super) struct Retry {
    pub(super) connecting: Connecting,
    pub(super) backoff: Backoff,
}

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Lost,
    /// For ever.
    Ended,
}

/// The current connection, and whoever waits for another.
pub(super) struct Link {
    id: ClientId,
    current: RwLock<Option<(Arc<Handle>, Arc<Accepted>)>>,
    state: watch::Sender<State>,
    /// Set once, when this side wants no connection any more.
    closing: watch::Sender<bool>,
    events: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>,
    remotes: Remotes,
}

impl Link {
    pub(super) fn new(events: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>) -> Self {
        Self {
            id: ClientId::allocate(),
            current: RwLock::new(None),
            state: watch::Sender::new(State::Lost),
            closing: watch::Sender::new(false),
            events,
            remotes: Remotes::default(),
        }
    }

    pub(super) fn id(&self) -> ClientId {
        self.id
    }

    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn remotes(&self) -> &Remotes {
        &self.remotes
    }

    /// What the server said when it last accepted us.
    pub(super) fn accepted(&self) -> Option<Arc<Accepted>> {
        self.read(|(_, accepted)| Arc::clone(accepted))
    }

    pub(super) fn close(&self) {
        self.closing.send_replace(true);
        self.read(|(handle, _)| handle.close());
    }

    pub(super) fn begin(&self, established: &Established) {
        let current = (Arc::clone(&established.handle), Arc::clone(&established.accepted));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(current);
        self.state.send_replace(State::Open);
        self.remotes.rejoin();
        self.tell(&ConnectionEvent::Connected);
    }

    /// Keeps a connection until it ends, and makes others as long as it should.
    pub(super) async fn keep(self: Arc<Self>, mut established: Established, retry: Option<Retry>) {
        let mut attempt = 0;
        loop {
            let began = Instant::now();
            let end = established.driver.await;
            tracing::debug!(?end, "connection ended");
            self.state.send_replace(State::Lost);
            self.tell(&ConnectionEvent::Lost);
            let Some(retry) = retry.as_ref().filter(|_| !*self.closing.borrow()) else { break };
            if retry.backoff.is_success(began.elapsed()) {
                attempt = 0;
            }
            match self.again(retry, &mut attempt).await {
                Some(again) => established = again,
                None => break,
            }
            self.begin(&established);
            if *self.closing.borrow() {
                established.handle.close();
            }
        }
        self.state.send_replace(State::Ended);
        self.tell(&ConnectionEvent::Ended);
    }

    /// Another connection; nothing where there shall be none.
    async fn again(self: &Arc<Self>, retry: &Retry, attempt: &mut u32) -> Option<Established> {
        let mut closing = self.closing.subscribe();
        loop {
            *attempt = attempt.saturating_add(1);
            let delay = retry.backoff.delay(*attempt, rand::random())?;
            self.tell(&ConnectionEvent::Waiting { attempt: *attempt, delay });
            let established = async {
                sleep(delay).await;
                retry.connecting.establish(self).await
            };
            let outcome = tokio::select! {
                outcome = established => outcome,
                _ = closing.wait_for(|closing| *closing) => return None,
            };
            match outcome {
                Ok(established) => return Some(established),
                Err(error) => {
                    let is_final = matches!(error, ConnectError::Rejected(_));
                    self.tell(&ConnectionEvent::Failed(error));
                    if is_final {
                        return None;
                    }
                }
            }
        }
    }

    fn tell(&self, event: &ConnectionEvent) {
        // What keeps the connection must not end with a mistake of the program's.
        if catch_unwind(AssertUnwindSafe(|| (self.events)(event))).is_err() {
            tracing::error!("the hook of on_event panicked");
        }
    }

    fn read<T>(&self, read: impl FnOnce(&(Arc<Handle>, Arc<Accepted>)) -> T) -> Option<T> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(read)
    }

    pub(super) fn handle(&self) -> Result<Arc<Handle>, CallError> {
        self.read(|(handle, _)| Arc::clone(handle)).ok_or(CallError::Gone)
    }
}

/// The current connection's.
impl Connection for Link {
    fn encoding(&self) -> Encoding {
        let none = Encoding { version: Version::Amf0, form: ArgumentsForm::Sequence };
        self.read(|(handle, _)| handle.encoding()).unwrap_or(none)
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.handle()?.notify(notification)
    }

    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        match self.handle() {
            Ok(handle) => handle.invoke(call),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn is_open(&self) -> bool {
        self.read(|(handle, _)| handle.is_open()).unwrap_or(false)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}
