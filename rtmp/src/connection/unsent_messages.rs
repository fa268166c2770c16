//! Large messages, and messages for many clients, that the socket has not taken whole.

use std::collections::VecDeque;
use std::sync::Arc;

use amf_remoting::connection::SharedMessage;

use crate::proto::chunk::PreChunkedMessage;

/// Messages of less are not worth recording, unless they are shared.
pub(super) const LARGE: usize = 16 << 10;

/// Messages among the output of a connection that occupy another amount of memory than the output has bytes.
///
/// The bytes of a shared message occupy memory once for all connections, so none of them is charged with them; the message
/// is held here because its own charge lasts as long as it does. Any other message occupies memory whole until its last
/// byte is written: a peer that takes all of a reply of 4 MiB but the end makes the server hold 4 MiB.
#[derive(Debug, Default)]
pub(super) struct UnsentMessages {
    messages: VecDeque<UnsentMessage>,
    shared_bytes: usize,
    /// Bytes of the first message that were written and are held nevertheless.
    written_bytes: usize,
}

#[derive(Debug)]
struct UnsentMessage {
    /// Where in the output it ends.
    end: u64,
    len: usize,
    shared: Option<Arc<SharedMessage<PreChunkedMessage>>>,
}

impl UnsentMessages {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Returns the bytes of shared messages.
    pub(super) fn shared_bytes(&self) -> usize {
        self.shared_bytes
    }

    /// Returns the bytes that were written and are held nevertheless.
    pub(super) fn written_bytes(&self) -> usize {
        self.written_bytes
    }

    /// Adds a message of so many bytes that ends at this offset.
    pub(super) fn push(&mut self, end: u64, len: usize) {
        self.messages.push_back(UnsentMessage { end, len, shared: None });
    }

    /// Adds a message for many clients.
    pub(super) fn push_shared(&mut self, end: u64, message: Arc<SharedMessage<PreChunkedMessage>>) {
        let len = message.bytes().len();
        self.shared_bytes += len;
        self.messages.push_back(UnsentMessage { end, len, shared: Some(message) });
    }

    /// Drops the messages that the socket has taken whole, by the bytes that it has taken so far.
    pub(super) fn remove_sent(&mut self, written: u64) {
        while let Some(message) = self.messages.pop_front_if(|message| message.end <= written) {
            if message.shared.is_some() {
                self.shared_bytes -= message.len;
            }
        }
        self.written_bytes = match self.messages.front() {
            Some(UnsentMessage { end, len, shared: None }) => {
                len.saturating_sub(end.saturating_sub(written) as usize)
            }
            Some(_) => 0,
            None => {
                // An idle connection holds no buffer.
                self.messages = VecDeque::new();
                0
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_held_whole_until_its_last_byte_is_written() {
        let mut unsent = UnsentMessages::default();
        unsent.push(100_000, 80_000);
        unsent.push(200_000, 100_000);
        for (written, held) in
            [(0, 0), (20_000, 0), (20_001, 1), (99_999, 79_999), (100_000, 0), (150_000, 50_000)]
        {
            unsent.remove_sent(written);
            assert_eq!(unsent.written_bytes(), held, "{written}");
        }
        unsent.remove_sent(200_000);
        assert!(unsent.is_empty() && unsent.written_bytes() == 0);
    }
}
