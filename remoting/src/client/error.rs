//! What can go wrong between a client and a gateway.

use std::error::Error;
use std::fmt;

use amf_core::__private::Escaped;
use http::StatusCode;

use super::ClientLimits;
use crate::service::CallError;

/// Why a reply did not come, inside [`CallError::Transport`].
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection, or one that broke.
    Failed(Box<dyn Error + Send + Sync>),
    /// A status other than 200; redirects are not followed.
    Status {
        /// The status.
        status: StatusCode,
        /// The start of the body.
        text: String,
    },
    /// A reply that is not AMF by its content type: somebody else's page, most likely.
    NotAmf {
        /// The content type.
        content_type: String,
        /// The start of the body.
        text: String,
    },
    /// A body of more bytes than [`ClientLimits::reply_bytes`](super::ClientLimits::reply_bytes).
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A reply without an answer to the call.
    Unanswered {
        /// The response URI of the call.
        response_uri: String,
    },
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => {
                error.fmt(f)?;
                // hyper's own text says "client error (Connect)" and keeps the reason for its source.
                let mut source = error.source();
                while let Some(error) = source {
                    write!(f, ": {error}")?;
                    source = error.source();
                }
                Ok(())
            }
            Self::Status { status, text } => write!(f, "the gateway answered {status}: {}", Escaped(text)),
            Self::NotAmf { content_type, text } => {
                let (content_type, text) = (Escaped(content_type), Escaped(text));
                write!(f, "expected application/x-amf, got {content_type}: {text}")
            }
            Self::TooLarge { limit } => {
                let name = ClientLimits::NAMES.reply_bytes;
                write!(f, "the reply is larger than {limit} bytes (limit `{name}`)")
            }
            Self::Unanswered { response_uri } => write!(f, "the reply has no answer to {response_uri}"),
        }
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<HttpError> for CallError {
    fn from(error: HttpError) -> Self {
        Self::Transport(Box::new(error))
    }
}

/// An address that no gateway can have, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError {
    pub(super) url: String,
    pub(super) reason: &'static str,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no address of a gateway: {}", self.url, self.reason)
    }
}

impl Error for UrlError {}
