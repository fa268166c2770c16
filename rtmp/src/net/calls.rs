//! Calls of the peer, on their way to services and back; both sides do it alike.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use amf_core::{Encoder, ToAmf, Value};
use amf_remoting::service::{ArgumentsForm, BoxFuture, Call, Reply, Target, fault::code};
use amf_remoting::{Caller, Fault, Services};
use bytes::Bytes;

use crate::proto::{Body, Command, Connection, Transaction, UseError};

/// What became of a call, and whom to tell; a call that wants no answer has no transaction.
pub(crate) type Answer = (Option<Transaction>, Result<Reply, Fault>);

/// A call of the peer that a service is at.
pub(crate) struct Answering {
    transaction: Option<Transaction>,
    outcome: BoxFuture<'static, Result<Reply, Fault>>,
}

impl Answering {
    pub(crate) fn new(
        transaction: Option<Transaction>,
        outcome: BoxFuture<'static, Result<Reply, Fault>>,
    ) -> Self {
        Self { transaction, outcome }
    }
}

impl Future for Answering {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let outcome = ready!(self.outcome.as_mut().poll(cx));
        Poll::Ready((self.transaction, outcome))
    }
}

/// A command as a call of a service.
pub(crate) fn call_of(
    command: Command,
    target: Target,
    caller: &Caller,
    services: &Services,
) -> Result<Call, Fault> {
    let version = command.version();
    let body = command.into_body();
    let arguments = if body.stands_alone() {
        body.into_arguments().map_err(|error| unreadable(&error))?
    } else {
        standing_alone(&body, services)?
    };
    let call = Call::new(target, arguments, version, caller.clone());
    Ok(call.with_form(ArgumentsForm::Sequence))
}

/// The arguments in bytes of their own, where those that came may refer to something before them.
#[cold]
fn standing_alone(body: &Body, services: &Services) -> Result<Bytes, Fault> {
    let decoder = body.decoder_with(Arc::clone(services.classes()), services.decode_limits());
    let mut decoder = decoder.map_err(|error| unreadable(&error))?;
    let mut encoder = Encoder::in_envelope(body.version());
    while !decoder.is_at_end() {
        let value: Value = decoder.read().map_err(|error| unreadable(&error))?;
        value.to_amf(&mut encoder).map_err(|error| unreadable(&error))?;
    }
    Ok(encoder.finish().map_err(|error| unreadable(&error))?.into())
}

#[cold]
fn unreadable(error: &dyn Display) -> Fault {
    Fault::new(code::MESSAGE_ENCODING, error.to_string())
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
