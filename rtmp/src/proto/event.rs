//! What a connection tells the program.

use std::sync::Arc;

use amf_core::{Value, Version};

use super::message::{SplitCommand, UserControl};
use super::{
    Body, CallId, Limits, Message, PeerError, PeerErrorKind, SharedObjectEvent, SharedObjectMessage, Status,
    Transaction,
};

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A Flash program asks whether it may open sockets here; answer with
    /// [`Connection::send_policy`](super::Connection::send_policy), or close.
    PolicyRequest,
    /// A client wants to be connected; answer with [`Connection::accept`](super::Connection::accept) or
    /// [`reject`](super::Connection::reject). What it sends until then waits; it may have broken the protocol
    /// in the same breath, and then [`Closed`](Self::Closed) follows.
    Connect(Connect),
    /// The server accepted us.
    Accepted(Accepted),
    /// The server refused us, and says why. [`Closed`](Self::Closed) follows.
    Rejected(Status),
    /// The peer calls.
    Command(Command),
    /// The reply to one of our calls, or that there will be none.
    Reply(Reply),
    /// Data: metadata of a stream, or what a program sends along with one. See [`Message::data`].
    Data(Message),
    /// Audio.
    Audio(Message),
    /// Video.
    Video(Message),
    /// A message of a shared object; its values are not decoded.
    SharedObject(SharedObjectMessage),
    /// An event of a stream. Pings and pongs are answered and evaluated here already.
    UserControl(UserControl),
    /// The connection ended; nothing follows. What is still to be sent should be.
    Closed(CloseReason),
}

impl Event {
    /// Returns the bytes of the message that the event was made of.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Connect(connect) => connect.body.bytes().len(),
            Self::Command(command) => command.body.bytes().len(),
            Self::Reply(Reply { outcome: Outcome::Result(body) | Outcome::Error(body), .. }) => {
                body.bytes().len()
            }
            Self::Data(message) | Self::Audio(message) | Self::Video(message) => message.payload.len(),
            Self::SharedObject(message) => message.events.iter().map(SharedObjectEvent::size).sum(),
            Self::PolicyRequest
            | Self::Accepted(_)
            | Self::Rejected(_)
            | Self::Reply(_)
            | Self::UserControl(_)
            | Self::Closed(_) => 0,
        }
    }
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The program closed it.
    Local,
    /// The transport ended.
    Disconnected,
    /// The peer closed the connection, by the command `close`.
    Remote,
    /// Connect was refused, by us or by the server.
    Rejected,
    /// A policy was asked for and given.
    Policy,
    /// The peer broke the protocol.
    Peer(PeerError),
}

/// A client's connect command.
#[derive(Clone, Debug)]
pub struct Connect {
    app: String,
    properties: Value,
    body: Body,
}

impl Connect {
    pub(super) fn read(body: Body, limits: &Limits) -> Result<Self, PeerErrorKind> {
        let properties = if body.has_object() { body.read_object()? } else { Value::Null };
        let app = properties.get("app").and_then(Value::as_str).unwrap_or_default().to_owned();
        let connect = Self { app, properties, body };
        let (name, _) = connect.app_and_query();
        if name.len() > limits.application_name_bytes {
            let found = name.len();
            return Err(PeerErrorKind::Limit {
                limit: Limits::NAMES.application_name_bytes,
                max: limits.application_name_bytes,
                found,
            });
        }
        if !super::message::is_valid_application(name) {
            return Err(PeerErrorKind::Application { name: name.to_owned() });
        }
        Ok(connect)
    }

    /// Returns the application as the client named it, with an instance behind `/` and a query behind `?` if there are
    /// any. It is empty if the client named none, as AIR and the clients of LCDS may.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The application without its query, and the query, empty if there is none.
    pub fn app_and_query(&self) -> (&str, &str) {
        self.app.split_once('?').unwrap_or((&self.app, ""))
    }

    /// The URL that the client connects to.
    pub fn tc_url(&self) -> Option<&str> {
        self.text("tcUrl")
    }

    /// The client's name and version.
    pub fn flash_ver(&self) -> Option<&str> {
        self.text("flashVer")
    }

    /// The URL of the program that connects.
    pub fn swf_url(&self) -> Option<&str> {
        self.text("swfUrl")
    }

    /// The URL of the page that the program is in.
    pub fn page_url(&self) -> Option<&str> {
        self.text("pageUrl")
    }

    /// The version in which the client wants commands.
    pub fn version(&self) -> Version {
        match self.property("objectEncoding").and_then(Value::as_f64) {
            Some(3.0) => Version::Amf3,
            _ => Version::Amf0,
        }
    }

    /// A member of the command object.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    /// The command object.
    pub fn properties(&self) -> &Value {
        &self.properties
    }

    /// The arguments behind the command object, and all of it for typed reading.
    pub fn body(&self) -> &Body {
        &self.body
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.property(name).and_then(Value::as_str)
    }
}

/// A server's reply that it accepts us.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub(super) version: Version,
    pub(super) properties: Value,
    pub(super) info: Status,
}

impl Accepted {
    /// The version in which commands are spoken from now on.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The command object of the reply.
    pub fn properties(&self) -> &Value {
        &self.properties
    }

    /// The information object of the reply.
    pub fn info(&self) -> &Status {
        &self.info
    }
}

/// A call of the peer.
#[derive(Clone, Debug)]
pub struct Command {
    pub(super) name: Arc<str>,
    pub(super) transaction: Option<Transaction>,
    pub(super) stream: u32,
    pub(super) body: Body,
}

impl Command {
    /// Reads a data message as a call without a reply: its first value is the name, the others are the arguments.
    /// Returns `None` if the message is of another type or has no name.
    ///
    /// Red5's `conn.notify` sends such messages on message stream 0. On other streams data belongs to the media.
    ///
    /// ```
    /// use amf_rtmp::proto::{Command, Message, MessageType};
    ///
    /// // The string "said", and true.
    /// let message = Message::new(MessageType::DATA, &b"\x02\0\x04said\x01\x01"[..]);
    /// let command = Command::from_data(&message).unwrap();
    /// assert_eq!((command.name(), command.transaction()), ("said", None));
    /// ```
    pub fn from_data(message: &Message) -> Option<Self> {
        let SplitCommand { name, body, .. } = message.data_to_command()?;
        Some(Self { name, transaction: None, stream: message.stream, body })
    }

    /// What is called, without the `@` or `|` that Flash puts before some names.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name, shared with the command.
    #[cfg(feature = "net")]
    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// What to answer with; `None` if no reply is wanted.
    pub fn transaction(&self) -> Option<Transaction> {
        self.transaction
    }

    /// The message stream; 0 is the connection.
    pub fn stream(&self) -> u32 {
        self.stream
    }

    /// The version that the call came in, and that its reply should be in.
    pub fn version(&self) -> Version {
        self.body.version()
    }

    /// Its arguments.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Its arguments, to keep.
    pub fn into_body(self) -> Body {
        self.body
    }
}

/// What became of one of our calls.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The call.
    pub call: CallId,
    /// What became of it.
    pub outcome: Outcome,
}

/// How a call ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// With a result, the first argument.
    Result(Body),
    /// With an error, of which the first argument tells.
    Error(Body),
    /// There was no reply within [`Limits::reply_timeout`].
    TimedOut,
}

/// Counts of what happened on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages that came.
    pub messages: u64,
    /// Messages that were sent, or wait to be.
    pub sent_messages: u64,
    /// Messages, and events of shared objects, that were ignored: they mean nothing here, or cannot be read.
    pub ignored: u64,
    /// Replies to calls that had waited long enough.
    pub late_replies: u64,
    /// Replies to calls that were never made.
    pub unknown_replies: u64,
    /// Calls of the peer that were answered with `_error`, as too many were in flight.
    pub refused_calls: u64,
}
