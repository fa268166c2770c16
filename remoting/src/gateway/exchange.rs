//! From the bytes of a packet to the bytes of its reply.

use std::iter;
use std::sync::Arc;

use amf_core::packet::{Message, Packet};
use amf_core::{DecodeError, Decoder, FromAmf, Value, Version};
use bytes::Bytes;
use http::request::Parts;
use tracing::Span;

use super::GatewayLimits;
use super::batch::{self, Step};
use super::credentials::identified;
use super::headers::{HeaderPolicy, describe};
use super::observe;
use super::outbox::Outboxes;
use super::protocol::{Answer, Calls, Incoming, Protocol};
use super::refusal::Refusal;
use super::reply::ReplyWriter;
use super::reply_headers::ReplyHeaders;
use super::versions::Dialect;
use crate::service::fault::{Fault, code};
use crate::service::{BoxFuture, Call, Caller, Notification, Signature, TimeLimit};
use crate::{Services, count};

/// Answers a packet.
pub(super) async fn answer(
    services: &Services,
    protocol: Option<&dyn Protocol>,
    limits: &GatewayLimits,
    policy: &HeaderPolicy,
    head: Parts,
    bytes: Bytes,
    span: &Span,
) -> Result<Bytes, Refusal> {
    let packet = Packet::open(&bytes, services.classes(), services.decode_limits())
        .map_err(|error| unreadable("packet", &error))?;
    observe::read(span, &packet);
    refuse_without_address(&packet)?;
    let headers = read_headers(services, &packet)?;
    let dialect = Dialect::of(packet.version);
    let time =
        TimeLimit::begin(("call_timeout", limits.call_timeout), ("packet_timeout", limits.packet_timeout));
    let calls = Calls { services: services.clone(), time };
    let describes = policy.asks_for_descriptions(&packet);
    let exchange = Exchange { calls, protocol, dialect, bytes: &bytes, packet: &packet, describes };
    let outboxes = exchange.open_outboxes(limits);
    let reply_headers = ReplyHeaders::open(limits);
    let version = dialect.check().map_err(|fault| ("version", fault));
    let acceptable = version.and_then(|()| policy.check(&packet).map_err(|fault| ("must_understand", fault)));
    let answers = match acceptable {
        Ok(()) => batch::run(exchange.steps(&outboxes, &reply_headers, head, headers)).await,
        Err((reason, fault)) => {
            count::refused(reason);
            exchange.refuse_all(&fault)
        }
    };
    exchange.write_reply(answers, outboxes.close(), &reply_headers)
}

/// Where nothing was read but a part of one message, nobody can be told within a packet.
fn refuse_without_address(packet: &Packet<'_>) -> Result<(), Refusal> {
    match &packet.broken {
        Some(broken) if packet.messages.is_empty() && broken.response_uri.is_none() => {
            Err(unreadable("packet", &broken.error))
        }
        _ => Ok(()),
    }
}

fn unreadable(reason: &'static str, error: &DecodeError) -> Refusal {
    count::limit_of(error);
    Refusal::bad_request(reason, format!("The AMF packet cannot be read: {error}."))
}

fn read_headers(services: &Services, packet: &Packet<'_>) -> Result<Vec<(String, Value)>, Refusal> {
    let mut headers = Vec::with_capacity(packet.headers.len());
    for header in &packet.headers {
        let mut decoder = Decoder::new(Version::Amf0, header.value)
            .with_classes(Arc::clone(services.classes()))
            .with_limits(services.decode_limits());
        let value = Value::from_amf(&mut decoder)
            .map_err(|error| unreadable("header", &error.shifted(header.offset)))?;
        headers.push((header.name.to_string(), value));
    }
    Ok(headers)
}

/// One packet and everything that its answer needs.
struct Exchange<'a> {
    calls: Calls,
    protocol: Option<&'a dyn Protocol>,
    dialect: Dialect,
    bytes: &'a Bytes,
    packet: &'a Packet<'a>,
    /// Whether the services are to be described, not called.
    describes: bool,
}

impl Exchange<'_> {
    fn open_outboxes(&self, limits: &GatewayLimits) -> Outboxes {
        Outboxes::open(self.packet.messages.iter().map(|message| self.version_of(message)), limits)
    }

    /// The calls, none of which has begun. They have one caller, whom each may tell something of its own.
    fn steps(
        &self,
        outboxes: &Outboxes,
        reply_headers: &ReplyHeaders,
        head: Parts,
        headers: Vec<(String, Value)>,
    ) -> Vec<Step<BoxFuture<'_, Answer>>> {
        let messages = &self.packet.messages;
        let Some(client) = outboxes.clients().next() else { return Vec::new() };
        let caller = identified(Caller::new(client).with_headers(headers), head);
        let caller = caller.with_extension(reply_headers.clone());
        let callers = iter::repeat_n(caller, messages.len()).zip(outboxes.clients());
        let callers = callers.map(|(caller, client)| caller.with_client(client));
        messages.iter().zip(callers).map(|(message, caller)| self.step(message, caller)).collect()
    }

    fn step(&self, message: &Message<'_>, caller: Caller) -> Step<BoxFuture<'_, Answer>> {
        let body = self.bytes.slice_ref(message.body);
        let version = self.version_of(message);
        let incoming = Incoming { target: &message.target_uri, body, version, caller, calls: &self.calls };
        let protocol = self.protocol.filter(|_| !self.describes);
        if let Some(step) = protocol.and_then(|protocol| protocol.take(&incoming)) {
            return step;
        }
        let Incoming { body, caller, .. } = incoming;
        let call = Call::new(&*message.target_uri, body, version, caller);
        let is_concurrent =
            self.calls.services.signature(call.target()).is_some_and(Signature::is_concurrent);
        let work: BoxFuture<'_, Answer> = if self.describes {
            Box::pin(async move {
                let description = describe(&self.calls.services, &call);
                Answer::of(version, self.calls.within_time(description).await)
            })
        } else {
            Box::pin(async move { Answer::of(version, self.calls.call(call).await) })
        };
        Step { is_concurrent, work }
    }

    fn version_of(&self, message: &Message<'_>) -> Version {
        self.dialect.reply_to(message.switched)
    }

    /// Results and faults in the order of the calls, each followed by what its call told the client.
    fn write_reply(
        &self,
        answers: Vec<Answer>,
        told: Vec<(usize, Notification)>,
        headers: &ReplyHeaders,
    ) -> Result<Bytes, Refusal> {
        let mut reply = ReplyWriter::new(self.dialect.reply_packet());
        reply.headers(headers)?;
        let mut told = told.into_iter().peekable();
        for (call, (message, answer)) in self.packet.messages.iter().zip(answers).enumerate() {
            reply.answer(&message.response_uri, &answer)?;
            while let Some((_, notification)) = told.next_if(|(by, _)| *by == call) {
                reply.notification(&notification)?;
            }
        }
        if let Some(broken) = &self.packet.broken {
            count::refused("message");
            count::limit_of(&broken.error);
            let response_uri = broken.response_uri.as_deref().unwrap_or_default();
            let target = broken.target_uri.as_deref().unwrap_or_default();
            let fault = Fault::new(code::MESSAGE_ENCODING, broken.error.to_string());
            reply.answer(response_uri, &self.refuse(target, self.dialect.reply_to(false), &fault))?;
        }
        Ok(reply.finish())
    }

    fn refuse_all(&self, fault: &Fault) -> Vec<Answer> {
        let messages = self.packet.messages.iter();
        messages.map(|message| self.refuse(&message.target_uri, self.version_of(message), fault)).collect()
    }

    fn refuse(&self, target: &str, version: Version, fault: &Fault) -> Answer {
        let answer = self.protocol.and_then(|protocol| protocol.refuse(target, version, fault));
        answer.unwrap_or_else(|| Answer::fault(version, fault))
    }
}
