//! Aggregates: several messages in one, laid out as in an FLV file (RTMP §7.1.6).

use bytes::Bytes;

use super::{Message, MessageType};
use crate::proto::PeerErrorKind;

/// Type, length, timestamp and its upper byte, stream.
const HEADER_LEN: usize = 11;
/// The length of the part before, for reading backwards.
const BACK_POINTER_LEN: usize = 4;

/// The parts of an aggregate, taken one after another, so that many small ones take no memory.
#[derive(Debug)]
pub(crate) struct AggregateParts {
    aggregate: Message,
    at: usize,
    /// What to add to a part's timestamp: the aggregate's is that of its first part.
    timestamp_offset: Option<u32>,
}

impl AggregateParts {
    /// Checks that the parts fill the aggregate.
    pub(crate) fn new(aggregate: Message) -> Result<Self, PeerErrorKind> {
        let mut parts = Self { aggregate, at: 0, timestamp_offset: None };
        while parts.next_part()?.is_some() {}
        parts.at = 0;
        parts.timestamp_offset = None;
        Ok(parts)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.aggregate.payload.len()
    }

    fn next_part(&mut self) -> Result<Option<Message>, PeerErrorKind> {
        let payload = &self.aggregate.payload;
        let rest = payload.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let truncated = |expected| PeerErrorKind::Aggregate { at: self.at, expected, found: rest.len() };
        let Some(([kind, l0, l1, l2, t0, t1, t2, t3, _, _, _], body)) =
            rest.split_first_chunk::<HEADER_LEN>()
        else {
            return Err(truncated(HEADER_LEN));
        };
        let length = u32::from_be_bytes([0, *l0, *l1, *l2]) as usize;
        // The byte above the other three comes behind them.
        let timestamp = u32::from_be_bytes([*t3, *t0, *t1, *t2]);
        if body.len() < length {
            return Err(truncated(HEADER_LEN + length));
        }
        let start = self.at + HEADER_LEN;
        let part = payload.slice(start..start + length);
        // The last back pointer is missing from some writers' aggregates.
        self.at = (start + length + BACK_POINTER_LEN).min(payload.len());
        let timestamp_offset =
            *self.timestamp_offset.get_or_insert(self.aggregate.timestamp.wrapping_sub(timestamp));
        Ok(Some(Message {
            chunk_stream: self.aggregate.chunk_stream,
            timestamp: timestamp.wrapping_add(timestamp_offset),
            stream: self.aggregate.stream,
            kind: MessageType(*kind),
            payload: part,
        }))
    }
}

impl Iterator for AggregateParts {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.next_part().ok().flatten()
    }
}

impl Message {
    /// Several messages in one, with the timestamp of the first. Their streams are dropped: they are on
    /// that of the aggregate.
    pub fn aggregate(stream: u32, parts: &[Self]) -> Self {
        let mut payload = Vec::new();
        for part in parts {
            let [t3, t0, t1, t2] = part.timestamp.to_be_bytes();
            let length = (part.payload.len() as u32).to_be_bytes();
            payload.push(part.kind.0);
            payload.extend(length.iter().skip(1));
            payload.extend([t0, t1, t2, t3, 0, 0, 0]);
            payload.extend(&part.payload);
            payload.extend((HEADER_LEN as u32 + part.payload.len() as u32).to_be_bytes());
        }
        Self {
            chunk_stream: super::chunk_stream::VIDEO,
            timestamp: parts.first().map_or(0, |part| part.timestamp),
            stream,
            kind: MessageType::AGGREGATE,
            payload: Bytes::from(payload),
        }
    }
}
