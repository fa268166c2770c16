//! HTTP server of the example programs, with the limits of a server that faces the internet without a reverse proxy.

use amf_remoting::MemoryBudget;
use amf_remoting::gateway::{self, ServerLimits};
use axum::Router;
use axum::serve::Listener;

/// Memory budget for the clients of all transports, in bytes.
pub const MEMORY_BYTES: usize = 64 << 20;

/// Serves an app until `stop` completes.
pub async fn serve<L>(listener: L, app: Router, limits: ServerLimits, stop: impl Future<Output = ()>)
where
    L: Listener<Addr: Clone + Send + Sync + 'static>,
{
    MemoryBudget::process().set_max_bytes(MEMORY_BYTES);
    gateway::serve(listener, app, limits, stop).await;
}
