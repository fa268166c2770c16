//! Calls of a `RemoteObject`.

use std::sync::Arc;

use bytes::Bytes;

use super::Flex;
use super::body::ArgumentsBody;
use super::headers::LazyHeaders;
use super::messages::RemotingMessage;
use super::responder::Responder;
use crate::packet::{MessageReply, PacketMessage, ScheduledCall};
use crate::service::dispatch::shortened;
use crate::service::fault::{Fault, code};
use crate::service::{BoxFuture, Call, Credentials, Services, Signature, Target};

/// AMF0: a strict array of no values.
const NO_ARGUMENTS: &[u8] = &[0x0A, 0, 0, 0, 0];

pub(super) fn handle(
    flex: &Flex,
    message: RemotingMessage<ArgumentsBody>,
    incoming: &PacketMessage<'_>,
) -> ScheduledCall<BoxFuture<'static, MessageReply>> {
    let PacketMessage { version, context, .. } = *incoming;
    let (body, mut caller) = (incoming.body.clone(), LazyHeaders::caller_of(incoming));
    let (target, ignored_source) = target(&message, &context.services);
    let credentials = message.base.headers.as_ref().and_then(|headers| headers.remote_credentials.as_deref());
    if let Some(credentials) = credentials.and_then(Credentials::from_base64) {
        // Whose they are says nothing about the other messages of the packet.
        caller = caller.anonymous();
        caller.extensions_mut().insert(credentials);
    }
    let signature = context.services.signature(&target);
    let is_concurrent = signature.is_some_and(Signature::is_concurrent);
    // Told with a fault that no method was found.
    let ignored_source =
        ignored_source.filter(|_| signature.is_none()).map(|source| shortened(source).into_owned());
    let responder = Arc::new(Responder::new(flex, version, message.base));
    let call = match message.body {
        Some(arguments) => {
            let begin = arguments.begin_arguments(&body);
            Call::new(target, body, version, caller).with_arguments_at(begin)
        }
        None => Call::new(target, Bytes::from_static(NO_ARGUMENTS), version, caller),
    };
    let call = call.with_reply_envelope(responder.as_envelope());
    let context = context.clone();
    let reply = async move {
        let outcome = context.call(call).await;
        responder.reply(outcome.map_err(|fault| match ignored_source {
            Some(source) => with_source(fault, &source),
            None => fault,
        }))
    };
    ScheduledCall { is_concurrent, reply: Box::pin(reply) }
}

/// The fault of a call whose source is no service: that may be what is wrong with it.
#[cold]
fn with_source(fault: Fault, source: &str) -> Fault {
    let is_unknown = [code::SERVICE_NOT_FOUND, code::METHOD_NOT_FOUND].contains(&fault.code());
    if !is_unknown {
        return fault;
    }
    let message = format!("{}; the source {source} is no service either", fault.message());
    Fault::new(fault.code().to_owned(), message)
}

/// The `source` where it is a service, else the destination, and the operation. With it the source that is no service,
/// if the destination is called in its place.
fn target<'a>(message: &'a RemotingMessage<ArgumentsBody>, services: &Services) -> (Target, Option<&'a str>) {
    let operation = message.operation.as_deref().unwrap_or_default();
    let of = |service: &str| Target::from([service, ".", operation].concat());
    let source = message.source.as_deref().filter(|source| !source.is_empty());
    match (source, message.base.destination.as_deref()) {
        (Some(source), Some(_)) if services.has_service(source) => (of(source), None),
        (source, Some(destination)) => (of(destination), source),
        (source, None) => (of(source.unwrap_or_default()), None),
    }
}
