//! What is asked of an object, and what is to be done then.

use std::fmt;
use std::sync::Arc;

use amf_core::Version;

use crate::proto::Message;
use crate::proto::message::code;
use crate::shared_object::state::encoded::{EncodedMessage, EncodedValue};
use crate::shared_object::state::limits::LimitError;
use crate::shared_object::state::quota::{ClientShare, PendingPermit};
use crate::shared_object::state::slots::Slot;

/// Who uses the object: a connection.
pub(crate) type SubscriberId = u64;
/// Who waits for a write of the server's own side, or for the lock and then has it.
pub(crate) type Ticket = u64;

/// What is asked of an object.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Use,
    /// The same of a client that may use a persistent object only if somebody has created it.
    UseExisting,
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
    /// Was refused because of a limit.
    OverLimit {
        key: Option<Arc<str>>,
        limit: LimitError,
    },
}

impl Request {
    pub(super) fn is_use(&self) -> bool {
        matches!(self, Self::Use | Self::UseExisting)
    }

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
    /// What the client takes, which is counted even if the client is gone when the requests are done.
    pub(super) share: Option<Arc<ClientShare>>,
    /// Whether the client may create the object, which holds for its writes even if it is gone when they are done.
    pub(super) may_create: bool,
    /// Held while the batch waits.
    pub(super) permit: Option<Arc<PendingPermit>>,
}

impl Batch {
    /// Requests of the server's own side.
    pub(super) fn of_server(ticket: Option<Ticket>, requests: Vec<Request>) -> Self {
        Self { from: Origin::Server(ticket), requests, share: None, may_create: true, permit: None }
    }

    /// The same batch, with its writes refused: because of a limit, or of the store.
    pub(super) fn with_writes_refused(self, limit: Option<LimitError>) -> Self {
        let refused = |key| match limit {
            Some(limit) => Request::OverLimit { key, limit },
            None => Request::Refused { key, code: code::SHARED_OBJECT_NO_WRITE_ACCESS },
        };
        let requests = match self.from {
            Origin::Client(..) => {
                let refused = |request| match request {
                    Request::Set { key, .. } | Request::Remove { key } => refused(Some(key)),
                    Request::Clear => refused(None),
                    other => other,
                };
                self.requests.into_iter().map(refused).collect()
            }
            // All or nothing, so that whoever waits knows which.
            Origin::Server(_) if self.requests.iter().any(Request::is_write) => vec![refused(None)],
            Origin::Server(_) => self.requests,
        };
        Self { requests, ..self }
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
    /// [`SharedObjectState::commit_finished`], or [`SharedObjectState::commit_refused`] if it was not tried.
    Commit { version: u32, slots: Vec<(Arc<str>, Option<Slot>)> },
    /// A write of the server's own side was done, or was not; or the lock is had.
    Done { ticket: Ticket, result: Result<(), WriteError> },
    /// Something changed or was sent.
    Changed { version: u32, from: Option<SubscriberId>, changes: Vec<Change> },
    /// Something that the client asked for was refused with this code, for this reason.
    Describe { subscriber: SubscriberId, code: &'static str, reason: RefusalReason },
    /// The client exceeded a limit, whose name this is.
    Disconnect { subscriber: SubscriberId, limit: &'static str },
}

/// Why a client was refused, beyond the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalReason {
    Limit(LimitError),
    /// The client may not create a persistent object.
    NotCreated,
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(limit) => limit.fmt(f),
            Self::NotCreated => {
                f.write_str("there is no such persistent object, and this client may not create it")
            }
        }
    }
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
