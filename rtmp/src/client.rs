//! A client: connects to a server, calls it, and is called.

use std::fmt;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_core::{EncodeError, FromAmf, ToAmf, Value, Version};
use amf_remoting::service::{ClientId, Connection as _, ToArguments, fault::code};
use amf_remoting::{CallError, Caller, Client, Fault, Services};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};

use crate::net::{Answer, Driver, Handle, Role, Work, answer, call_of};
use crate::proto::{Accepted, Command, Config, ConnectRequest, Connection, Event, Seed, Status};

/// The port of RTMP.
const PORT: u16 = 1935;

/// A connection to a server, named as ActionScript names it.
///
/// ```no_run
/// use amf_rtmp::NetConnection;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = NetConnection::to("rtmp://127.0.0.1/lobby")?.connect().await?;
/// let words: String = connection.call("echo.echo", ("hello",)).await?;
/// assert_eq!(words, "hello");
/// # Ok(())
/// # }
/// ```
///
/// Clones are the same connection; it is closed by [`close`](Self::close), or when the last one is dropped.
#[derive(Clone)]
pub struct NetConnection {
    client: Client,
    handle: Arc<Owner>,
    accepted: Arc<Accepted>,
    ended: watch::Receiver<bool>,
}

/// Closes the connection when nobody holds it any more.
struct Owner(Arc<Handle>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A connection that is to be made.
pub struct Connecting {
    host: String,
    request: ConnectRequest,
    config: Config,
    services: Services,
    unhandled: Arc<Unhandled>,
}

type Unhandled = dyn Fn(&str, Vec<Value>) + Send + Sync;

/// Why there is no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is none of RTMP: `rtmp://host[:port]/application[/instance]`.
    Url(String),
    /// There is nobody, or the transport failed.
    Io(io::Error),
    /// The server refused us, and says why.
    Rejected(Status),
    /// The connection ended before the server answered.
    Ended,
}

impl NetConnection {
    /// Prepares a connection to `rtmp://host[:port]/application[/instance]`, in AMF3.
    pub fn to(url: &str) -> Result<Connecting, ConnectError> {
        let invalid = || ConnectError::Url(url.to_owned());
        let (host, app) =
            url.strip_prefix("rtmp://").and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
        if host.is_empty() || app.is_empty() {
            return Err(invalid());
        }
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        Ok(Connecting {
            host: if has_port { host.to_owned() } else { format!("{host}:{PORT}") },
            request: ConnectRequest::new(app, url).encoding(Version::Amf3),
            config: Config::client(),
            services: Services::new(),
            unhandled: Arc::new(|_, _| {}),
        })
    }

    /// Calls a method of the server and waits for its answer.
    pub async fn call<R>(&self, method: &str, arguments: impl ToArguments) -> Result<R, CallError>
    where
        R: for<'de> FromAmf<'de> + Send + 'static,
    {
        self.client.invoke(method, arguments).await
    }

    /// Calls a method of the server without wanting an answer.
    pub fn notify(&self, method: &str, arguments: impl ToArguments) -> Result<(), CallError> {
        self.client.notify(method, arguments)
    }

    /// The server, as something that `#[remote_client]` traits can be called on.
    pub fn remote(&self) -> &Client {
        &self.client
    }

    /// What the server said when it accepted us.
    pub fn accepted(&self) -> &Accepted {
        &self.accepted
    }

    /// Whether the connection is there.
    pub fn is_open(&self) -> bool {
        self.handle.0.is_open()
    }

    /// Ends the connection.
    pub fn close(&self) {
        self.handle.0.close();
    }

    /// Waits until the connection has ended, whoever ended it.
    pub async fn closed(&self) {
        // An error says that its driver is gone, and so the connection.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }
}

impl Connecting {
    /// The version in which commands are spoken; AMF3 unless it is set.
    #[must_use]
    pub fn encoding(mut self, version: Version) -> Self {
        self.request = self.request.encoding(version);
        self
    }

    /// Adds an argument to connect.
    pub fn argument(mut self, value: &(impl ToAmf + ?Sized)) -> Result<Self, EncodeError> {
        self.request = self.request.argument(value)?;
        Ok(self)
    }

    /// Sets a member of connect's command object, such as `pageUrl`.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.request = self.request.property(name, value);
        self
    }

    /// What the server may call. Servers call methods without a service's name: those of a service whose name
    /// is empty, `#[remoting_service(name = "")]`.
    #[must_use]
    pub fn serve(mut self, services: Services) -> Self {
        self.services = services;
        self
    }

    /// Is told of the server's calls that no service answers.
    #[must_use]
    pub fn on_unhandled(mut self, hook: impl Fn(&str, Vec<Value>) + Send + Sync + 'static) -> Self {
        self.unhandled = Arc::new(hook);
        self
    }

    /// Sets limits and sizes of the protocol.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Connects, and waits until the server has accepted.
    pub async fn connect(self) -> Result<NetConnection, ConnectError> {
        let socket = TcpStream::connect(&self.host).await.map_err(ConnectError::Io)?;
        socket.set_nodelay(true).map_err(ConnectError::Io)?;
        let config = Arc::new(self.config);
        let (handle, outbox, state) = Handle::new(config.limits.outbound);
        let handle = Arc::new(handle);
        let client = Client::new(ClientId::next(), Arc::clone(&handle) as _);
        let connection = Connection::client(config, self.request, &Seed::random(), Instant::now());
        let (decided, decision) = oneshot::channel();
        let role = Session {
            services: self.services,
            unhandled: self.unhandled,
            caller: Caller::new(client.clone()),
            decided: Some(decided),
        };
        let (ending, ended) = watch::channel(false);
        let mut driver = Driver::new(socket, connection, role, outbox, state);
        tokio::spawn(async move {
            let end = driver.run(pending(), Duration::ZERO).await;
            tracing::debug!(?end, "connection ended");
            ending.send_replace(true);
        });
        let owner = Arc::new(Owner(handle));
        let accepted = decision.await.map_err(|_| ConnectError::Ended)?.map_err(ConnectError::Rejected)?;
        Ok(NetConnection { client, handle: owner, accepted: Arc::new(accepted), ended })
    }
}

/// What a client does with the events of its connection.
struct Session {
    services: Services,
    unhandled: Arc<Unhandled>,
    caller: Caller,
    decided: Option<oneshot::Sender<Result<Accepted, Status>>>,
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
        match call_of(command, &self.caller) {
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

impl fmt::Debug for NetConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetConnection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("host", &self.host).finish_non_exhaustive()
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "expected rtmp://host[:port]/application, got {url:?}"),
            Self::Io(error) => write!(f, "there is no connection: {error}"),
            Self::Rejected(status) => {
                write!(f, "the server refused: {} ({})", status.description(), status.code())
            }
            Self::Ended => f.write_str("the connection ended before the server answered"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
