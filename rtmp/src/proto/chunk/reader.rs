//! Putting messages together from chunks.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::DEFAULT_CHUNK_SIZE;
use super::header::{BasicHeader, MAX_HEADER_LEN, MessageHeader};
use crate::proto::{Limits, Message, MessageType, PeerError, PeerErrorKind};

/// Puts messages together from chunks that may come cut anywhere.
///
/// Nothing is reserved by what a peer declares: a message takes memory as its bytes come.
///
/// ```
/// use amf_rtmp::proto::{Limits, chunk::ChunkReader};
///
/// // A header of form 0 on chunk stream 3: time 0, 2 bytes, type 20, stream 0; then the two bytes.
/// let mut input: &[u8] = b"\x03\0\0\0\0\0\x02\x14\0\0\0\0hi";
/// let mut reader = ChunkReader::new(Limits::default());
/// let message = reader.read(&mut input)?.unwrap();
/// assert_eq!(&*message.payload, b"hi");
/// assert!(input.is_empty());
/// # Ok::<(), amf_rtmp::proto::PeerError>(())
/// ```
#[derive(Debug)]
pub struct ChunkReader {
    limits: Limits,
    /// Messages of any type may be no longer than `limits.before_connect_bytes`.
    is_before_connect: bool,
    chunk_size: usize,
    streams: Vec<ChunkStream>,
    /// The beginning of a header that is not complete.
    partial: [u8; MAX_HEADER_LEN],
    partial_len: usize,
    /// The chunk that is being read.
    current: Option<CurrentChunk>,
    /// How many messages have one chunk but not the last.
    partial_messages: usize,
    /// How many bytes those have.
    assembled: usize,
    /// Bytes read, for errors.
    position: u64,
}

/// What is known about a chunk stream: the header that the next one refers to, and a message in parts.
#[derive(Debug)]
struct ChunkStream {
    id: u32,
    timestamp: u32,
    /// What form 3 adds when it begins a message: the last delta, or after form 0 its timestamp.
    delta: u32,
    length: usize,
    kind: MessageType,
    message_stream: u32,
    /// Whether the last header of form 0 to 2 had an extended timestamp, which form 3 then has too.
    extended: bool,
    message: Option<PartialMessage>,
}

#[derive(Debug, Default)]
struct PartialMessage {
    payload: BytesMut,
    chunks: usize,
    /// When the connection first saw the message incomplete.
    started: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct CurrentChunk {
    /// In `streams`.
    index: usize,
    /// Bytes of the chunk that are still to come.
    remaining: usize,
}

impl ChunkReader {
    /// A reader at the start of a connection.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            is_before_connect: false,
            chunk_size: DEFAULT_CHUNK_SIZE as usize,
            streams: Vec::new(),
            partial: [0; MAX_HEADER_LEN],
            partial_len: 0,
            current: None,
            partial_messages: 0,
            assembled: 0,
            position: 0,
        }
    }

    /// Reads until a message is complete or the input is empty. What was read is taken from the input.
    ///
    /// A message that says how to read on ([`SetChunkSize`](super::super::message::Control::SetChunkSize),
    /// `Abort`) is to be heeded before the next call.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, PeerError> {
        if input.is_empty() && self.partial_len == 0 {
            return Ok(None);
        }
        let before = input.len();
        let result = self.next_message(input);
        self.position += (before - input.len()) as u64;
        // A header that is wrong has not been passed: the error is where it begins.
        result.map_err(|kind| PeerError::new(kind, self.position - self.partial_len as u64))
    }

    /// How large the peer's chunks are from now on.
    pub fn set_chunk_size(&mut self, size: u32) {
        self.chunk_size = size.max(1) as usize;
    }

    /// Drops the message that is not complete on this chunk stream. Its header stays in force.
    pub fn abort(&mut self, chunk_stream: u32) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == chunk_stream)
            && let Some(message) = stream.message.take()
        {
            self.assembled -= message.payload.len();
            self.partial_messages -= 1;
        }
    }

    /// Drops all messages that are not complete: nothing more is read.
    pub(crate) fn drop_partial_messages(&mut self) {
        self.current = None;
        self.partial_messages = 0;
        self.assembled = 0;
        for stream in &mut self.streams {
            stream.message = None;
        }
    }

    /// How many bytes the messages have that are not complete.
    pub fn assembled_bytes(&self) -> usize {
        self.assembled
    }

    /// Counts bytes that were read before the first chunk.
    pub(crate) fn skip(&mut self, bytes: u64) {
        self.position += bytes;
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Notes the time of messages that have become incomplete since the last call.
    pub(crate) fn stamp_partial_messages(&mut self, now: Instant) {
        if self.partial_messages > 0 {
            for message in self.streams.iter_mut().filter_map(|stream| stream.message.as_mut()) {
                message.started.get_or_insert(now);
            }
        }
    }

    /// Returns when the oldest incomplete message began.
    pub(crate) fn oldest_partial_message(&self) -> Option<Instant> {
        if self.partial_messages == 0 {
            return None;
        }
        self.streams.iter().filter_map(|stream| stream.message.as_ref()?.started).min()
    }

    /// Whether `limits.before_connect_bytes` is in force for the messages that begin from now on.
    pub(crate) fn set_before_connect(&mut self, is_before_connect: bool) {
        self.is_before_connect = is_before_connect;
    }

    fn next_message(&mut self, input: &mut &[u8]) -> Result<Option<Message>, PeerErrorKind> {
        loop {
            let current = match self.current {
                Some(current) => current,
                None => match self.header(input)? {
                    Some(current) => current,
                    None => return Ok(None),
                },
            };
            self.current = None;
            let message = if self.partial_len == 0 {
                self.payload(current, input)?
            } else {
                self.payload_from_partial(current)?
            };
            if message.is_some() {
                return Ok(message);
            }
            if self.current.is_some() && self.partial_len == 0 && input.is_empty() {
                return Ok(None);
            }
        }
    }

    /// Reads a header; `None` if the input ends in it.
    fn header(&mut self, input: &mut &[u8]) -> Result<Option<CurrentChunk>, PeerErrorKind> {
        if self.partial_len == 0 {
            let Some((current, rest)) = self.parse_header(input)? else {
                self.stash_header(input);
                return Ok(None);
            };
            *input = rest;
            return Ok(Some(current));
        }
        let stashed = self.partial_len;
        let original = *input;
        self.stash_header(input);
        let partial = self.partial;
        let bytes = partial.get(..self.partial_len).unwrap_or_default();
        let Some((current, rest)) = self.parse_header(bytes)? else { return Ok(None) };
        let used = bytes.len() - rest.len();
        if let Some(used) = used.checked_sub(stashed) {
            *input = original.get(used..).unwrap_or_default();
            self.partial_len = 0;
        } else {
            // What looked like the beginning of an extended timestamp is payload.
            *input = original;
            self.partial_len = stashed;
            self.drop_partial(used);
        }
        Ok(Some(current))
    }

    fn drop_partial(&mut self, count: usize) {
        self.partial.rotate_left(count.min(MAX_HEADER_LEN));
        self.partial_len = self.partial_len.saturating_sub(count);
    }

    fn payload_from_partial(&mut self, current: CurrentChunk) -> Result<Option<Message>, PeerErrorKind> {
        let partial = self.partial;
        let mut bytes = partial.get(..self.partial_len).unwrap_or_default();
        let message = self.payload(current, &mut bytes)?;
        self.drop_partial(self.partial_len - bytes.len());
        Ok(message)
    }

    /// Moves the beginning of a header out of the input.
    fn stash_header(&mut self, input: &mut &[u8]) {
        let room = self.partial.get_mut(self.partial_len..).unwrap_or_default();
        let (taken, rest) = input.split_at(room.len().min(input.len()));
        for (to, from) in room.iter_mut().zip(taken) {
            *to = *from;
        }
        self.partial_len += taken.len();
        *input = rest;
    }

    /// Reads a header from bytes that begin with it, and brings its chunk stream up to date.
    fn parse_header<'a>(
        &mut self,
        bytes: &'a [u8],
    ) -> Result<Option<(CurrentChunk, &'a [u8])>, PeerErrorKind> {
        let Some((basic_header, rest)) = BasicHeader::parse(bytes) else { return Ok(None) };
        let index = self.streams.iter().position(|stream| stream.id == basic_header.chunk_stream);
        if basic_header.format < 3 {
            let Some((header, rest)) = MessageHeader::parse(basic_header.format, rest) else {
                return Ok(None);
            };
            let index = match index {
                Some(index) => index,
                None => self.open(basic_header)?,
            };
            self.apply(index, &header)?;
            return self.begin_chunk(index).map(|current| Some((current, rest)));
        }
        let Some(index) = index else { return Err(unknown_chunk_stream(basic_header)) };
        let Some(stream) = self.streams.get_mut(index) else { return Ok(None) };
        let Some((extended, rest)) = stream.repeated_timestamp(rest) else { return Ok(None) };
        if stream.message.is_none() {
            stream.delta = extended.unwrap_or(stream.delta);
            stream.timestamp = stream.timestamp.wrapping_add(stream.delta);
        }
        self.begin_chunk(index).map(|current| Some((current, rest)))
    }

    /// A chunk stream that is new. librtmp begins one with form 1, so that is taken too.
    fn open(&mut self, basic_header: BasicHeader) -> Result<usize, PeerErrorKind> {
        if basic_header.format >= 2 {
            return Err(unknown_chunk_stream(basic_header));
        }
        if self.streams.len() >= self.limits.chunk_streams {
            return Err(limit(
                Limits::NAMES.chunk_streams,
                self.limits.chunk_streams,
                self.streams.len() + 1,
            ));
        }
        self.streams.push(ChunkStream {
            id: basic_header.chunk_stream,
            timestamp: 0,
            delta: 0,
            length: 0,
            kind: MessageType(0),
            message_stream: 0,
            extended: false,
            message: None,
        });
        Ok(self.streams.len() - 1)
    }

    /// Takes over a header of form 0 to 2.
    fn apply(&mut self, index: usize, header: &MessageHeader) -> Result<(), PeerErrorKind> {
        let Some(stream) = self.streams.get_mut(index) else { return Ok(()) };
        if stream.message.is_some() {
            // In the middle of a message a short header may repeat what is known, but change nothing.
            stream.check_unchanged(header)?;
            stream.delta = header.timestamp;
            stream.extended = header.extended;
            return Ok(());
        }
        if let Some((length, kind)) = header.message {
            stream.length = length;
            stream.kind = kind;
        }
        match header.stream {
            Some(id) => {
                stream.message_stream = id;
                stream.timestamp = header.timestamp;
            }
            None => stream.timestamp = stream.timestamp.wrapping_add(header.timestamp),
        }
        stream.delta = header.timestamp;
        stream.extended = header.extended;
        Ok(())
    }

    /// Begins to read a chunk's bytes, and a message if none is being read.
    fn begin_chunk(&mut self, index: usize) -> Result<CurrentChunk, PeerErrorKind> {
        let limits = &self.limits;
        let Some(stream) = self.streams.get_mut(index) else {
            return Ok(CurrentChunk { index, remaining: 0 });
        };
        if stream.message.is_none() {
            let (name, max) = match stream.kind {
                _ if self.is_before_connect => {
                    (Limits::NAMES.before_connect_bytes, limits.before_connect_bytes)
                }
                MessageType::AUDIO | MessageType::VIDEO | MessageType::AGGREGATE => {
                    (Limits::NAMES.media_bytes, limits.media_bytes)
                }
                _ => (Limits::NAMES.command_bytes, limits.command_bytes),
            };
            if stream.length > max {
                return Err(limit(name, max, stream.length));
            }
        }
        let is_new = stream.message.is_none();
        let message = stream.message.get_or_insert_default();
        message.chunks += 1;
        if message.chunks > limits.chunks_per_message {
            return Err(limit(Limits::NAMES.chunks_per_message, limits.chunks_per_message, message.chunks));
        }
        let remaining = self.chunk_size.min(stream.length - message.payload.len());
        if remaining > limits.chunk_size {
            return Err(limit(Limits::NAMES.chunk_size, limits.chunk_size, remaining));
        }
        self.partial_messages += usize::from(is_new);
        Ok(CurrentChunk { index, remaining })
    }

    /// Takes a chunk's bytes from the input; gives the message if they were its last.
    fn payload(
        &mut self,
        current: CurrentChunk,
        input: &mut &[u8],
    ) -> Result<Option<Message>, PeerErrorKind> {
        let CurrentChunk { index, remaining } = current;
        let Some(stream) = self.streams.get_mut(index) else { return Ok(None) };
        let Some(message) = &mut stream.message else { return Ok(None) };
        let (taken, rest) = input.split_at(remaining.min(input.len()));
        self.assembled += taken.len();
        if self.assembled > self.limits.assembly_bytes {
            return Err(limit(Limits::NAMES.assembly_bytes, self.limits.assembly_bytes, self.assembled));
        }
        *input = rest;
        let payload = if message.payload.is_empty() && taken.len() == stream.length {
            Bytes::copy_from_slice(taken)
        } else {
            message.payload.extend_from_slice(taken);
            if taken.len() < remaining {
                self.current = Some(CurrentChunk { index, remaining: remaining - taken.len() });
                return Ok(None);
            }
            if message.payload.len() < stream.length {
                // Counted here, so that a message in one chunk, an Abort perhaps, is never one too many.
                if self.partial_messages > self.limits.partial_messages {
                    return Err(limit(
                        Limits::NAMES.partial_messages,
                        self.limits.partial_messages,
                        self.partial_messages,
                    ));
                }
                return Ok(None);
            }
            std::mem::take(&mut message.payload).freeze()
        };
        stream.message = None;
        self.partial_messages -= 1;
        self.assembled -= payload.len();
        Ok(Some(Message {
            chunk_stream: stream.id,
            timestamp: stream.timestamp,
            stream: stream.message_stream,
            kind: stream.kind,
            payload,
        }))
    }
}

impl ChunkStream {
    /// The extended timestamp of a header of form 3, if there is one, and the rest; `None` if it takes more
    /// bytes to tell.
    ///
    /// Where the header begins a message it is there. Between the chunks of a message some peers leave it
    /// out, so it is told by its value: that of the last header, or the message's own timestamp, which
    /// others write. What differs from both at any byte is payload.
    fn repeated_timestamp<'a>(&self, bytes: &'a [u8]) -> Option<(Option<u32>, &'a [u8])> {
        if !self.extended {
            return Some((None, bytes));
        }
        if self.message.is_some() {
            let seen = bytes.get(..4).unwrap_or(bytes);
            let known = [self.delta.to_be_bytes(), self.timestamp.to_be_bytes()];
            if !known.iter().any(|known| known.starts_with(seen)) {
                return Some((None, bytes));
            }
        }
        let (value, rest) = bytes.split_first_chunk()?;
        Some((Some(u32::from_be_bytes(*value)), rest))
    }

    fn check_unchanged(&self, header: &MessageHeader) -> Result<(), PeerErrorKind> {
        let chunk_stream = self.id;
        if header.stream.is_some() {
            return Err(PeerErrorKind::HeaderInMessage { chunk_stream });
        }
        match header.message {
            Some((to, _)) if to != self.length => {
                Err(PeerErrorKind::LengthChanged { chunk_stream, from: self.length, to })
            }
            Some((_, to)) if to != self.kind => {
                Err(PeerErrorKind::TypeChanged { chunk_stream, from: self.kind, to })
            }
            _ => Ok(()),
        }
    }
}

#[cold]
fn unknown_chunk_stream(basic_header: BasicHeader) -> PeerErrorKind {
    PeerErrorKind::FreshChunkStream { chunk_stream: basic_header.chunk_stream, format: basic_header.format }
}

#[cold]
fn limit(limit: &'static str, max: usize, found: usize) -> PeerErrorKind {
    PeerErrorKind::Limit { limit, max, found }
}
