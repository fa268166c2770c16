//! What a client does with the events of its connection.

use std::sync::Arc;

use amf_core::Value;
use amf_remoting::service::fault::code;
use amf_remoting::{Caller, Fault, Services};
use tokio::sync::oneshot;

use crate::net::{Answer, Role, Work, answer, call_of};
use crate::proto::{Accepted, Command, Event, Status};

pub(super) type Unhandled = dyn Fn(&str, Vec<Value>) + Send + Sync;

/// One connection of a client.
pub(super) struct Session {
    pub(super) services: Services,
    pub(super) unhandled: Arc<Unhandled>,
    pub(super) caller: Caller,
    /// Who waits for the server's answer to connect.
    pub(super) decided: Option<oneshot::Sender<Result<Accepted, Status>>>,
}

impl Session {
    fn decide(&mut self, decision: Result<Accepted, Status>) {
        if let Some(decided) = self.decided.take() {
            // Whoever waited may have gone.
            let _ = decided.send(decision);
        }
    }

    fn command(&self, command: &Command, work: &mut Work<'_, Answer>) {
        let transaction = command.transaction();
        match call_of(command, &self.caller, &self.services) {
            Ok(call) if self.services.signature(call.target()).is_some() => {
                let outcome = self.services.call(call);
                work.run(async move { (transaction, outcome.await) });
            }
            _ => {
                (self.unhandled)(command.name(), command.body().values().unwrap_or_default());
                let text = format!("there is no method {}", command.name());
                answer((transaction, Err(Fault::new(code::METHOD_NOT_FOUND, text))), work.connection);
            }
        }
    }
}

impl Role for Session {
    type Done = Answer;

    fn event(&mut self, event: Event, work: &mut Work<'_, Self::Done>) {
        match event {
            Event::Accepted(accepted) => {
                work.shared.set_version(accepted.version());
                self.decide(Ok(accepted));
            }
            Event::Rejected(status) => self.decide(Err(status)),
            Event::Command(command) => self.command(&command, work),
            _ => {}
        }
    }

    fn done(&mut self, done: Answer, work: &mut Work<'_, Answer>) {
        answer(done, work.connection);
    }
}
