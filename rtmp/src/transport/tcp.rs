//! A server at an address.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use amf_remoting::connection::accept_until;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

#[cfg(feature = "tls")]
use super::tls::Acceptor;
use crate::server::{Entry, Server, ServerSettings, serve_entry};

/// A server with an address.
pub struct BoundServer {
    listener: TcpListener,
    settings: Arc<ServerSettings>,
    security: Security,
}

/// What a connection begins with.
#[derive(Clone, Debug)]
enum Security {
    Plain,
    #[cfg(feature = "tls")]
    Tls(Acceptor),
}

impl Server {
    /// Takes an address.
    pub async fn bind(self, address: impl ToSocketAddrs) -> io::Result<BoundServer> {
        Ok(self.listen(TcpListener::bind(address).await?))
    }

    /// Uses a listener that is there already.
    pub fn listen(self, listener: TcpListener) -> BoundServer {
        BoundServer::new(listener, Arc::clone(self.settings()))
    }
}

impl BoundServer {
    fn new(listener: TcpListener, settings: Arc<ServerSettings>) -> Self {
        Self { listener, settings, security: Security::Plain }
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
        let Self { listener, settings, security } = self;
        let serve = |(socket, peer)| {
            let entry = settings.enter(Some(peer), Some(peer))?;
            let served = serve_socket(socket, peer, security.clone(), Arc::clone(&settings), entry);
            Some(settings.tasks().track_future(served))
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

async fn serve_socket(
    socket: TcpStream,
    peer: SocketAddr,
    security: Security,
    settings: Arc<ServerSettings>,
    entry: Entry,
) {
    // Without this a small answer waits for the acknowledgement of the one before, 44 ms each.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%peer, %error, "gone before it was served");
        return;
    }
    match security {
        Security::Plain => serve_entry(socket, Some(peer), &settings, entry).await,
        // Boxed, so that a plain connection need not have room for TLS.
        #[cfg(feature = "tls")]
        Security::Tls(acceptor) => Box::pin(serve_tls(socket, peer, acceptor, settings, entry)).await,
    }
}

#[cfg(feature = "tls")]
async fn serve_tls(
    socket: TcpStream,
    peer: SocketAddr,
    acceptor: Acceptor,
    settings: Arc<ServerSettings>,
    entry: Entry,
) {
    let accepted = tokio::select! {
        accepted = acceptor.accept(socket, entry.tls_timeout(&settings)) => accepted,
        () = settings.closing() => return,
    };
    match accepted {
        Ok(stream) => serve_entry(stream, Some(peer), &settings, entry).await,
        Err(error) => tracing::debug!(%peer, %error, "no TLS"),
    }
}
