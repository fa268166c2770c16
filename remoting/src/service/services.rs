//! All services of a program, as transports see them.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use amf_core::{Amf0Numbering, Classes, DecodeOptions, Limits, TextEncoding};
#[cfg(feature = "connection")]
use futures_util::FutureExt;
use tokio::time::Instant;
use tower::BoxError;
use tracing::Instrument;

#[cfg(feature = "http")]
use super::Access;
use super::authenticator::no_authenticator;
use super::call_limits::CallLimits;
use super::call_recorder::CallRecorder;
use super::catch_panic::catch_panic_async;
use super::deadline::{Deadline, LazyTimer};
use super::layer::CallService;
use super::registry::Registry;
use super::supervisor::{CallSupervisor, SupervisedCall};
use super::{
    Authenticator, BoxFuture, Call, Caller, Credentials, Fault, LoginLimits, OutputLimits, Principal, Reply,
    Service, ServiceDescription, Signature, StartWatch, Target,
};
use crate::memory::MemoryBudget;

/// The services of a program with the layers around them; every transport is given the same.
///
/// Cheap to clone. It is not changed after it was given away: `add` and `layer` make a new one.
///
/// ```
/// use std::time::Duration;
/// use amf_remoting::Services;
///
/// let services = Services::new().call_timeout(Duration::from_secs(5));
/// assert_eq!(services.names().count(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Services {
    registry: Arc<Registry>,
    outermost: CallService,
}

impl Default for Services {
    fn default() -> Self {
        Self::new()
    }
}

impl Services {
    /// No services yet.
    pub fn new() -> Self {
        Self { registry: Arc::default(), outermost: CallService::without_layers() }
    }

    /// Adds a service.
    ///
    /// # Panics
    /// Where [`try_add`](Self::try_add) gives an error: that is a mistake in the program, seen when it starts.
    #[must_use]
    #[track_caller]
    #[allow(clippy::should_implement_trait, reason = "adding a service is what it does")]
    pub fn add<S: Service>(self, service: S) -> Self {
        match self.try_add(service) {
            Ok(services) => services,
            #[allow(clippy::panic, reason = "documented, at start-up, and `try_add` does not")]
            Err(error) => panic!("{error}"),
        }
    }

    /// Adds a service, unless there is one of its name, two of its methods have one name, or one of its classes
    /// has the alias of another class.
    pub fn try_add<S: Service>(self, service: S) -> Result<Self, ServicesError> {
        let registry = Arc::new(self.registry.with_service(service)?);
        Ok(Self { registry, ..self })
    }

    /// Puts a tower layer around every call, whether its service is added before or after.
    ///
    /// The layer that is added last sees a call first; layers that look at each other's readiness, as load shedding
    /// does, are added as one stack of [`tower::ServiceBuilder`]. One service of it is made for all callers: a concurrency
    /// limit is for all of them together, and the layer's service need not be `Clone`. A [`Fault`] as its error goes
    /// to the caller as it is; tower's timeout and load shedding become `Server.Timeout` and `Server.Overloaded`;
    /// what any other error says stays in the log.
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: tower::Layer<CallService>,
        L::Service:
            tower::Service<Call, Response = Reply, Error: Into<BoxError>, Future: Send> + Send + 'static,
    {
        Self { outermost: self.outermost.with_layer(&layer), ..self }
    }

    /// Sets what reading a call's arguments may cost.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        let options = self.registry.options().with_limits(limits);
        self.with_decode_options(options)
    }

    /// Sets the numbering of AMF0 references that callers are expected to use, over every transport. Default:
    /// [`Amf0Numbering::FLASH_PLAYER`].
    ///
    /// Arguments are read under the numbering that the same packet or connection showed last, otherwise under this
    /// one, and so are headers. Arguments that cannot be read under it are read again under the others before the method runs. Arguments
    /// that can be read under several numberings are read under the first, so a program whose callers all use `Py3AMF`
    /// sets [`Amf0Numbering::PY3AMF`].
    ///
    /// ```
    /// use amf_remoting::{Amf0Numbering, Services};
    ///
    /// let services = Services::new().amf0_numbering(Amf0Numbering::PY3AMF);
    /// # let _ = services;
    /// ```
    #[must_use]
    pub fn amf0_numbering(self, numbering: Amf0Numbering) -> Self {
        let registry = self.registry.with_amf0_numbering(numbering);
        Self { registry: Arc::new(registry), ..self }
    }

    /// Returns the numbering set by [`amf0_numbering`](Self::amf0_numbering).
    #[must_use]
    pub fn expected_amf0_numbering(&self) -> Option<Amf0Numbering> {
        self.registry.amf0_numbering()
    }

    /// Sets how text that is not UTF-8 is read, in names, headers and arguments. Default: [`TextEncoding::Utf8`], a value
    /// with such text cannot be read, and its call receives a fault.
    ///
    /// Old clients and servers send Latin-1. Over RTMP this holds for the arguments of calls.
    ///
    /// ```
    /// use amf_core::TextEncoding;
    /// use amf_remoting::Services;
    ///
    /// let services = Services::new().text_encoding(TextEncoding::Latin1);
    /// # drop(services);
    /// ```
    #[must_use]
    pub fn text_encoding(self, text_encoding: TextEncoding) -> Self {
        let options = self.registry.options().with_text_encoding(text_encoding);
        self.with_decode_options(options)
    }

    fn with_decode_options(self, options: DecodeOptions) -> Self {
        Self { registry: Arc::new(self.registry.with_options(options)), ..self }
    }

    /// Sets the size in bytes from which on the arguments of a call are decoded on tokio's blocking pool, so that they
    /// delay no other task of the runtime. Default: 64 KiB. `usize::MAX`: never.
    ///
    /// The method is polled there for the first time, too: if it completes, as a method does that awaits nothing, its
    /// result is also encoded there. Otherwise it continues in the call's own task. Decoding 2 MiB can take 100 ms, and
    /// so can encoding the result; for small arguments the way to another thread costs more than it saves. At most as
    /// many calls are there at a time as there are processors. Over RTMP the calls of one client still start in the
    /// order in which they were sent.
    ///
    /// ```
    /// use amf_remoting::Services;
    ///
    /// let services = Services::new().blocking_threshold(256 << 10);
    /// # let _ = services;
    /// ```
    #[must_use]
    pub fn blocking_threshold(self, bytes: usize) -> Self {
        let registry = self.registry.with_blocking_threshold(bytes);
        Self { registry: Arc::new(registry), ..self }
    }

    /// Sets the maximum sizes of what is written, over every transport: replies, reply packets, and notifications and
    /// calls to clients.
    ///
    /// ```
    /// use amf_remoting::{OutputLimits, Services};
    ///
    /// let services = Services::new().output_limits(OutputLimits::new().with_packet_bytes(1 << 20));
    /// # let _ = services;
    /// ```
    #[must_use]
    pub fn output_limits(self, limits: OutputLimits) -> Self {
        let registry = self.registry.with_output_limits(limits);
        Self { registry: Arc::new(registry), ..self }
    }

    /// Sets the budget for the memory that clients of all transports can make the server hold. Default:
    /// [`MemoryBudget::process`], 256 MiB for all services of the process.
    #[must_use]
    pub fn memory_budget(self, budget: MemoryBudget) -> Self {
        let registry = self.registry.with_memory_budget(budget);
        Self { registry: Arc::new(registry), ..self }
    }

    /// Returns the [budget](Self::memory_budget) that transports charge with what they hold for their clients.
    pub fn memory(&self) -> &MemoryBudget {
        self.registry.memory_budget()
    }

    /// Logs the caller out, and lets the [`authenticator`](Self::authenticator) forget them.
    ///
    /// This is for transports with a logout of their own.
    ///
    /// # Errors
    /// The fault of the authenticator, or `Server.Timeout` after [`call_timeout`](Self::call_timeout).
    pub async fn logout(&self, caller: &Caller) -> Result<(), Fault> {
        let logout = async {
            caller.logout().await;
            match self.registry.logins() {
                Some(logins) => logins.authenticator().end_session(&caller.anonymous()).await,
                None => Ok(()),
            }
        };
        self.within_call_timeout(logout).await
    }

    /// Adds classes that no signature names: those that a transport understands itself.
    #[must_use]
    pub fn with_classes(self, classes: fn(&mut Classes)) -> Self {
        let registry = self.registry.with_classes(classes);
        Self { registry: Arc::new(registry), ..self }
    }

    /// Says who knows the users; the last one said counts.
    #[must_use]
    pub fn authenticator(self, authenticator: impl Authenticator) -> Self {
        let registry = self.registry.with_authenticator(Arc::new(authenticator));
        Self { registry: Arc::new(registry), ..self }
    }

    /// Sets the limits on attempts to log in, over every transport. The default limits are in force unless others are set.
    #[must_use]
    pub fn login_limits(self, limits: LoginLimits) -> Self {
        let registry = self.registry.with_login_limits(limits);
        Self { registry: Arc::new(registry), ..self }
    }

    /// Asks the [`authenticator`](Self::authenticator) whose credentials these are, within the
    /// [limits](Self::login_limits), and logs the caller in.
    ///
    /// This is for transports with a login of their own. Wrong credentials are `Client.Authentication`; where there is
    /// no authenticator it is `Server.Authentication`; over a limit, `Client.Authentication.TooManyAttempts`.
    ///
    /// # Errors
    /// The faults above, that of the authenticator, or `Server.Timeout` after [`call_timeout`](Self::call_timeout).
    pub async fn login(&self, credentials: &Credentials, caller: &Caller) -> Result<Principal, Fault> {
        let mut caller = caller.clone();
        caller.set_logins(self.registry.logins().ok_or_else(no_authenticator)?);
        let login = caller.login_with(credentials);
        self.within_call_timeout(catch_panic_async(&Target::new("login"), login)).await
    }

    /// Calls a method, with the layers around it, within its [timeout](Self::call_timeout).
    ///
    /// # Errors
    /// The future returns the fault of the method or of a layer; `Server.Timeout` if the call takes too long.
    pub fn call(&self, call: Call) -> BoxFuture<'static, Result<Reply, Fault>> {
        self.record_call(call, None)
    }

    /// The same for a transport with a time limit for several calls together.
    ///
    /// The span and the counters of the call cover the fault of that limit too.
    #[cfg(feature = "http")]
    pub(crate) fn call_before(
        &self,
        deadline: Deadline,
        call: Call,
    ) -> BoxFuture<'static, Result<Reply, Fault>> {
        self.record_call(call, Some(deadline))
    }

    /// Runs work of a transport within [`call_timeout`](Self::call_timeout), for messages that are answered without a
    /// method. The work is dropped at the deadline.
    ///
    /// # Errors
    /// The fault of `work`, or `Server.Timeout` if it takes too long.
    pub async fn within_call_timeout<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.registry.call_deadline(Instant::now()).apply(work).await
    }

    /// Calls a method, and polls the call for the first time, with a waker that does nothing. Most calls complete then,
    /// and those without layers need no box for it.
    #[cfg(feature = "connection")]
    pub(crate) fn start_call(&self, mut call: Call) -> StartedCall {
        let recorder = self.prepare(&mut call);
        if recorder.is_some() || self.outermost.is_layered() {
            let mut running = self.run(recorder, call, None);
            return match (&mut running).now_or_never() {
                Some(outcome) => StartedCall::Completed(outcome),
                None => StartedCall::Running(running),
            };
        }
        let mut running = SupervisedCall::new(&self.registry, call, None);
        match (&mut running).now_or_never() {
            Some(outcome) => StartedCall::Completed(outcome),
            None => StartedCall::Running(Box::pin(running)),
        }
    }

    fn record_call(
        &self,
        mut call: Call,
        transport_deadline: Option<Deadline>,
    ) -> BoxFuture<'static, Result<Reply, Fault>> {
        let recorder = self.prepare(&mut call);
        self.run(recorder, call, transport_deadline)
    }

    /// Prepares a call to run, and begins to record it.
    fn prepare(&self, call: &mut Call) -> Option<CallRecorder> {
        if let Some(logins) = self.registry.logins() {
            call.caller_mut().set_logins(logins);
        }
        CallRecorder::start(&self.registry, call)
    }

    fn run(
        &self,
        recorder: Option<CallRecorder>,
        call: Call,
        transport_deadline: Option<Deadline>,
    ) -> BoxFuture<'static, Result<Reply, Fault>> {
        let reply = if self.outermost.is_layered() {
            self.run_in_layers(call, transport_deadline)
        } else {
            Box::pin(SupervisedCall::new(&self.registry, call, transport_deadline))
        };
        let Some(recorder) = recorder else { return reply };
        Box::pin(async move {
            let outcome = reply.instrument(recorder.span()).await;
            recorder.finish(&outcome);
            outcome
        })
    }

    fn run_in_layers(
        &self,
        mut call: Call,
        transport_deadline: Option<Deadline>,
    ) -> BoxFuture<'static, Result<Reply, Fault>> {
        let supervisor = CallSupervisor::new(&self.registry, call.target(), transport_deadline);
        call.registry = Some(Arc::clone(&self.registry));
        let target = call.target().clone();
        let envelope = call.envelope().cloned();
        let budget = self.registry.output_limits().reply();
        let reply = self.outermost.run(call);
        Box::pin(async move {
            // A layer may panic too, or answer by itself.
            let reply = async { catch_panic_async(&target, reply).await?.into_envelope(envelope, budget) };
            let (mut work, mut timer) = (pin!(reply), LazyTimer::default());
            poll_fn(|cx| supervisor.poll(|cx| work.as_mut().poll(cx), &mut timer, cx)).await
        })
    }

    /// Returns a watch on the start of the call's method, if its arguments are decoded on the
    /// [blocking pool](Self::blocking_threshold); `None` if they are decoded when the call is first polled.
    ///
    /// This is for transports that start the calls of a client in the order in which they were sent. They poll the call,
    /// and begin no further one while [`StartWatch::is_pending`] returns `true`.
    pub fn watch_start(&self, call: &mut Call) -> Option<StartWatch> {
        self.registry.blocking_pool().is_used_for(call.arguments().len()).then(|| call.watch_start())
    }

    /// For the setters of [`CallLimits`](super::call_limits::CallLimits).
    pub(super) fn change_call_limits(self, change: impl FnOnce(&mut CallLimits)) -> Self {
        let registry = self.registry.with_call_limits(change);
        Self { registry: Arc::new(registry), ..self }
    }

    /// Every class that an argument of any method can contain.
    pub fn classes(&self) -> &Arc<Classes> {
        self.registry.classes()
    }

    /// Returns the options for decoding a call's arguments: limits, and how leniently the arguments are read.
    pub fn decode_options(&self) -> DecodeOptions {
        self.registry.options()
    }

    /// Returns the maximum sizes of what is written, for transports that write more than replies.
    pub fn encode_limits(&self) -> OutputLimits {
        self.registry.output_limits()
    }

    /// The names of the services, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.registry.names()
    }

    /// Whether there is a service of this name.
    pub fn has_service(&self, name: &str) -> bool {
        self.registry.service(name).is_some()
    }

    /// What is known about the methods of a service.
    pub fn methods(&self, service: &str) -> impl Iterator<Item = &'static Signature> {
        self.registry.service(service).into_iter().flat_map(|service| service.signatures())
    }

    /// What a caller may call of a service, in words; nothing where there is no such service.
    ///
    /// Where there are methods but none that the caller may call, it is the fault of the first one's rule.
    ///
    /// # Errors
    /// That fault, or `Server.Timeout` after [`call_timeout`](Self::call_timeout).
    pub async fn describe(
        &self,
        service: &str,
        caller: &Caller,
    ) -> Result<Option<ServiceDescription>, Fault> {
        let Some(entry) = self.registry.service(service) else { return Ok(None) };
        let mut caller = caller.clone();
        if let Some(logins) = self.registry.logins() {
            caller.set_logins(logins);
        }
        let description = ServiceDescription::for_caller(entry.name(), entry.signatures(), &caller);
        let target = Target::new(service);
        self.within_call_timeout(catch_panic_async(&target, description)).await.map(Some)
    }

    /// Checks a rule for what a transport answers without a method.
    #[cfg(feature = "http")]
    pub(crate) async fn check_access(&self, access: Access, caller: &Caller) -> Result<(), Fault> {
        let mut caller = caller.clone();
        if let Some(logins) = self.registry.logins() {
            caller.set_logins(logins);
        }
        self.within_call_timeout(catch_panic_async(&Target::new("describe"), access.check(&caller))).await
    }

    /// What is known about the method that a target means.
    pub fn signature(&self, target: &Target) -> Option<&'static Signature> {
        self.registry.service(target.service())?.signature(target.method())
    }
}

/// A call that was polled for the first time.
#[cfg(feature = "connection")]
pub(crate) enum StartedCall {
    Completed(Result<Reply, Fault>),
    Running(BoxFuture<'static, Result<Reply, Fault>>),
}

/// Why a service cannot be added.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServicesError {
    /// Two services have one name.
    DuplicateService {
        /// The name.
        name: &'static str,
    },
    /// Two methods of a service have one name.
    DuplicateMethod {
        /// The service.
        service: &'static str,
        /// The name.
        method: &'static str,
    },
    /// Two classes have one alias.
    DuplicateAlias {
        /// The service that brought the second one.
        service: &'static str,
        /// The alias.
        alias: &'static str,
    },
}

impl fmt::Display for ServicesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateService { name } => {
                write!(f, "there are two services named `{name}`; give one of them another name")
            }
            Self::DuplicateMethod { service, method } => {
                write!(f, "service `{service}` has two methods named `{method}`; rename one of them")
            }
            Self::DuplicateAlias { service, alias } => write!(
                f,
                "service `{service}` takes a class with the alias `{alias}`, which another class has already; \
                 a class that is read back must be the only one of its alias"
            ),
        }
    }
}

impl std::error::Error for ServicesError {}
