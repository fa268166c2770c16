//! What is asked of an object, and what is to be done then.

use std::sync::Arc;

use amf_core::Version;

use crate::proto::Message;
use crate::proto::message::code;
use crate::shared_object::state::encoded::{EncodedMessage, EncodedValue};
use crate::shared_object::state::limits::LimitError;
use crate::shared_object::state::slots::Slot;

/// Who uses the object: a connection.
pub(crate) type SubscriberId = u64;
/// Who waits for a write of the server's own side, or for the lock and then has it.
pub(crate) type Ticket = u64;

/// What is asked of an object.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Use,
    Set {
        key: Arc<str>,
        value: Arc<EncodedValue>,
    },
    Remove {
        key: Arc<str>,
    },
    Clear,
    Send(Arc<EncodedMessage>),
    /// Was refused before it came here.
    Refused {
        key: Option<Arc<str>>,
        code: &'static str,
    },
}

impl Request {
    pub(super) fn is_write(&self) -> bool {
        matches!(self, Self::Set { .. } | Self::Remove { .. } | Self::Clear)
    }
}

/// The form in which a client is told of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientFormat {
    pub(crate) encoding: Version,
    /// Whether the client expects the events of proxies.
    pub(crate) is_proxied: bool,
}

impl From<Version> for ClientFormat {
    fn from(encoding: Version) -> Self {
        Self { encoding, is_proxied: false }
    }
}

/// Requests that are done together.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) from: Origin,
    pub(crate) requests: Vec<Request>,
}

impl Batch {
    /// The same batch, with its writes refused.
    pub(super) fn with_writes_refused(self) -> Self {
        let Self { from, requests } = self;
        match from {
            Origin::Client(..) => {
                let refused = |request| match request {
                    Request::Set { key, .. } | Request::Remove { key } => {
                        Request::Refused { key: Some(key), code: code::SHARED_OBJECT_NO_WRITE_ACCESS }
                    }
                    Request::Clear => {
                        Request::Refused { key: None, code: code::SHARED_OBJECT_NO_WRITE_ACCESS }
                    }
                    other => other,
                };
                Self { from, requests: requests.into_iter().map(refused).collect() }
            }
            // All or nothing, so that whoever waits knows which.
            Origin::Server(ticket) if requests.iter().any(Request::is_write) => Self {
                from: Origin::Server(ticket),
                requests: vec![Request::Refused { key: None, code: "" }],
            },
            Origin::Server(_) => Self { from, requests },
        }
    }
}

/// Where requests come from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Client(SubscriberId, ClientFormat),
    /// The server's own side, and who waits.
    Server(Option<Ticket>),
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// These clients get this message.
    Send { to: Vec<SubscriberId>, message: Message },
    /// These slots, with their values or without, and this version are to come to the disk. Then
    /// [`SharedObjectState::commit_finished`].
    Commit { version: u32, slots: Vec<(Arc<str>, Option<Slot>)> },
    /// A write of the server's own side was done, or was not; or the lock is had.
    Done { ticket: Ticket, result: Result<(), WriteError> },
    /// Something changed or was sent.
    Changed { version: u32, from: Option<SubscriberId>, changes: Vec<Change> },
    /// The client exceeded a limit, whose name this is.
    Disconnect { subscriber: SubscriberId, limit: &'static str },
}

/// A change, as those who watch are told of it.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Set { key: Arc<str>, value: Arc<EncodedValue> },
    Removed { key: Arc<str> },
    Cleared,
    Message(Arc<EncodedMessage>),
}

/// Why a write was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteError {
    Limit(LimitError),
    Storage,
}
