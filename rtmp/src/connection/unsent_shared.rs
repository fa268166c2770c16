//! Messages for many clients that the socket of one of them has not taken.

use std::collections::VecDeque;
use std::sync::Arc;

use amf_remoting::connection::SharedMessage;

use crate::proto::chunk::PreChunkedMessage;

/// Shared messages among the output of a connection. Their bytes occupy memory once for all connections, so none of them
/// is charged with them; the messages are held here because their own charge lasts as long as they do.
#[derive(Debug, Default)]
pub(super) struct UnsentShared {
    /// Where in the output each message ends.
    messages: VecDeque<(u64, Arc<SharedMessage<PreChunkedMessage>>)>,
    bytes: usize,
}

impl UnsentShared {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a message that ends at this offset of the output.
    pub(super) fn push(&mut self, end: u64, message: Arc<SharedMessage<PreChunkedMessage>>) {
        self.bytes += message.bytes().len();
        self.messages.push_back((end, message));
    }

    /// Drops the messages that the socket has taken whole.
    pub(super) fn remove_sent(&mut self, written: u64) {
        while let Some((_, message)) = self.messages.pop_front_if(|(end, _)| *end <= written) {
            self.bytes -= message.bytes().len();
        }
        if self.messages.is_empty() {
            // An idle connection holds no buffer.
            self.messages = VecDeque::new();
        }
    }
}
