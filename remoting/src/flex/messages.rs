//! The classes of `flex.messaging.messages`, with the members that matter here: others are let go.

use amf_core::{AmfObject, DynamicMembers, Value};

use super::small::{SmallAsync, SmallCommand};

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

impl RequestBase {
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
    pub(super) body: Value,
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
