//! The types of messages, and how long they may be.

use std::fmt;

use amf_core::{OutputLimit, Version};

/// The longest payload of a message: its header gives the length in 24 bits. What is encoded for one is bounded by it.
pub(crate) const MESSAGE_LIMIT: OutputLimit = OutputLimit::new("message_bytes", 0x00FF_FFFF);

/// The type of a message, as it stands in its header.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageType(pub u8);

impl MessageType {
    /// How large the chunks that follow are.
    pub const SET_CHUNK_SIZE: Self = Self(1);
    /// The rest of a message will not come.
    pub const ABORT: Self = Self(2);
    /// How many bytes came.
    pub const ACKNOWLEDGEMENT: Self = Self(3);
    /// Events of streams, ping and pong.
    pub const USER_CONTROL: Self = Self(4);
    /// How often to acknowledge.
    pub const WINDOW_ACKNOWLEDGEMENT: Self = Self(5);
    /// How much to send before an acknowledgement.
    pub const SET_PEER_BANDWIDTH: Self = Self(6);
    /// Audio.
    pub const AUDIO: Self = Self(8);
    /// Video.
    pub const VIDEO: Self = Self(9);
    /// Data, with values that may switch to AMF3.
    pub const DATA_AMF3: Self = Self(15);
    /// A shared object, with values that may switch to AMF3.
    pub const SHARED_OBJECT_AMF3: Self = Self(16);
    /// A command, with values that may switch to AMF3.
    pub const COMMAND_AMF3: Self = Self(17);
    /// Data.
    pub const DATA: Self = Self(18);
    /// A shared object.
    pub const SHARED_OBJECT: Self = Self(19);
    /// A command.
    pub const COMMAND: Self = Self(20);
    /// Several media messages in one.
    pub const AGGREGATE: Self = Self(22);

    /// The type of a command in this version.
    pub const fn command(version: Version) -> Self {
        match version {
            Version::Amf0 => Self::COMMAND,
            Version::Amf3 => Self::COMMAND_AMF3,
        }
    }

    /// The version of a command of this type.
    pub(crate) const fn command_version(self) -> Version {
        match self {
            Self::COMMAND_AMF3 => Version::Amf3,
            _ => Version::Amf0,
        }
    }

    fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SET_CHUNK_SIZE => "SetChunkSize",
            Self::ABORT => "Abort",
            Self::ACKNOWLEDGEMENT => "Acknowledgement",
            Self::USER_CONTROL => "UserControl",
            Self::WINDOW_ACKNOWLEDGEMENT => "WindowAckSize",
            Self::SET_PEER_BANDWIDTH => "SetPeerBandwidth",
            Self::AUDIO => "audio",
            Self::VIDEO => "video",
            Self::DATA_AMF3 => "AMF3 data",
            Self::SHARED_OBJECT_AMF3 => "AMF3 shared object",
            Self::COMMAND_AMF3 => "AMF3 command",
            Self::DATA => "data",
            Self::SHARED_OBJECT => "shared object",
            Self::COMMAND => "command",
            Self::AGGREGATE => "aggregate",
            _ => return None,
        })
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => self.0.fmt(f),
        }
    }
}

impl fmt::Debug for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
