//! RemoteObject: what Flex programs, and those of Apache Royale, speak inside of remoting packets.
//!
//! A `RemoteObject` sends its calls as messages of `flex.messaging.messages` to the target `null`. With
//! [`Gateway::flex`] these reach the same [`Services`](crate::Services) as plain calls do:
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

mod acknowledge;
mod body;
mod client_id;
mod command;
mod headers;
mod messages;
mod remoting;
mod request;
mod small;

use std::sync::Arc;

use amf_core::{Classes, FromAmf, Value, Version};

use crate::Gateway;
use crate::gateway::batch::Step;
use crate::gateway::protocol::{Answer, Incoming, Protocol};
use crate::service::{BoxFuture, Fault};
use acknowledge::Sender;
use messages::Message;
use request::Unreadable;

/// How a [`Gateway`] speaks with Flex.
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

impl Gateway {
    /// Lets clients of Flex in, besides those that make plain calls.
    #[must_use]
    pub fn flex(self, flex: Flex) -> Self {
        self.speaking(Arc::new(flex), |classes: &mut Classes| Message::<Value>::classes(classes))
    }
}

/// The target of all messages of Flex: it is no function that is called.
const TARGET: &str = "null";

impl Protocol for Flex {
    fn take(&self, incoming: &Incoming<'_>) -> Option<Step<BoxFuture<'static, Answer>>> {
        // Some clients leave the target empty, which is also that of a plain call to a service without a name.
        if incoming.target != TARGET && !incoming.target.is_empty() {
            return None;
        }
        let message = match request::read(incoming) {
            Ok(message) => message,
            Err(_) if incoming.target.is_empty() => return None,
            Err(unreadable) => {
                let Unreadable { fault, from } = *unreadable;
                return Some(at_once(Sender::of(self, incoming.version, from).error(&fault)));
            }
        };
        Some(match message {
            Message::Remoting(message) => remoting::begin(self, message, incoming),
            Message::Command(message) => command::begin(self, message, incoming),
            Message::SmallCommand(small) => command::begin(self, small.0, incoming),
            Message::Async(message) => self.undeliverable(message.base, incoming.version),
            Message::SmallAsync(small) => self.undeliverable(small.0.base, incoming.version),
        })
    }

    fn refuse(&self, target: &str, version: Version, fault: &Fault) -> Option<Answer> {
        (target == TARGET).then(|| Sender::of(self, version, messages::Base::default()).error(fault))
    }
}

impl Flex {
    fn undeliverable(&self, from: messages::Base, version: Version) -> Step<BoxFuture<'static, Answer>> {
        let destination = from.destination.as_deref().unwrap_or_default();
        let fault = Fault::new(
            crate::service::fault::code::PROCESSING,
            format!("Nothing can be published to the destination {destination}: there is no messaging here"),
        );
        at_once(Sender::of(self, version, from).error(&fault))
    }
}

fn at_once(answer: Answer) -> Step<BoxFuture<'static, Answer>> {
    Step { is_concurrent: false, work: Box::pin(std::future::ready(answer)) }
}
