//! The handle of a client over RTMP: what many clients get is cut into chunks once.

use std::sync::Arc;

use amf_core::Version;
use amf_remoting::OutputLimits;
use amf_remoting::connection::{self, ConnectionMemory, HandleSettings, MessageFormat};
use amf_remoting::service::{ArgumentsForm, NamedLimit, Notification};

use crate::proto::chunk::PreChunkedMessage;
use crate::proto::{Config, Limits, Message};

/// Handle to the other side of a connection.
pub(crate) type Handle = connection::Handle<ChunkFormat>;
/// What the driver of a connection sends for its handles.
pub(super) type Outbound = connection::Outbound<PreChunkedMessage>;
/// The queue from the handles to the driver.
pub(super) type OutboundQueue = connection::OutboundQueue<ChunkFormat>;

/// Messages cut into chunks before a connection has them.
#[derive(Debug)]
pub(crate) struct ChunkFormat {
    chunk_size: u32,
}

impl MessageFormat for ChunkFormat {
    type Message = PreChunkedMessage;

    fn message(&self, notification: &Notification, version: Version) -> PreChunkedMessage {
        let message = Message::notification(version, 0, notification.method(), notification.arguments());
        PreChunkedMessage::new(message, self.chunk_size)
    }

    fn message_bytes(message: &PreChunkedMessage) -> usize {
        message.message().payload.len()
    }

    /// The message is kept as it is and in chunks.
    fn message_memory(message: &PreChunkedMessage) -> usize {
        message.message().payload.len() + message.bytes().len()
    }
}

/// Creates the handle of a connection and the queue that its driver reads. What the connection holds is charged to
/// `memory`, if it is given.
pub(crate) fn channel(
    config: &Config,
    output: OutputLimits,
    memory: Option<Arc<ConnectionMemory>>,
) -> (Handle, OutboundQueue) {
    let outbound = NamedLimit::new(Limits::NAMES.outbound_bytes, config.limits.outbound_bytes);
    let mut settings = HandleSettings::new(ArgumentsForm::Sequence, output.client_call_bytes, outbound);
    settings.memory = memory;
    connection::channel(ChunkFormat { chunk_size: config.chunk_size }, settings)
}
