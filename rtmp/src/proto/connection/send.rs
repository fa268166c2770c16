//! What is sent.

use std::time::Instant;

use amf_core::Version;
use bytes::Bytes;

use super::{Connection, Phase};
use crate::proto::chunk::{PreChunkedMessage, writer::Envelope};
use crate::proto::message::{
    BandwidthLimit, CommandHead, Control, MAX_COMMAND_HEAD, MESSAGE_LIMIT, UserControl, chunk_stream,
};
use crate::proto::{
    Accept, CallId, CloseReason, Limits, Message, MessageType, Status, Transaction, UserError,
};

impl Connection {
    /// Accepts the client. What it sent since its connect becomes events now.
    pub fn accept(&mut self, now: Instant, accept: &Accept) -> Result<(), UserError> {
        let (id, version) = self.pending_connect()?;
        let reply = accept.message(id, version)?;
        self.write(&reply);
        self.release_held_messages(now);
        Ok(())
    }

    /// Refuses the client, and closes.
    ///
    /// The status says why: a code such as [`code::CONNECT_REJECTED`](crate::proto::message::code), a
    /// description for people, and for a redirection `ex` with `code` and `redirect`.
    pub fn reject(&mut self, status: &Status) -> Result<(), UserError> {
        let (id, _) = self.pending_connect()?;
        let reply = status.rejection(id)?;
        self.write(&reply);
        self.close_for(CloseReason::Rejected);
        Ok(())
    }

    /// Gives the policy that a Flash program asked for, as XML, and closes.
    pub fn send_policy(&mut self, xml: &str) -> Result<(), UserError> {
        if !matches!(self.phase, Phase::Policy { .. }) {
            return Err(if self.is_closed() { UserError::Closed } else { UserError::NoPendingConnect });
        }
        self.output.put(xml.as_bytes());
        self.output.put(&[0]);
        self.close_for(CloseReason::Policy);
        Ok(())
    }

    /// Answers a call with a result: one value in the form that an envelope carries
    /// ([`amf_core::Encoder::in_envelope`]), in the call's version.
    pub fn reply(&mut self, transaction: Transaction, value: &Bytes) -> Result<(), UserError> {
        self.reply_once("_result", transaction, value)
    }

    /// Answers a call with an error: one value, most often an encoded [`Status`].
    pub fn fault(&mut self, transaction: Transaction, value: &Bytes) -> Result<(), UserError> {
        self.reply_once("_error", transaction, value)
    }

    fn reply_once(&mut self, name: &str, transaction: Transaction, value: &Bytes) -> Result<(), UserError> {
        if self.is_closed() {
            return Err(UserError::Closed);
        }
        check_length(value.len() + MAX_COMMAND_HEAD)?;
        if !self.calls.finish_incoming(transaction) {
            return Err(UserError::UnknownTransaction);
        }
        self.reply_call(name, transaction.number(), transaction.version(), value);
        if self.is_closed() { Err(UserError::Closed) } else { Ok(()) }
    }

    /// Calls the peer; [`Event::Reply`](crate::proto::Event::Reply) will tell what became of it.
    ///
    /// `stream` is 0 for the connection. `arguments` are values in the form that an envelope carries, in
    /// this connection's [`version`](Self::version), one after another.
    pub fn call(
        &mut self,
        now: Instant,
        stream: u32,
        name: &str,
        arguments: &Bytes,
    ) -> Result<CallId, UserError> {
        let max = self.config.limits.calls_out;
        self.check_can_send(name.len() + arguments.len() + MAX_COMMAND_HEAD)?;
        if self.calls.outgoing() >= max {
            self.limit_counters.add(Limits::NAMES.calls_out);
            return Err(UserError::TooManyCalls { max });
        }
        let call = self.calls.begin_outgoing(now, self.config.limits.reply_timeout);
        self.write_command(
            stream,
            &CommandHead { version: self.version, name, number: f64::from(call.number()) },
            arguments,
        );
        Ok(call)
    }

    /// Calls the peer without wanting a reply; the arguments are as for [`call`](Self::call).
    pub fn notify(&mut self, stream: u32, name: &str, arguments: &Bytes) -> Result<(), UserError> {
        self.check_can_send(name.len() + arguments.len() + MAX_COMMAND_HEAD)?;
        self.write_command(stream, &CommandHead { version: self.version, name, number: 0.0 }, arguments);
        Ok(())
    }

    /// Sends a message of any type. The connection does not look into it, so it must not be one that changes how
    /// the connection is to be read.
    pub fn send(&mut self, message: &Message) -> Result<(), UserError> {
        self.check_can_send(message.payload.len())?;
        self.write(message);
        Ok(())
    }

    /// Sends a message that was cut into chunks once for many connections.
    pub fn send_pre_chunked(&mut self, chunked: &PreChunkedMessage) -> Result<(), UserError> {
        self.check_can_send(chunked.message().payload.len())?;
        self.counters.sent_messages += 1;
        self.writer.write_pre_chunked(chunked, &mut self.output);
        Ok(())
    }

    /// Makes our chunks this large from now on, and tells the peer; 1 to 2^31 − 1, what is outside counts as the
    /// nearest.
    pub fn set_chunk_size(&mut self, size: u32) -> Result<(), UserError> {
        self.check_can_send(0)?;
        self.announce_chunk_size(size);
        Ok(())
    }

    /// Sends an event of a stream.
    pub fn send_user_control(&mut self, event: UserControl) -> Result<(), UserError> {
        self.send(&Control::User(event).to_message())
    }

    /// Pings the peer; the answer is measured as [`round_trip`](Self::round_trip).
    pub fn ping(&mut self, now: Instant) -> Result<(), UserError> {
        self.check_can_send(0)?;
        let stamp = self.keepalive.ping(now);
        self.send_user_control(UserControl::Ping(stamp))
    }

    /// Ends the connection. With a status the peer is told first, by `onStatus`.
    pub fn close(&mut self, status: Option<&Status>) {
        if let Some(status) = status.filter(|_| self.is_open())
            && let Ok(info) = status.encode(self.version)
        {
            self.write_command(
                0,
                &CommandHead { version: self.version, name: "onStatus", number: 0.0 },
                &info,
            );
        }
        self.close_for(CloseReason::Local);
    }

    fn pending_connect(&self) -> Result<(f64, Version), UserError> {
        match &self.phase {
            Phase::PendingConnect(pending_connect) => Ok((pending_connect.id, pending_connect.version)),
            Phase::Closed => Err(UserError::Closed),
            _ => Err(UserError::NoPendingConnect),
        }
    }

    fn check_can_send(&mut self, len: usize) -> Result<(), UserError> {
        match self.phase {
            Phase::Open => {}
            Phase::Closed => return Err(UserError::Closed),
            _ => return Err(UserError::NotConnected),
        }
        check_length(len)?;
        let max = self.config.limits.outbound_bytes;
        if self.output.is_empty() || self.output.len() + len <= max {
            Ok(())
        } else {
            self.limit_counters.add(Limits::NAMES.outbound_bytes);
            Err(UserError::QueueFull { max })
        }
    }

    /// Tells the peer how to talk to us, and how we talk.
    pub(super) fn send_session_parameters(&mut self) {
        let (window, bandwidth, chunk_size) =
            (self.config.window, self.config.peer_bandwidth, self.config.chunk_size);
        self.ack_window.set_sent_window(window);
        self.write(&Control::WindowAcknowledgement(window).to_message());
        if let Some(bandwidth) = bandwidth {
            self.write(&Control::SetPeerBandwidth(bandwidth, BandwidthLimit::Dynamic).to_message());
        }
        self.announce_chunk_size(chunk_size);
    }

    fn announce_chunk_size(&mut self, size: u32) {
        let size = size.clamp(1, 0x7FFF_FFFF);
        self.write(&Control::SetChunkSize(size).to_message());
        self.writer.set_chunk_size(size);
    }

    pub(super) fn write(&mut self, message: &Message) {
        self.counters.sent_messages += 1;
        self.writer.write(message, &mut self.output);
    }

    pub(super) fn reply_control(&mut self, control: &Control) {
        let before = self.output.end_offset();
        self.write(&control.to_message());
        self.count_unsent_reply(before);
    }

    pub(super) fn reply_call(&mut self, name: &str, number: f64, version: Version, value: &Bytes) {
        let before = self.output.end_offset();
        self.write_command(0, &CommandHead { version, name, number }, value);
        self.count_unsent_reply(before);
    }

    /// Counts what was written since as a reply that the peer has to read.
    fn count_unsent_reply(&mut self, before: u64) {
        let end = self.output.end_offset();
        let limits = &self.config.limits;
        let len = (end - before) as usize;
        if let Err(kind) = self.unsent_replies.add(end, len, limits.unsent_replies, limits.unsent_reply_bytes)
        {
            self.fail(kind);
        }
    }

    fn write_command(&mut self, stream: u32, head: &CommandHead<'_>, values: &Bytes) {
        let envelope = Envelope {
            chunk_stream: if stream == 0 { chunk_stream::COMMAND } else { chunk_stream::STREAM },
            timestamp: 0,
            stream,
            kind: MessageType::command(head.version),
        };
        self.counters.sent_messages += 1;
        self.head_buffer.clear();
        head.write(&mut self.head_buffer);
        self.writer.write_parts(envelope, &self.head_buffer, values, &mut self.output);
    }
}

fn check_length(len: usize) -> Result<(), UserError> {
    if len > MESSAGE_LIMIT.max { Err(UserError::MessageTooLong { len }) } else { Ok(()) }
}
