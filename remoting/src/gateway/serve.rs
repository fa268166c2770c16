//! An HTTP server with the limits that axum's own does not set.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tower::Service;

use crate::connection::{
    Accept, ConnectionLimiter, ConnectionLimits, ConnectionPermit, Shutdown, accept_until,
};
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

        /// Maximum number of open connections.
        connections, with_connections = 10_000 connections {
            /// Further connections are closed at once.
        }

        /// Timeout for running requests when the server is shut down.
        shutdown_timeout, with_shutdown_timeout = 10 s {
            /// The requests are cancelled.
        }
    }
}

/// Serves an app over HTTP/1.1 until `stop` is ready; then takes no more connections and lets running requests end.
///
/// A gateway is a route: it sees a request when its head is there, so that it is up to the server how long that may
/// take, and `axum::serve` waits for ever. Behind a proxy that has such limits (all well-known ones do) it is fine; facing
/// the internet, serve with this, or with hyper's `header_read_timeout`.
///
/// Handlers find the client's address as axum's [`ConnectInfo`]. hyper itself answers more than 100 headers, or a head
/// of more than 400 KiB, with 431.
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
pub async fn serve<L>(listener: L, app: Router, limits: ServerLimits, stop: impl Future<Output = ()>)
where
    L: Listener<Addr: Clone + Send + Sync + 'static>,
{
    let limiter = Arc::new(ConnectionLimiter::default());
    let connection_limits =
        ConnectionLimits::new(NamedLimit::new(ServerLimits::NAMES.connections, limits.connections));
    let shutdown = Shutdown::new();
    let serve = |(io, address)| match limiter.admit(&connection_limits, None) {
        Ok(permit) => {
            let header_read_timeout = limits.header_read_timeout;
            let connection =
                HttpConnection { app: app.clone(), address, header_read_timeout, _permit: permit };
            Some(shutdown.tasks().track_future(connection.run(io, shutdown.closing())))
        }
        Err(error) => {
            tracing::warn!(%error, "closed a connection");
            None
        }
    };
    // Held until the end: dropping it cancels what still runs.
    let _connections = accept_until(HttpListener(listener), serve, stop).await;
    if !shutdown.finish(limits.shutdown_timeout).await {
        let (name, max) = (ServerLimits::NAMES.shutdown_timeout, limits.shutdown_timeout);
        metrics::record_exceeded_limit(name);
        tracing::warn!("cancelled requests: the limit `{name}` of {max:?} is passed");
    }
}

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
    header_read_timeout: Duration,
    _permit: ConnectionPermit,
}

impl<A: Clone + Send + Sync + 'static> HttpConnection<A> {
    async fn run<I>(self, io: I, stopping: impl Future<Output = ()>)
    where
        I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let has_received_request = AtomicBool::new(false);
        let service = service_fn(|mut request: http::Request<Incoming>| {
            has_received_request.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(self.address.clone()));
            // A router is always ready.
            self.app.clone().call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_read_timeout)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let mut stopping = pin!(stopping.fuse());
        let ended = poll_fn(|cx| {
            if stopping.as_mut().poll(cx).is_ready() {
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(cx)
        });
        if let Err(error) = ended.await {
            // Later on it is a connection that was kept alive, as a rule.
            if error.is_timeout() && !has_received_request.load(Ordering::Relaxed) {
                metrics::record_exceeded_limit(ServerLimits::NAMES.header_read_timeout);
            }
            tracing::debug!(%error, "a connection ended");
        }
    }
}
