//! Makes one connection to a server.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_remoting::connection::ShutdownTimeouts;
use amf_remoting::service::ClientId;
use amf_remoting::{Caller, Client, Services};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::address::Address;
use super::error::ConnectError;
use super::handler::{ClientHandler, OnUnhandled};
use super::shared_object::RemoteObjects;
use crate::connection::{ConnectionEnd, Driver, Handle, channel};
use crate::proto::{Accepted, Config, ConnectRequest, Connection, Seed};

/// A connection that the server has accepted.
pub(super) struct Established {
    pub(super) handle: Arc<Handle>,
    pub(super) accepted: Arc<Accepted>,
    pub(super) driver: AbortOnDropHandle<ConnectionEnd>,
}

/// How one connection is made.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) address: Address,
    pub(super) request: ConnectRequest,
    pub(super) config: Arc<Config>,
    pub(super) services: Services,
    pub(super) on_unhandled: Arc<OnUnhandled>,
    pub(super) timeout: Duration,
    pub(super) max_redirects: u32,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Arc<crate::rustls::ClientConfig>>,
}

impl Connector {
    /// One connection, within its time; by way of others, if it is sent there.
    pub(super) async fn establish(
        &self,
        id: ClientId,
        objects: &Arc<RemoteObjects>,
    ) -> Result<Established, ConnectError> {
        let established = async {
            let mut outcome = self.connect(id, objects).await;
            for _ in 0..self.max_redirects {
                let Err(error) = &outcome else { break };
                let Some(url) = error.redirect() else { break };
                outcome = self.with_url(url)?.connect(id, objects).await;
            }
            outcome
        };
        timeout(self.timeout, established).await.map_err(|_| ConnectError::Timeout(self.timeout))?
    }

    /// One connection over a stream that is there already, within its time.
    pub(super) async fn establish_with_stream<S>(
        &self,
        stream: S,
        id: ClientId,
        objects: &Arc<RemoteObjects>,
    ) -> Result<Established, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let established = timeout(self.timeout, self.handshake(stream, id, objects)).await;
        established.map_err(|_| ConnectError::Timeout(self.timeout))?
    }

    fn with_url(&self, url: &str) -> Result<Self, ConnectError> {
        let address = Address::parse(url)?;
        if self.address.is_secure && !address.is_secure {
            return Err(ConnectError::Unsupported("a server sends us from TLS to a place without it"));
        }
        let request = self.request.clone().property("app", address.app.as_str()).property("tcUrl", url);
        Ok(Self { address, request, ..self.clone() })
    }

    async fn connect(&self, id: ClientId, objects: &Arc<RemoteObjects>) -> Result<Established, ConnectError> {
        let Address { host, port, .. } = &self.address;
        let socket = TcpStream::connect((host.as_str(), *port)).await.map_err(ConnectError::Io)?;
        socket.set_nodelay(true).map_err(ConnectError::Io)?;
        if self.address.is_secure {
            let stream = self.connect_tls(socket).await.map_err(ConnectError::Io)?;
            return self.handshake(stream, id, objects).await;
        }
        self.handshake(socket, id, objects).await
    }

    #[cfg(feature = "tls")]
    async fn connect_tls(
        &self,
        socket: TcpStream,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static> {
        crate::transport::tls::connect(self.tls.clone(), &self.address.host, socket).await
    }

    /// It is not come to: such an address is refused at once.
    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, reason = "as its twin")]
    async fn connect_tls(&self, _: TcpStream) -> io::Result<TcpStream> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn handshake<S>(
        &self,
        stream: S,
        id: ClientId,
        objects: &Arc<RemoteObjects>,
    ) -> Result<Established, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (handle, outbound) = channel(&self.config, self.services.encode_limits(), None);
        let handle = Arc::new(handle);
        let (config, request) = (Arc::clone(&self.config), self.request.clone());
        let connection = Connection::client(config, request, &Seed::random(), Instant::now());
        let (outcome_tx, outcome_rx) = oneshot::channel();
        let handler = ClientHandler {
            services: self.services.clone(),
            on_unhandled: Arc::clone(&self.on_unhandled),
            // What the server's calls are answered with goes back on the same connection.
            caller: Caller::new(Client::new(id, Arc::clone(&handle) as _)),
            objects: Arc::clone(objects),
            outcome_tx: Some(outcome_tx),
        };
        let mut driver = Driver::new(stream, connection, handler, outbound);
        // Whoever does not wait for the decision any more does not want the connection.
        let driver = async move {
            driver.run(std::future::pending(), ShutdownTimeouts::new(Duration::ZERO, Duration::ZERO)).await
        };
        let driver = AbortOnDropHandle::new(tokio::spawn(driver));
        let accepted = outcome_rx.await.map_err(|_| ConnectError::Ended)?.map_err(ConnectError::Rejected)?;
        Ok(Established { handle, accepted: Arc::new(accepted), driver })
    }
}
