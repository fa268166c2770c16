//! Versions of AMF.

use std::fmt;

/// Version of the format, called object encoding in ActionScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// Since Flash Player 6. Numbers are doubles, and the members of every object are named.
    Amf0,
    /// Since Flash Player 9. Adds integers, traits, string references, Vectors and dictionaries.
    Amf3,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amf0 => "AMF0",
            Self::Amf3 => "AMF3",
        })
    }
}
