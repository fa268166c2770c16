//! Calls of the peer, on their way to services and back; both sides do it alike.

use std::fmt::Display;

use amf_remoting::connection;
use amf_remoting::service::{ArgumentsForm, Call, Reply, Target, fault::code};
use amf_remoting::{Caller, Fault};

use crate::proto::{Command, Connection, Transaction, UserError};

/// The name, the transaction id and the command object.
const VALUES_BEFORE_ARGUMENTS: usize = 3;

/// Bytes of a name that a fault repeats: a caller may send a megabyte.
const MAX_NAME_IN_FAULT: usize = 128;

/// The outcome of a call, with its transaction; a call that wants no reply has none.
pub(crate) type CallOutcome = connection::CallOutcome<Option<Transaction>>;
/// A call of the peer that a service is working on.
pub(crate) type InFlightCall = connection::InFlightCall<Option<Transaction>>;

/// Turns a command into a call of a service. Nothing is decoded before the method has been looked up.
pub(crate) fn to_call(command: Command, target: Target, caller: &Caller) -> Result<Call, Fault> {
    let version = command.version();
    let body = command.into_body();
    // Arguments may refer to objects in the name, the transaction id or the command object; then the whole body goes
    // along, and dispatch skips what stands before the arguments.
    let (arguments, preceding) = if body.stands_alone() {
        (body.into_arguments().map_err(|error| encoding_fault(&error))?, 0)
    } else {
        (body.bytes().clone(), VALUES_BEFORE_ARGUMENTS)
    };
    let call = Call::new(target, arguments, version, caller.clone());
    let call = call.with_not_found(|target| unknown_method(target.as_str()));
    Ok(call.with_form(ArgumentsForm::Sequence).with_preceding_values(preceding))
}

/// The fault of a call of a method that there is not, whether it is the method or the service that is unknown. Its code
/// and text are those of Flash Media Server, for which programs look; over HTTP the fault is that of a gateway.
pub(crate) fn unknown_method(name: &str) -> Fault {
    let end = name.floor_char_boundary(MAX_NAME_IN_FAULT);
    let (shown, more) = (name.get(..end).unwrap_or_default(), if end < name.len() { "…" } else { "" });
    Fault::new(code::CALL_FAILED, format!("Method not found ({shown}{more})."))
}

#[cold]
fn encoding_fault(error: &dyn Display) -> Fault {
    Fault::new(code::MESSAGE_ENCODING, error.to_string())
}

/// Answers a call of the peer.
pub(crate) fn send_reply((transaction, outcome): CallOutcome, connection: &mut Connection) {
    let Some(transaction) = transaction else { return };
    let sent = match outcome {
        Ok(reply) => match connection.reply(transaction, reply.body()) {
            // The caller waits, so it has to learn of this.
            Err(UserError::MessageTooLong { len }) => {
                let text = format_args!("a reply of {len} bytes is more than a message can carry");
                send_fault(transaction, &Fault::internal(text), connection)
            }
            sent => sent,
        },
        Err(fault) => send_fault(transaction, &fault, connection),
    };
    if let Err(error) = sent {
        tracing::debug!(%error, "an answer could not be sent");
    }
}

fn send_fault(transaction: Transaction, fault: &Fault, connection: &mut Connection) -> Result<(), UserError> {
    connection.fault(transaction, Reply::encode(transaction.version(), fault)?.body())
}
