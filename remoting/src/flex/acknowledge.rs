//! Answers to messages.

use std::sync::Arc;

use amf_core::{Date, DecodeError, Decoder, DynamicMembers, EncodeError, Encoder, FromAmf, ToAmf, Version};

use super::messages::{AcknowledgeMessage, Base, ErrorMessage, ReplyBase};
use super::small::SmallAcknowledge;
use super::{Flex, client_id};
use crate::gateway::protocol::Answer;
use crate::service::{Fault, Reply, Wrapping};

/// Who sent a message, and how they are answered.
pub(super) struct Sender {
    client_id: String,
    destination: Option<String>,
    message_id: Option<String>,
    headers: DynamicMembers,
    version: Version,
    reads_small: bool,
}

impl Sender {
    /// Of any message.
    pub(super) fn of(flex: &Flex, version: Version, from: Base) -> Self {
        Self::greeted(flex, version, from, false)
    }

    /// Of a ping, whose answer always says who its sender is.
    pub(super) fn of_ping(flex: &Flex, version: Version, from: Base) -> Self {
        Self::greeted(flex, version, from, true)
    }

    /// The first message of a client says whether it reads small messages: a ping, or a login in its place.
    fn greeted(flex: &Flex, version: Version, from: Base, is_ping: bool) -> Self {
        let known = from.ds_id().filter(|id| !client_id::is_none(id));
        let asked = from.headers.as_ref().and_then(|headers| headers.messaging_version);
        let asks = asked.is_some_and(|version| version >= MESSAGING_VERSION);
        let reads_small = flex.small_messages && (asks || known.is_some_and(client_id::reads_small));
        let mut headers = DynamicMembers::new();
        if asks && flex.small_messages {
            headers.insert("DSMessagingVersion", MESSAGING_VERSION);
        }
        if known.is_none() && (is_ping || from.ds_id().is_some()) {
            headers.insert(DS_ID, client_id::for_client(reads_small));
        } else if let Some(known) = known.filter(|_| is_ping) {
            headers.insert(DS_ID, known);
        }
        Self::new(version, from, headers, reads_small)
    }

    fn new(version: Version, from: Base, headers: DynamicMembers, reads_small: bool) -> Self {
        Self {
            client_id: from.client_id.unwrap_or_else(client_id::unique),
            destination: from.destination,
            message_id: from.message_id,
            headers,
            version,
            // AMF0 has no class that writes itself.
            reads_small: reads_small && version == Version::Amf3,
        }
    }

    /// The answer to a message that did what it was to do.
    pub(super) fn acknowledge(&self, body: Option<&str>) -> Answer {
        let reply = match body {
            Some(body) => Reply::encode(self.version, &Acknowledgement { sender: self, body: Some(&body) }),
            None => Reply::encode(self.version, &Acknowledgement { sender: self, body: None }),
        };
        Answer::Result(Answer::encoded(reply))
    }

    /// The answer to one that did not.
    pub(super) fn error(&self, fault: &Fault) -> Answer {
        let message = ErrorMessage {
            body: (),
            base: ReplyBase { destination: self.destination.clone(), ..self.base() },
            extended_data: (),
            fault_code: fault.code().to_owned(),
            fault_detail: fault.detail().map(str::to_owned),
            fault_string: fault.message().to_owned(),
            root_cause: (),
        };
        Answer::Status(Answer::encoded(Reply::encode(self.version, &message)))
    }

    /// The answer to a call, whose reply was made with [`Self`] around it.
    pub(super) fn outcome(&self, outcome: Result<Reply, Fault>) -> Answer {
        match outcome {
            Ok(reply) => Answer::Result(reply.into_body()),
            Err(fault) => self.error(&fault),
        }
    }

    pub(super) fn around_result(self: &Arc<Self>) -> Arc<dyn Wrapping> {
        Arc::clone(self) as Arc<dyn Wrapping>
    }

    /// Servers leave the destination out of acknowledgements.
    fn base(&self) -> ReplyBase {
        ReplyBase {
            client_id: self.client_id.clone(),
            correlation_id: self.message_id.clone(),
            destination: None,
            headers: self.headers.clone(),
            message_id: client_id::unique(),
            time_to_live: 0.0,
            timestamp: Date::now().millis(),
        }
    }
}

const DS_ID: &str = "DSId";

/// The first version of the protocol that has small messages, and the only one.
const MESSAGING_VERSION: f64 = 1.0;

impl Wrapping for Sender {
    fn write(&self, result: &dyn ToAmf, encoder: &mut Encoder) -> Result<(), EncodeError> {
        Acknowledgement { sender: self, body: Some(result) }.to_amf(encoder)
    }
}

/// An acknowledgement on its way out.
struct Acknowledgement<'a> {
    sender: &'a Sender,
    body: Option<&'a dyn ToAmf>,
}

impl ToAmf for Acknowledgement<'_> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let message = AcknowledgeMessage { body: self.body.map(Written), base: self.sender.base() };
        if self.sender.reads_small {
            SmallAcknowledge(message).to_amf(encoder)
        } else {
            message.to_amf(encoder)
        }
    }
}

/// A result of any type, which is only written.
struct Written<'a>(&'a dyn ToAmf);

impl ToAmf for Written<'_> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.0.to_amf(encoder)
    }
}

impl<'de> FromAmf<'de> for Written<'_> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Err(decoder.custom_error("a result is not read here"))
    }
}
