//! One call, on its way from a transport to a method.

use std::fmt;
use std::sync::Arc;

use amf_core::Version;
use bytes::Bytes;

use super::registry::Registry;
use super::reply::Wrapping;
use super::{ArgumentsForm, Caller, Target};

/// What a transport hands to [`Services`](super::Services), and what layers see.
#[derive(Clone)]
pub struct Call {
    target: Target,
    arguments: Bytes,
    form: ArgumentsForm,
    version: Version,
    caller: Caller,
    /// Where the arguments stand, if that is in a member of the one object of the array.
    member: Option<&'static str>,
    wrapping: Option<Arc<dyn Wrapping>>,
    /// Set when the call enters `Services`; so a layer also serves what is added after it.
    pub(super) registry: Option<Arc<Registry>>,
}

impl Call {
    /// A call whose arguments are one array, as in a remoting packet, and that is answered in `version`.
    ///
    /// The bytes are in the form that an envelope carries: AMF0, in which `0x11` switches to AMF3.
    pub fn new(target: impl Into<Target>, arguments: Bytes, version: Version, caller: Caller) -> Self {
        Self {
            target: target.into(),
            arguments,
            form: ArgumentsForm::Array,
            version,
            caller,
            member: None,
            wrapping: None,
            registry: None,
        }
    }

    /// Says how the arguments are laid out.
    #[must_use]
    pub fn with_form(mut self, form: ArgumentsForm) -> Self {
        self.form = form;
        self
    }

    /// Says that the array of arguments is in this member of the one object that the array holds.
    #[cfg(feature = "http")]
    #[must_use]
    pub(crate) fn with_arguments_in(mut self, member: &'static str) -> Self {
        self.member = Some(member);
        self
    }

    /// Says what is written around the result.
    #[cfg(feature = "http")]
    #[must_use]
    pub(crate) fn with_wrapping(mut self, wrapping: Arc<dyn Wrapping>) -> Self {
        self.wrapping = Some(wrapping);
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

    pub(super) fn take_arguments(&mut self) -> Bytes {
        std::mem::take(&mut self.arguments)
    }

    /// How the arguments are laid out.
    pub fn form(&self) -> ArgumentsForm {
        self.form
    }

    pub(super) fn member(&self) -> Option<&'static str> {
        self.member
    }

    pub(super) fn wrapping(&self) -> Option<&Arc<dyn Wrapping>> {
        self.wrapping.as_ref()
    }

    pub(super) fn into_context(self) -> Context {
        Context { caller: self.caller, version: self.version, wrapping: self.wrapping }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("target", &self.target)
            .field("arguments", &self.arguments)
            .field("form", &self.form)
            .field("version", &self.version)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// What a running method keeps of its call.
#[derive(Clone)]
pub struct Context {
    caller: Caller,
    version: Version,
    wrapping: Option<Arc<dyn Wrapping>>,
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

    pub(super) fn wrapping(&self) -> Option<&Arc<dyn Wrapping>> {
        self.wrapping.as_ref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("caller", &self.caller)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
