//! A client's request to be connected, and what the program makes of it.

use std::net::SocketAddr;
use std::sync::Arc;

use amf_core::{Classes, DecodeError, DynamicMembers, FromAmf, Limits, Value, Version};
use amf_remoting::service::{ClientAddress, Extensions};
use amf_remoting::{Caller, Client, Fault, FromCaller};

use super::arguments::{self, FromArguments};
use crate::connection::Handle;
use crate::instance::{Instance, connection_extension};
use crate::proto::message::code;
use crate::proto::{self, Status};

/// A client's connect command: what the hook of [`Server::on_connect`](crate::Server::on_connect) decides on,
/// and what methods can borrow as `&Connect` from then on.
#[derive(Clone, Debug)]
pub struct Connect {
    request: Arc<proto::Connect>,
    arguments: Arc<[Value]>,
    peer: Option<SocketAddr>,
    client: Client,
    handle: Arc<Handle>,
    instance: Instance,
}

impl Connect {
    /// An error where the arguments cannot be read.
    pub(crate) fn new(
        request: proto::Connect,
        peer: Option<SocketAddr>,
        client: Client,
        handle: Arc<Handle>,
        instance: Instance,
    ) -> Result<Self, DecodeError> {
        let arguments = request.body().to_values()?.into();
        Ok(Self { request: Arc::new(request), arguments, peer, client, handle, instance })
    }

    /// The application's name: `lobby` in `rtmp://host/lobby/red`.
    pub fn application(&self) -> &str {
        self.instance.application()
    }

    /// Returns the instance: `red` of `lobby` in `rtmp://host/lobby/red`, [`Instance::DEFAULT`] where none is named. The
    /// client is among its [`local_clients`](Instance::local_clients) once it is accepted.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Application and instance as the client wrote them, without what stands behind a `?`.
    pub fn app(&self) -> &str {
        self.request.app_and_query().0
    }

    /// What stands behind a `?`; empty where there is none.
    pub fn query(&self) -> &str {
        self.request.app_and_query().1
    }

    /// The URL that the client was given.
    pub fn tc_url(&self) -> &str {
        self.request.tc_url().unwrap_or_default()
    }

    /// The member of this name in the command object: `flashVer`, `pageUrl`, `swfUrl`, …
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.request.property(name)
    }

    /// The arguments behind the command object.
    pub fn values(&self) -> &[Value] {
        &self.arguments
    }

    /// The arguments behind the command object as types, one for each: those of `connection.connect(url, "Ann", 7)`
    /// are `(String, u32)`. A missing one is what its type is without it; more than the types are an error.
    ///
    /// An error becomes a [`Rejection`] by itself.
    pub fn arguments<T: FromArguments>(&self) -> Result<T, DecodeError> {
        let mut classes = Classes::new();
        T::classes(&mut classes);
        self.request.body().read_arguments(Arc::new(classes), Limits::default(), T::read)
    }

    /// An argument behind the command object, counted from 0 and read as a type; a missing one is what the type
    /// is without it.
    pub fn argument<T: for<'de> FromAmf<'de>>(&self, index: usize) -> Result<T, DecodeError> {
        let mut classes = Classes::new();
        T::classes(&mut classes);
        self.request.body().read_arguments(Arc::new(classes), Limits::default(), |decoder| {
            for _ in 0..index {
                if !decoder.is_at_end() {
                    decoder.skip()?;
                }
            }
            arguments::read_argument(decoder)
        })
    }

    /// The version that the client wants to speak.
    pub fn version(&self) -> Version {
        self.request.version()
    }

    /// Returns the address of the client, or `None` if there is no socket. Behind a trusted proxy it is the address that the
    /// proxy reports, with the port 0 if it reports none.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The client, to be kept; it can be told things once it is accepted.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the client as a caller of whom nobody has found out anything, for a login in `on_connect`.
    ///
    /// ```
    /// use amf_remoting::Services;
    /// use amf_remoting::service::Credentials;
    /// use amf_rtmp::{Connect, Rejection, Server};
    ///
    /// let services = Services::new();
    /// let logins = services.clone();
    /// let server = Server::new(services).on_connect(move |connect: Connect| {
    ///     let logins = logins.clone();
    ///     async move {
    ///         let (user, password): (String, String) = connect.arguments()?;
    ///         match logins.login(&Credentials::new(user, password), &connect.caller()).await {
    ///             Ok(principal) => Ok(connect.admit(principal)),
    ///             Err(fault) => Err(connect.reject(fault.message())),
    ///         }
    ///     }
    /// });
    /// # drop(server);
    /// ```
    pub fn caller(&self) -> Caller {
        let caller = Caller::new(self.client.clone()).with_extension(self.clone());
        let caller = caller.with_extension(self.instance.clone());
        match self.peer {
            Some(peer) => caller.with_extension(ClientAddress(peer.ip())),
            None => caller,
        }
    }

    /// Accepts the client.
    pub fn accept(&self) -> Admission {
        Admission::default()
    }

    /// Accepts the client as what its calls find by [`Caller::extension`]: a user, say.
    pub fn admit<T: Send + Sync + 'static>(&self, identity: T) -> Admission {
        Admission::default().with(identity)
    }

    /// Refuses the client, with words for its program.
    pub fn reject(&self, description: impl AsRef<str>) -> Rejection {
        Rejection { status: Status::error(code::CONNECT_REJECTED, description) }
    }

    /// Refuses the client and sends it elsewhere: the information object of `NetConnection.Connect.Rejected` has
    /// the member `ex` with the code 302 and the URL as `redirect`, as Flash Media Server does it. It is for the
    /// client's program to go there.
    pub fn redirect(&self, url: impl AsRef<str>) -> Rejection {
        let url = url.as_ref();
        let mut ex = DynamicMembers::new();
        ex.insert("code", 302);
        ex.insert("redirect", url);
        let status = Status::error(code::CONNECT_REJECTED, format!("go to {url}")).with("ex", ex);
        Rejection { status }
    }

    /// Ends the connection, after everything that the client was told before.
    pub fn close(&self) {
        self.handle.close();
    }
}

/// Not over HTTP, where there is no connect.
impl FromCaller for Connect {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        connection_extension(caller)
    }
}

/// A client is let in, with what is known about it.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    pub(crate) extensions: Extensions,
    pub(crate) info: DynamicMembers,
}

impl Admission {
    /// Attaches something more that calls find by its type.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(mut self, identity: T) -> Self {
        self.extensions.insert(identity);
        self
    }

    /// Adds a member to the information object that the client's program gets with
    /// `NetConnection.Connect.Success`. Code, level and description stay what they are.
    #[must_use]
    pub fn info(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.info.insert(name, value);
        self
    }
}

/// A client is not let in.
#[derive(Clone, Debug)]
pub struct Rejection {
    pub(crate) status: Status,
}

impl Rejection {
    /// The application is not one of this server's.
    pub fn invalid_application(app: &str) -> Self {
        let description = format!("there is no application `{app}` here");
        Self { status: Status::error(code::CONNECT_INVALID_APP, description) }
    }
}

impl From<Status> for Rejection {
    fn from(status: Status) -> Self {
        Self { status }
    }
}

/// Arguments that are not what was expected: where and how they differ is told to the client.
impl From<DecodeError> for Rejection {
    fn from(error: DecodeError) -> Self {
        let fault = Fault::unreadable("the arguments", &error);
        Self { status: Status::error(code::CONNECT_REJECTED, fault.message()) }
    }
}

/// The fault's words, with the code that players look for.
impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        let status = Status::error(code::CONNECT_REJECTED, fault.message());
        Self { status: status.with("application", fault.code()) }
    }
}
