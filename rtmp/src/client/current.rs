//! The connection that there is at the moment.

use std::sync::{Arc, PoisonError, RwLock};

use amf_core::Version;
use amf_remoting::service::{ArgumentsForm, BoxFuture, Connection, Encoding, Notification};
use amf_remoting::{CallError, OutputLimits};
use bytes::Bytes;
use tokio::sync::watch;

use crate::connection::Handle;
use crate::proto::Accepted;

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionState {
    Open,
    Lost,
    /// For ever.
    Closed,
}

/// The current connection, and whoever waits for another.
#[derive(Debug)]
pub(super) struct CurrentConnection {
    current: RwLock<Option<(Arc<Handle>, Arc<Accepted>)>>,
    state: watch::Sender<ConnectionState>,
}

impl CurrentConnection {
    pub(super) fn new() -> Self {
        Self { current: RwLock::new(None), state: watch::Sender::new(ConnectionState::Lost) }
    }

    pub(super) fn state(&self) -> watch::Receiver<ConnectionState> {
        self.state.subscribe()
    }

    pub(super) fn set_state(&self, state: ConnectionState) {
        self.state.send_replace(state);
    }

    pub(super) fn set(&self, handle: Arc<Handle>, accepted: Arc<Accepted>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some((handle, accepted));
        self.set_state(ConnectionState::Open);
    }

    /// What the server said when it last accepted us.
    pub(super) fn accepted(&self) -> Option<Arc<Accepted>> {
        self.read(|(_, accepted)| Arc::clone(accepted))
    }

    pub(super) fn handle(&self) -> Result<Arc<Handle>, CallError> {
        self.read(|(handle, _)| Arc::clone(handle)).ok_or(CallError::Gone)
    }

    fn read<T>(&self, read: impl FnOnce(&(Arc<Handle>, Arc<Accepted>)) -> T) -> Option<T> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(read)
    }
}

impl Connection for CurrentConnection {
    fn encoding(&self) -> Encoding {
        let unconnected = Encoding::new(Version::Amf0, ArgumentsForm::Sequence);
        self.read(|(handle, _)| handle.encoding()).unwrap_or(unconnected)
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

    fn max_message_bytes(&self) -> usize {
        let default = OutputLimits::default().client_call_bytes;
        self.read(|(handle, _)| handle.max_message_bytes()).unwrap_or(default)
    }

    fn is_open(&self) -> bool {
        self.read(|(handle, _)| handle.is_open()).unwrap_or(false)
    }
}
