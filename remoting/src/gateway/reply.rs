//! The packet that answers a packet.

use amf_core::packet::PacketWriter;
use amf_core::{EncodeError, Version};
use bytes::Bytes;
use http::StatusCode;

use super::refusal::Refusal;
use crate::service::{Fault, Notification, Reply};

/// The response URI of what nobody answers.
const NO_RESPONSE: &str = "null";

pub(super) struct ReplyWriter {
    packet: PacketWriter,
}

impl ReplyWriter {
    pub(super) fn new(version: u16) -> Self {
        Self { packet: PacketWriter::new(version) }
    }

    /// The result or the fault of the call that gave this response URI.
    pub(super) fn outcome(
        &mut self,
        response_uri: &str,
        version: Version,
        outcome: Result<Reply, Fault>,
    ) -> Result<(), Refusal> {
        let (method, body) = match outcome {
            Ok(reply) => ("onResult", reply.into_body()),
            Err(fault) => ("onStatus", fault_body(version, &fault)),
        };
        self.message(&format!("{response_uri}/{method}"), &body)
    }

    /// A call to a method of the client.
    pub(super) fn notification(&mut self, notification: &Notification) -> Result<(), Refusal> {
        self.message(notification.method(), notification.arguments())
    }

    pub(super) fn finish(self) -> Bytes {
        self.packet.finish().into()
    }

    fn message(&mut self, target: &str, body: &[u8]) -> Result<(), Refusal> {
        self.packet.message(target, NO_RESPONSE, body).map_err(|error| unwritable(&error))
    }
}

fn fault_body(version: Version, fault: &Fault) -> Bytes {
    /// AMF0's null: the caller still learns from the target that the call failed.
    const NULL: &[u8] = &[0x05];
    match Reply::encode(version, fault) {
        Ok(body) => body.into_body(),
        Err(error) => {
            tracing::error!(%error, "a fault cannot be encoded");
            Bytes::from_static(NULL)
        }
    }
}

/// Only a response URI or a value that a packet cannot hold leads here.
#[cold]
fn unwritable(error: &EncodeError) -> Refusal {
    tracing::error!(%error, "a reply cannot be written");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("The reply cannot be written: {error}."))
}
