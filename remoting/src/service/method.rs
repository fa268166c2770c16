//! The static table of a service: its methods, what they take and what they give.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use amf_core::{Classes, FromAmf};

use super::{Access, Arguments, BoxFuture, Context, Fault, Reply};

/// Something whose methods clients may call.
///
/// It is made by `#[remoting_service]` on an impl block: the methods of that block, and nothing else, can be
/// reached. By hand it is a constant table, see [`Method`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a remoting service",
    label = "this type has no methods that clients may call",
    note = "put `#[remoting_service(name = \"…\")]` on the impl block of `{Self}` that clients may call"
)]
pub trait Service: Sized + Send + Sync + 'static {
    /// The part of a target before the method's name: `game` in `game.join`.
    const NAME: &'static str;
    /// The methods that can be called, and only those.
    const METHODS: &'static [Method<Self>];
}

/// A method at work.
pub type MethodFuture = BoxFuture<'static, Result<Reply, Fault>>;

/// Decodes the arguments at once, then gives the method as a future that borrows nothing.
pub type CallFn<S> = fn(Arc<S>, &mut Arguments<'_>, Context) -> Result<MethodFuture, Fault>;

/// One method of a service: what is known about it, and how to call it.
///
/// ```
/// use amf_remoting::service::{Method, Parameter, Service};
/// use amf_remoting::{__private, IntoReply};
///
/// struct Adder;
///
/// impl Service for Adder {
///     const NAME: &'static str = "adder";
///     const METHODS: &'static [Method<Self>] = &[Method::<Self>::new("add", |_service, arguments, context| {
///         let a = arguments.next::<f64>("a")?;
///         let b = arguments.next::<f64>("b")?;
///         __private::boxed_method(async move { IntoReply::into_reply(a + b, &context) })
///     })
///     .parameters(const { &[Parameter::new::<f64>("a", "f64"), Parameter::new::<f64>("b", "f64")] })
///     .returns("f64")];
/// }
/// ```
pub struct Method<S> {
    signature: Signature,
    call: CallFn<S>,
}

impl<S> Method<S> {
    /// A method without parameters, result or docs; the calls below add them.
    pub const fn new(name: &'static str, call: CallFn<S>) -> Self {
        let signature = Signature {
            name,
            parameters: &[],
            returns: "()",
            docs: "",
            concurrent: false,
            timeout: None,
            access: Access::Public,
        };
        Self { signature, call }
    }

    /// What arrives on the wire, in order.
    #[must_use]
    pub const fn parameters(mut self, parameters: &'static [Parameter]) -> Self {
        self.signature.parameters = parameters;
        self
    }

    /// The Rust type of the result, as it is written.
    #[must_use]
    pub const fn returns(mut self, rust_type: &'static str) -> Self {
        self.signature.returns = rust_type;
        self
    }

    /// The doc comment.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.signature.docs = docs;
        self
    }

    /// The calls after this one in a packet need not wait for it.
    #[must_use]
    pub const fn concurrent(mut self) -> Self {
        self.signature.concurrent = true;
        self
    }

    /// Sets the time that a call of the method has, in place of
    /// [`Services::call_timeout`](super::Services::call_timeout); [`Duration::MAX`] for no limit.
    ///
    /// The limit `packet_timeout` of the HTTP gateway stays in force beside it.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.signature.timeout = Some(timeout);
        self
    }

    /// Who may call it; everybody, unless this is said.
    #[must_use]
    pub const fn access(mut self, access: Access) -> Self {
        self.signature.access = access;
        self
    }

    /// What is known about the method.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    pub(super) fn start(
        &self,
        service: Arc<S>,
        arguments: &mut Arguments<'_>,
        context: Context,
    ) -> Result<MethodFuture, Fault> {
        (self.call)(service, arguments, context)
    }
}

impl<S> Clone for Method<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Method<S> {}

impl<S> fmt::Debug for Method<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.signature.fmt(f)
    }
}

/// What is known about a method without calling it.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    name: &'static str,
    parameters: &'static [Parameter],
    returns: &'static str,
    docs: &'static str,
    concurrent: bool,
    timeout: Option<Duration>,
    access: Access,
}

impl Signature {
    /// The name on the wire.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What arrives on the wire, in order.
    pub const fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }

    /// The Rust type of the result, as it is written.
    pub const fn returns(&self) -> &'static str {
        self.returns
    }

    /// The doc comment.
    pub const fn docs(&self) -> &'static str {
        self.docs
    }

    /// Whether the calls after this one in a packet need not wait for it.
    pub const fn is_concurrent(&self) -> bool {
        self.concurrent
    }

    /// Returns the method's own timeout, which replaces
    /// [`Services::call_timeout`](super::Services::call_timeout). `None`: it has none; [`Duration::MAX`]: its calls
    /// have no limit.
    pub const fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Who may call it.
    pub const fn access(&self) -> Access {
        self.access
    }
}

/// One parameter that arrives on the wire.
#[derive(Clone, Copy)]
pub struct Parameter {
    name: &'static str,
    rust_type: &'static str,
    is_optional: fn() -> bool,
    classes: fn(&mut Classes),
}

impl Parameter {
    /// A parameter of type `T`, with its name and its type as they are written.
    pub const fn new<T: for<'de> FromAmf<'de>>(name: &'static str, rust_type: &'static str) -> Self {
        Self { name, rust_type, is_optional: has_missing::<T>, classes: add_classes::<T> }
    }

    /// The name, as it is written.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The Rust type, as it is written.
    pub const fn rust_type(&self) -> &'static str {
        self.rust_type
    }

    /// Whether a caller may leave it out when it is among the last.
    pub fn is_optional(&self) -> bool {
        (self.is_optional)()
    }

    /// Registers every class that its values can contain.
    pub fn classes(&self, classes: &mut Classes) {
        (self.classes)(classes);
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.rust_type)
    }
}

fn has_missing<T: for<'de> FromAmf<'de>>() -> bool {
    T::missing().is_some()
}

fn add_classes<T: for<'de> FromAmf<'de>>(classes: &mut Classes) {
    T::classes(classes);
}
