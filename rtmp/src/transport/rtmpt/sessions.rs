//! The connections of a tunnel, by their ids.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::super::PIPE;
use super::session::{Exchange, Refused, Turn};
use crate::server::{Full, Place, Shared, TunnelLimits, serve_connection};

/// How long the last words of a connection wait to be asked for.
const LINGER: Duration = Duration::from_secs(5);

/// All connections of one router.
pub(super) struct Sessions {
    shared: Arc<Shared>,
    open: Mutex<HashMap<String, Arc<Exchange>>>,
}

impl Sessions {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, open: Mutex::default() }
    }

    pub(super) fn limits(&self) -> TunnelLimits {
        self.shared.tunnel
    }

    /// Begins a connection, and gives its id.
    pub(super) fn open(self: &Arc<Self>, peer: Option<SocketAddr>) -> Result<String, Full> {
        let place = self.shared.place(None)?;
        let (near, far) = tokio::io::duplex(PIPE);
        let id = random_id();
        let exchange = Arc::new(Exchange::new(far, self.limits()));
        self.lock().insert(id.clone(), Arc::clone(&exchange));
        let task = Arc::clone(self).serve(id.clone(), exchange, near, peer, place);
        self.shared.tasks().spawn(task);
        Ok(id)
    }

    /// A request's turn at a connection, before anything of it is read.
    pub(super) fn turn(&self, id: &str) -> Result<Turn, Refused> {
        let exchange = self.lock().get(id).map(Arc::clone).ok_or(Refused::Unknown)?;
        Exchange::turn(&exchange)
    }

    /// Ends a connection; false where there is none.
    pub(super) fn close(&self, id: &str) -> bool {
        let exchange = self.lock().remove(id);
        exchange.map(|exchange| exchange.close()).is_some()
    }

    async fn serve(
        self: Arc<Self>,
        id: String,
        exchange: Arc<Exchange>,
        near: tokio::io::DuplexStream,
        peer: Option<SocketAddr>,
        place: Place,
    ) {
        let mut served = pin!(serve_connection(near, peer, &self.shared, &place));
        tokio::select! {
            () = &mut served => {
                let _ = timeout(LINGER, exchange.emptied()).await;
            }
            () = exchange.abandoned() => {
                exchange.hang_up().await;
                served.await;
            }
        }
        self.lock().remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Exchange>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 bits that nobody can guess, as 32 hexadecimal digits.
fn random_id() -> String {
    let mut id = String::with_capacity(32);
    let _ = write!(id, "{:032x}", rand::random::<u128>());
    id
}
