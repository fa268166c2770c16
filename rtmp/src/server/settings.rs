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
use super::limiter::{Full, Place, Places};
#[cfg(feature = "tunnel")]
use super::tunnel_limits::TunnelLimits;
use crate::instance::{Instance, Instances, InvalidName};
use crate::metrics::limit;
use crate::proto::Config;

pub(super) type OnConnect = dyn Fn(Connect) -> BoxFuture<'static, Result<Admission, Rejection>> + Send + Sync;
pub(super) type OnDisconnect = dyn Fn(Disconnect) -> BoxFuture<'static, ()> + Send + Sync;
pub(super) type OnUnknown = dyn Fn(UnknownCommand) -> BoxFuture<'static, Result<Reply, Fault>> + Send + Sync;

/// What all connections share: settings, which the builder changes, and what lives.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) services: Services,
    pub(crate) on_connect: Arc<OnConnect>,
    pub(crate) on_disconnect: Option<Arc<OnDisconnect>>,
    pub(crate) on_unknown: Option<Arc<OnUnknown>>,
    pub(crate) policy_file: Option<Arc<str>>,
    pub(crate) config: Arc<Config>,
    pub(crate) decide_within: Duration,
    pub(super) max_connections: usize,
    pub(super) max_connections_per_address: usize,
    pub(super) notice: Duration,
    pub(super) grace: Duration,
    #[cfg(feature = "tunnel")]
    pub(crate) tunnel: TunnelLimits,
    pub(super) living: Arc<Living>,
}

/// What clones of a server have in common, whatever their settings.
pub(super) struct Living {
    pub(super) instances: Arc<Instances>,
    pub(super) places: Arc<Places>,
    closing: watch::Sender<bool>,
    /// Connections, and hooks that are told of their end.
    tasks: TaskTracker,
}

/// What the store of shared objects may take to end.
const CLOSING: Duration = Duration::from_secs(10);

impl Shared {
    pub(super) fn new(services: Services) -> Self {
        Self {
            services,
            on_connect: Arc::new(|connect| Box::pin(async move { Ok(connect.accept()) })),
            on_disconnect: None,
            on_unknown: None,
            policy_file: None,
            config: Arc::new(Config::server()),
            decide_within: Duration::from_secs(10),
            max_connections: 10_000,
            max_connections_per_address: 256,
            notice: Duration::ZERO,
            grace: Duration::from_secs(10),
            #[cfg(feature = "tunnel")]
            tunnel: TunnelLimits::new(),
            living: Arc::new(Living {
                instances: Arc::default(),
                places: Arc::default(),
                closing: watch::Sender::new(false),
                tasks: TaskTracker::new(),
            }),
        }
    }

    pub(crate) fn instance(&self, application: &str, name: &str) -> Result<Instance, InvalidName> {
        self.living.instances.get(application, name, self.config.limits.application)
    }

    /// A place for a connection; `peer` where addresses are counted.
    pub(crate) fn place(&self, peer: Option<SocketAddr>) -> Result<Place, Full> {
        let place = self.living.places.take(self.max_connections, self.max_connections_per_address, peer);
        place.inspect_err(|full| limit(full.limit))
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.living.tasks
    }

    /// Is done when the server ends.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut closing = self.living.closing.subscribe();
        async move {
            // An error says that the server is gone, which is the same.
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }

    pub(crate) async fn shutdown(&self) {
        self.living.closing.send_replace(true);
        self.living.tasks.close();
        // The drivers keep to the grace and then linger for a moment; what does not end then is left alone.
        let limit = self.notice.saturating_add(self.grace).saturating_add(Duration::from_secs(2));
        let _ = timeout(limit, self.living.tasks.wait()).await;
        self.living.instances.end();
        if timeout(CLOSING, self.living.instances.close_store()).await.is_err() {
            tracing::error!("the store of shared objects is still at work");
        }
    }
}
