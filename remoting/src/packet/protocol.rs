//! What may be spoken inside of messages, other than plain calls.

use std::fmt;

use amf_core::Version;
use bytes::Bytes;

use super::schedule::ScheduledCall;
use crate::__log_limit::error_limited;
use crate::service::budget::encode_fault;
use crate::service::deadline::Deadline;
use crate::service::{BoxFuture, Call, Caller, Fault, Reply, Services};

/// A protocol whose messages come in those of a packet.
pub(crate) trait PacketProtocol: fmt::Debug + Send + Sync {
    /// How a message is answered; `None` leaves it to be a plain call. Nothing is done before the reply is polled.
    fn handle(&self, message: &PacketMessage<'_>) -> Option<ScheduledCall<BoxFuture<'static, MessageReply>>>;

    /// How a fault is told to the sender of a message that could not be read; `None` where it is a plain call.
    fn fault_reply(&self, target: &str, version: Version, fault: &Fault) -> Option<MessageReply>;
}

/// A message of a packet.
pub(crate) struct PacketMessage<'a> {
    pub(crate) target: &'a str,
    /// One AMF0 value, which may switch to AMF3.
    pub(crate) body: Bytes,
    /// The version in which it is answered.
    pub(crate) version: Version,
    pub(crate) caller: Caller,
    pub(crate) context: &'a CallContext,
}

/// The services behind a gateway, and the deadline of all calls of a packet together.
#[derive(Clone)]
pub(crate) struct CallContext {
    pub(crate) services: Services,
    pub(crate) packet_deadline: Deadline,
}

impl CallContext {
    /// Calls a method.
    pub(crate) async fn call(&self, call: Call) -> Result<Reply, Fault> {
        self.services.call_before(self.packet_deadline, call).await
    }

    /// Runs work that is not a call before the deadline of the packet.
    pub(crate) fn within_packet_timeout<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> impl Future<Output = Result<T, Fault>> {
        self.packet_deadline.apply(work)
    }
}

/// What a message is answered with: the body of a message to `/1/onResult` or to `/1/onStatus`.
#[derive(Clone, Debug)]
pub(crate) enum MessageReply {
    /// It did what it was to do.
    Result(Bytes),
    /// It did not.
    Status(Bytes),
}

impl MessageReply {
    /// That of a plain call.
    pub(super) fn new(version: Version, outcome: Result<Reply, Fault>) -> Self {
        match outcome {
            Ok(reply) => Self::Result(reply.into_body()),
            Err(fault) => Self::fault(version, &fault),
        }
    }

    /// A fault as plain clients know it.
    pub(super) fn fault(version: Version, fault: &Fault) -> Self {
        let reply = Reply::encode(version, fault);
        Self::Status(Self::encoded_or_null(
            reply.or_else(|error| Reply::encode(version, &encode_fault(&error))),
        ))
    }

    /// The encoded value.
    pub(super) fn body(&self) -> &Bytes {
        match self {
            Self::Result(body) | Self::Status(body) => body,
        }
    }

    /// The same with other bytes in place of the encoded value.
    pub(super) fn map_body(self, map: impl FnOnce(Bytes) -> Bytes) -> Self {
        match self {
            Self::Result(body) => Self::Result(map(body)),
            Self::Status(body) => Self::Status(map(body)),
        }
    }

    /// The bytes of what the server itself has made.
    pub(crate) fn encoded_or_null(reply: Result<Reply, amf_core::EncodeError>) -> Bytes {
        /// AMF0's null: the sender still learns from the target how it went.
        const NULL: &[u8] = &[0x05];
        match reply {
            Ok(reply) => reply.into_body(),
            Err(error) => {
                error_limited!(%error, "an answer cannot be encoded");
                Bytes::from_static(NULL)
            }
        }
    }
}
