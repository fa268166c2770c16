//! Messages about the connection itself (RTMP §5.4, §7.1.7).

use bytes::{BufMut, Bytes, BytesMut};

use super::{Message, MessageType};
use crate::proto::PeerErrorKind;

/// A control message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Control {
    /// The sender's chunks have this size from now on; 1 to 2^31 − 1.
    SetChunkSize(u32),
    /// The rest of the message on this chunk stream will not come.
    Abort(u32),
    /// So many bytes came, modulo 2^32.
    Acknowledgement(u32),
    /// An event.
    User(UserControl),
    /// Acknowledge whenever so many bytes have come.
    WindowAcknowledgement(u32),
    /// Send no more than so many bytes without an acknowledgement.
    SetPeerBandwidth(u32, BandwidthLimit),
}

/// How strictly a bandwidth is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BandwidthLimit {
    /// As it is.
    Hard,
    /// No more than now, or than this.
    Soft,
    /// Hard if the last one was hard; nothing otherwise.
    Dynamic,
}

/// An event in a user control message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserControl {
    /// The stream can be used.
    StreamBegin(u32),
    /// The stream has ended.
    StreamEof(u32),
    /// There is no more data on the stream for now.
    StreamDry(u32),
    /// The client buffers so many milliseconds of the stream.
    SetBufferLength {
        /// The stream.
        stream: u32,
        /// The length.
        millis: u32,
    },
    /// The stream is a recorded one.
    StreamIsRecorded(u32),
    /// To be answered with [`Pong`](Self::Pong) and the same number.
    Ping(u32),
    /// The answer to [`Ping`](Self::Ping).
    Pong(u32),
    /// The server asks the client for proof of which movie it is.
    SwfVerificationRequest,
    /// That proof.
    SwfVerification(Bytes),
    /// The buffer of the stream ran empty.
    BufferEmpty(u32),
    /// The buffer of the stream is full again.
    BufferReady(u32),
    /// An event that has no name here.
    Other {
        /// Its number.
        event: u16,
        /// What came with it.
        data: Bytes,
    },
}

impl Control {
    /// Reads a control message; `None` if the message is of another type.
    pub fn parse(message: &Message) -> Result<Option<Self>, PeerErrorKind> {
        let control = match message.kind {
            MessageType::SET_CHUNK_SIZE => match number(message, 4)? {
                size @ 1..=0x7FFF_FFFF => Self::SetChunkSize(size),
                size => return Err(PeerErrorKind::ChunkSize { size }),
            },
            MessageType::ABORT => Self::Abort(number(message, 4)?),
            MessageType::ACKNOWLEDGEMENT => Self::Acknowledgement(number(message, 4)?),
            MessageType::WINDOW_ACKNOWLEDGEMENT => Self::WindowAcknowledgement(number(message, 4)?),
            MessageType::SET_PEER_BANDWIDTH => {
                let size = number(message, 5)?;
                let limit = match message.payload.get(4) {
                    Some(0) => BandwidthLimit::Hard,
                    Some(1) => BandwidthLimit::Soft,
                    _ => BandwidthLimit::Dynamic,
                };
                Self::SetPeerBandwidth(size, limit)
            }
            MessageType::USER_CONTROL => Self::User(UserControl::parse(&message.payload)?),
            _ => return Ok(None),
        };
        Ok(Some(control))
    }

    /// The message that says this.
    pub fn to_message(&self) -> Message {
        let mut payload = BytesMut::with_capacity(16);
        let kind = match self {
            Self::SetChunkSize(size) => {
                payload.put_u32(*size);
                MessageType::SET_CHUNK_SIZE
            }
            Self::Abort(chunk_stream) => {
                payload.put_u32(*chunk_stream);
                MessageType::ABORT
            }
            Self::Acknowledgement(received) => {
                payload.put_u32(*received);
                MessageType::ACKNOWLEDGEMENT
            }
            Self::WindowAcknowledgement(size) => {
                payload.put_u32(*size);
                MessageType::WINDOW_ACKNOWLEDGEMENT
            }
            Self::SetPeerBandwidth(size, limit) => {
                payload.put_u32(*size);
                payload.put_u8(match limit {
                    BandwidthLimit::Hard => 0,
                    BandwidthLimit::Soft => 1,
                    BandwidthLimit::Dynamic => 2,
                });
                MessageType::SET_PEER_BANDWIDTH
            }
            Self::User(event) => {
                event.write(&mut payload);
                MessageType::USER_CONTROL
            }
        };
        Message::new(kind, payload.freeze())
    }
}

impl UserControl {
    fn parse(payload: &Bytes) -> Result<Self, PeerErrorKind> {
        let truncated = |expected| PeerErrorKind::ControlLength {
            kind: MessageType::USER_CONTROL,
            expected,
            found: payload.len(),
        };
        let Some((event, data)) = payload.split_first_chunk() else { return Err(truncated(2)) };
        let event = u16::from_be_bytes(*event);
        let number =
            || data.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)).ok_or_else(|| truncated(6));
        Ok(match event {
            0 => Self::StreamBegin(number()?),
            1 => Self::StreamEof(number()?),
            2 => Self::StreamDry(number()?),
            3 => {
                let millis =
                    data.get(4..).and_then(|data| data.first_chunk()).ok_or_else(|| truncated(10))?;
                Self::SetBufferLength { stream: number()?, millis: u32::from_be_bytes(*millis) }
            }
            4 => Self::StreamIsRecorded(number()?),
            6 => Self::Ping(number()?),
            7 => Self::Pong(number()?),
            26 => Self::SwfVerificationRequest,
            27 => Self::SwfVerification(payload.slice(2..)),
            31 => Self::BufferEmpty(number()?),
            32 => Self::BufferReady(number()?),
            event => Self::Other { event, data: payload.slice(2..) },
        })
    }

    fn write(&self, payload: &mut BytesMut) {
        let (event, number) = match self {
            Self::StreamBegin(stream) => (0, Some(*stream)),
            Self::StreamEof(stream) => (1, Some(*stream)),
            Self::StreamDry(stream) => (2, Some(*stream)),
            Self::SetBufferLength { stream, .. } => (3, Some(*stream)),
            Self::StreamIsRecorded(stream) => (4, Some(*stream)),
            Self::Ping(time) => (6, Some(*time)),
            Self::Pong(time) => (7, Some(*time)),
            Self::SwfVerificationRequest => (26, None),
            Self::SwfVerification(_) => (27, None),
            Self::BufferEmpty(stream) => (31, Some(*stream)),
            Self::BufferReady(stream) => (32, Some(*stream)),
            Self::Other { event, .. } => (*event, None),
        };
        payload.put_u16(event);
        if let Some(number) = number {
            payload.put_u32(number);
        }
        match self {
            Self::SetBufferLength { millis, .. } => payload.put_u32(*millis),
            Self::SwfVerification(data) | Self::Other { data, .. } => payload.put_slice(data),
            _ => {}
        }
    }
}

/// The number at the start of a control message, which must be of this length. Some peers pad it.
fn number(message: &Message, expected: usize) -> Result<u32, PeerErrorKind> {
    match message.payload.first_chunk() {
        Some(bytes) if message.payload.len() >= expected => Ok(u32::from_be_bytes(*bytes)),
        _ => {
            let found = message.payload.len();
            Err(PeerErrorKind::ControlLength { kind: message.kind, expected, found })
        }
    }
}
