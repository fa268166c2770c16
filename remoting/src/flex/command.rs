//! What a client wants of the server itself.

use amf_core::Value;

use super::acknowledge::Sender;
use super::headers::LateHeaders;
use super::messages::CommandMessage;
use super::{Flex, at_once};
use crate::gateway::batch::Step;
use crate::gateway::protocol::{Answer, Calls, Incoming};
use crate::service::fault::code;
use crate::service::{BoxFuture, Caller, Credentials, Fault, isolate_future};

mod operation {
    pub(super) const SUBSCRIBE: i32 = 0;
    pub(super) const UNSUBSCRIBE: i32 = 1;
    pub(super) const POLL: i32 = 2;
    pub(super) const PING: i32 = 5;
    pub(super) const LOGIN: i32 = 8;
    pub(super) const LOGOUT: i32 = 9;
    pub(super) const DISCONNECT: i32 = 12;
}

pub(super) fn begin(
    flex: &Flex,
    message: CommandMessage,
    incoming: &Incoming<'_>,
) -> Step<BoxFuture<'static, Answer>> {
    let CommandMessage { body, base, operation } = message;
    let Some(operation) = operation else {
        let fault = Fault::new(code::MESSAGE_ENCODING, "A CommandMessage without an operation");
        return at_once(Sender::of(flex, incoming.version, base).error(&fault));
    };
    if operation == operation::PING {
        return at_once(Sender::of_ping(flex, incoming.version, base).acknowledge(None));
    }
    let (calls, caller) = (incoming.calls.clone(), LateHeaders::known_to(incoming));
    let sender = Sender::of(flex, incoming.version, base);
    match operation {
        operation::LOGIN => later(sender, async move { login(&calls, &caller, &body).await }),
        operation::LOGOUT => later(sender, async move { logout(&calls, &caller).await }),
        // Nothing is kept of a client that could be let go.
        operation::DISCONNECT => at_once(sender.acknowledge(None)),
        other => at_once(sender.error(&unsupported(other))),
    }
}

/// What BlazeDS says of a login and a logout.
const SUCCESS: &str = "success";

fn later(
    sender: Sender,
    work: impl Future<Output = Result<(), Fault>> + Send + 'static,
) -> Step<BoxFuture<'static, Answer>> {
    let work = async move {
        match work.await {
            Ok(()) => sender.acknowledge(Some(SUCCESS)),
            Err(fault) => sender.error(&fault),
        }
    };
    Step { is_concurrent: false, work: Box::pin(work) }
}

/// The body is `user:password` in base64.
async fn login(calls: &Calls, caller: &Caller, body: &Value) -> Result<(), Fault> {
    let credentials = body.as_str().and_then(Credentials::from_base64).ok_or_else(|| {
        Fault::new(
            code::CLIENT_AUTHENTICATION,
            "the credentials of a login cannot be read: base64 is expected",
        )
    })?;
    let login = calls.services.login(&credentials, caller);
    calls.within_time(isolate_future(&"login".into(), login)).await.map(drop).map_err(as_of_client)
}

/// A client of Flex takes any other code for that of a server that cannot be reached.
fn as_of_client(fault: Fault) -> Fault {
    if fault.code() == code::SERVER_AUTHENTICATION {
        return Fault::new(code::CLIENT_AUTHENTICATION, fault.message().to_owned());
    }
    fault
}

async fn logout(calls: &Calls, caller: &Caller) -> Result<(), Fault> {
    let logout = calls.services.logout(caller);
    calls.within_time(isolate_future(&"logout".into(), logout)).await
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
