//! A server at an address.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use amf_remoting::__private::log_limit::warn_limited;
use amf_remoting::address::{ProxyProtocolError, TrustedProxies};
use amf_remoting::connection::accept_until;
use futures_util::future::Either;
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};

#[cfg(feature = "tls")]
use super::tls::Acceptor;
use crate::metrics::limit_exceeded;
use crate::proto::Limits;
use crate::server::{Entry, Server, ServerSettings, serve_entry};

/// Connections that the system holds until they are accepted. With tokio's 128, the packets of a newcomer are dropped
/// while 400 clients of one address connect at once, and it tries again after a second.
const BACKLOG: u32 = 4096;

/// A server with an address.
pub struct BoundServer {
    listener: TcpListener,
    settings: Arc<ServerSettings>,
    security: Security,
    proxies: TrustedProxies,
}

/// What a connection begins with.
#[derive(Clone, Debug)]
enum Security {
    Plain,
    #[cfg(feature = "tls")]
    Tls(Acceptor),
}

impl Server {
    /// Takes an address. The system may hold 4,096 connections until they are accepted, as far as it allows so many.
    pub async fn bind(self, address: impl ToSocketAddrs) -> io::Result<BoundServer> {
        Ok(self.listen(bind(address).await?))
    }

    /// Uses a listener that is there already.
    pub fn listen(self, listener: TcpListener) -> BoundServer {
        BoundServer::new(listener, Arc::clone(self.settings()))
    }
}

impl BoundServer {
    fn new(listener: TcpListener, settings: Arc<ServerSettings>) -> Self {
        Self { listener, settings, security: Security::Plain, proxies: TrustedProxies::default() }
    }

    /// Expects the PROXY protocol, version 1 or 2, on connections of these proxies. Default: of none.
    ///
    /// The address in the header is the client's: it is [`Connect::peer`](crate::Connect::peer), and counts for
    /// [`max_connections_per_address`](Server::max_connections_per_address). A header without an address, as health checks
    /// have it, leaves the address of the proxy. The header comes before TLS, and has the time of a handshake for itself,
    /// [`Limits::handshake_timeout`](crate::proto::Limits::handshake_timeout). A connection of a trusted proxy without a
    /// valid header is closed, and logged. Connections from elsewhere are served as those of clients, without such a
    /// header.
    ///
    /// ```no_run
    /// use amf_remoting::Services;
    /// use amf_remoting::address::TrustedProxies;
    /// use amf_rtmp::Server;
    ///
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    /// let proxies = TrustedProxies::list(["10.0.0.0/8"])?;
    /// Server::new(Services::new()).bind("[::]:1935").await?.proxy_protocol(proxies).serve().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn proxy_protocol(self, proxies: TrustedProxies) -> Self {
        Self { proxies, ..self }
    }

    /// Serves `rtmps://`: TLS first, then RTMP.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    ///
    /// use amf_remoting::Services;
    /// use amf_rtmp::Server;
    /// use amf_rtmp::rustls::ServerConfig;
    /// use amf_rtmp::rustls::pki_types::pem::PemObject;
    /// use amf_rtmp::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    ///
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    /// let chain = CertificateDer::pem_file_iter("fullchain.pem")?.collect::<Result<Vec<_>, _>>()?;
    /// let key = PrivateKeyDer::from_pem_file("privkey.pem")?;
    /// let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    ///
    /// let server = Server::new(Services::new());
    /// let plain = server.clone().bind("[::]:1935").await?;
    /// let secure = server.bind("[::]:443").await?.tls(Arc::new(tls));
    /// tokio::try_join!(plain.serve(), secure.serve())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// TLS 1.3 is spoken without tickets (`send_tls13_tickets` is set to 0): librtmp, and so rtmpdump, takes a ticket
    /// for the end of the connection, and connections that last gain nothing by them.
    ///
    /// Shaking hands in TLS has the time of RTMP's handshake,
    /// [`Limits::handshake_timeout`](crate::proto::Limits::handshake_timeout), for itself. Flash Player 9 and later speak
    /// TLS as far as their system does; rustls speaks 1.2 and 1.3.
    #[must_use]
    #[cfg(feature = "tls")]
    pub fn tls(self, config: Arc<crate::rustls::ServerConfig>) -> Self {
        Self { security: Security::Tls(Acceptor::new(config)), ..self }
    }

    /// The address, with the port that the system chose where 0 was asked for.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the server is [shut down](crate::Server::shutdown). If the future is dropped, its connections
    /// are cut.
    pub async fn serve(self) -> io::Result<()> {
        self.serve_until(pending()).await
    }

    /// Serves until `shutdown` is done, and then shuts the server down, with all its transports: see
    /// [`Server::shutdown`](crate::Server::shutdown).
    pub async fn serve_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let settings = Arc::clone(&self.settings);
        self.accept_until(async {
            tokio::select! {
                () = shutdown => {}
                () = settings.closing() => {}
            }
        })
        .await;
        Ok(())
    }

    async fn accept_until(self, stop: impl Future<Output = ()>) {
        let Self { listener, settings, security, proxies } = self;
        let serve = |(socket, peer): (TcpStream, SocketAddr)| {
            // Behind a proxy, the client's address is not known yet.
            let proxies = proxies.is_trusted(peer.ip()).then(|| proxies.clone());
            let entry = settings.enter(proxies.is_none().then_some(peer), Some(peer))?;
            let connection = TcpConnection { socket, peer, security: security.clone(), entry };
            let settings = Arc::clone(&settings);
            let tasks = settings.tasks().clone();
            Some(tasks.track_future(match proxies {
                None => Either::Left(connection.serve(settings)),
                // Boxed, so that a connection without a proxy need not have room for it.
                Some(proxies) => Either::Right(Box::pin(connection.serve_behind_proxy(settings, proxies))),
            }))
        };
        // Held until the end: dropping it cuts the connections.
        let _connections = accept_until(listener, serve, stop).await;
        settings.shutdown().await;
    }
}

impl fmt::Debug for BoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundServer").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Listens at the first address that is free.
async fn bind(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut last_error = None;
    for address in lookup_host(address).await? {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last_error = Some(error),
        }
    }
    Err(last_error
        .unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no address to listen at")))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that a server that was ended can be started again at once. On Windows it would allow others to take the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A connection that was accepted.
struct TcpConnection {
    socket: TcpStream,
    peer: SocketAddr,
    security: Security,
    entry: Entry,
}

impl TcpConnection {
    /// Reads the client's address from the header of the PROXY protocol first.
    async fn serve_behind_proxy(mut self, settings: Arc<ServerSettings>, proxies: TrustedProxies) {
        let max_duration = self.entry.handshake_timeout(&settings);
        let client = tokio::select! {
            client = proxies.read_proxy_header(&mut self.socket, self.peer, max_duration) => client,
            () = settings.closing() => return,
        };
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                match error {
                    // Load balancers check whether a port is open.
                    ProxyProtocolError::Io(error) => {
                        tracing::debug!(%error, peer = ?self.peer, "a proxy closed");
                    }
                    error => {
                        if matches!(error, ProxyProtocolError::Timeout) {
                            limit_exceeded(Limits::NAMES.handshake_timeout);
                        }
                        warn_limited!(%error, peer = ?self.peer, "closed a connection of a proxy");
                    }
                }
                return;
            }
        };
        if let Some(entry) = self.entry.with_client(&settings, client) {
            Self { peer: client, entry, ..self }.serve(settings).await;
        }
    }

    /// Not an `async fn`, which would hold the connection twice for as long as it lasts.
    fn serve(self, settings: Arc<ServerSettings>) -> impl Future<Output = ()> + Send {
        let Self { socket, peer, security, entry } = self;
        // Without this a small answer waits for the acknowledgement of the one before, 44 ms each. An error says that
        // the client has gone, which the first read notices.
        let _ = socket.set_nodelay(true);
        async move {
            match security {
                Security::Plain => serve_entry(socket, Some(peer), &settings, entry).await,
                // Boxed, so that a plain connection need not have room for TLS.
                #[cfg(feature = "tls")]
                Security::Tls(acceptor) => {
                    Box::pin(serve_tls(socket, peer, acceptor, &settings, entry)).await;
                }
            }
        }
    }
}

#[cfg(feature = "tls")]
async fn serve_tls(
    socket: TcpStream,
    peer: SocketAddr,
    acceptor: Acceptor,
    settings: &Arc<ServerSettings>,
    entry: Entry,
) {
    let accepted = tokio::select! {
        accepted = acceptor.accept(socket, entry.handshake_timeout(settings)) => accepted,
        () = settings.closing() => return,
    };
    match accepted {
        Ok(stream) => serve_entry(stream, Some(peer), settings, entry).await,
        Err(error) => tracing::debug!(%peer, %error, "no TLS"),
    }
}
