//! One call, on its way from a transport to a method.

use std::sync::Arc;

use amf_core::Version;
use bytes::Bytes;

use super::registry::Registry;
use super::{ArgumentsForm, Caller, Target};

/// What a transport hands to [`Services`](super::Services), and what layers see.
#[derive(Clone, Debug)]
pub struct Call {
    target: Target,
    arguments: Bytes,
    form: ArgumentsForm,
    version: Version,
    caller: Caller,
    /// Set when the call enters `Services`; so a layer also serves what is added after it.
    pub(super) registry: Option<Arc<Registry>>,
}

impl Call {
    /// A call whose arguments are one array, as in a remoting packet, and that is answered in `version`.
    ///
    /// The bytes are in the form that an envelope carries: AMF0, in which `0x11` switches to AMF3.
    pub fn new(target: impl Into<Target>, arguments: Bytes, version: Version, caller: Caller) -> Self {
        Self { target: target.into(), arguments, form: ArgumentsForm::Array, version, caller, registry: None }
    }

    /// Says how the arguments are laid out.
    #[must_use]
    pub fn with_form(mut self, form: ArgumentsForm) -> Self {
        self.form = form;
        self
    }

    /// What is called.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The version in which it is answered.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Who calls, for a layer that knows more.
    pub fn caller_mut(&mut self) -> &mut Caller {
        &mut self.caller
    }

    /// The arguments' bytes.
    pub fn arguments(&self) -> &Bytes {
        &self.arguments
    }

    /// How the arguments are laid out.
    pub fn form(&self) -> ArgumentsForm {
        self.form
    }

    pub(super) fn into_context(self) -> Context {
        Context { caller: self.caller, version: self.version }
    }
}

/// What a running method keeps of its call.
#[derive(Clone, Debug)]
pub struct Context {
    caller: Caller,
    version: Version,
}

impl Context {
    /// Who called.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The version in which the call is answered.
    pub fn version(&self) -> Version {
        self.version
    }
}
