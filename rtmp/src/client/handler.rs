//! What a client does with the events of its connection.

use std::sync::Arc;

use amf_core::Value;
use amf_remoting::service::{Target, fault::code};
use amf_remoting::{Caller, Fault, Services};
use tokio::sync::oneshot;

use super::shared_object::Remotes;
use crate::connection::{Answer, Answering, Role, Work, answer, call_of};
use crate::proto::{Accepted, Command, Event, Status};

pub(super) type Unhandled = dyn Fn(&str, Vec<Value>) + Send + Sync;

/// One connection of a client.
pub(super) struct ClientHandler {
    pub(super) services: Services,
    pub(super) unhandled: Arc<Unhandled>,
    pub(super) caller: Caller,
    pub(super) objects: Arc<Remotes>,
    /// Who waits for the server's answer to connect.
    pub(super) decided: Option<oneshot::Sender<Result<Accepted, Status>>>,
}

impl ClientHandler {
    fn decide(&mut self, decision: Result<Accepted, Status>) {
        if let Some(decided) = self.decided.take() {
            // Whoever waited may have gone.
            let _ = decided.send(decision);
        }
    }

    fn command(&self, command: Command, work: &mut Work<'_, Answering>) {
        let transaction = command.transaction();
        let target = Target::new(command.shared_name());
        if self.services.signature(&target).is_none() {
            (self.unhandled)(command.name(), command.body().values().unwrap_or_default());
            let text = format!("there is no method {}", command.name());
            return answer((transaction, Err(Fault::new(code::METHOD_NOT_FOUND, text))), work.connection);
        }
        match call_of(command, target, &self.caller, &self.services) {
            Ok(call) => work.run(Answering::new(transaction, self.services.call(call))),
            Err(fault) => answer((transaction, Err(fault)), work.connection),
        }
    }
}

impl Role for ClientHandler {
    type Running = Answering;

    fn event(&mut self, event: Event, work: &mut Work<'_, Answering>) {
        match event {
            Event::Accepted(accepted) => {
                work.shared.set_version(accepted.version());
                self.decide(Ok(accepted));
            }
            Event::Rejected(status) => self.decide(Err(status)),
            Event::Command(command) => self.command(command, work),
            Event::SharedObject(message) => self.objects.receive(message),
            _ => {}
        }
    }

    fn done(&mut self, done: Answer, work: &mut Work<'_, Answering>) {
        answer(done, work.connection);
    }
}
