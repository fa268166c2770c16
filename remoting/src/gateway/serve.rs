//! An HTTP server with the limits that axum's own does not set.

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tower::Service;

use super::paced::{PacedBody, PacedIo, WriteState};
use crate::__log_limit::warn_limited;
use crate::address::{ProxyProtocolError, TrustedHeader, TrustedProxies};
use crate::connection::{
    Accept, ConnectionLimiter, ConnectionLimits, ConnectionPermit, Shutdown, accept_until,
};
use crate::memory::MemoryBudget;
use crate::metrics;
use crate::service::NamedLimit;

amf_core::__private::limits! {
    /// Limits of [`serve`].
    ///
    /// `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use std::time::Duration;
    /// use amf_remoting::gateway::ServerLimits;
    ///
    /// let limits = ServerLimits::new().with_header_read_timeout(Duration::from_secs(5));
    /// assert_eq!(limits.connections, 10_000);
    /// ```
    pub struct ServerLimits by new {
        /// Timeout for the head of a request, from the start of the connection or the end of the last response. So it is
        /// also the maximum time for which a connection may be idle.
        header_read_timeout, with_header_read_timeout = 10 s {
            /// The connection is closed.
        }

        /// Maximum size of a request's head, at least 8 KiB, checked after each read. A connection buffers little more than
        /// this in each direction.
        head_bytes, with_head_bytes = 16 KiB {
            /// The response is `431 Request Header Fields Too Large`, and the connection is closed.
        }

        /// Timeout for a client to take a part of what is written to it.
        write_stall_timeout, with_write_stall_timeout = 10 s {
            /// The connection is closed.
            ///
            /// Connections that were upgraded are not timed.
        }

        /// Minimum rate at which a client takes what is written to it, in bytes per second, over the time for which
        /// the server waits for it. A client may be slower for `write_grace`. 0 is no limit.
        write_rate, with_write_rate = 4 KiB {
            /// The connection is closed.
        }

        /// Time for which a client may be slower than `write_rate`.
        write_grace, with_write_grace = 30 s {
            /// The connection is closed, for `write_rate`.
        }

        /// Minimum rate at which the body of a request arrives on any route, in bytes per second, over the time for which a
        /// handler waits for it. A client may be slower for `request_grace`. 0 is no limit.
        ///
        /// The gateway has a limit of its own, [`GatewayLimits::body_rate`](super::GatewayLimits::body_rate).
        request_rate, with_request_rate = 1 KiB {
            /// Reading the body fails with [`SlowBodyError`](super::SlowBodyError).
        }

        /// Time for which a client may be slower than `request_rate`. A body of which nothing arrives for this time is too
        /// slow.
        request_grace, with_request_grace = 20 s {
            /// Reading the body fails, for `request_rate`.
        }

        /// Maximum number of open connections.
        connections, with_connections = 10_000 connections {
            /// Further connections are closed at once.
        }

        /// Maximum number of open connections from one address. All of a /64 of IPv6 is one address.
        connections_per_address, with_connections_per_address = 256 connections {
            /// Further connections from the address are closed at once.
            ///
            /// Connections of a proxy that [`ServerConfig::trusted_header`] trusts are not counted by address: the proxy
            /// has to limit those of its clients.
        }

        /// Timeout for running requests when the server is shut down.
        shutdown_timeout, with_shutdown_timeout = 10 s {
            /// The requests are cancelled.
        }
    }
}

/// Settings of [`serve`]. [`ServerLimits`] alone can stand for them.
///
/// ```
/// use amf_remoting::MemoryBudget;
/// use amf_remoting::gateway::{ServerConfig, ServerLimits};
///
/// let config = ServerConfig::new()
///     .limits(ServerLimits::new().with_connections(1_000))
///     .memory_budget(MemoryBudget::new(64 << 20));
/// # drop(config);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    limits: ServerLimits,
    memory: MemoryBudget,
    proxies: Proxies,
}

/// Proxies whose statements about the addresses of clients are believed.
#[derive(Clone, Debug, Default)]
struct Proxies {
    /// By the PROXY protocol.
    protocol: TrustedProxies,
    header: Option<TrustedHeader>,
}

impl ServerConfig {
    /// Creates the default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(self, limits: ServerLimits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the budget without whose room connections are refused. Default: [`MemoryBudget::process`].
    ///
    /// It should be that of the services, [`Services::memory_budget`](crate::Services::memory_budget).
    #[must_use]
    pub fn memory_budget(self, memory: MemoryBudget) -> Self {
        Self { memory, ..self }
    }

    /// Expects the PROXY protocol, version 1 or 2, on connections of these proxies. Default: of none.
    ///
    /// The address in the header is the client's: it is counted, and handlers find it as [`ConnectInfo`]. The header has to
    /// arrive within [`header_read_timeout`](ServerLimits::header_read_timeout). A connection of a trusted proxy
    /// without a valid header is closed. Other connections are served as those of clients, without such a header.
    ///
    /// This applies to listeners whose addresses are [`SocketAddr`], and that have read nothing yet.
    #[must_use]
    pub fn proxy_protocol(mut self, proxies: TrustedProxies) -> Self {
        self.proxies.protocol = proxies;
        self
    }

    /// Believes a header with the client's address in the requests of trusted proxies, which handlers find as
    /// [`ConnectInfo`]. Default: no header is believed.
    ///
    /// ```no_run
    /// use amf_remoting::address::{TrustedHeader, TrustedProxies};
    /// use amf_remoting::gateway::{ServerConfig, serve};
    ///
    /// # async fn f(app: axum::Router) -> Result<(), Box<dyn std::error::Error>> {
    /// let proxies = TrustedProxies::list(["127.0.0.1"])?;
    /// let config = ServerConfig::new().trusted_header(TrustedHeader::x_forwarded_for(proxies));
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// serve(listener, app, config, std::future::pending()).await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn trusted_header(mut self, header: TrustedHeader) -> Self {
        self.proxies.header = Some(header);
        self
    }
}

impl From<ServerLimits> for ServerConfig {
    fn from(limits: ServerLimits) -> Self {
        Self::new().limits(limits)
    }
}

/// Serves an app over HTTP/1.1 until `stop` is ready; then takes no more connections and lets running requests end.
///
/// A gateway is a route: it sees a request when its head is there, so that it is up to the server how long that may
/// take, and `axum::serve` waits for ever. Behind a proxy that has such limits (all well-known ones do) it is fine; facing
/// the internet, serve with this, or with hyper's `header_read_timeout`.
///
/// Nor does `axum::serve` limit connections, or the time for which a client leaves a response unread. Here each holds a
/// limit of [`ServerLimits`], and new connections are closed while the [memory budget](ServerConfig::memory_budget) has
/// no room for them.
///
/// Handlers find the client's address as axum's [`ConnectInfo`]; behind a proxy, [`ServerConfig`] says which one to
/// believe. hyper itself answers more than 100 headers with 431.
///
/// ```no_run
/// use amf_remoting::gateway::{ServerLimits, serve};
/// use amf_remoting::{Gateway, Services};
///
/// # async fn f() -> std::io::Result<()> {
/// let app = axum::Router::new().merge(Gateway::new(Services::new()).into_router("/gateway"));
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// serve(listener, app, ServerLimits::default(), std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
pub async fn serve<L>(
    listener: L,
    app: Router,
    config: impl Into<ServerConfig>,
    stop: impl Future<Output = ()>,
) where
    L: Listener<Addr: Clone + Send + Sync + 'static>,
{
    let ServerConfig { limits, memory, proxies } = config.into();
    let limiter = Arc::new(ConnectionLimiter::default());
    let connection_limits = limits.connection_limits();
    let proxies = Arc::new(proxies);
    let shutdown = Shutdown::new();
    let serve = |(io, address): (L::Io, L::Addr)| {
        let peer = (&address as &dyn Any).downcast_ref::<SocketAddr>().copied();
        // The addresses of clients behind a proxy that speaks the PROXY protocol are not known yet.
        let counted = peer.filter(|peer| !proxies.protocol.is_trusted(peer.ip()) && proxies.counts(*peer));
        let permit = match limiter.admit_within(&memory, &connection_limits, counted) {
            Ok(permit) => permit,
            Err(error) => {
                warn_limited!(%error, ?peer, "closed a connection");
                return None;
            }
        };
        let connection =
            HttpConnection { app: app.clone(), address, peer, limits, proxies: Arc::clone(&proxies), permit };
        Some(shutdown.tasks().track_future(connection.run(io, shutdown.closing())))
    };
    // Held until the end: dropping it cancels what still runs.
    let _connections = accept_until(HttpListener(listener), serve, stop).await;
    if !shutdown.finish(limits.shutdown_timeout).await {
        let (name, max) = (ServerLimits::NAMES.shutdown_timeout, limits.shutdown_timeout);
        metrics::record_exceeded_limit(name);
        tracing::warn!("cancelled requests: the limit `{name}` of {max:?} is passed");
    }
}

impl ServerLimits {
    const fn connection_limits(&self) -> ConnectionLimits {
        let names = Self::NAMES;
        ConnectionLimits::new(NamedLimit::new(names.connections, self.connections))
            .with_per_address(NamedLimit::new(names.connections_per_address, self.connections_per_address))
    }
}

impl Proxies {
    /// Returns `true` if a connection counts by this address. One proxy has connections for all of its clients.
    fn counts(&self, peer: SocketAddr) -> bool {
        self.header.as_ref().is_none_or(|header| !header.proxies().is_trusted(peer.ip()))
    }
}

/// hyper takes no less.
const MIN_HEAD_BYTES: usize = 8 << 10;

/// A listener of axum's, which retries by itself.
struct HttpListener<L>(L);

impl<L: Listener<Addr: Send>> Accept for HttpListener<L> {
    type Connection = (L::Io, L::Addr);

    async fn accept(&mut self) -> io::Result<Self::Connection> {
        Ok(self.0.accept().await)
    }
}

struct HttpConnection<A> {
    app: Router,
    address: A,
    /// The same address, if it is one of IP; of the client, once it is known.
    peer: Option<SocketAddr>,
    limits: ServerLimits,
    proxies: Arc<Proxies>,
    permit: ConnectionPermit,
}

impl<A: Clone + Send + Sync + 'static> HttpConnection<A> {
    async fn run<I>(mut self, mut io: I, stopping: impl Future<Output = ()>)
    where
        I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let mut stopping = pin!(stopping.fuse());
        let is_admitted = tokio::select! {
            is_admitted = self.read_proxy_header(&mut io) => is_admitted,
            () = &mut stopping => return,
        };
        if is_admitted {
            self.serve(io, stopping).await;
        }
    }

    /// Reads the client's address from the header of the PROXY protocol, if the peer has to send one. Returns `false`
    /// if the connection is to be closed.
    async fn read_proxy_header<I: tokio::io::AsyncRead + Unpin>(&mut self, io: &mut I) -> bool {
        let Some(peer) = self.peer.filter(|peer| self.proxies.protocol.is_trusted(peer.ip())) else {
            return true;
        };
        let max_duration = self.limits.header_read_timeout;
        let client = match self.proxies.protocol.read_proxy_header(io, peer, max_duration).await {
            Ok(client) => client,
            Err(error) => {
                match error {
                    // Load balancers check whether a port is open.
                    ProxyProtocolError::Io(error) => {
                        tracing::debug!(%error, ?peer, "a proxy closed");
                    }
                    error => {
                        if matches!(error, ProxyProtocolError::Timeout) {
                            metrics::record_exceeded_limit(ServerLimits::NAMES.header_read_timeout);
                        }
                        warn_limited!(%error, ?peer, "closed a connection of a proxy");
                    }
                }
                return false;
            }
        };
        self.peer = Some(client);
        if self.proxies.counts(client)
            && let Err(error) = self.permit.set_address(&self.limits.connection_limits(), client)
        {
            warn_limited!(%error, peer = ?client, "closed a connection");
            return false;
        }
        true
    }

    async fn serve<I>(self, io: I, mut stopping: impl Future<Output = ()> + Unpin)
    where
        I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let has_received_request = AtomicBool::new(false);
        let service = service_fn(|request: http::Request<Incoming>| {
            has_received_request.store(true, Ordering::Relaxed);
            let mut request = request.map(|body| PacedBody::new(body, &self.limits));
            request.extensions_mut().insert(ConnectInfo(self.address.clone()));
            if let Some(peer) = self.peer {
                let header = self.proxies.header.as_ref();
                let client = header.map_or(peer, |header| header.client_address(peer, request.headers()));
                request.extensions_mut().insert(ConnectInfo(client));
            }
            // A router is always ready.
            self.app.clone().call(request)
        });
        let writes = WriteState::default();
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_read_timeout)
            .max_buf_size(self.limits.head_bytes.max(MIN_HEAD_BYTES))
            .serve_connection(TokioIo::new(PacedIo::new(io, &self.limits, writes.clone())), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = poll_fn(|cx| {
            if Pin::new(&mut stopping).poll(cx).is_ready() {
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(cx)
        });
        let ended = ended.await;
        // What is left of the connection was upgraded.
        writes.set_upgraded();
        if let Err(error) = ended {
            // Later on it is a connection that was kept alive, as a rule.
            if error.is_timeout() && !has_received_request.load(Ordering::Relaxed) {
                metrics::record_exceeded_limit(ServerLimits::NAMES.header_read_timeout);
            }
            if error.is_parse_too_large() {
                metrics::record_exceeded_limit(ServerLimits::NAMES.head_bytes);
            }
            tracing::debug!(%error, "a connection ended");
        }
    }
}
