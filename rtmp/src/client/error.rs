//! Why there is no connection.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::proto::Status;
use amf_core::__private::Escaped;

/// Why there is no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is none of RTMP: `rtmp://host[:port]/application[/instance]`, or `rtmps`.
    Url(String),
    /// This program was built without what the address needs; the text says what.
    Unsupported(&'static str),
    /// There is nobody, or the transport failed.
    Io(io::Error),
    /// The server refused us, and says why.
    Rejected(Status),
    /// The connection ended before the server answered.
    Ended,
    /// There was no answer within this time: [`NetConnectionBuilder::connect_timeout`](super::NetConnectionBuilder::connect_timeout).
    Timeout(Duration),
}

impl ConnectError {
    /// Where the server wants us to go instead, if that is why it refused us.
    pub fn redirect(&self) -> Option<&str> {
        match self {
            Self::Rejected(status) => status.get("ex")?.get("redirect")?.as_str(),
            _ => None,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "expected rtmp://host[:port]/application, got {url:?}"),
            Self::Unsupported(what) => f.write_str(what),
            Self::Io(error) => write!(f, "there is no connection: {error}"),
            Self::Rejected(status) => {
                let (description, code) = (Escaped(status.description()), Escaped(status.code()));
                write!(f, "the server refused: {description} ({code})")
            }
            Self::Ended => f.write_str("the connection ended before the server answered"),
            Self::Timeout(limit) => write!(f, "the server did not answer within {limit:?}"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
