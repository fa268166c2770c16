//! Connections over a limit: the client is told why, within narrow bounds.

use std::future::Pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_remoting::__private::log_limit::warn_limited;
use amf_remoting::connection::{
    ConnectionLimits, ConnectionMemory, ConnectionPermit, ShutdownTimeouts, TooManyConnectionsError,
};
use amf_remoting::service::NamedLimit;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::limits::ServerLimits;
use super::{ServerSettings, serve_connection};
use crate::connection::{ConnectionHandler, Driver, Handle, HandlerContext, channel};
use crate::proto::message::code;
use crate::proto::{Connection, Event, Seed, Status};

/// What becomes of a new connection.
pub(crate) enum Entry {
    /// It is served.
    Admitted(Arc<ConnectionPermit>),
    /// A limit is reached, and there is room to tell the client.
    Refused(Refusal),
}

/// A connection that is refused with a status.
pub(crate) struct Refusal {
    error: TooManyConnectionsError,
    accepted_at: Instant,
    /// Counts among [`pending_refusals`](ServerLimits::pending_refusals).
    _permit: ConnectionPermit,
}

impl Entry {
    /// Counts a connection by the address of its client, which a proxy has reported since. Returns `None` if it is to be
    /// closed without a status.
    pub(crate) fn with_client(self, settings: &ServerSettings, client: SocketAddr) -> Option<Self> {
        let Self::Admitted(mut permit) = self else { return Some(self) };
        // Nobody else has the permit before the connection is served.
        let counted = match Arc::get_mut(&mut permit) {
            Some(permit) => permit.set_address(&settings.connection_limits(), client),
            None => Ok(()),
        };
        match counted {
            Ok(()) => Some(Self::Admitted(permit)),
            Err(error) => {
                // A client that is told of the refusal has no place any more.
                drop(permit);
                settings.refuse(error, Some(client))
            }
        }
    }

    /// Returns how long a handshake in front of RTMP may take: that of TLS, or the header of the PROXY protocol. What it
    /// takes of a client that is to be refused is part of [`refusal_timeout`](ServerLimits::refusal_timeout).
    pub(crate) fn handshake_timeout(&self, settings: &ServerSettings) -> Duration {
        let handshake_timeout = settings.config.limits.handshake_timeout;
        match self {
            Self::Admitted(_) => handshake_timeout,
            Self::Refused(refusal) => refusal.time_left(settings).min(handshake_timeout),
        }
    }
}

impl Refusal {
    fn time_left(&self, settings: &ServerSettings) -> Duration {
        settings.limits.refusal_timeout.saturating_sub(self.accepted_at.elapsed())
    }
}

impl ServerSettings {
    /// Decides on a new connection, which counts by the address of `peer` if it is given. Returns `None` if it is to be
    /// closed without a status: as many as may are being refused already, so a flood of connections costs no more than
    /// those.
    pub(crate) fn enter(&self, counted: Option<SocketAddr>, peer: Option<SocketAddr>) -> Option<Entry> {
        match self.admit(counted) {
            Ok(permit) => Some(Entry::Admitted(Arc::new(permit))),
            Err(error) => self.refuse(error, peer),
        }
    }

    fn refuse(&self, error: TooManyConnectionsError, peer: Option<SocketAddr>) -> Option<Entry> {
        warn_limited!(%error, ?peer, "a connection was refused");
        let max = NamedLimit::new(ServerLimits::NAMES.pending_refusals, self.limits.pending_refusals);
        let permit = self.inner.refusals.admit(&ConnectionLimits::new(max), None).ok()?;
        Some(Entry::Refused(Refusal { error, accepted_at: Instant::now(), _permit: permit }))
    }
}

/// One connection, from its first byte to its last, whether it is served or refused.
pub(crate) async fn serve_entry<S>(
    stream: S,
    peer: Option<SocketAddr>,
    settings: &Arc<ServerSettings>,
    entry: Entry,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    match entry {
        Entry::Admitted(permit) => {
            let memory = ConnectionMemory::new(settings.services.memory());
            serve_connection(stream, peer, settings, &permit, memory).await;
        }
        // Boxed, so that a connection that is served need not have room for it.
        Entry::Refused(refusal) => Box::pin(refuse_connection(stream, settings, refusal)).await,
    }
}

/// Shakes hands, waits for connect, and refuses it. No hook and no service is reached.
async fn refuse_connection<S>(stream: S, settings: &Arc<ServerSettings>, refusal: Refusal)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let connection = Connection::server(Arc::clone(&settings.config), &Seed::random(), Instant::now());
    let (handle, outbound) = channel(&settings.config, settings.services.encode_limits(), None);
    let time_left = refusal.time_left(settings);
    let status = Status::error(code::CONNECT_REJECTED, refusal.error.to_string());
    let handler = RefusalHandler { status, _handle: handle };
    let mut driver = Driver::new(stream, connection, handler, outbound);
    let at_once = ShutdownTimeouts::new(Duration::ZERO, Duration::ZERO);
    let refused = driver.run(settings.closing(), at_once);
    if timeout(time_left, refused).await.is_err() {
        tracing::debug!("a client over a limit did not connect in time to be told");
    }
}

struct RefusalHandler {
    status: Status,
    /// Without a handle the queue of the driver would have ended.
    _handle: Handle,
}

impl ConnectionHandler for RefusalHandler {
    type Task = Pending<()>;

    fn handle_event(&mut self, event: Event, context: &mut HandlerContext<'_, Self>) {
        match event {
            Event::Connect(_) => {
                if let Err(error) = context.connection.reject(&self.status) {
                    tracing::debug!(%error, "a client over a limit was not told");
                    context.connection.close(None);
                }
            }
            Event::PolicyRequest => context.connection.close(None),
            // Nothing else comes before connect.
            _ => {}
        }
    }

    fn handle_completion(&mut self, (): (), _: &mut HandlerContext<'_, Self>) {}

    fn outcome_bytes((): &()) -> usize {
        0
    }
}
