//! Why there is no such object, or a write was not done.

use std::fmt;

use super::state::limits::LimitError;

/// What bounds the names of objects.
const MAX_NAME_LEN: usize = 256;

pub(super) fn is_valid_name(name: &str) -> bool {
    (1..=MAX_NAME_LEN).contains(&name.len()) && !name.contains('\0')
}

/// Why there is no such object, or a write was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedObjectError {
    /// A name is not empty, has at most 256 bytes, and no NUL.
    Name(String),
    /// The object is there, and is persistent where one is wanted that is not, or the other way.
    PersistenceMismatch,
    /// A persistent object is wanted, and the server has no store.
    NoStore,
    /// One of the [`SharedObjectLimits`](super::SharedObjectLimits) or of the
    /// [`PersistenceLimits`](super::PersistenceLimits) would be exceeded.
    Limit(LimitError),
    /// It could not be read from disk, or did not come there: the object is as it was.
    Storage,
}

impl fmt::Display for SharedObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                write!(f, "expected a name of 1 to {MAX_NAME_LEN} bytes without NUL, got {name:?}")
            }
            Self::PersistenceMismatch => {
                f.write_str("the object is there with the other kind of persistence")
            }
            Self::NoStore => f.write_str("the server has no store for persistent objects"),
            Self::Limit(limit) => limit.fmt(f),
            Self::Storage => f.write_str("the store failed"),
        }
    }
}

impl From<LimitError> for SharedObjectError {
    fn from(limit: LimitError) -> Self {
        Self::Limit(limit)
    }
}

impl std::error::Error for SharedObjectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Limit(limit) => Some(limit),
            _ => None,
        }
    }
}
