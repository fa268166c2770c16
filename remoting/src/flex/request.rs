//! Finding the message in the body of a packet's message.

use std::sync::Arc;

use amf_core::{AmfObject, Classes, DecodeError, DecodeOptions, Decoder, FromAmf, Value, Version};

use super::body::ArgumentsBody;
use super::messages::{Message, RequestBase};
use crate::metrics;
use crate::packet::PacketMessage;
use crate::service::Fault;

/// Why a message cannot be understood, and what is known of it all the same.
pub(super) struct UnreadableMessage {
    pub(super) fault: Fault,
    pub(super) from: RequestBase,
}

/// Reads the message that stands in the array of arguments, or in its place.
pub(super) fn read(incoming: &PacketMessage<'_>) -> Result<Message<ArgumentsBody>, Box<UnreadableMessage>> {
    decode_from::<Message<ArgumentsBody>>(incoming).map_err(|error| {
        metrics::record_decode_limit(&error);
        let fault = Fault::unreadable_arguments(&error);
        let from = decode_from::<MessageIds>(incoming)
            .map_or_else(|_| RequestBase::default(), MessageIds::into_base);
        Box::new(UnreadableMessage { fault, from })
    })
}

fn decode_from<'de, T: FromAmf<'de>>(incoming: &'de PacketMessage<'_>) -> Result<T, DecodeError> {
    let services = &incoming.context.services;
    decode_message(&incoming.body, services.classes(), services.decode_options())
}

/// Reads what stands in the array of arguments, or in its place.
pub(super) fn decode_message<'de, T: FromAmf<'de>>(
    body: &'de [u8],
    classes: &Arc<Classes>,
    options: DecodeOptions,
) -> Result<T, DecodeError> {
    let decoder = Decoder::new(Version::Amf0, body).with_classes(Arc::clone(classes));
    let mut decoder = decoder.with_options(options);
    decoder.read_message(|decoder| match decoder.begin_arguments()? {
        0 => Err(decoder.custom_error("a message of Flex is expected, and nothing was sent")),
        sent => {
            let message = decoder.read()?;
            (1..sent).try_for_each(|_| decoder.skip())?;
            decoder.finish()?;
            Ok(message)
        }
    })
}

/// What an answer needs of a message, which may be of any class and have anything else in it.
#[derive(AmfObject, Default)]
struct MessageIds {
    #[amf(default)]
    client_id: Value,
    #[amf(default)]
    destination: Value,
    #[amf(default)]
    message_id: Value,
}

impl MessageIds {
    fn into_base(self) -> RequestBase {
        let text = |value: Value| value.as_str().map(str::to_owned);
        let base = RequestBase {
            client_id: text(self.client_id),
            destination: text(self.destination),
            message_id: text(self.message_id),
            headers: None,
        };
        if base.check_ids().is_ok() { base } else { RequestBase::default() }
    }
}
