//! From the bytes of a packet to the bytes of its reply.

use std::iter;
use std::sync::Arc;

use amf_core::packet::{Message, Packet};
use amf_core::{DecodeError, Decoder, FromAmf, Value, Version};
use bytes::Bytes;
use http::request::Parts;
use tokio::time::timeout;
use tracing::Instrument;

use super::GatewayLimits;
use super::batch::{self, Step};
use super::outbox::Outboxes;
use super::refusal::Refusal;
use super::reply::ReplyWriter;
use super::versions::Dialect;
use crate::Services;
use crate::service::fault::{Fault, code};
use crate::service::{Call, Caller, Client, Notification, Reply, Signature, timed_out};

/// Answers a packet.
pub(super) async fn answer(
    services: &Services,
    limits: &GatewayLimits,
    head: Parts,
    bytes: Bytes,
) -> Result<Bytes, Refusal> {
    let packet = Packet::decode(&bytes, services.classes(), services.decode_limits())
        .map_err(|error| unreadable(&error))?;
    refuse_without_address(&packet)?;
    let headers = read_headers(services, &packet)?;
    let dialect = Dialect::of(packet.version);
    let span = tracing::debug_span!("packet", version = packet.version, messages = packet.messages.len());
    let exchange = Exchange { services, limits, dialect, bytes: &bytes, packet: &packet };
    let outboxes = exchange.open_outboxes();
    let outcomes = match dialect {
        Dialect::Unknown(version) => vec![Err(unknown_version(version)); packet.messages.len()],
        Dialect::Amf0 | Dialect::Amf3 => {
            let steps = exchange.steps(&outboxes, head, headers);
            batch::run(steps).instrument(span).await
        }
    };
    exchange.write_reply(outcomes, outboxes.close())
}

/// Where nothing was read but a part of one message, nobody can be told within a packet.
fn refuse_without_address(packet: &Packet<'_>) -> Result<(), Refusal> {
    match &packet.broken {
        Some(broken) if packet.messages.is_empty() && broken.response_uri.is_none() => {
            Err(unreadable(&broken.error))
        }
        _ => Ok(()),
    }
}

fn unreadable(error: &DecodeError) -> Refusal {
    Refusal::bad_request(format!("The AMF packet cannot be read: {error}."))
}

fn read_headers(services: &Services, packet: &Packet<'_>) -> Result<Vec<(String, Value)>, Refusal> {
    let mut headers = Vec::with_capacity(packet.headers.len());
    for header in &packet.headers {
        let mut decoder = Decoder::new(Version::Amf0, header.value)
            .with_classes(Arc::clone(services.classes()))
            .with_limits(services.decode_limits());
        let value =
            Value::from_amf(&mut decoder).map_err(|error| unreadable(&error.shifted(header.offset)))?;
        headers.push((header.name.to_string(), value));
    }
    Ok(headers)
}

/// One packet and everything that its answer needs.
struct Exchange<'a> {
    services: &'a Services,
    limits: &'a GatewayLimits,
    dialect: Dialect,
    bytes: &'a Bytes,
    packet: &'a Packet<'a>,
}

impl Exchange<'_> {
    fn open_outboxes(&self) -> Outboxes {
        Outboxes::open(self.packet.messages.iter().map(|message| self.version_of(message)), self.limits)
    }

    /// The calls, none of which has begun. They have one caller, whom each may tell something of its own.
    fn steps(
        &self,
        outboxes: &Outboxes,
        head: Parts,
        headers: Vec<(String, Value)>,
    ) -> Vec<Step<impl Future<Output = Result<Reply, Fault>> + use<'_>>> {
        let mut clients = outboxes.clients();
        let Some(first) = clients.next() else { return Vec::new() };
        let caller = Caller::new(first.clone()).with_headers(headers).with_extension(head);
        let calls = self.packet.messages.iter().zip(iter::once(first).chain(clients));
        calls.map(|(message, client)| self.step(message, &caller, client)).collect()
    }

    fn step(
        &self,
        message: &Message<'_>,
        caller: &Caller,
        client: Client,
    ) -> Step<impl Future<Output = Result<Reply, Fault>> + use<'_>> {
        let arguments = self.bytes.slice_ref(message.body);
        let caller = caller.clone().with_client(client);
        let call = Call::new(&*message.target_uri, arguments, self.version_of(message), caller);
        let is_concurrent = self.services.signature(call.target()).is_some_and(Signature::is_concurrent);
        let work = async move {
            let answer = self.services.call(call);
            timeout(self.limits.call_time, answer).await.unwrap_or_else(|_| Err(timed_out()))
        };
        Step { is_concurrent, work }
    }

    fn version_of(&self, message: &Message<'_>) -> Version {
        self.dialect.reply_to(message.switched)
    }

    /// Results and faults in the order of the calls, each followed by what its call told the client.
    fn write_reply(
        &self,
        outcomes: Vec<Result<Reply, Fault>>,
        told: Vec<Vec<Notification>>,
    ) -> Result<Bytes, Refusal> {
        let mut reply = ReplyWriter::new(self.dialect.reply_packet());
        for ((message, outcome), told) in self.packet.messages.iter().zip(outcomes).zip(told) {
            reply.outcome(&message.response_uri, self.version_of(message), outcome)?;
            for notification in &told {
                reply.notification(notification)?;
            }
        }
        if let Some(broken) = &self.packet.broken {
            let response_uri = broken.response_uri.as_deref().unwrap_or_default();
            let fault = Fault::new(code::MESSAGE_ENCODING, broken.error.to_string());
            reply.outcome(response_uri, self.dialect.reply_to(false), Err(fault))?;
        }
        Ok(reply.finish())
    }
}

fn unknown_version(version: u16) -> Fault {
    Fault::new(
        code::MESSAGE_ENCODING,
        format!("packets of version {version} are not known here; 0 and 3 are"),
    )
}
