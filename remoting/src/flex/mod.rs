//! RemoteObject: what Flex programs, and those of Apache Royale, speak inside of remoting packets.
//!
//! A `RemoteObject` sends its calls as messages of `flex.messaging.messages` to the target `null`. With
//! [`Gateway::flex`](crate::Gateway::flex) these reach the same [`Services`](crate::Services) as plain calls do:
//!
//! ```
//! use amf_remoting::flex::Flex;
//! use amf_remoting::{Gateway, Services};
//!
//! let gateway = Gateway::new(Services::new()).flex(Flex::new());
//! # let _ = gateway;
//! ```
//!
//! - **Calls.** `new RemoteObject("game").join(player)` is `game.join`: the destination is the service, the operation
//!   its method. Where the message has a `source` that is the name of a service, that one is called: so a destination
//!   that stands for a whole server, as those of AMFPHP and Zend did, needs no configuration.
//! - **Headers** of a message are found as those of the packet are: by [`Caller::header`](crate::Caller::header) and
//!   [`Header`](crate::service::Header).
//! - **Faults** are `ErrorMessage`s at `/1/onStatus`. Its `faultCode`, `faultString` and `faultDetail` are the
//!   [`Fault`](struct@crate::Fault)'s code, message and detail.
//! - **Ping, login, logout and disconnect** are answered. A login is one for the
//!   [authenticator](crate::Services::authenticator); it holds for the rest of its packet, and from then on for as
//!   long as the program keeps a session. Subscriptions and messages to them are not there: that is an
//!   `ErrorMessage` too.
//! - **Small messages** ([`Flex::small_messages`]) are what a client gets that said in its ping that it reads them.
//!
//! An `ArrayCollection` is accepted wherever a list is, in place of the arguments too; to return one, there is
//! [`ArrayCollection`](crate::ArrayCollection). Times are in milliseconds since 1970.

mod body;
mod client_id;
mod command;
mod headers;
mod messages;
mod remoting;
mod request;
mod responder;
mod small;

use amf_core::{Classes, FromAmf, Value, Version};

use crate::packet::{MessageReply, PacketMessage, PacketProtocol, ScheduledCall};
use crate::service::fault::code;
use crate::service::{BoxFuture, Fault};
use messages::{Message, RequestBase};
use request::UnreadableMessage;
use responder::Responder;

/// How a [`Gateway`](crate::Gateway) speaks with Flex.
///
/// ```
/// use amf_remoting::flex::Flex;
/// use amf_remoting::{Gateway, Services};
///
/// let gateway = Gateway::new(Services::new()).flex(Flex::new().small_messages(false));
/// # let _ = gateway;
/// ```
#[derive(Clone, Debug)]
pub struct Flex {
    small_messages: bool,
}

impl Default for Flex {
    fn default() -> Self {
        Self::new()
    }
}

impl Flex {
    /// With small messages.
    pub fn new() -> Self {
        Self { small_messages: true }
    }

    /// Whether clients that can read them get acknowledgements in the short form of BlazeDS, the class `DSK`; they
    /// do, unless this is set to false. It is the same that `enable-small-messages` is there.
    ///
    /// A client that can read them says so in its first ping (`DSMessagingVersion`), and tells from then on by the id
    /// that it was given (`DSId`): no process has to remember it.
    #[must_use]
    pub fn small_messages(mut self, small: bool) -> Self {
        self.small_messages = small;
        self
    }
}

/// Adds the classes of all messages that a client can send.
pub(crate) fn register_classes(classes: &mut Classes) {
    Message::<Value>::classes(classes);
}

/// The target of all messages of Flex: it is no function that is called.
const FLEX_TARGET: &str = "null";

impl PacketProtocol for Flex {
    fn handle(&self, message: &PacketMessage<'_>) -> Option<ScheduledCall<BoxFuture<'static, MessageReply>>> {
        // Some clients leave the target empty, which is also that of a plain call to a service without a name.
        if message.target != FLEX_TARGET && !message.target.is_empty() {
            return None;
        }
        let decoded = match request::read(message) {
            Ok(decoded) => decoded,
            Err(_) if message.target.is_empty() => return None,
            Err(unreadable) => {
                let UnreadableMessage { fault, from } = *unreadable;
                return Some(immediate(Responder::new(self, message.version, from).error(&fault)));
            }
        };
        if let Err(fault) = decoded.base().check_ids() {
            let nobody = RequestBase::default();
            return Some(immediate(Responder::new(self, message.version, nobody).error(&fault)));
        }
        Some(match decoded {
            Message::Remoting(call) => remoting::handle(self, call, message),
            Message::Command(command) => command::handle(self, command, message),
            Message::SmallCommand(small) => command::handle(self, small.0, message),
            Message::Async(published) => self.undeliverable(published.base, message.version),
            Message::SmallAsync(small) => self.undeliverable(small.0.base, message.version),
        })
    }

    fn fault_reply(&self, target: &str, version: Version, fault: &Fault) -> Option<MessageReply> {
        (target == FLEX_TARGET).then(|| Responder::new(self, version, RequestBase::default()).error(fault))
    }
}

impl Flex {
    fn undeliverable(
        &self,
        from: RequestBase,
        version: Version,
    ) -> ScheduledCall<BoxFuture<'static, MessageReply>> {
        let destination = from.destination.as_deref().unwrap_or_default();
        let fault = Fault::new(
            code::PROCESSING,
            format!("Nothing can be published to the destination {destination}: there is no messaging here"),
        );
        immediate(Responder::new(self, version, from).error(&fault))
    }
}

fn immediate(reply: MessageReply) -> ScheduledCall<BoxFuture<'static, MessageReply>> {
    ScheduledCall { is_concurrent: false, reply: Box::pin(std::future::ready(reply)) }
}
