//! A server: what it does with clients, whichever transport they use.

#[cfg(feature = "tunnel")]
mod allowed_origins;
mod arguments;
mod connect;
mod disconnect;
mod fallback;
mod limits;
mod refusal;
mod session;
mod settings;
#[cfg(feature = "tunnel")]
mod tunnel_limits;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use amf_core::ToAmf;
use amf_remoting::connection::{ConnectionCounters, ConnectionMemory, ConnectionPermit};
use amf_remoting::service::{BoxFuture, Reply};
use amf_remoting::{Fault, Services};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection::{ConnectionEnd, Driver, channel};
use crate::instance::{Instance, InstanceNameError};
use crate::proto::{Config, Connection, Seed};
use crate::shared_object::SharedObjects;

#[cfg(feature = "tunnel")]
pub use allowed_origins::{AllowedOrigins, OriginError};
pub use arguments::FromArguments;
pub use connect::{Admission, Connect, Rejection};
pub use disconnect::{Disconnect, DisconnectReason};
pub use fallback::UnknownCommand;
pub(crate) use refusal::{Entry, serve_entry};
use session::ClientSession;
pub(crate) use settings::ServerSettings;
#[cfg(feature = "tunnel")]
pub use tunnel_limits::TunnelLimits;

/// Serves RTMP: clients connect, call the methods of the services, and are called.
///
/// ```no_run
/// use amf_remoting::{Services, remoting_service};
/// use amf_rtmp::{Rejection, Server};
///
/// struct Clock;
///
/// #[remoting_service(name = "clock")]
/// impl Clock {
///     fn now(&self) -> amf_remoting::Date {
///         amf_remoting::Date::now()
///     }
/// }
///
/// # async fn serve() -> std::io::Result<()> {
/// let server = Server::new(Services::new().add(Clock))
///     .on_connect(|connect| async move {
///         match connect.application() {
///             "clock" => Ok(connect.accept()),
///             other => Err(Rejection::invalid_application(other)),
///         }
///     })
///     .bind("127.0.0.1:1935")
///     .await?;
/// server.serve_until(async { drop(tokio::signal::ctrl_c().await) }).await
/// # }
/// ```
///
/// Methods run in the task of their connection, each call as a future of its own: one that waits delays nothing, one
/// that computes for long delays its connection and belongs on the blocking pool, with `#[remote(blocking)]`. A call
/// has the timeout of [`Services::call_timeout`], 30 s by default, after which its caller receives `_error` with the
/// fault `Server.Timeout`; `#[remote(timeout = "5m")]` gives a method a timeout of its own.
///
/// It is cheap to clone. Clones share their [instances](Self::instance), their [state](Self::state), the count of
/// connections and the [end](Self::shutdown); so one server may have several transports, each of a clone: a plain
/// socket, TLS, WebSocket.
#[derive(Clone)]
pub struct Server {
    settings: Arc<ServerSettings>,
}

impl Server {
    /// A server that accepts everybody in every application.
    pub fn new(services: Services) -> Self {
        Self { settings: Arc::new(ServerSettings::new(services)) }
    }

    /// Decides who is let in, and as what: [`Connect::accept`], [`Connect::admit`], [`Connect::reject`],
    /// [`Connect::redirect`].
    ///
    /// ```
    /// use amf_remoting::Services;
    /// use amf_rtmp::{Connect, Rejection, Server};
    ///
    /// #[derive(Clone)]
    /// struct User(String);
    ///
    /// // In ActionScript: connection.connect("rtmp://host/game/red", "Ann", 7);
    /// let server = Server::new(Services::new()).on_connect(|connect: Connect| async move {
    ///     let (name, level): (String, Option<u32>) = connect.arguments()?;
    ///     match level {
    ///         Some(level) if level > 3 => Ok(connect.admit(User(name))),
    ///         _ => Err(connect.redirect("rtmp://beginners.example.com/game")),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn on_connect<F, Fut>(self, decide: F) -> Self
    where
        F: Fn(Connect) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Admission, Rejection>> + Send + 'static,
    {
        self.with(|settings| settings.on_connect = Arc::new(move |connect| Box::pin(decide(connect))))
    }

    /// Is told of every client that was let in and is gone now, however it went.
    ///
    /// The hook runs beside everything else; a [shutdown](Self::shutdown) waits for it within the
    /// [timeout](Self::shutdown_timeout).
    #[must_use]
    pub fn on_disconnect<F, Fut>(self, hook: F) -> Self
    where
        F: Fn(Disconnect) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.with(|settings| {
            settings.on_disconnect = Some(Arc::new(move |disconnect| Box::pin(hook(disconnect))));
        })
    }

    /// Answers commands that are no methods of the services. Without this they are answered with the fault that
    /// there is no such method. `answer` has the timeout of a call, [`Services::call_timeout`].
    ///
    /// ```
    /// use amf_remoting::Services;
    /// use amf_rtmp::{Server, UnknownCommand};
    ///
    /// let server = Server::new(Services::new()).fallback(|command: UnknownCommand| async move {
    ///     match command.name() {
    ///         "add" => {
    ///             let (a, b): (f64, f64) = command.arguments()?;
    ///             Ok(a + b)
    ///         }
    ///         _ => Err(command.not_found()),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn fallback<F, Fut, R>(self, answer: F) -> Self
    where
        F: Fn(UnknownCommand) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, Fault>> + Send + 'static,
        R: ToAmf,
    {
        let answer = move |command: UnknownCommand| -> BoxFuture<'static, Result<Reply, Fault>> {
            let version = command.version();
            let answer = answer(command);
            Box::pin(async move {
                let value = answer.await?;
                Reply::encode(version, &value).map_err(Fault::internal)
            })
        };
        self.with(|settings| settings.fallback = Some(Arc::new(answer)))
    }

    /// What Flash Player is given where it asks for a policy (`<policy-file-request/>`), before a program from
    /// elsewhere may open a `flash.net.Socket` to this port. Without this it is given none, which means no.
    /// `NetConnection` needs no policy.
    ///
    /// ```
    /// # use amf_remoting::Services;
    /// # use amf_rtmp::Server;
    /// let server = Server::new(Services::new()).policy_file(
    ///     r#"<cross-domain-policy><allow-access-from domain="example.com" to-ports="1935"/></cross-domain-policy>"#,
    /// );
    /// ```
    #[must_use]
    pub fn policy_file(self, xml: impl Into<Arc<str>>) -> Self {
        self.with(|settings| settings.policy_file = Some(xml.into()))
    }

    /// Sets what clients may do with shared objects, how much those hold, and where persistent ones are kept. It
    /// counts for this server and its clones, for objects that are made from now on.
    #[must_use]
    pub fn shared_objects(self, objects: SharedObjects) -> Self {
        let objects = objects.memory_budget(self.settings.services.memory().clone());
        self.settings.inner.instances.set_shared_objects(objects);
        self
    }

    /// Sets limits and sizes of the protocol, pings and the idle limit, windows and bandwidth among them.
    #[must_use]
    pub fn config(self, config: Config) -> Self {
        self.with(|settings| settings.config = Arc::new(config))
    }

    /// The instance of this name, `""` for the one that clients get who name none. It is made if nobody has it.
    ///
    /// Clones of a server have the same instances.
    ///
    /// ```
    /// use amf_remoting::Services;
    /// use amf_rtmp::Server;
    ///
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new(Services::new());
    /// let red = server.instance("lobby", "red")?;
    /// red.local_clients().notify("newsOfTheDay", ("It rains.",))?;
    /// # Ok(())
    /// # }
    /// # run().unwrap();
    /// ```
    pub fn instance(&self, application: &str, name: &str) -> Result<Instance, InstanceNameError> {
        self.settings.instance(application, name)
    }

    /// Returns the instances that somebody is connected to through this process, or holds a handle of; in no order.
    pub fn local_instances(&self) -> Vec<Instance> {
        self.settings.inner.instances.live()
    }

    /// The value of this type that belongs to the server and all its clones, made when it is first asked for.
    /// Instances give it as [`Instance::server_state`].
    pub fn state<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.settings.inner.instances.state.get_or_init(T::default)
    }

    /// Counts of the connections.
    pub fn counters(&self) -> ConnectionCounters {
        self.settings.inner.limiter.counters()
    }

    /// Serves one client through any transport, until it is gone: a Unix socket, a pipe, a stream that something
    /// else accepted. `peer` is what [`Connect::peer`] tells.
    ///
    /// The connection counts with the others, but not by its address. If the future is dropped, it is cut.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use amf_remoting::Services;
    /// use amf_rtmp::{NetConnection, Server};
    ///
    /// let (client, server) = tokio::io::duplex(64 << 10);
    /// tokio::spawn(Server::new(Services::new()).serve_stream(server, None));
    /// let connection = NetConnection::builder("rtmp://test/lobby")?.connect_with_stream(client).await?;
    /// assert!(connection.is_open());
    /// # Ok(())
    /// # }
    /// ```
    pub fn serve_stream<S>(
        &self,
        stream: S,
        peer: Option<SocketAddr>,
    ) -> impl Future<Output = ()> + Send + 'static + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let settings = Arc::clone(&self.settings);
        async move {
            if let Some(entry) = settings.enter(None, peer) {
                settings.tasks().track_future(serve_entry(stream, peer, &settings, entry)).await;
            }
        }
    }

    /// Ends the server and all its clones: nobody new is let in; clients are told
    /// `NetConnection.Connect.AppShutdown` and have their [notice](Self::shutdown_notice); calls at work may end within the
    /// [timeout](Self::shutdown_timeout), and then the connections are closed. Then the [store](SharedObjects::store) of
    /// persistent shared objects is closed, which may take another 10 s: what is changed from now on is refused. It
    /// is done when all that is over, and another server may open the same file.
    pub async fn shutdown(&self) {
        self.settings.shutdown().await;
    }

    pub(crate) fn settings(&self) -> &Arc<ServerSettings> {
        &self.settings
    }

    fn with(mut self, change: impl FnOnce(&mut ServerSettings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("services", &self.settings.services)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

/// One connection, from its first byte to its last; its permit is held at least as long. `memory` is charged with what it
/// holds.
pub(crate) async fn serve_connection<S>(
    stream: S,
    peer: Option<SocketAddr>,
    settings: &Arc<ServerSettings>,
    permit: &Arc<ConnectionPermit>,
    memory: Arc<ConnectionMemory>,
) -> ConnectionEnd
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let connection = Connection::server(Arc::clone(&settings.config), &Seed::random(), Instant::now());
    let (handle, outbound) = channel(&settings.config, settings.services.encode_limits(), Some(memory));
    let session = ClientSession::new(Arc::clone(settings), Arc::new(handle), peer, Arc::clone(permit));
    let mut driver = Driver::new(stream, connection, session, outbound);
    let end = driver.run(settings.closing(), settings.shutdown_timeouts()).await;
    tracing::debug!(?peer, ?end, "connection ended");
    end
}
