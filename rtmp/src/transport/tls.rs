//! RTMPS: RTMP in TLS, by rustls.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client};

/// Lets clients in by TLS.
#[derive(Clone)]
pub(crate) struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// TLS 1.3 without tickets: librtmp, and so rtmpdump, takes one for the end of the connection.
    pub(super) fn new(mut config: Arc<ServerConfig>) -> Self {
        Arc::make_mut(&mut config).send_tls13_tickets = 0;
        Self(TlsAcceptor::from(config))
    }

    /// Shakes hands, within a time.
    pub(crate) async fn accept<S>(&self, stream: S, max_duration: Duration) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let elapsed = |_| io::Error::new(io::ErrorKind::TimedOut, "TLS did not shake hands in time");
        timeout(max_duration, self.0.accept(stream)).await.map_err(elapsed)?
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor")
    }
}

/// TLS as a client; without a configuration it trusts whom the system trusts.
pub(crate) async fn connect(
    config: Option<Arc<ClientConfig>>,
    host: &str,
    socket: TcpStream,
) -> io::Result<client::TlsStream<TcpStream>> {
    let config = match config {
        Some(config) => config,
        None => config_with_system_roots().await?,
    };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    TlsConnector::from(config).connect(name, socket).await
}

/// Certificates are read from files, once for each connection: so it heeds what changes in them.
async fn config_with_system_roots() -> io::Result<Arc<ClientConfig>> {
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await?;
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added == 0 {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the system trusts nobody: it has no certificates",
        ));
    }
    // Whatever else in the program brings another provider.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
