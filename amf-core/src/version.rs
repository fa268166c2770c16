//! The two versions of the format.

use std::fmt;

/// The format's version, which ActionScript calls the object encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// Since Flash Player 6: numbers are doubles, objects are sent by name.
    Amf0,
    /// Since Flash Player 9: integers, traits, string references, Vectors, dictionaries.
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
