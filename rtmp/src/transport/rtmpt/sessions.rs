//! The connections of a tunnel, by their ids.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use amf_remoting::connection::{ConnectionMemory, ConnectionPermit, TooManyConnectionsError};
use tokio::time::timeout;

use super::super::client_address::ClientAddress;
use super::super::pipe::{PipeEnd, pipe};
use super::session::{RequestSlot, TunnelError, TunnelSession};
use crate::connection::ConnectionEnd;
use crate::server::{AllowedOrigins, ServerSettings, TunnelLimits, serve_connection};

/// How long the last words of a connection wait to be asked for.
const LINGER: Duration = Duration::from_secs(5);

/// All connections of one router.
pub(super) struct Sessions {
    settings: Arc<ServerSettings>,
    open: Mutex<HashMap<String, Arc<TunnelSession>>>,
}

impl Sessions {
    pub(super) fn new(settings: Arc<ServerSettings>) -> Self {
        Self { settings, open: Mutex::default() }
    }

    pub(super) fn limits(&self) -> TunnelLimits {
        self.settings.tunnel
    }

    pub(super) fn allowed_origins(&self) -> &AllowedOrigins {
        &self.settings.allowed_origins
    }

    /// Begins a connection, and gives its id.
    pub(super) fn open(self: &Arc<Self>, peer: &ClientAddress) -> Result<String, TooManyConnectionsError> {
        let permit = Arc::new(self.settings.admit(Some(peer.counted(&self.settings)))?);
        let memory = ConnectionMemory::new(self.settings.services.memory());
        let (server_end, tunnel_end) = pipe(&memory);
        let id = random_id();
        let session = Arc::new(TunnelSession::new(
            tunnel_end,
            self.limits(),
            self.settings.config.limits.before_connect_bytes,
            Arc::clone(&permit),
            Arc::clone(&memory),
        ));
        self.lock().insert(id.clone(), Arc::clone(&session));
        let tunnel = Tunnel { id: id.clone(), session, server_end, peer: peer.0, permit, memory };
        self.settings.tasks().spawn(Arc::clone(self).serve(tunnel));
        Ok(id)
    }

    /// A request's turn at a connection, before anything of it is read.
    pub(super) fn slot(&self, id: &str) -> Result<RequestSlot, TunnelError> {
        let session = self.lock().get(id).map(Arc::clone).ok_or(TunnelError::Unknown)?;
        TunnelSession::slot(&session)
    }

    /// Ends a connection, after the requests that this one has overtaken; false where there is none.
    ///
    /// It goes on if nobody waits for it any more: clients leave when they have closed.
    pub(super) async fn close(self: Arc<Self>, id: String, number: u64) -> bool {
        let closed = tokio::spawn(async move {
            // With as many requests in flight as may be, nothing is held any more.
            if let Ok(slot) = self.slot(&id) {
                slot.close(number).await;
            }
            let session = self.lock().remove(&id);
            session.map(|session| session.close()).is_some()
        });
        closed.await.unwrap_or(false)
    }

    async fn serve(self: Arc<Self>, tunnel: Tunnel) {
        let Tunnel { id, session, server_end, peer, permit, memory } = tunnel;
        let mut served = pin!(serve_connection(server_end, peer, &self.settings, &permit, memory));
        let (end, is_drained) = tokio::select! {
            end = &mut served => (end, false),
            () = session.closed_or_idle() => {
                session.close_pipe().await;
                (served.await, true)
            }
        };
        if matches!(end, ConnectionEnd::Shed) {
            // Ends the requests in flight, whose bodies are held.
            session.close();
        } else if !is_drained {
            let _ = timeout(LINGER, session.drained()).await;
        }
        self.lock().remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<TunnelSession>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection through the tunnel, with the server's end of its pipe.
struct Tunnel {
    id: String,
    session: Arc<TunnelSession>,
    server_end: PipeEnd,
    peer: Option<SocketAddr>,
    permit: Arc<ConnectionPermit>,
    memory: Arc<ConnectionMemory>,
}

/// 128 bits that nobody can guess, as 32 hexadecimal digits.
fn random_id() -> String {
    let mut id = String::with_capacity(32);
    let _ = write!(id, "{:032x}", rand::random::<u128>());
    id
}
