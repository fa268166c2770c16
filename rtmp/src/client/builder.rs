//! A connection that is to be made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use amf_core::{EncodeError, ToAmf, Value, Version};
use amf_remoting::Services;
use tokio::io::{AsyncRead, AsyncWrite};

use super::address::Address;
use super::backoff::Backoff;
use super::connector::Connector;
use super::reconnecting::{ReconnectPolicy, ReconnectingConnection};
use super::{ConnectError, ConnectionEvent, NetConnection};
use crate::proto::{Config, ConnectRequest};

/// A connection that is to be made.
#[derive(Clone)]
pub struct NetConnectionBuilder {
    connector: Connector,
    on_event: Arc<dyn Fn(&ConnectionEvent) + Send + Sync>,
    backoff: Option<Backoff>,
}

impl NetConnectionBuilder {
    pub(super) fn new(url: &str) -> Result<Self, ConnectError> {
        let address = Address::parse(url)?;
        if address.is_secure && cfg!(not(feature = "tls")) {
            return Err(ConnectError::Unsupported("rtmps:// needs the feature `tls` of amf-rtmp"));
        }
        let connector = Connector {
            request: ConnectRequest::new(&address.app, url).encoding(Version::Amf3),
            address,
            config: Arc::new(Config::client()),
            services: Services::new(),
            on_unhandled: Arc::new(|_, _| {}),
            timeout: Duration::from_secs(30),
            max_redirects: 0,
            #[cfg(feature = "tls")]
            tls: None,
        };
        Ok(Self { connector, on_event: Arc::new(|_| {}), backoff: None })
    }

    /// The version in which commands are spoken; AMF3 unless it is set.
    #[must_use]
    pub fn encoding(mut self, version: Version) -> Self {
        self.connector.request = self.connector.request.encoding(version);
        self
    }

    /// Adds an argument to connect.
    pub fn argument(mut self, value: &(impl ToAmf + ?Sized)) -> Result<Self, EncodeError> {
        self.connector.request = self.connector.request.argument(value)?;
        Ok(self)
    }

    /// Sets a member of connect's command object, such as `pageUrl`.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.connector.request = self.connector.request.property(name, value);
        self
    }

    /// What the server may call. Servers call methods without a service's name: those of a service whose name
    /// is empty, `#[remoting_service(name = "")]`.
    #[must_use]
    pub fn services(mut self, services: Services) -> Self {
        self.connector.services = services;
        self
    }

    /// Is told of the server's calls that no service answers, `onStatus` among them.
    #[must_use]
    pub fn on_unhandled(mut self, hook: impl Fn(&str, Vec<Value>) + Send + Sync + 'static) -> Self {
        self.connector.on_unhandled = Arc::new(hook);
        self
    }

    /// Is told what becomes of the connection, in the order in which it happens. It must not wait.
    #[must_use]
    pub fn on_event(mut self, hook: impl Fn(&ConnectionEvent) + Send + Sync + 'static) -> Self {
        self.on_event = Arc::new(hook);
        self
    }

    /// Sets limits and sizes of the protocol; [`Limits::reply_timeout`](crate::proto::Limits::reply_timeout) is how long a
    /// call waits for its answer, 30 s unless it is set.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.connector.config = Arc::new(config);
        self
    }

    /// How long all of connecting may take, from the search for the host to the server's answer. Default 30 s.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connector.timeout = limit;
        self
    }

    /// How often a server may [send us elsewhere](ConnectError::redirect). Default 0: what is told to one server is
    /// not told to another unless this says so.
    #[must_use]
    pub fn follow_redirects(mut self, max: u32) -> Self {
        self.connector.max_redirects = max;
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
    /// let connection = NetConnection::builder("rtmp://127.0.0.1/lobby")?
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
        self.connector.tls = Some(config);
        self
    }

    /// Connects, and waits until the server has accepted.
    pub async fn connect(self) -> Result<NetConnection, ConnectError> {
        let Self { connector, on_event, backoff } = self;
        let connection = Arc::new(ReconnectingConnection::new(on_event));
        let established = connector.establish(connection.id(), connection.objects()).await?;
        let reconnect_policy = backoff.map(|backoff| ReconnectPolicy { connector, backoff });
        Ok(NetConnection::new(connection, established, reconnect_policy))
    }

    /// Connects through any transport that is there already; the URL's host and port are only told to the server.
    /// Such a connection is not made again.
    pub async fn connect_with_stream<S>(self, stream: S) -> Result<NetConnection, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { connector, on_event, .. } = self;
        let connection = Arc::new(ReconnectingConnection::new(on_event));
        let established =
            connector.establish_with_stream(stream, connection.id(), connection.objects()).await?;
        Ok(NetConnection::new(connection, established, None))
    }
}

impl fmt::Debug for NetConnectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetConnectionBuilder")
            .field("address", &self.connector.address)
            .finish_non_exhaustive()
    }
}
