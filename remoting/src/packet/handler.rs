//! From the bytes of a packet to the bytes of its reply.

use std::future::ready;
use std::iter;
use std::sync::Arc;

use amf_core::packet::{Header, Message, Packet};
use amf_core::{DecodeError, EncodeError, Version};
use bytes::Bytes;
use tokio::time::Instant;
use tracing::Span;

use super::budget::{PacketBudget, check_response_uri};
use super::header_policy::{HeaderPolicy, describe_target};
use super::limits::PacketLimits;
use super::notifications::PacketClient;
use super::protocol::{CallContext, MessageReply, PacketMessage, PacketProtocol};
use super::reply_headers::ReplyHeaders;
use super::reply_writer::ReplyWriter;
use super::schedule::{self, ScheduledCall};
use super::span::record_packet;
use super::version::PacketVersion;
use crate::memory::MIN_CHARGED_BYTES;
use crate::metrics;
use crate::service::deadline::Deadline;
use crate::service::fault::Fault;
use crate::service::request_headers::RequestHeader;
use crate::service::{Access, BoxFuture, Call, Caller, Extensions, Notification, Services, Signature};

/// What packets are answered with.
#[derive(Clone, Copy)]
pub(crate) struct PacketSettings<'a> {
    pub(crate) services: &'a Services,
    pub(crate) protocol: Option<&'a dyn PacketProtocol>,
    pub(crate) limits: PacketLimits,
    pub(crate) policy: &'a HeaderPolicy,
}

/// Why a packet gets no reply that is a packet.
#[derive(Debug)]
pub(crate) enum PacketError {
    /// The packet cannot be read.
    Decode {
        /// What it is counted as.
        reason: &'static str,
        error: DecodeError,
    },
    /// The replies would not fit into a packet, even if each were a short fault.
    Crowded {
        /// The limit `packet_bytes`.
        max: usize,
    },
    /// The reply cannot be written.
    Encode(EncodeError),
}

/// Answers a packet, whose caller has these extensions.
pub(crate) async fn handle_packet(
    settings: PacketSettings<'_>,
    extensions: Extensions,
    bytes: Bytes,
    span: &Span,
) -> Result<Bytes, PacketError> {
    let PacketSettings { services, protocol, limits, policy } = settings;
    let packet = Packet::decode_lazily(&bytes, services.classes(), services.decode_options())
        .map_err(|error| decode_error("packet", error))?;
    record_packet(span, &packet);
    reject_unaddressable(&packet)?;
    let max = services.encode_limits().packet_bytes;
    let budget = Arc::new(PacketBudget::reserve(max, response_uris(&packet), services.memory())?);
    let headers = lazy_headers(services, &packet, &bytes);
    let version = PacketVersion::new(packet.version);
    let packet_deadline = Deadline::new(limits.packet_timeout, Instant::now());
    let context = CallContext { services: services.clone(), packet_deadline };
    let description = policy.description_request(&packet);
    let handler =
        PacketHandler { context, protocol, version, bytes: &bytes, packet: &packet, description, budget };
    let client = handler.packet_client(&limits);
    let reply_headers = ReplyHeaders::new(&limits, Arc::clone(&handler.budget));
    let known = version.ensure_known().map_err(|fault| ("version", fault));
    let acceptable = known.and_then(|()| policy.check(&packet).map_err(|fault| ("must_understand", fault)));
    let replies = match acceptable {
        Ok(()) => {
            let calls = handler.schedule_calls(&client, &reply_headers, extensions, headers);
            schedule::run(calls, |index, reply| handler.charge(index, reply)).await
        }
        Err((reason, fault)) => {
            metrics::record_refusal(reason);
            handler.fault_for_each(&fault)
        }
    };
    handler.write_reply(replies, client.close(), &reply_headers)
}

/// Where replies go, in their order.
fn response_uris<'a>(packet: &'a Packet<'_>) -> impl Iterator<Item = &'a str> {
    let broken = packet.broken.iter().map(|broken| broken.response_uri.as_deref().unwrap_or_default());
    packet.messages.iter().map(|message| &*message.response_uri).chain(broken)
}

/// Where nothing was read but a part of one message, nobody can be told within a packet.
fn reject_unaddressable(packet: &Packet<'_>) -> Result<(), PacketError> {
    match &packet.broken {
        Some(broken) if packet.messages.is_empty() && broken.response_uri.is_none() => {
            Err(decode_error("packet", broken.error.clone()))
        }
        _ => Ok(()),
    }
}

fn decode_error(reason: &'static str, error: DecodeError) -> PacketError {
    metrics::record_decode_limit(&error);
    PacketError::Decode { reason, error }
}

/// The headers, each of which is decoded when a method asks for it. Together they may take no more memory than one
/// message.
fn lazy_headers(services: &Services, packet: &Packet<'_>, bytes: &Bytes) -> Vec<RequestHeader> {
    let options = services.decode_options();
    let memory = options.limits.memory / packet.headers.len().max(1);
    let options = options.with_limits(options.limits.with_memory(memory));
    let header = |header: &Header<'_>| {
        let (name, classes) = (header.name.to_string(), Arc::clone(services.classes()));
        RequestHeader::from_bytes(name, bytes.slice_ref(header.value), classes, options)
    };
    packet.headers.iter().map(header).collect()
}

/// One packet and everything that its answer needs.
struct PacketHandler<'a> {
    context: CallContext,
    protocol: Option<&'a dyn PacketProtocol>,
    version: PacketVersion,
    bytes: &'a Bytes,
    packet: &'a Packet<'a>,
    /// Who may have the services described, if that is what the packet asks for in place of calls.
    description: Option<Access>,
    /// What the reply may still take.
    budget: Arc<PacketBudget>,
}

impl PacketHandler<'_> {
    fn packet_client(&self, limits: &PacketLimits) -> PacketClient {
        let messages = &self.packet.messages;
        let versions = messages.iter().map(|message| self.reply_version(message));
        let replies = messages.len() + usize::from(self.packet.broken.is_some());
        let max_message_bytes = self.context.services.encode_limits().client_call_bytes;
        PacketClient::new(versions, replies, limits, max_message_bytes, Arc::clone(&self.budget))
    }

    /// The calls, none of which has begun. They have one caller, whom each may tell something of its own.
    fn schedule_calls(
        &self,
        packet_client: &PacketClient,
        reply_headers: &ReplyHeaders,
        extensions: Extensions,
        headers: Vec<RequestHeader>,
    ) -> Vec<ScheduledCall<BoxFuture<'_, MessageReply>>> {
        let messages = &self.packet.messages;
        let Some(client) = packet_client.clients().next() else { return Vec::new() };
        let mut caller = Caller::new(client).with_request_headers(headers);
        *caller.extensions_mut() = extensions;
        let caller = caller.with_extension(reply_headers.clone());
        let callers = iter::repeat_n(caller, messages.len()).zip(packet_client.clients());
        let callers = callers.map(|(caller, client)| caller.with_client(client));
        messages.iter().zip(callers).map(|(message, caller)| self.schedule_call(message, caller)).collect()
    }

    fn schedule_call(
        &self,
        message: &Message<'_>,
        caller: Caller,
    ) -> ScheduledCall<BoxFuture<'_, MessageReply>> {
        let version = self.reply_version(message);
        let target = &message.target_uri;
        if let Err(fault) = check_response_uri(&message.response_uri) {
            metrics::record_refusal("response_uri");
            let reply = self.fault_reply(target, version, &fault);
            return ScheduledCall { is_concurrent: true, reply: Box::pin(ready(reply)) };
        }
        if message.error.is_some() {
            // Reading its arguments gives the fault, as it does for the only message of a packet, so that the answer
            // does not depend on what else is in the packet.
            metrics::record_refusal("message");
        }
        let body = self.bytes.slice_ref(message.body);
        let message = PacketMessage { target, body, version, caller, context: &self.context };
        let protocol = self.protocol.filter(|_| self.description.is_none());
        if let Some(call) = protocol.and_then(|protocol| protocol.handle(&message)) {
            return call;
        }
        let PacketMessage { target, body, caller, .. } = message;
        let call = Call::new(target, body, version, caller);
        let is_concurrent =
            self.context.services.signature(call.target()).is_some_and(Signature::is_concurrent);
        let reply: BoxFuture<'_, MessageReply> = if let Some(access) = self.description {
            Box::pin(async move {
                let description = describe_target(&self.context.services, &call, access);
                MessageReply::new(version, self.context.within_packet_timeout(description).await)
            })
        } else {
            Box::pin(async move { MessageReply::new(version, self.context.call(call).await) })
        };
        ScheduledCall { is_concurrent, reply }
    }

    fn reply_version(&self, message: &Message<'_>) -> Version {
        self.version.reply_version(message.uses_amf3)
    }

    /// Results and faults in the order of the calls, each followed by what its call told the client.
    fn write_reply(
        &self,
        replies: Vec<MessageReply>,
        notifications: Vec<(usize, Notification)>,
        headers: &ReplyHeaders,
    ) -> Result<Bytes, PacketError> {
        let mut writer = ReplyWriter::new(self.version.reply_packet_version());
        writer.headers(headers)?;
        if replies.len() > 1 {
            let bodies = replies.iter().map(|reply| reply.body().len());
            let told = notifications.iter().map(|(_, notification)| notification.arguments().len());
            writer.reserve(replies.len() + notifications.len(), bodies.chain(told).sum());
        }
        let mut notifications = notifications.into_iter().peekable();
        for (call, (message, reply)) in self.packet.messages.iter().zip(replies).enumerate() {
            writer.reply(&message.response_uri, &reply)?;
            while let Some((_, notification)) = notifications.next_if(|(by, _)| *by == call) {
                writer.notification(&notification)?;
            }
        }
        if let Some(broken) = &self.packet.broken {
            metrics::record_refusal("message");
            metrics::record_decode_limit(&broken.error);
            let response_uri = broken.response_uri.as_deref().unwrap_or_default();
            let target = broken.target_uri.as_deref().unwrap_or_default();
            let fault = Fault::unreadable_arguments(&broken.error);
            let version = self.version.reply_version(false);
            let reply = self.charge_for(target, version, self.fault_reply(target, version, &fault));
            writer.reply(response_uri, &reply)?;
        }
        Ok(writer.finish())
    }

    fn fault_for_each(&self, fault: &Fault) -> Vec<MessageReply> {
        let replies = self.packet.messages.iter().enumerate().map(|(index, message)| {
            self.charge(index, self.fault_reply(&message.target_uri, self.reply_version(message), fault))
        });
        replies.collect()
    }

    /// Charges a reply against the packet. Where it does not fit, it becomes a short fault.
    fn charge(&self, index: usize, reply: MessageReply) -> MessageReply {
        match self.packet.messages.get(index) {
            Some(message) => self.charge_for(&message.target_uri, self.reply_version(message), reply),
            None => reply,
        }
    }

    fn charge_for(&self, target: &str, version: Version, reply: MessageReply) -> MessageReply {
        match self.budget.charge_reply(&reply).and_then(|()| self.hold(reply)) {
            Ok(reply) => reply,
            Err(fault) => self.fault_reply(target, version, &fault),
        }
    }

    /// Charges a reply to the memory budget until the packet is written.
    fn hold(&self, reply: MessageReply) -> Result<MessageReply, Fault> {
        if reply.body().len() < MIN_CHARGED_BYTES {
            return Ok(reply);
        }
        // It is held twice when it is copied into the packet.
        let charge = self.budget.memory().try_charge_reply(2 * reply.body().len())?;
        Ok(reply.map_body(|body| charge.into_bytes(body)))
    }

    fn fault_reply(&self, target: &str, version: Version, fault: &Fault) -> MessageReply {
        let reply = self.protocol.and_then(|protocol| protocol.fault_reply(target, version, fault));
        reply.unwrap_or_else(|| MessageReply::fault(version, fault))
    }
}
