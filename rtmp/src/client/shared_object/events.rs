//! What those who hold an object are told.

use std::fmt;
use std::sync::Arc;

use amf_core::__private::Escaped;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::JOIN_TIMEOUT;
use crate::shared_object::SyncEvent;

/// The events of an object, from the moment that this was asked for. It does not keep the object.
#[derive(Debug)]
pub struct SyncEvents(pub(super) broadcast::Receiver<SyncEvent>);

impl SyncEvents {
    /// The next event; `None` when the object was released. At most 256 wait here; then the oldest are
    /// [missed](SyncEvent::Missed).
    pub async fn recv(&mut self) -> Option<SyncEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(SyncEvent::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

/// Why an object cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// The server refused, with this code: `SharedObject.NoReadAccess` and its like.
    Refused(Arc<str>),
    /// The object is in use here, with the other kind of persistence.
    PersistenceMismatch,
    /// There is no connection.
    Gone,
    /// The server did not answer within 30 seconds.
    Timeout,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "the server refused the shared object: {}", Escaped(code)),
            Self::PersistenceMismatch => {
                f.write_str("the object is in use here with the other kind of persistence")
            }
            Self::Gone => f.write_str("there is no connection"),
            Self::Timeout => write!(f, "the server did not answer within {JOIN_TIMEOUT:?}"),
        }
    }
}

impl std::error::Error for JoinError {}
