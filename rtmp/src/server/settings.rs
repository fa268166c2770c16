//! What all connections of a server share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::service::{BoxFuture, Reply};
use amf_remoting::{Fault, Services};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::connect::{Admission, Connect, Rejection};
use super::disconnect::Disconnect;
use super::fallback::UnknownCommand;
use super::limiter::{ConnectionLimiter, ConnectionPermit, TooManyConnectionsError};
use super::limits::ServerLimits;
#[cfg(feature = "tunnel")]
use super::tunnel_limits::TunnelLimits;
use crate::instance::{Instance, InstanceNameError, Instances};
use crate::metrics::limit_exceeded;
use crate::proto::Config;

pub(super) type OnConnect = dyn Fn(Connect) -> BoxFuture<'static, Result<Admission, Rejection>> + Send + Sync;
pub(super) type OnDisconnect = dyn Fn(Disconnect) -> BoxFuture<'static, ()> + Send + Sync;
pub(super) type Fallback = dyn Fn(UnknownCommand) -> BoxFuture<'static, Result<Reply, Fault>> + Send + Sync;

/// What all connections share: settings, which the builder changes, and what lives.
#[derive(Clone)]
pub(crate) struct ServerSettings {
    pub(crate) services: Services,
    pub(crate) on_connect: Arc<OnConnect>,
    pub(crate) on_disconnect: Option<Arc<OnDisconnect>>,
    pub(crate) fallback: Option<Arc<Fallback>>,
    pub(crate) policy_file: Option<Arc<str>>,
    pub(crate) config: Arc<Config>,
    pub(crate) limits: ServerLimits,
    #[cfg(feature = "tunnel")]
    pub(crate) tunnel: TunnelLimits,
    pub(super) inner: Arc<ServerInner>,
}

/// What clones of a server have in common, whatever their settings.
pub(super) struct ServerInner {
    pub(super) instances: Arc<Instances>,
    pub(super) limiter: Arc<ConnectionLimiter>,
    closing: watch::Sender<bool>,
    /// Connections, and hooks that are told of their end.
    tasks: TaskTracker,
}

/// What the store of shared objects may take to end.
const STORE_CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

impl ServerSettings {
    pub(super) fn new(services: Services) -> Self {
        Self {
            services,
            on_connect: Arc::new(|connect| Box::pin(async move { Ok(connect.accept()) })),
            on_disconnect: None,
            fallback: None,
            policy_file: None,
            config: Arc::new(Config::server()),
            limits: ServerLimits::new(),
            #[cfg(feature = "tunnel")]
            tunnel: TunnelLimits::new(),
            inner: Arc::new(ServerInner {
                instances: Arc::default(),
                limiter: Arc::default(),
                closing: watch::Sender::new(false),
                tasks: TaskTracker::new(),
            }),
        }
    }

    pub(crate) fn instance(&self, application: &str, name: &str) -> Result<Instance, InstanceNameError> {
        self.inner.instances.get(application, name, self.config.limits.application_name_bytes)
    }

    /// A permit for a connection; `peer` where addresses are counted.
    pub(crate) fn admit(
        &self,
        peer: Option<SocketAddr>,
    ) -> Result<ConnectionPermit, TooManyConnectionsError> {
        let ServerLimits { max_connections, max_connections_per_address, .. } = self.limits;
        let permit = self.inner.limiter.admit(max_connections, max_connections_per_address, peer);
        permit.inspect_err(|error| limit_exceeded(error.limit))
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.inner.tasks
    }

    /// Is done when the server ends.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut closing = self.inner.closing.subscribe();
        async move {
            // An error says that the server is gone, which is the same.
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }

    pub(crate) async fn shutdown(&self) {
        self.inner.closing.send_replace(true);
        self.inner.tasks.close();
        // The drivers keep to the timeouts and then linger for a moment; what does not end then is left alone.
        let ServerLimits { shutdown_notice, shutdown_timeout, .. } = self.limits;
        let limit = shutdown_notice.saturating_add(shutdown_timeout).saturating_add(Duration::from_secs(2));
        let _ = timeout(limit, self.inner.tasks.wait()).await;
        self.inner.instances.end();
        if timeout(STORE_CLOSE_TIMEOUT, self.inner.instances.close_store()).await.is_err() {
            tracing::error!("the store of shared objects is still at work");
        }
    }
}
