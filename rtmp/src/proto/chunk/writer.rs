//! Cutting messages into chunks.

use bytes::{Bytes, BytesMut};

use super::header::{BasicHeader, MAX_HEADER_LEN, MessageHeader};
use super::{DEFAULT_CHUNK_SIZE, EXTENDED, Output};
use crate::proto::message::chunk_stream;
use crate::proto::{Message, MessageType};

/// Cuts messages into chunks, with headers as short as what came before on their chunk stream allows.
///
/// The header of form 3, which repeats the last delta, begins a message only after a delta that was
/// written as one: after a form 0 not all readers agree what it means. Deltas that would need 32 bits are
/// not written either, for the same reason: then the timestamp is absolute. Control messages have headers of form 0.
#[derive(Debug)]
pub struct ChunkWriter {
    chunk_size: usize,
    streams: Vec<LastHeader>,
}

/// What the reader knows about a chunk stream.
#[derive(Clone, Copy, Debug)]
struct LastHeader {
    chunk_stream: u32,
    timestamp: u32,
    delta: Option<u32>,
    length: usize,
    kind: MessageType,
    stream: u32,
}

/// A message's header and its length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) chunk_stream: u32,
    pub(crate) timestamp: u32,
    pub(crate) stream: u32,
    pub(crate) kind: MessageType,
}

impl Message {
    pub(crate) fn envelope(&self) -> Envelope {
        let Self { chunk_stream, timestamp, stream, kind, .. } = *self;
        Envelope { chunk_stream, timestamp, stream, kind }
    }
}

impl Default for ChunkWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkWriter {
    /// A writer at the start of a connection.
    pub fn new() -> Self {
        Self { chunk_size: DEFAULT_CHUNK_SIZE as usize, streams: Vec::new() }
    }

    /// How large chunks are.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size as u32
    }

    /// Makes chunks this large from now on; 0 counts as 1. The reader must have been told.
    pub fn set_chunk_size(&mut self, size: u32) {
        self.chunk_size = size.max(1) as usize;
    }

    /// Writes a message.
    pub fn write(&mut self, message: &Message, out: &mut Output) {
        self.write_parts(message.envelope(), &[], &message.payload, out);
    }

    /// Writes a message whose payload comes in two parts.
    pub(crate) fn write_parts(&mut self, envelope: Envelope, head: &[u8], body: &Bytes, out: &mut Output) {
        let (format, header) = self.next_header(envelope, head.len() + body.len());
        let basic_header = BasicHeader { format, chunk_stream: envelope.chunk_stream };
        let mut buffer = [0; MAX_HEADER_LEN];
        let mut room = &mut buffer[..];
        basic_header.write(&mut room);
        if let Some(header) = &header {
            header.write(&mut room);
        }
        let unused = room.len();
        let bytes = buffer.get(..MAX_HEADER_LEN - unused).unwrap_or_default();
        out.reserve_for_copy(bytes.len() + head.len() + body.len());
        out.put(bytes);
        let extended = header.filter(|header| header.extended).map(|header| header.timestamp);
        split_into_chunks(self.chunk_size, head, body, |piece| match piece {
            ChunkPiece::Header => {
                out.write(|tail| write_continuation(envelope.chunk_stream, extended, tail));
            }
            ChunkPiece::Head(bytes) => out.put(bytes),
            ChunkPiece::Body(from, to) => out.put_range(body, from, to),
        });
    }

    /// The format of the shortest header, and its fields.
    fn next_header(&mut self, envelope: Envelope, length: usize) -> (u8, Option<MessageHeader>) {
        let Envelope { chunk_stream, timestamp, stream, kind } = envelope;
        let last = self.streams.iter().find(|written| written.chunk_stream == chunk_stream).copied();
        let delta = |last: &LastHeader| timestamp.wrapping_sub(last.timestamp);
        // Control messages are few, and some clients read no other form of header on their chunk stream.
        let may_shorten = chunk_stream != chunk_stream::CONTROL;
        let Some(last) = last.filter(|last| may_shorten && last.stream == stream && delta(last) < EXTENDED)
        else {
            self.remember(envelope, length, None);
            return (0, Some(full_header(envelope, length)));
        };
        let delta = delta(&last);
        self.remember(envelope, length, Some(delta));
        let header = MessageHeader { timestamp: delta, extended: false, message: None, stream: None };
        if (last.length, last.kind) != (length, kind) {
            (1, Some(MessageHeader { message: Some((length, kind)), ..header }))
        } else if last.delta != Some(delta) {
            (2, Some(header))
        } else {
            (3, None)
        }
    }

    pub(super) fn remember(&mut self, envelope: Envelope, length: usize, delta: Option<u32>) {
        let Envelope { chunk_stream, timestamp, stream, kind } = envelope;
        let written = LastHeader { chunk_stream, timestamp, delta, length, kind, stream };
        match self.streams.iter_mut().find(|written| written.chunk_stream == chunk_stream) {
            Some(last) => *last = written,
            None => self.streams.push(written),
        }
    }
}

/// The fields of a header of form 0, which depends on nothing before it.
pub(super) fn full_header(envelope: Envelope, length: usize) -> MessageHeader {
    MessageHeader {
        timestamp: envelope.timestamp,
        extended: envelope.timestamp >= EXTENDED,
        message: Some((length, envelope.kind)),
        stream: Some(envelope.stream),
    }
}

/// The header between two chunks of a message. The extended timestamp is repeated: that is what
/// everybody reads, though the specification can be read otherwise.
pub(super) fn write_continuation(chunk_stream: u32, extended: Option<u32>, out: &mut BytesMut) {
    BasicHeader { format: 3, chunk_stream }.write(out);
    if let Some(timestamp) = extended {
        out.extend_from_slice(&timestamp.to_be_bytes());
    }
}

/// What comes next of a message that is cut.
pub(super) enum ChunkPiece<'a> {
    /// The header of the next chunk.
    Header,
    /// Bytes of the first part.
    Head(&'a [u8]),
    /// A range of the second part.
    Body(usize, usize),
}

/// Cuts a payload of two parts; the first header is written by the caller.
pub(super) fn split_into_chunks(
    chunk_size: usize,
    head: &[u8],
    body: &[u8],
    mut put: impl FnMut(ChunkPiece<'_>),
) {
    let mut room = chunk_size;
    let mut head = head;
    while !head.is_empty() {
        if room == 0 {
            put(ChunkPiece::Header);
            room = chunk_size;
        }
        let (piece, rest) = head.split_at(room.min(head.len()));
        put(ChunkPiece::Head(piece));
        room -= piece.len();
        head = rest;
    }
    let mut at = 0;
    while at < body.len() {
        if room == 0 {
            put(ChunkPiece::Header);
            room = chunk_size;
        }
        let end = body.len().min(at + room);
        put(ChunkPiece::Body(at, end));
        room -= end - at;
        at = end;
    }
}
