//! A connection that is to be made.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_core::{EncodeError, ToAmf, Value, Version};
use amf_remoting::{Caller, Client, Services};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::address::Address;
use super::link::{Established, Link, Retry};
use super::session::{Session, Unhandled};
use super::{Backoff, ConnectError, ConnectionEvent, NetConnection};
use crate::net::{Driver, Handle};
use crate::proto::{Config, ConnectRequest, Connection, Seed};

/// A connection that is to be made.
#[derive(Clone)]
pub struct Connecting {
    address: Address,
    request: ConnectRequest,
    config: Arc<Config>,
    services: Services,
    unhandled: Arc<Unhandled>,
    events: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>,
    within: Duration,
    redirects: u32,
    backoff: Option<Backoff>,
    #[cfg(feature = "tls")]
    tls: Option<Arc<crate::rustls::ClientConfig>>,
}

impl Connecting {
    pub(super) fn to(url: &str) -> Result<Self, ConnectError> {
        let address = Address::parse(url)?;
        if address.is_secure && cfg!(not(feature = "tls")) {
            return Err(ConnectError::Unsupported("rtmps:// needs the feature `tls` of amf-rtmp"));
        }
        Ok(Self {
            request: ConnectRequest::new(&address.app, url).encoding(Version::Amf3),
            address,
            config: Arc::new(Config::client()),
            services: Services::new(),
            unhandled: Arc::new(|_, _| {}),
            events: Arc::new(|_| {}),
            within: Duration::from_secs(30),
            redirects: 0,
            backoff: None,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

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
    pub fn services(mut self, services: Services) -> Self {
        self.services = services;
        self
    }

    /// Is told of the server's calls that no service answers, `onStatus` among them.
    #[must_use]
    pub fn on_unhandled(mut self, hook: impl Fn(&str, Vec<Value>) + Send + Sync + 'static) -> Self {
        self.unhandled = Arc::new(hook);
        self
    }

    /// Is told what becomes of the connection, in the order in which it happens. It must not wait.
    #[must_use]
    pub fn on_event(mut self, hook: impl Fn(&ConnectionEvent) + Send + Sync + 'static) -> Self {
        self.events = Arc::new(hook);
        self
    }

    /// Sets limits and sizes of the protocol; [`Limits::reply_time`](crate::proto::Limits::reply_time) is how long a
    /// call waits for its answer, 30 s unless it is set.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = Arc::new(config);
        self
    }

    /// How long all of connecting may take, from the search for the host to the server's answer. Default 30 s.
    #[must_use]
    pub fn connect_within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// How often a server may [send us elsewhere](ConnectError::redirect). Default 0: what is told to one server is
    /// not told to another unless this says so.
    #[must_use]
    pub fn follow_redirects(mut self, max: u32) -> Self {
        self.redirects = max;
        self
    }

    /// Connects again when the connection was lost or the server closed it.
    ///
    /// What the server may call stays as it is. Calls that wait for their answer fail with
    /// [`CallError::Gone`](amf_remoting::CallError::Gone), and so do those that are made before there is a connection
    /// again; nobody can know whether they were carried out, so none is made twice. The server sees a new client. A
    /// server that refuses us is not asked again. The first connection is not tried again.
    ///
    /// ```no_run
    /// use amf_rtmp::{Backoff, NetConnection};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let connection = NetConnection::to("rtmp://127.0.0.1/lobby")?
    ///     .reconnect(Backoff::new())
    ///     .on_event(|event| println!("{event}"))
    ///     .connect()
    ///     .await?;
    /// while connection.opened().await {
    ///     let _seat: f64 = connection.call("lobby.enter", ("Ann",)).await?;
    ///     connection.lost().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn reconnect(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// Sets what TLS trusts, and how it is spoken. Without this `rtmps://` trusts whom the system trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, config: Arc<crate::rustls::ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Connects, and waits until the server has accepted.
    pub async fn connect(self) -> Result<NetConnection, ConnectError> {
        let link = Arc::new(Link::new(Arc::clone(&self.events)));
        let established = self.establish(&link).await?;
        let retry = self.backoff.clone().map(|backoff| Retry { connecting: self, backoff });
        Ok(NetConnection::new(link, established, retry))
    }

    /// Connects through any transport that is there already; the URL's host and port are only told to the server.
    /// Such a connection is not made again.
    pub async fn connect_over<S>(self, stream: S) -> Result<NetConnection, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let link = Arc::new(Link::new(Arc::clone(&self.events)));
        let established = timeout(self.within, self.shake_hands(stream, &link)).await;
        let established = established.map_err(|_| ConnectError::Timeout(self.within))??;
        Ok(NetConnection::new(link, established, None))
    }

    /// One connection, within its time; by way of others, if it is sent there.
    pub(super) async fn establish(&self, link: &Arc<Link>) -> Result<Established, ConnectError> {
        let established = async {
            let mut outcome = self.open(link).await;
            for _ in 0..self.redirects {
                let Err(error) = &outcome else { break };
                let Some(url) = error.redirect() else { break };
                outcome = self.elsewhere(url)?.open(link).await;
            }
            outcome
        };
        timeout(self.within, established).await.map_err(|_| ConnectError::Timeout(self.within))?
    }

    fn elsewhere(&self, url: &str) -> Result<Self, ConnectError> {
        let address = Address::parse(url)?;
        if self.address.is_secure && !address.is_secure {
            return Err(ConnectError::Unsupported("a server sends us from TLS to a place without it"));
        }
        let request = self.request.clone().property("app", address.app.as_str()).property("tcUrl", url);
        Ok(Self { address, request, ..self.clone() })
    }

    async fn open(&self, link: &Arc<Link>) -> Result<Established, ConnectError> {
        let Address { host, port, .. } = &self.address;
        let socket = TcpStream::connect((host.as_str(), *port)).await.map_err(ConnectError::Io)?;
        socket.set_nodelay(true).map_err(ConnectError::Io)?;
        if self.address.is_secure {
            let stream = self.secure(socket).await.map_err(ConnectError::Io)?;
            return self.shake_hands(stream, link).await;
        }
        self.shake_hands(socket, link).await
    }

    #[cfg(feature = "tls")]
    async fn secure(
        &self,
        socket: TcpStream,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static> {
        crate::tls::connect(self.tls.clone(), &self.address.host, socket).await
    }

    /// It is not come to: such an address is refused at once.
    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, reason = "as its twin")]
    async fn secure(&self, _: TcpStream) -> io::Result<TcpStream> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn shake_hands<S>(&self, stream: S, link: &Arc<Link>) -> Result<Established, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (handle, outbox, state) = Handle::new(&self.config);
        let handle = Arc::new(handle);
        let (config, request) = (Arc::clone(&self.config), self.request.clone());
        let connection = Connection::client(config, request, &Seed::random(), Instant::now());
        let (decided, decision) = oneshot::channel();
        let role = Session {
            services: self.services.clone(),
            unhandled: Arc::clone(&self.unhandled),
            // What the server's calls are answered with goes back on the same connection.
            caller: Caller::new(Client::new(link.id(), Arc::clone(&handle) as _)),
            link: Arc::clone(link),
            decided: Some(decided),
        };
        let mut driver = Driver::new(stream, connection, role, outbox, state);
        // Whoever does not wait for the decision any more does not want the connection.
        let driver = async move { driver.run(std::future::pending(), Duration::ZERO, Duration::ZERO).await };
        let driver = AbortOnDropHandle::new(tokio::spawn(driver));
        let accepted = decision.await.map_err(|_| ConnectError::Ended)?.map_err(ConnectError::Rejected)?;
        Ok(Established { handle, accepted: Arc::new(accepted), driver })
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("address", &self.address).finish_non_exhaustive()
    }
}
