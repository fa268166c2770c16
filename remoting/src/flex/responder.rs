//! Answers to messages.

use std::sync::Arc;

use amf_core::{Date, DecodeError, Decoder, DynamicMembers, EncodeError, Encoder, FromAmf, ToAmf, Version};

use super::messages::{AcknowledgeMessage, ErrorMessage, ReplyBase, RequestBase};
use super::small::SmallAcknowledge;
use super::{Flex, client_id};
use crate::packet::MessageReply;
use crate::service::budget::encode_fault;
use crate::service::{Fault, Reply, ReplyEnvelope};

/// Who sent a message, and how they are answered.
pub(super) struct Responder {
    client_id: String,
    destination: Option<String>,
    message_id: Option<String>,
    headers: DynamicMembers,
    version: Version,
    reads_small: bool,
}

impl Responder {
    /// Of any message.
    pub(super) fn new(flex: &Flex, version: Version, from: RequestBase) -> Self {
        Self::negotiate(flex, version, from, false)
    }

    /// Of a ping, whose answer always says who its sender is.
    pub(super) fn for_ping(flex: &Flex, version: Version, from: RequestBase) -> Self {
        Self::negotiate(flex, version, from, true)
    }

    /// The first message of a client says whether it reads small messages: a ping, or a login in its place.
    fn negotiate(flex: &Flex, version: Version, from: RequestBase, is_ping: bool) -> Self {
        let known = from.ds_id().filter(|id| !client_id::is_unassigned(id));
        let asked = from.headers.as_ref().and_then(|headers| headers.messaging_version);
        let asks = asked.is_some_and(|version| version >= MESSAGING_VERSION);
        let reads_small = flex.small_messages && (asks || known.is_some_and(client_id::reads_small_messages));
        let mut headers = DynamicMembers::new();
        if asks && flex.small_messages {
            headers.insert("DSMessagingVersion", MESSAGING_VERSION);
        }
        if known.is_none() && (is_ping || from.ds_id().is_some()) {
            headers.insert(DS_ID, client_id::generate_for_client(reads_small));
        } else if let Some(known) = known.filter(|_| is_ping) {
            headers.insert(DS_ID, known);
        }
        Self::with_headers(version, from, headers, reads_small)
    }

    fn with_headers(version: Version, from: RequestBase, headers: DynamicMembers, reads_small: bool) -> Self {
        Self {
            client_id: from.client_id.unwrap_or_else(client_id::generate),
            destination: from.destination,
            message_id: from.message_id,
            headers,
            version,
            // AMF0 has no class that writes itself.
            reads_small: reads_small && version == Version::Amf3,
        }
    }

    /// The answer to a message that did what it was to do.
    pub(super) fn acknowledge(&self, body: Option<&str>) -> MessageReply {
        let reply = match body {
            Some(body) => {
                Reply::encode(self.version, &Acknowledgement { responder: self, body: Some(&body) })
            }
            None => Reply::encode(self.version, &Acknowledgement { responder: self, body: None }),
        };
        MessageReply::Result(MessageReply::encoded_or_null(reply))
    }

    /// The answer to one that did not.
    pub(super) fn error(&self, fault: &Fault) -> MessageReply {
        let encode = |fault: &Fault| Reply::encode(self.version, &self.error_message(fault));
        let reply = encode(fault).or_else(|error| encode(&encode_fault(&error)));
        MessageReply::Status(MessageReply::encoded_or_null(reply))
    }

    fn error_message(&self, fault: &Fault) -> ErrorMessage {
        ErrorMessage {
            body: (),
            base: ReplyBase { destination: self.destination.clone(), ..self.base() },
            extended_data: (),
            fault_code: fault.code().to_owned(),
            fault_detail: fault.detail().map(str::to_owned),
            fault_string: fault.message().to_owned(),
            root_cause: (),
        }
    }

    /// The answer to a call, whose reply was made with [`Self`] around it.
    pub(super) fn reply(&self, outcome: Result<Reply, Fault>) -> MessageReply {
        match outcome {
            Ok(reply) => MessageReply::Result(reply.into_body()),
            Err(fault) => self.error(&fault),
        }
    }

    pub(super) fn as_envelope(self: &Arc<Self>) -> Arc<dyn ReplyEnvelope> {
        Arc::clone(self) as Arc<dyn ReplyEnvelope>
    }

    /// Servers leave the destination out of acknowledgements.
    fn base(&self) -> ReplyBase {
        ReplyBase {
            client_id: self.client_id.clone(),
            correlation_id: self.message_id.clone(),
            destination: None,
            headers: self.headers.clone(),
            message_id: client_id::generate(),
            time_to_live: 0.0,
            timestamp: Date::now().as_millis(),
        }
    }
}

const DS_ID: &str = "DSId";

/// The first version of the protocol that has small messages, and the only one.
const MESSAGING_VERSION: f64 = 1.0;

impl ReplyEnvelope for Responder {
    fn write(&self, result: &dyn ToAmf, encoder: &mut Encoder) -> Result<(), EncodeError> {
        Acknowledgement { responder: self, body: Some(result) }.to_amf(encoder)
    }
}

/// An acknowledgement on its way out.
struct Acknowledgement<'a> {
    responder: &'a Responder,
    body: Option<&'a dyn ToAmf>,
}

impl ToAmf for Acknowledgement<'_> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let message = AcknowledgeMessage { body: self.body.map(EncodeOnly), base: self.responder.base() };
        if self.responder.reads_small {
            SmallAcknowledge(message).to_amf(encoder)
        } else {
            message.to_amf(encoder)
        }
    }
}

/// A result of any type, which is only written.
struct EncodeOnly<'a>(&'a dyn ToAmf);

impl ToAmf for EncodeOnly<'_> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.0.to_amf(encoder)
    }
}

impl<'de> FromAmf<'de> for EncodeOnly<'_> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Err(decoder.custom_error("a result is not read here"))
    }
}
