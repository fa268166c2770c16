//! What a client wants of the server itself.

use super::body::CommandBody;
use super::headers::LazyHeaders;
use super::messages::CommandMessage;
use super::responder::Responder;
use super::{Flex, immediate};
use crate::packet::{CallContext, MessageReply, PacketMessage, ScheduledCall};
use crate::service::catch_panic::catch_panic_async;
use crate::service::fault::code;
use crate::service::{BoxFuture, Caller, Credentials, Fault};

mod operation {
    pub(super) const SUBSCRIBE: i32 = 0;
    pub(super) const UNSUBSCRIBE: i32 = 1;
    pub(super) const POLL: i32 = 2;
    pub(super) const PING: i32 = 5;
    pub(super) const LOGIN: i32 = 8;
    pub(super) const LOGOUT: i32 = 9;
    pub(super) const DISCONNECT: i32 = 12;
}

pub(super) fn handle(
    flex: &Flex,
    message: CommandMessage,
    incoming: &PacketMessage<'_>,
) -> ScheduledCall<BoxFuture<'static, MessageReply>> {
    let CommandMessage { body, base, operation } = message;
    let Some(operation) = operation else {
        let fault = Fault::new(code::MESSAGE_ENCODING, "A CommandMessage without an operation");
        return immediate(Responder::new(flex, incoming.version, base).error(&fault));
    };
    if operation == operation::PING {
        return immediate(Responder::for_ping(flex, incoming.version, base).acknowledge(None));
    }
    let (context, caller) = (incoming.context.clone(), LazyHeaders::caller_of(incoming));
    let responder = Responder::new(flex, incoming.version, base);
    match operation {
        operation::LOGIN => deferred(responder, async move { login(&context, &caller, &body).await }),
        operation::LOGOUT => deferred(responder, async move { logout(&context, &caller).await }),
        // Nothing is kept of a client that could be let go.
        operation::DISCONNECT => immediate(responder.acknowledge(None)),
        other => immediate(responder.error(&unsupported(other))),
    }
}

/// What BlazeDS says of a login and a logout.
const SUCCESS: &str = "success";

fn deferred(
    responder: Responder,
    outcome: impl Future<Output = Result<(), Fault>> + Send + 'static,
) -> ScheduledCall<BoxFuture<'static, MessageReply>> {
    let reply = async move {
        match outcome.await {
            Ok(()) => responder.acknowledge(Some(SUCCESS)),
            Err(fault) => responder.error(&fault),
        }
    };
    ScheduledCall { is_concurrent: false, reply: Box::pin(reply) }
}

/// The body is `user:password` in base64.
async fn login(context: &CallContext, caller: &Caller, body: &CommandBody) -> Result<(), Fault> {
    let credentials = body.0.as_deref().and_then(Credentials::from_base64).ok_or_else(|| {
        Fault::new(
            code::CLIENT_AUTHENTICATION,
            "the credentials of a login cannot be read: base64 is expected",
        )
    })?;
    let login = context.services.login(&credentials, caller);
    context
        .within_packet_timeout(catch_panic_async(&"login".into(), login))
        .await
        .map(drop)
        .map_err(as_client_fault)
}

/// A client of Flex takes any other code for that of a server that cannot be reached.
fn as_client_fault(fault: Fault) -> Fault {
    if [code::SERVER_AUTHENTICATION, code::TOO_MANY_LOGINS].contains(&fault.code()) {
        return Fault::new(code::CLIENT_AUTHENTICATION, fault.message().to_owned());
    }
    fault
}

async fn logout(context: &CallContext, caller: &Caller) -> Result<(), Fault> {
    let logout = context.services.logout(caller);
    context.within_packet_timeout(catch_panic_async(&"logout".into(), logout)).await
}

fn unsupported(operation: i32) -> Fault {
    match operation {
        operation::POLL => Fault::new(
            "Server.Processing.NotSubscribed",
            "There is nothing to poll: there are no subscriptions here",
        ),
        operation::SUBSCRIBE | operation::UNSUBSCRIBE => {
            Fault::new(code::PROCESSING, "There are no subscriptions here")
        }
        other => Fault::new(
            code::PROCESSING,
            format!("The operation {other} of a CommandMessage is not known here"),
        ),
    }
}
