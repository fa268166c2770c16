//! Remoting packets: from the bytes of one to the bytes of its reply, over any transport.

mod budget;
mod handler;
mod header_policy;
mod limits;
mod notifications;
mod protocol;
mod reply_headers;
mod reply_writer;
mod schedule;
mod span;
mod version;

pub use reply_headers::ReplyHeaders;

pub(crate) use handler::{PacketError, PacketSettings, handle_packet};
pub(crate) use header_policy::HeaderPolicy;
pub(crate) use limits::PacketLimits;
pub(crate) use protocol::{CallContext, MessageReply, PacketMessage, PacketProtocol};
pub(crate) use schedule::ScheduledCall;
pub(crate) use span::packet_span;
