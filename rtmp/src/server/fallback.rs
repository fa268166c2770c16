//! Commands that no service answers.

use std::sync::Arc;

use amf_core::{Classes, DecodeError, Limits, Value, Version};
use amf_remoting::{Caller, Fault};

use super::arguments::FromArguments;
use crate::connection::unknown_method;
use crate::proto::Command;

/// A command of a client that is none of the services' methods: what the hook of
/// [`Server::fallback`](crate::Server::fallback) decides on.
#[derive(Clone, Debug)]
pub struct UnknownCommand {
    command: Command,
    caller: Caller,
}

impl UnknownCommand {
    pub(crate) fn new(command: Command, caller: Caller) -> Self {
        Self { command, caller }
    }

    /// What is called, without the `@` or `|` that Flash puts before some names.
    pub fn name(&self) -> &str {
        self.command.name()
    }

    pub(crate) fn version(&self) -> Version {
        self.command.version()
    }

    /// Whether the client waits for an answer.
    pub fn wants_answer(&self) -> bool {
        self.command.transaction().is_some()
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The arguments as values.
    pub fn to_values(&self) -> Result<Vec<Value>, DecodeError> {
        self.command.body().to_values()
    }

    /// The arguments as types: `let (name, level): (String, u32) = command.arguments()?`. An error becomes a
    /// fault by itself.
    pub fn arguments<T: FromArguments>(&self) -> Result<T, Fault> {
        let unreadable = |error: DecodeError| Fault::unreadable("the arguments", &error);
        let mut classes = Classes::new();
        T::classes(&mut classes);
        let body = self.command.body();
        body.read_arguments(Arc::new(classes), Limits::default(), T::read).map_err(unreadable)
    }

    /// Returns the fault that a client receives if there is no hook: `NetConnection.Call.Failed`, with the name of the
    /// command in its text.
    pub fn not_found(&self) -> Fault {
        unknown_method(self.name())
    }
}
