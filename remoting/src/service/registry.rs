//! The services by name, and what is made of all of them together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use amf_core::{Amf0Numbering, Classes, DecodeOptions};
use tokio::time::Instant;

use super::authenticator::ErasedAuthenticator;
use super::blocking_pool::BlockingPool;
use super::call_limits::CallLimits;
use super::deadline::Deadline;
use super::login_tracker::LoginTracker;
use super::logins::Logins;
use super::{
    Arguments, Context, Fault, LoginLimits, Method, MethodFuture, NamedLimit, OutputLimits, Service,
    ServicesError, Signature, Target,
};
use crate::memory::MemoryBudget;

/// What is fixed once the program runs.
#[derive(Clone, Default)]
pub(super) struct Registry {
    services: Vec<Arc<ServiceEntry>>,
    by_name: BTreeMap<&'static str, usize>,
    classes: Arc<Classes>,
    options: DecodeOptions,
    amf0_numbering: Option<Amf0Numbering>,
    output_limits: OutputLimits,
    call_limits: CallLimits,
    logins: Option<Arc<Logins>>,
    login_tracker: LoginTrackerHandle,
    blocking_pool: BlockingPool,
    memory: MemoryBudget,
    /// What adds the classes that transports understand themselves.
    transport_classes: Vec<fn(&mut Classes)>,
}

impl Registry {
    pub(super) fn with_service<S: Service>(&self, service: S) -> Result<Self, ServicesError> {
        if self.by_name.contains_key(S::NAME) {
            return Err(ServicesError::DuplicateService { name: S::NAME });
        }
        let mut services = self.services.clone();
        services.push(Arc::new(ServiceEntry::new(service)?));
        let registry = Self { services, ..self.clone() }.rebuilt();
        let conflict = registry.classes.conflicts().next();
        match conflict {
            Some(alias) => Err(ServicesError::DuplicateAlias { service: S::NAME, alias }),
            None => Ok(registry),
        }
    }

    /// The same with what is made of its parts. Where a service has a class of an alias that a transport has too, the
    /// service's stays.
    fn rebuilt(mut self) -> Self {
        self.by_name =
            self.services.iter().enumerate().map(|(index, service)| (service.name, index)).collect();
        let mut classes = Classes::new();
        let methods = self.services.iter().flat_map(|service| &service.signatures);
        for parameter in methods.flat_map(|method| method.parameters()) {
            parameter.classes(&mut classes);
        }
        for add in &self.transport_classes {
            add(&mut classes);
        }
        self.classes = Arc::new(classes);
        self
    }

    pub(super) fn with_options(&self, options: DecodeOptions) -> Self {
        Self { options, ..self.clone() }
    }

    pub(super) fn with_amf0_numbering(&self, numbering: Amf0Numbering) -> Self {
        let options = self.options.with_amf0_numbering(numbering);
        Self { options, amf0_numbering: Some(numbering), ..self.clone() }
    }

    pub(super) fn with_output_limits(&self, output_limits: OutputLimits) -> Self {
        Self { output_limits, ..self.clone() }
    }

    pub(super) fn with_call_limits(&self, change: impl FnOnce(&mut CallLimits)) -> Self {
        let mut registry = self.clone();
        change(&mut registry.call_limits);
        registry
    }

    pub(super) fn with_blocking_threshold(&self, bytes: usize) -> Self {
        Self { blocking_pool: self.blocking_pool.with_threshold(bytes), ..self.clone() }
    }

    pub(super) fn with_memory_budget(&self, memory: MemoryBudget) -> Self {
        Self { memory, ..self.clone() }
    }

    pub(super) fn memory_budget(&self) -> &MemoryBudget {
        &self.memory
    }

    /// Returns where the arguments of large calls are decoded.
    pub(super) fn blocking_pool(&self) -> &BlockingPool {
        &self.blocking_pool
    }

    pub(super) fn with_authenticator(&self, authenticator: Arc<dyn ErasedAuthenticator>) -> Self {
        let logins = Logins::new(authenticator, Arc::clone(&self.login_tracker.0));
        Self { logins: Some(Arc::new(logins)), ..self.clone() }
    }

    pub(super) fn with_login_limits(&self, limits: LoginLimits) -> Self {
        let tracker = Arc::new(LoginTracker::new(limits));
        let logins = self.logins.as_ref().map(|logins| Arc::new(logins.with_tracker(Arc::clone(&tracker))));
        Self { logins, login_tracker: LoginTrackerHandle(tracker), ..self.clone() }
    }

    pub(super) fn with_classes(&self, classes: fn(&mut Classes)) -> Self {
        let transport_classes = self.transport_classes.iter().copied().chain([classes]).collect();
        Self { transport_classes, ..self.clone() }.rebuilt()
    }

    /// Returns the authenticator with the limits on logins.
    pub(super) fn logins(&self) -> Option<&Arc<Logins>> {
        self.logins.as_ref()
    }

    pub(super) fn classes(&self) -> &Arc<Classes> {
        &self.classes
    }

    pub(super) fn options(&self) -> DecodeOptions {
        self.options
    }

    /// Returns the numbering that the program set.
    pub(super) fn amf0_numbering(&self) -> Option<Amf0Numbering> {
        self.amf0_numbering
    }

    pub(super) fn output_limits(&self) -> OutputLimits {
        self.output_limits
    }

    /// Returns the end of a call that started at an instant, unless its method has a timeout of its own.
    pub(super) fn call_deadline(&self, start: Instant) -> Deadline {
        let limit = NamedLimit::new(CallLimits::NAMES.call_timeout, self.call_limits.call_timeout);
        Deadline::new(limit, start)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.services.iter().map(|service| service.name)
    }

    /// `com/example/Game` is another way to write `com.example.Game`.
    pub(super) fn service(&self, name: &str) -> Option<&Arc<ServiceEntry>> {
        let dotted = || name.contains('/').then(|| name.replace('/', "."));
        let index = self.by_name.get(name).or_else(|| self.by_name.get(dotted()?.as_str()))?;
        self.services.get(*index)
    }

    pub(super) fn method(&self, target: &Target) -> Option<ResolvedMethod<'_>> {
        self.service(target.service())?.method(target.method())
    }

    /// The names that a target means, as the tables have them.
    pub(super) fn resolve_names(&self, target: &Target) -> (Option<&'static str>, Option<&'static str>) {
        let service = self.service(target.service());
        let method = service.and_then(|service| service.signature(target.method()));
        (service.map(|service| service.name()), method.map(Signature::name))
    }
}

/// Failed logins, which all clones of a program's services count together.
#[derive(Clone)]
struct LoginTrackerHandle(Arc<LoginTracker>);

impl Default for LoginTrackerHandle {
    fn default() -> Self {
        Self(Arc::new(LoginTracker::new(LoginLimits::default())))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("services", &self.services)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// One service: its table by name, and the object behind it.
pub(super) struct ServiceEntry {
    name: &'static str,
    signatures: Vec<&'static Signature>,
    by_name: BTreeMap<&'static str, usize>,
    object: Box<dyn ErasedService>,
    /// Whether a slow poll has been logged, by the index of the method.
    has_slow_polls: Vec<AtomicBool>,
}

impl ServiceEntry {
    fn new<S: Service>(service: S) -> Result<Self, ServicesError> {
        let signatures: Vec<_> = S::METHODS.iter().map(Method::signature).collect();
        let mut by_name = BTreeMap::new();
        for (index, signature) in signatures.iter().enumerate() {
            if by_name.insert(signature.name(), index).is_some() {
                return Err(ServicesError::DuplicateMethod { service: S::NAME, method: signature.name() });
            }
        }
        let has_slow_polls = signatures.iter().map(|_| AtomicBool::new(false)).collect();
        let object = Box::new(Arc::new(service));
        Ok(Self { name: S::NAME, signatures, by_name, object, has_slow_polls })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn signatures(&self) -> impl Iterator<Item = &'static Signature> {
        self.signatures.iter().copied()
    }

    pub(super) fn signature(&self, method: &str) -> Option<&'static Signature> {
        self.method(method).map(|method| method.signature)
    }

    pub(super) fn method(&self, name: &str) -> Option<ResolvedMethod<'_>> {
        let index = *self.by_name.get(name)?;
        self.signatures.get(index).map(|signature| ResolvedMethod { service: self, index, signature })
    }
}

impl fmt::Debug for ServiceEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceEntry")
            .field("name", &self.name)
            .field("methods", &self.signatures)
            .finish_non_exhaustive()
    }
}

/// A method in the table of its service.
#[derive(Clone, Copy)]
pub(super) struct ResolvedMethod<'a> {
    service: &'a ServiceEntry,
    index: usize,
    pub(super) signature: &'static Signature,
}

impl ResolvedMethod<'_> {
    /// Decodes the arguments of a call.
    pub(super) fn start(
        self,
        arguments: &mut Arguments<'_>,
        context: Context,
    ) -> Result<MethodFuture, Fault> {
        self.service.object.start(self.index, arguments, context)
    }

    /// Returns `true` the first time that it is called for a method.
    pub(super) fn is_first_slow_poll(self) -> bool {
        let logged = self.service.has_slow_polls.get(self.index);
        logged.is_some_and(|logged| !logged.swap(true, Ordering::Relaxed))
    }
}

/// A service whose type is forgotten.
trait ErasedService: Send + Sync {
    fn start(
        &self,
        method: usize,
        arguments: &mut Arguments<'_>,
        context: Context,
    ) -> Result<MethodFuture, Fault>;
}

impl<S: Service> ErasedService for Arc<S> {
    fn start(
        &self,
        method: usize,
        arguments: &mut Arguments<'_>,
        context: Context,
    ) -> Result<MethodFuture, Fault> {
        match S::METHODS.get(method) {
            Some(method) => method.start(Arc::clone(self), arguments, context),
            None => Err(not_in_table()),
        }
    }
}

/// Callers ask for the signature first, so nobody gets here.
#[cold]
fn not_in_table() -> Fault {
    Fault::internal("a method is not in the table of its service")
}
