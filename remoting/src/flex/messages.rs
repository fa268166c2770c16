//! The classes of `flex.messaging.messages`, with the members that matter here: others are let go.

use amf_core::{AmfObject, DynamicMembers};

use super::body::CommandBody;
use super::small::{SmallAsync, SmallCommand};
use crate::service::Fault;
use crate::service::fault::code;

/// What a client can send. `B` is what the arguments of a call are read as.
#[derive(AmfObject, Debug)]
pub(super) enum Message<B> {
    Remoting(RemotingMessage<B>),
    Command(CommandMessage),
    SmallCommand(SmallCommand),
    Async(AsyncMessage),
    SmallAsync(SmallAsync),
}

/// What every message from a client has.
#[derive(AmfObject, Clone, Debug, Default)]
pub(super) struct RequestBase {
    pub(super) client_id: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) headers: Option<FlexHeaders>,
    pub(super) message_id: Option<String>,
}

/// Those headers of a message that matter here. [`LazyHeaders`](super::headers::LazyHeaders) are all of them.
#[derive(AmfObject, Clone, Debug, Default)]
pub(super) struct FlexHeaders {
    #[amf(rename = "DSId")]
    pub(super) ds_id: Option<String>,
    #[amf(rename = "DSMessagingVersion")]
    pub(super) messaging_version: Option<f64>,
    #[amf(rename = "DSRemoteCredentials")]
    pub(super) remote_credentials: Option<String>,
}

impl<B> Message<B> {
    pub(super) fn base(&self) -> &RequestBase {
        match self {
            Self::Remoting(message) => &message.base,
            Self::Command(message) => &message.base,
            Self::SmallCommand(message) => &message.0.base,
            Self::Async(message) => &message.base,
            Self::SmallAsync(message) => &message.0.base,
        }
    }
}

/// Maximum length of an id that an answer repeats. Those of all known clients are UUIDs, destinations are names; an
/// answer must be small whatever its message was.
const MAX_ID_BYTES: usize = 1024;

impl RequestBase {
    /// Checks that an answer can repeat the ids of the message.
    ///
    /// # Errors
    /// A fault that names the one that is too long.
    pub(super) fn check_ids(&self) -> Result<(), Fault> {
        let ids = [
            ("clientId", self.client_id.as_deref()),
            ("destination", self.destination.as_deref()),
            ("messageId", self.message_id.as_deref()),
            ("DSId", self.ds_id()),
        ];
        let long = ids
            .into_iter()
            .find_map(|(name, id)| Some((name, id?.len())).filter(|(_, len)| *len > MAX_ID_BYTES));
        match long {
            None => Ok(()),
            Some((name, len)) => {
                let text = format!("the `{name}` of {len} bytes is longer than {MAX_ID_BYTES}");
                Err(Fault::new(code::MESSAGE_ENCODING, text))
            }
        }
    }

    pub(super) fn ds_id(&self) -> Option<&str> {
        self.headers.as_ref()?.ds_id.as_deref()
    }
}

/// A call: the destination and the operation say of what.
#[derive(AmfObject, Debug)]
#[amf(alias = "flex.messaging.messages.RemotingMessage")]
pub(super) struct RemotingMessage<B> {
    /// Before the others, as it stands on the wire.
    pub(super) body: Option<B>,
    #[amf(flatten)]
    pub(super) base: RequestBase,
    pub(super) operation: Option<String>,
    pub(super) source: Option<String>,
}

/// Something that the client wants of the server itself.
#[derive(AmfObject, Debug, Default)]
#[amf(alias = "flex.messaging.messages.CommandMessage")]
pub(super) struct CommandMessage {
    #[amf(default)]
    pub(super) body: CommandBody,
    #[amf(flatten)]
    pub(super) base: RequestBase,
    pub(super) operation: Option<i32>,
}

/// Something for those who subscribed to a destination.
#[derive(AmfObject, Debug, Default)]
#[amf(alias = "flex.messaging.messages.AsyncMessage")]
pub(super) struct AsyncMessage {
    #[amf(flatten)]
    pub(super) base: RequestBase,
}

/// What every message from the server has.
#[derive(AmfObject, Debug)]
pub(super) struct ReplyBase {
    pub(super) client_id: String,
    /// The id of the message that this answers.
    pub(super) correlation_id: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) headers: DynamicMembers,
    pub(super) message_id: String,
    pub(super) time_to_live: f64,
    /// Milliseconds since 1970.
    pub(super) timestamp: f64,
}

/// The answer to a message that did what it was to do.
#[derive(AmfObject, Debug)]
#[amf(alias = "flex.messaging.messages.AcknowledgeMessage")]
pub(super) struct AcknowledgeMessage<B> {
    pub(super) body: Option<B>,
    #[amf(flatten)]
    pub(super) base: ReplyBase,
}

/// The answer to a message that did not.
#[derive(AmfObject, Debug)]
#[amf(alias = "flex.messaging.messages.ErrorMessage")]
pub(super) struct ErrorMessage {
    pub(super) body: (),
    #[amf(flatten)]
    pub(super) base: ReplyBase,
    pub(super) extended_data: (),
    pub(super) fault_code: String,
    pub(super) fault_detail: Option<String>,
    pub(super) fault_string: String,
    pub(super) root_cause: (),
}
