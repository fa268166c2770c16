//! One call, on its way from a transport to a method.

use std::fmt;
use std::sync::{Arc, Weak};

use amf_core::{Amf0Numbering, DecodeError, Decoder, Version};
use bytes::Bytes;

use super::budget::OutputBudget;
use super::registry::Registry;
use super::reply::ReplyEnvelope;
use super::{ArgumentList, ArgumentsForm, Caller, Fault, OutputLimits, Target};

/// Goes to the arguments of a call within a larger value.
///
/// It runs after the method was looked up and its rule was checked.
///
/// # Errors
/// Where the value does not hold them.
pub type BeginArguments = for<'de> fn(&mut Decoder<'de>) -> Result<ArgumentList<'de>, DecodeError>;

/// Makes the fault of a call whose service or method does not exist.
pub type NotFoundFault = fn(&Target) -> Fault;

/// What a transport hands to [`Services`](super::Services), and what layers see.
#[derive(Clone)]
pub struct Call {
    target: Target,
    arguments: Bytes,
    form: ArgumentsForm,
    version: Version,
    caller: Caller,
    /// How the arguments are reached, if they stand within a larger value.
    begin_arguments: Option<BeginArguments>,
    preceding_values: usize,
    envelope: Option<Arc<dyn ReplyEnvelope>>,
    not_found: Option<NotFoundFault>,
    /// Held until the method has been polled, or the call has failed.
    start_guard: Option<Arc<()>>,
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
            begin_arguments: None,
            preceding_values: 0,
            envelope: None,
            not_found: None,
            start_guard: None,
            registry: None,
        }
    }

    /// Says how the arguments are laid out.
    #[must_use]
    pub fn with_form(mut self, form: ArgumentsForm) -> Self {
        self.form = form;
        self
    }

    /// Says that the arguments stand within a larger value, where `begin` goes.
    #[must_use]
    pub fn with_arguments_at(mut self, begin: BeginArguments) -> Self {
        self.begin_arguments = Some(begin);
        self
    }

    /// Sets how many values stand before the arguments in the call's bytes. Default: 0.
    ///
    /// The arguments of a [`Sequence`](ArgumentsForm::Sequence) may refer to objects in these values, so the bytes
    /// are handed on whole, and the values are skipped when the arguments are decoded.
    #[must_use]
    pub fn with_preceding_values(mut self, count: usize) -> Self {
        self.preceding_values = count;
        self
    }

    /// Says what is written around the result.
    #[must_use]
    pub fn with_reply_envelope(mut self, envelope: Arc<dyn ReplyEnvelope>) -> Self {
        self.envelope = Some(envelope);
        self
    }

    /// Sets the fault of a call whose service or method does not exist. Default: `Service.ResourceNotFound` for a service,
    /// `Service.MethodNotFound` for a method.
    ///
    /// This is for transports whose clients look for another code.
    #[must_use]
    pub fn with_not_found(mut self, fault: NotFoundFault) -> Self {
        self.not_found = Some(fault);
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

    pub(super) fn not_found(&self) -> Option<NotFoundFault> {
        self.not_found
    }

    pub(super) fn take_start_guard(&mut self) -> Option<Arc<()>> {
        self.start_guard.take()
    }

    pub(super) fn watch_start(&mut self) -> StartWatch {
        StartWatch(Arc::downgrade(self.start_guard.get_or_insert_default()))
    }

    pub(super) fn preceding_values(&self) -> usize {
        self.preceding_values
    }

    pub(super) fn begin_arguments(&self) -> Option<BeginArguments> {
        self.begin_arguments
    }

    pub(super) fn envelope(&self) -> Option<&Arc<dyn ReplyEnvelope>> {
        self.envelope.as_ref()
    }

    #[inline]
    pub(super) fn into_context(
        self,
        limits: OutputLimits,
        expected_numbering: Option<Amf0Numbering>,
    ) -> Context {
        let reply_budget = limits.reply();
        Context {
            caller: self.caller,
            version: self.version,
            envelope: self.envelope,
            reply_budget,
            expected_numbering,
        }
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

/// Watch on the start of a call; made by [`Services::watch_start`](super::Services::watch_start).
#[derive(Clone, Debug)]
pub struct StartWatch(Weak<()>);

impl StartWatch {
    /// Returns `true` until the method has started, or the call has failed without that.
    pub fn is_pending(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// What a running method keeps of its call.
#[derive(Clone)]
pub struct Context {
    caller: Caller,
    version: Version,
    envelope: Option<Arc<dyn ReplyEnvelope>>,
    reply_budget: OutputBudget,
    /// The numbering that the program expects its callers to use.
    expected_numbering: Option<Amf0Numbering>,
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

    pub(super) fn envelope(&self) -> Option<&Arc<dyn ReplyEnvelope>> {
        self.envelope.as_ref()
    }

    /// The numbering of AMF0 references that the caller showed, or else the one that the program set.
    pub(super) fn amf0_numbering(&self) -> Option<Amf0Numbering> {
        match self.version {
            Version::Amf0 => self.caller.amf0_numbering().or(self.expected_numbering),
            Version::Amf3 => None,
        }
    }

    pub(super) fn reply_budget(&self) -> OutputBudget {
        self.reply_budget
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
