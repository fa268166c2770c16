//! What all connections of a server share.

use std::net::SocketAddr;
use std::sync::Arc;
#[cfg(feature = "tunnel")]
use std::sync::Once;
use std::time::Duration;

use amf_remoting::connection::{
    ConnectionLimiter, ConnectionLimits, ConnectionPermit, Shutdown, ShutdownTimeouts,
    TooManyConnectionsError,
};
use amf_remoting::service::{BoxFuture, NamedLimit, Reply};
use amf_remoting::{Fault, Services};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

#[cfg(feature = "tunnel")]
use super::allowed_origins::AllowedOrigins;
use super::connect::{Admission, Connect, Rejection};
use super::disconnect::Disconnect;
use super::fallback::UnknownCommand;
use super::limits::ServerLimits;
#[cfg(feature = "tunnel")]
use super::tunnel_limits::TunnelLimits;
use crate::instance::{Instance, InstanceNameError, Instances};
use crate::proto::Config;
use crate::shared_object::SharedObjects;

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
    #[cfg(feature = "tunnel")]
    pub(crate) allowed_origins: AllowedOrigins,
    pub(super) inner: Arc<ServerInner>,
}

/// What clones of a server have in common, whatever their settings.
pub(super) struct ServerInner {
    pub(super) instances: Arc<Instances>,
    pub(super) limiter: Arc<ConnectionLimiter>,
    /// Counts connections over a limit, while their clients are told.
    pub(super) refusals: Arc<ConnectionLimiter>,
    /// Its tasks are connections, and hooks that run at their end.
    shutdown: Shutdown,
    /// Warns of requests without the client's address, which the app is to provide. The cure is the same for all.
    #[cfg(feature = "tunnel")]
    unknown_address: Once,
}

/// What the store of shared objects may take to end.
const STORE_CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

impl ServerSettings {
    pub(super) fn new(services: Services) -> Self {
        let instances = Arc::<Instances>::default();
        let objects = SharedObjects::new().memory_budget(services.memory().clone());
        instances.set_shared_objects(objects);
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
            #[cfg(feature = "tunnel")]
            allowed_origins: AllowedOrigins::same_host(),
            inner: Arc::new(ServerInner {
                instances,
                limiter: Arc::default(),
                refusals: Arc::default(),
                shutdown: Shutdown::new(),
                #[cfg(feature = "tunnel")]
                unknown_address: Once::new(),
            }),
        }
    }

    pub(crate) fn instance(&self, application: &str, name: &str) -> Result<Instance, InstanceNameError> {
        self.inner.instances.get(application, name, self.config.limits.application_name_bytes)
    }

    /// Returns a permit for a connection, which counts by the address of `peer` if it is given.
    pub(crate) fn admit(
        &self,
        peer: Option<SocketAddr>,
    ) -> Result<ConnectionPermit, TooManyConnectionsError> {
        self.inner.limiter.admit_within(self.services.memory(), &self.connection_limits(), peer)
    }

    pub(super) fn connection_limits(&self) -> ConnectionLimits {
        let ServerLimits { max_connections, max_connections_per_address, .. } = self.limits;
        let total = NamedLimit::new(ServerLimits::NAMES.max_connections, max_connections);
        let per_address =
            NamedLimit::new(ServerLimits::NAMES.max_connections_per_address, max_connections_per_address);
        ConnectionLimits::new(total).with_per_address(per_address)
    }

    /// Warns, once, that a tunnel was opened by a request without the client's address.
    #[cfg(feature = "tunnel")]
    pub(crate) fn warn_of_unknown_address(&self) {
        self.inner.unknown_address.call_once(|| {
            let limit = ServerLimits::NAMES.max_connections_per_address;
            tracing::warn!(
                "WebSocket and RTMPT connections without the client's address count as those of one address, for the \
                 limit `{limit}`: serve the app by `amf_remoting::gateway::serve`, or with \
                 `into_make_service_with_connect_info::<SocketAddr>()`"
            );
        });
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        self.inner.shutdown.tasks()
    }

    /// Completes when the server begins to shut down.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.inner.shutdown.closing()
    }

    pub(super) fn shutdown_timeouts(&self) -> ShutdownTimeouts {
        ShutdownTimeouts::new(self.limits.shutdown_notice, self.limits.shutdown_timeout)
    }

    pub(crate) async fn shutdown(&self) {
        // The drivers keep to the timeouts and then linger for a moment; what has not ended by then is abandoned.
        let limit = self.shutdown_timeouts().total().saturating_add(Duration::from_secs(2));
        self.inner.shutdown.finish(limit).await;
        self.inner.instances.end();
        if timeout(STORE_CLOSE_TIMEOUT, self.inner.instances.close_store()).await.is_err() {
            tracing::error!("the store of shared objects is still at work");
        }
    }
}
