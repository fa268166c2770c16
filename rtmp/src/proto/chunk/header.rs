//! The headers of chunks (RTMP §5.3.1).

use bytes::BufMut;

use super::EXTENDED;
use crate::proto::MessageType;

/// The longest header: 3 bytes of basic header, 11 of message header, 4 of extended timestamp.
pub(super) const MAX_HEADER_LEN: usize = 3 + 11 + 4;

/// The first 1 to 3 bytes: which form, on which chunk stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BasicHeader {
    pub(super) format: u8,
    pub(super) chunk_stream: u32,
}

impl BasicHeader {
    /// Reads it; `None` if there is not enough.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (first, rest) = bytes.split_first()?;
        let format = first >> 6;
        let (chunk_stream, rest) = match first & 0x3F {
            0 => {
                let (low, rest) = rest.split_first()?;
                (64 + u32::from(*low), rest)
            }
            1 => {
                // The low byte comes first, unlike everything else but the stream id.
                let (bytes, rest) = rest.split_first_chunk()?;
                (64 + u32::from(u16::from_le_bytes(*bytes)), rest)
            }
            small => (u32::from(small), rest),
        };
        Some((Self { format, chunk_stream }, rest))
    }

    /// Writes it. 0 and 1 are no chunk streams: they would say that the number follows.
    pub(super) fn write(self, out: &mut impl BufMut) {
        let format = self.format << 6;
        match self.chunk_stream.max(2) {
            small @ 0..64 => out.put_u8(format | small as u8),
            middle @ 64..320 => {
                out.put_u8(format);
                out.put_u8((middle - 64) as u8);
            }
            large => {
                out.put_u8(format | 1);
                out.put_u16_le((large - 64).min(0xFFFF) as u16);
            }
        }
    }
}

/// The message header of forms 0 to 2, with the extended timestamp in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageHeader {
    /// Absolute in form 0, a delta in forms 1 and 2.
    pub(super) timestamp: u32,
    /// Whether it stood behind the header.
    pub(super) extended: bool,
    /// Not in form 2.
    pub(super) message: Option<(usize, MessageType)>,
    /// In form 0 only.
    pub(super) stream: Option<u32>,
}

impl MessageHeader {
    /// Reads them; `None` if there is not enough. Form 3 has none.
    pub(super) fn parse(format: u8, bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (timestamp, mut rest) = u24(bytes)?;
        let mut message = None;
        let mut stream = None;
        if format < 2 {
            let (length, after) = u24(rest)?;
            let (kind, after) = after.split_first()?;
            message = Some((length as usize, MessageType(*kind)));
            rest = after;
        }
        if format == 0 {
            let (id, after) = rest.split_first_chunk()?;
            stream = Some(u32::from_le_bytes(*id));
            rest = after;
        }
        let extended = timestamp == EXTENDED;
        let timestamp = if extended {
            let (value, after) = rest.split_first_chunk()?;
            rest = after;
            u32::from_be_bytes(*value)
        } else {
            timestamp
        };
        Some((Self { timestamp, extended, message, stream }, rest))
    }

    pub(super) fn write(&self, out: &mut impl BufMut) {
        out.put_uint(u64::from(if self.extended { EXTENDED } else { self.timestamp }), 3);
        if let Some((length, kind)) = self.message {
            out.put_uint(length as u64, 3);
            out.put_u8(kind.0);
        }
        if let Some(stream) = self.stream {
            out.put_u32_le(stream);
        }
        if self.extended {
            out.put_u32(self.timestamp);
        }
    }
}

fn u24(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let ([high, middle, low], rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes([0, *high, *middle, *low]), rest))
}
