//! Calls of the peer, on their way to services and back; both sides do it alike.

use amf_remoting::service::{ArgumentsForm, Call, Reply, fault::code};
use amf_remoting::{Caller, Fault};

use crate::proto::{Command, Connection, Transaction, UseError};

/// What became of a call, and whom to tell; a call that wants no answer has no transaction.
pub(crate) type Answer = (Option<Transaction>, Result<Reply, Fault>);

/// A command as a call of a service.
pub(crate) fn call_of(command: &Command, caller: &Caller) -> Result<Call, Fault> {
    let arguments =
        command.body().arguments().map_err(|error| Fault::new(code::MESSAGE_ENCODING, error.to_string()))?;
    let call = Call::new(command.name(), arguments, command.version(), caller.clone());
    Ok(call.with_form(ArgumentsForm::Sequence))
}

/// Answers a call of the peer.
pub(crate) fn answer((transaction, outcome): Answer, connection: &mut Connection) {
    let Some(transaction) = transaction else { return };
    let sent = match outcome {
        Ok(reply) => match connection.answer(transaction, reply.body()) {
            // The caller waits, so it has to learn of this.
            Err(UseError::MessageTooLong { len }) => {
                let text = format_args!("a reply of {len} bytes is more than a message can carry");
                refuse(transaction, &Fault::internal(text), connection)
            }
            sent => sent,
        },
        Err(fault) => refuse(transaction, &fault, connection),
    };
    if let Err(error) = sent {
        tracing::debug!(%error, "an answer could not be sent");
    }
}

fn refuse(transaction: Transaction, fault: &Fault, connection: &mut Connection) -> Result<(), UseError> {
    connection.fault(transaction, Reply::encode(transaction.version(), fault)?.body())
}
