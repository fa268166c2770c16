//! A message that is cut into chunks once and sent to many.

use bytes::{Bytes, BytesMut};

use super::Output;
use super::header::BasicHeader;
use super::writer::{ChunkWriter, Piece, cut, whole, write_continuation};
use crate::proto::Message;

/// A message cut into chunks for every connection that uses their size.
///
/// Its header is of form 0, so it can follow anything.
///
/// ```
/// use amf_core::Version;
/// use amf_rtmp::proto::{Message, chunk::PreChunkedMessage};
///
/// let message = Message::notification(Version::Amf0, 0, "playerLeft", &[0x05]);
/// let chunked = PreChunkedMessage::new(message, 60_000);
/// assert_eq!(chunked.bytes().len(), 12 + chunked.message().payload.len());
/// ```
#[derive(Clone, Debug)]
pub struct PreChunkedMessage {
    message: Message,
    chunk_size: u32,
    bytes: Bytes,
}

impl PreChunkedMessage {
    /// Cuts a message into chunks of this size.
    pub fn new(message: Message, chunk_size: u32) -> Self {
        let chunk_size = chunk_size.max(1);
        let payload = &message.payload;
        let envelope = message.envelope();
        let fields = whole(envelope, payload.len());
        let extended = fields.extended.then_some(fields.timestamp);
        let mut bytes =
            BytesMut::with_capacity(payload.len() + 18 + 7 * (payload.len() / chunk_size as usize));
        BasicHeader { format: 0, chunk_stream: message.chunk_stream }.write(&mut bytes);
        fields.write(&mut bytes);
        cut(chunk_size as usize, &[], payload, |piece| match piece {
            Piece::Continue => write_continuation(envelope.chunk_stream, extended, &mut bytes),
            Piece::Head(piece) => bytes.extend_from_slice(piece),
            Piece::Body(from, to) => bytes.extend_from_slice(payload.get(from..to).unwrap_or_default()),
        });
        Self { message, chunk_size, bytes: bytes.freeze() }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The size of its chunks.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// The chunks, one behind another.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl ChunkWriter {
    /// Sends a message that was cut already, or cuts it again if that was for another chunk size.
    pub fn write_shared(&mut self, chunked: &PreChunkedMessage, out: &mut Output) {
        if chunked.chunk_size() == self.chunk_size() {
            let message = chunked.message();
            self.remember(message.envelope(), message.payload.len(), None);
            // Where nothing else waits, a copy would only take a buffer of its own.
            if out.is_empty() {
                out.push(chunked.bytes().clone());
            } else {
                out.put_shared(chunked.bytes().clone());
            }
        } else {
            self.write(chunked.message(), out);
        }
    }
}
