//! What a service is, how a call reaches it, and who can be called back. It knows no transport.
//!
//! The life of a call: a transport makes a [`Call`] (target, the arguments' bytes, the caller) and hands it to
//! [`Services`]. The layers see it first. Then the target is looked up in the static tables of the services, the
//! arguments are decoded straight from the request's bytes, the method runs as a future of its own, and its result
//! is encoded straight into the [`Reply`] in the version that the caller speaks.

mod access;
mod args;
mod authenticator;
pub(crate) mod blocking_pool;
pub(crate) mod budget;
mod call;
mod call_limits;
mod call_recorder;
mod caller;
pub(crate) mod catch_panic;
pub(crate) mod client;
mod client_address;
mod credentials;
pub(crate) mod deadline;
mod describe;
pub(crate) mod dispatch;
mod extensions;
mod failure_log;
pub mod fault;
mod group;
mod header;
mod layer;
mod login_attempts;
mod login_limits;
mod login_tracker;
mod logins;
mod method;
mod named_limit;
mod output_limits;
mod peer_numbering;
mod principal;
mod registry;
mod reply;
pub(crate) mod request_headers;
mod services;
mod supervisor;
mod target;
mod to_arguments;

pub use access::Access;
pub use args::{ArgumentList, Arguments, ArgumentsForm};
pub use authenticator::Authenticator;
pub use call::{BeginArguments, Call, Context, NotFoundFault, StartWatch};
pub use caller::{Caller, FromCaller, MessageHeaders};
pub use client::{CallError, Client, ClientId, Connection, Encoding, Notification};
pub use client_address::ClientAddress;
pub use credentials::Credentials;
pub use describe::ServiceDescription;
pub use extensions::Extensions;
pub use fault::Fault;
pub use group::Group;
pub use header::{Header, HeaderValue};
pub use layer::CallService;
pub use login_limits::LoginLimits;
pub use logins::{LoginAttempt, LoginOutcome};
pub use method::{CallFn, Method, MethodFuture, Parameter, Service, Signature};
pub use named_limit::NamedLimit;
pub use output_limits::OutputLimits;
pub use principal::Principal;
pub use reply::{Fallible, IntoReply, Plain, Reply, ReplyEnvelope};
#[cfg(feature = "connection")]
pub(crate) use services::StartedCall;
pub use services::{Services, ServicesError};
pub use target::Target;
pub use to_arguments::ToArguments;

use std::pin::Pin;

/// A boxed future that can move between threads, the same type as `futures`' alias.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
