//! What a client does with the events of its connection.

use std::sync::Arc;

use amf_core::Value;
use amf_remoting::connection::outcome_bytes;
use amf_remoting::service::Target;
use amf_remoting::{Caller, Services};
use tokio::sync::oneshot;

use super::shared_object::RemoteObjects;
use crate::connection::{CallOutcome, ConnectionHandler, HandlerContext, InFlightCall, send_reply, to_call};
use crate::proto::{Accepted, Command, Event, Status};

pub(super) type OnUnhandled = dyn Fn(&str, Vec<Value>) + Send + Sync;

/// One connection of a client.
pub(super) struct ClientHandler {
    pub(super) services: Services,
    pub(super) on_unhandled: Arc<OnUnhandled>,
    pub(super) caller: Caller,
    pub(super) objects: Arc<RemoteObjects>,
    /// Who waits for the server's answer to connect.
    pub(super) outcome_tx: Option<oneshot::Sender<Result<Accepted, Status>>>,
}

impl ClientHandler {
    fn complete_connect(&mut self, outcome: Result<Accepted, Status>) {
        if let Some(outcome_tx) = self.outcome_tx.take() {
            // Whoever waited may have gone.
            let _ = outcome_tx.send(outcome);
        }
    }

    fn command(&self, command: Command, context: &mut HandlerContext<'_, Self>) {
        let transaction = command.transaction();
        let target = Target::new(command.shared_name());
        if self.services.signature(&target).is_none() {
            (self.on_unhandled)(command.name(), command.body().to_values().unwrap_or_default());
        }
        match to_call(command, target, &self.caller) {
            Ok(call) => context.calls.call(&self.services, call, transaction),
            Err(fault) => send_reply((transaction, Err(fault)), context.connection),
        }
    }
}

impl ConnectionHandler for ClientHandler {
    type Task = InFlightCall;

    fn handle_event(&mut self, event: Event, context: &mut HandlerContext<'_, Self>) {
        match event {
            Event::Accepted(accepted) => {
                context.outbound.set_version(accepted.version());
                self.complete_connect(Ok(accepted));
            }
            Event::Rejected(status) => self.complete_connect(Err(status)),
            Event::Command(command) => self.command(command, context),
            // What Red5's `conn.notify` sends.
            Event::Data(message) if message.stream == 0 => {
                if let Some(command) = Command::from_data(&message) {
                    self.command(command, context);
                }
            }
            Event::SharedObject(message) => self.objects.receive(message),
            _ => {}
        }
    }

    fn outcome_bytes(outcome: &CallOutcome) -> usize {
        outcome_bytes(outcome)
    }

    fn handle_completion(&mut self, outcome: CallOutcome, context: &mut HandlerContext<'_, Self>) {
        send_reply(outcome, context.connection);
    }
}
