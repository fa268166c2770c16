//! A server: accepts connections and lets clients call services.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_remoting::service::BoxFuture;
use amf_remoting::{Client, Services};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::connect::{Admission, Connect, Rejection};
use crate::net::{Driver, Handle, limit};
use crate::proto::{Config, Connection, Seed};
use crate::session::Session;

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
/// let listening = Server::new(Services::new().add(Clock))
///     .on_connect(|connect| async move {
///         match connect.application() {
///             "clock" => Ok(connect.accept()),
///             other => Err(Rejection::invalid_application(other)),
///         }
///     })
///     .bind("127.0.0.1:1935")
///     .await?;
/// listening.serve_until(async { drop(tokio::signal::ctrl_c().await) }).await
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

pub(crate) type OnConnect = dyn Fn(Connect) -> BoxFuture<'static, Result<Admission, Rejection>> + Send + Sync;
pub(crate) type OnDisconnect = dyn Fn(&Client) + Send + Sync;

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) services: Services,
    pub(crate) on_connect: Arc<OnConnect>,
    pub(crate) on_disconnect: Arc<OnDisconnect>,
    config: Arc<Config>,
    max_connections: usize,
    pub(crate) decide_within: Duration,
    grace: Duration,
}

impl Server {
    /// A server that accepts everybody in every application.
    pub fn new(services: Services) -> Self {
        let shared = Shared {
            services,
            on_connect: Arc::new(|connect| Box::pin(async move { Ok(connect.accept()) })),
            on_disconnect: Arc::new(|_| {}),
            config: Arc::new(Config::server()),
            max_connections: 10_000,
            decide_within: Duration::from_secs(10),
            grace: Duration::from_secs(10),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Decides who is let in, and as what: [`Connect::accept`], [`Connect::admit`], [`Connect::reject`].
    #[must_use]
    pub fn on_connect<F, Fut, E>(self, decide: F) -> Self
    where
        F: Fn(Connect) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Admission, E>> + Send + 'static,
        E: Into<Rejection>,
    {
        self.with(|shared| {
            shared.on_connect = Arc::new(move |connect| {
                let decision = decide(connect);
                Box::pin(async move { decision.await.map_err(Into::into) })
            });
        })
    }

    /// How long the hook of [`on_connect`](Self::on_connect) may take; then the client is refused. Default 10 s.
    #[must_use]
    pub fn decide_within(self, limit: Duration) -> Self {
        self.with(|shared| shared.decide_within = limit)
    }

    /// Is told of every client that was let in and is gone now.
    #[must_use]
    pub fn on_disconnect(self, hook: impl Fn(&Client) + Send + Sync + 'static) -> Self {
        self.with(|shared| shared.on_disconnect = Arc::new(hook))
    }

    /// Sets limits and sizes of the protocol.
    #[must_use]
    pub fn config(self, config: Config) -> Self {
        self.with(|shared| shared.config = Arc::new(config))
    }

    /// The most connections at one time; more are closed at once. Default 10,000.
    #[must_use]
    pub fn max_connections(self, max: usize) -> Self {
        self.with(|shared| shared.max_connections = max)
    }

    /// How long calls at work may take to end when the server ends. Default 10 s.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        self.with(|shared| shared.grace = grace)
    }

    /// Takes an address.
    pub async fn bind(self, address: impl ToSocketAddrs) -> io::Result<Listening> {
        Ok(self.listen(TcpListener::bind(address).await?))
    }

    /// Uses a listener that is there already.
    pub fn listen(self, listener: TcpListener) -> Listening {
        Listening { listener, shared: self.shared }
    }

    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("services", &self.shared.services).finish_non_exhaustive()
    }
}

/// A server with an address.
pub struct Listening {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Listening {
    /// The address, with the port that the system chose where 0 was asked for.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves for ever.
    pub async fn serve(self) -> io::Result<()> {
        self.serve_until(pending()).await
    }

    /// Serves until `shutdown` is done. Then nobody new is let in, clients are told, calls at work may end
    /// within the [grace](Server::grace), and the connections are closed.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self { listener, shared } = self;
        let (closing, closed) = watch::channel(false);
        let places = Arc::new(Semaphore::new(shared.max_connections.min(Semaphore::MAX_PERMITS)));
        let mut connections = JoinSet::new();
        let mut shutdown = Box::pin(shutdown);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a connection failed");
                    }
                    continue;
                }
                () = &mut shutdown => break,
            };
            match accepted {
                Ok((socket, peer)) => {
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                        limit("connections");
                        tracing::warn!(%peer, "too many connections");
                        continue;
                    };
                    let (shared, closed) = (Arc::clone(&shared), closed.clone());
                    connections.spawn(async move {
                        serve_connection(socket, peer, &shared, closed).await;
                        drop(place);
                    });
                }
                Err(error) => accept_failed(&error).await,
            }
        }
        drop(listener);
        closing.send_replace(true);
        // The drivers keep to the grace; what does not end a moment later is ended.
        let all_ended = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(shared.grace + Duration::from_secs(1), all_ended).await;
        Ok(())
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Out of file descriptors, most likely: trying again at once would keep a processor busy with failing.
async fn accept_failed(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    sleep(Duration::from_millis(50)).await;
}

async fn serve_connection(
    socket: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    mut closing: watch::Receiver<bool>,
) {
    // Without this a small answer waits for the acknowledgement of the one before, 44 ms each.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%peer, %error, "gone before it was served");
        return;
    }
    let connection = Connection::server(Arc::clone(&shared.config), &Seed::random(), Instant::now());
    let (handle, outbox, state) = Handle::new(shared.config.limits.outbound);
    let session = Session::new(Arc::clone(shared), Arc::new(handle), Some(peer));
    let drain = async move {
        // An error says that the server is gone, which is the same.
        let _ = closing.wait_for(|closing| *closing).await;
    };
    let mut driver = Driver::new(socket, connection, session, outbox, state);
    let end = driver.run(drain, shared.grace).await;
    tracing::debug!(%peer, ?end, "connection ended");
}
