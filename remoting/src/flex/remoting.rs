//! Calls of a `RemoteObject`.

use std::sync::Arc;

use amf_core::Version;
use bytes::Bytes;

use super::Flex;
use super::acknowledge::Sender;
use super::body::Body;
use super::headers::LateHeaders;
use super::messages::RemotingMessage;
use crate::Services;
use crate::gateway::batch::Step;
use crate::gateway::protocol::{Answer, Incoming};
use crate::service::fault::code;
use crate::service::{BoxFuture, Call, Credentials, Fault, Reply, Signature, Target};

/// The member of the message that holds the arguments.
const BODY: &str = "body";

/// AMF0: a strict array of no values.
const NO_ARGUMENTS: &[u8] = &[0x0A, 0, 0, 0, 0];

pub(super) fn begin(
    flex: &Flex,
    message: RemotingMessage<Body>,
    incoming: &Incoming<'_>,
) -> Step<BoxFuture<'static, Answer>> {
    let Incoming { version, calls, .. } = *incoming;
    let (body, mut caller) = (incoming.body.clone(), LateHeaders::known_to(incoming));
    let target = target(&message, &calls.services);
    let credentials = message.base.headers.as_ref().and_then(|headers| headers.remote_credentials.as_deref());
    if let Some(credentials) = credentials.and_then(Credentials::from_base64) {
        // Whose they are says nothing about the other messages of the packet.
        caller = caller.anonymous();
        caller.extensions_mut().insert(credentials);
    }
    let is_concurrent = calls.services.signature(&target).is_some_and(Signature::is_concurrent);
    let sender = Arc::new(Sender::of(flex, version, message.base));
    let call = match message.body {
        Some(Body::InPlace) => Ok(Call::new(target, body, version, caller).with_arguments_in(BODY)),
        Some(Body::Items(items)) => array(&items).map(|items| Call::new(target, items, version, caller)),
        None => Ok(Call::new(target, Bytes::from_static(NO_ARGUMENTS), version, caller)),
    };
    let calls = calls.clone();
    let work = async move {
        let outcome = match call {
            Ok(call) => calls.call(call.with_wrapping(sender.around_result())).await,
            Err(fault) => Err(fault),
        };
        sender.outcome(outcome)
    };
    Step { is_concurrent, work: Box::pin(work) }
}

/// The `source` where it is a service, else the destination, and the operation.
fn target(message: &RemotingMessage<Body>, services: &Services) -> Target {
    let operation = message.operation.as_deref().unwrap_or_default();
    let of = |service: &str| Target::from([service, ".", operation].concat());
    let source = message.source.as_deref().filter(|source| !source.is_empty());
    match (source, message.base.destination.as_deref()) {
        (Some(source), Some(_)) if services.has_service(source) => of(source),
        (_, Some(destination)) => of(destination),
        (source, None) => of(source.unwrap_or_default()),
    }
}

/// The arguments as they come in plain calls.
fn array(items: &Vec<amf_core::Value>) -> Result<Bytes, Fault> {
    let reply = Reply::encode(Version::Amf3, items);
    reply.map(Reply::into_body).map_err(|error| Fault::new(code::MESSAGE_ENCODING, error.to_string()))
}
