//! How the example programs serve HTTP: as a server does that strangers reach without a proxy in between.

use amf_remoting::MemoryBudget;
use amf_remoting::gateway::{self, ServerLimits};
use axum::Router;
use axum::serve::Listener;

/// What clients of all transports can make a program hold, in bytes.
pub const MEMORY_BYTES: usize = 64 << 20;

/// Serves an app until `stop` is ready.
pub async fn serve<L>(listener: L, app: Router, limits: ServerLimits, stop: impl Future<Output = ()>)
where
    L: Listener<Addr: Clone + Send + Sync + 'static>,
{
    MemoryBudget::process().set_max_bytes(MEMORY_BYTES);
    gateway::serve(listener, app, limits, stop).await;
}
