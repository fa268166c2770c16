//! Which version answers which packet and call.

use amf_core::Version;

use crate::service::fault::{Fault, code};

/// How a packet of some version is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PacketVersion {
    /// The values are AMF0, unless they switch.
    Amf0,
    /// The client reads AMF3, whatever it wrote.
    Amf3,
    /// Nobody knows it: every message gets a fault.
    Unknown(u16),
}

impl PacketVersion {
    /// Version 1 was Flash Communication Server's; its packets are those of version 0.
    pub(super) fn new(packet_version: u16) -> Self {
        match packet_version {
            0 | 1 => Self::Amf0,
            3 => Self::Amf3,
            unknown => Self::Unknown(unknown),
        }
    }

    /// Whether its calls can be made.
    pub(super) fn ensure_known(self) -> Result<(), Fault> {
        match self {
            Self::Amf0 | Self::Amf3 => Ok(()),
            Self::Unknown(version) => Err(Fault::new(
                code::MESSAGE_ENCODING,
                format!("packets of version {version} are not known here; 0 and 3 are"),
            )),
        }
    }

    /// The version of the reply's packet.
    pub(super) fn reply_packet_version(self) -> u16 {
        match self {
            Self::Amf3 => 3,
            Self::Amf0 | Self::Unknown(_) => 0,
        }
    }

    /// The version in which a message is answered; who switches to AMF3 anywhere in it can read AMF3.
    pub(super) fn reply_version(self, is_switched: bool) -> Version {
        match self {
            Self::Amf3 => Version::Amf3,
            Self::Amf0 if is_switched => Version::Amf3,
            Self::Amf0 | Self::Unknown(_) => Version::Amf0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_follows_the_packet_and_the_switch() {
        for (packet, is_switched, reply_packet, reply) in [
            (0, false, 0, Version::Amf0),
            (1, false, 0, Version::Amf0),
            (3, false, 3, Version::Amf3),
            (0, true, 0, Version::Amf3),
            (3, true, 3, Version::Amf3),
            (5, true, 0, Version::Amf0),
        ] {
            let version = PacketVersion::new(packet);
            assert_eq!(
                (version.reply_packet_version(), version.reply_version(is_switched)),
                (reply_packet, reply)
            );
        }
    }
}
