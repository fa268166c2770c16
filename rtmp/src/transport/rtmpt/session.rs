//! One connection in a tunnel: requests in their order, and what each is answered.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::connection::{ConnectionCharge, ConnectionMemory, ConnectionPermit};
use axum::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Mutex, MutexGuard, Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::PIPE_SIZE;
use super::super::pipe::PipeEnd;
use crate::metrics::limit_exceeded;
use crate::proto::Limits;
use crate::server::TunnelLimits;

/// What the server takes to read a request; it reads all the time.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the client shall wait before it asks again, by how long there was nothing to say. The last one is about
/// half a second. These are the steps of Red5.
const POLL_INTERVALS: [u8; 6] = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21];
/// Requests of one client that may be under way before it is accepted: librtmp sometimes has two.
const REQUESTS_BEFORE_CONNECT: usize = 2;
/// How many empty answers make a step.
const EMPTY_REPLIES_PER_STEP: usize = 10;

/// What can go wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TunnelError {
    /// There is no such connection, or no longer.
    Unknown,
    /// As many requests wait for their turn as may.
    TooMany,
    /// A request before this one is missing, it came long ago, or it could not be taken whole. The connection ends.
    OutOfOrder,
}

pub(super) struct TunnelSession {
    limits: TunnelLimits,
    before_connect_bytes: usize,
    connection: Arc<ConnectionPermit>,
    memory: Arc<ConnectionMemory>,
    idle_timeout: Duration,
    pipe: Mutex<Pipe>,
    slots: Arc<Semaphore>,
    last_request: watch::Sender<Instant>,
    /// The number of the last request that was answered.
    last_answered: watch::Sender<Option<u64>>,
    closed: watch::Sender<bool>,
    drained: Notify,
}

/// A request that may be read and answered.
pub(super) struct RequestSlot {
    session: Arc<TunnelSession>,
    permit: OwnedSemaphorePermit,
}

/// The body of a request, charged until the connection has taken it.
pub(super) struct RequestBody {
    bytes: BytesMut,
    _charge: ConnectionCharge,
}

/// Why the body of a request was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLong,
    /// The client went away, or broke HTTP.
    Lost,
    /// The connection ended in the meantime.
    Closed,
}

/// The other end of what the connection is served on.
struct Pipe {
    stream: PipeEnd,
    memory: Arc<ConnectionMemory>,
    response_delay: Duration,
    /// The last request and its reply.
    last: Option<(u64, Bytes)>,
    /// Answers since there was something to say.
    empty_replies: usize,
    has_ended: bool,
}

impl TunnelSession {
    pub(super) fn new(
        stream: PipeEnd,
        limits: TunnelLimits,
        before_connect_bytes: usize,
        connection: Arc<ConnectionPermit>,
        memory: Arc<ConnectionMemory>,
    ) -> Self {
        Self {
            limits,
            before_connect_bytes,
            connection,
            memory: Arc::clone(&memory),
            idle_timeout: limits.idle_timeout,
            pipe: Mutex::new(Pipe {
                stream,
                memory,
                response_delay: limits.response_delay,
                last: None,
                empty_replies: 0,
                has_ended: false,
            }),
            slots: Arc::new(Semaphore::new(limits.pending_requests.min(Semaphore::MAX_PERMITS))),
            last_request: watch::Sender::new(Instant::now()),
            last_answered: watch::Sender::new(None),
            closed: watch::Sender::new(false),
            drained: Notify::new(),
        }
    }

    pub(super) fn slot(self: &Arc<Self>) -> Result<RequestSlot, TunnelError> {
        // Bodies are collected before the protocol sees them, so a client that is not accepted has few and small ones.
        let in_use = self.limits.pending_requests.saturating_sub(self.slots.available_permits());
        if !self.connection.is_accepted() && in_use >= REQUESTS_BEFORE_CONNECT {
            return Err(TunnelError::TooMany);
        }
        let permit = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| TunnelError::TooMany)?;
        Ok(RequestSlot { session: Arc::clone(self), permit })
    }

    /// One request; one after another, in the order of their numbers.
    async fn exchange(&self, number: u64, body: RequestBody) -> Result<Bytes, TunnelError> {
        self.last_request.send_replace(Instant::now());
        let mut pipe = self.pipe_in_turn(number).await;
        let reply = pipe.exchange(number, &body.bytes).await;
        drop(body);
        if reply.is_ok() {
            self.last_answered.send_replace(Some(number));
        }
        if pipe.has_ended {
            self.drained.notify_one();
        }
        if reply == Err(TunnelError::OutOfOrder) {
            self.close();
        }
        self.last_request.send_replace(Instant::now());
        reply
    }

    /// Returns the pipe when it is the request's turn.
    ///
    /// The time for the requests before this one begins anew with each response: while one of them is answered, which
    /// may take longer, the others cannot have their turn, even if they have arrived.
    async fn pipe_in_turn(&self, number: u64) -> MutexGuard<'_, Pipe> {
        loop {
            let before = *self.last_answered.borrow();
            self.wait_for_turn(number).await;
            let pipe = self.pipe.lock().await;
            let last_answered = *self.last_answered.borrow();
            if last_answered == before || !self.is_early(number, last_answered) || *self.closed.borrow() {
                return pipe;
            }
        }
    }

    /// Waits a little for the requests before this one, as far as they can be on their way: what is held is bounded by
    /// the number of requests in flight.
    async fn wait_for_turn(&self, number: u64) {
        let mut last_answered = self.last_answered.subscribe();
        let mut closed = self.closed.subscribe();
        let is_turn = last_answered.wait_for(|last| !self.is_early(number, *last));
        tokio::select! {
            _ = timeout(self.limits.reorder_timeout, is_turn) => {}
            _ = closed.wait_for(|closed| *closed) => {}
        }
    }

    /// Returns `true` if requests before this one may be on their way.
    fn is_early(&self, number: u64, last_answered: Option<u64>) -> bool {
        // The first request of most clients is 0 or 1.
        let ahead = number.saturating_sub(last_answered.unwrap_or(0)).saturating_sub(1);
        (1..self.limits.pending_requests as u64).contains(&ahead)
    }

    /// Ends the connection, as if its transport were closed.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Is done when the connection has been closed.
    async fn closed(&self) {
        // An error says that it is gone.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Is done when the client has closed, or asks for nothing any more.
    pub(super) async fn closed_or_idle(&self) {
        let mut closed = self.closed.subscribe();
        let idle = async {
            loop {
                let Some(until) = self.last_request.borrow().checked_add(self.idle_timeout) else {
                    return pending().await;
                };
                if until <= Instant::now() {
                    let name = TunnelLimits::NAMES.idle_timeout;
                    limit_exceeded(name);
                    tracing::debug!(after = ?self.idle_timeout, "a tunnel ends: nobody asks, the limit `{name}`");
                    break;
                }
                sleep_until(until).await;
            }
        };
        tokio::select! {
            _ = closed.wait_for(|closed| *closed) => {}
            () = idle => {}
        }
    }

    /// Tells the server that nothing more will come.
    pub(super) async fn close_pipe(&self) {
        // An error says that it knows.
        let _ = self.pipe.lock().await.stream.shutdown().await;
    }

    /// Is done when the client has all that the connection had to say.
    pub(super) async fn drained(&self) {
        self.drained.notified().await;
    }
}

impl RequestSlot {
    /// Returns the limit on the body of this request, with its name: that of the protocol until the client is accepted.
    pub(super) fn max_body(&self) -> (&'static str, usize) {
        let TunnelSession { limits, before_connect_bytes, connection, .. } = &*self.session;
        if connection.is_accepted() {
            (TunnelLimits::NAMES.message_bytes, limits.message_bytes)
        } else {
            (Limits::NAMES.before_connect_bytes, limits.message_bytes.min(*before_connect_bytes))
        }
    }

    /// Reads the body of this request, up to `max` bytes. While it arrives, it is charged to the connection.
    pub(super) async fn read_body(&self, body: Body, max: usize) -> Result<RequestBody, BodyError> {
        tokio::select! {
            body = RequestBody::read(body, max, self.session.memory.charge()) => body,
            () = self.session.closed() => Err(BodyError::Closed),
        }
    }

    /// Waits until the requests before this one have been answered, for as long as requests that overtake others are
    /// held, and ends the connection.
    pub(super) async fn close(self, number: u64) {
        let Self { session, permit: _permit } = self;
        drop(session.pipe_in_turn(number).await);
        session.close();
    }

    /// Asks for what the connection has to say.
    pub(super) async fn poll(self, number: u64) -> Result<Bytes, TunnelError> {
        let body = RequestBody { bytes: BytesMut::new(), _charge: self.session.memory.charge() };
        self.exchange(number, body).await
    }

    /// Gives the connection what came, and takes what it has to say.
    ///
    /// It goes on if nobody waits for it any more: a request that was half taken would break the connection, and its
    /// reply may be asked for again.
    pub(super) async fn exchange(self, number: u64, body: RequestBody) -> Result<Bytes, TunnelError> {
        let Self { session, permit } = self;
        let task = tokio::spawn(async move {
            let reply = session.exchange(number, body).await;
            drop(permit);
            reply
        });
        task.await.unwrap_or(Err(TunnelError::Unknown))
    }
}

impl Pipe {
    async fn exchange(&mut self, number: u64, bytes: &[u8]) -> Result<Bytes, TunnelError> {
        match &self.last {
            // The reply did not get through.
            Some((last, reply)) if *last == number => return Ok(reply.clone()),
            Some((last, _)) if last.checked_add(1) != Some(number) => return Err(TunnelError::OutOfOrder),
            _ => {}
        }
        if self.has_ended {
            return Err(TunnelError::Unknown);
        }
        // An error in time says that the connection has ended; its last words can still be read.
        if timeout(WRITE_TIMEOUT, self.stream.write_all(bytes)).await.is_err() {
            return Err(TunnelError::OutOfOrder);
        }
        let mut reply = BytesMut::with_capacity(256);
        reply.put_u8(0);
        self.read_into(&mut reply).await;
        if reply.len() == 1 && self.has_ended {
            return Err(TunnelError::Unknown);
        }
        self.empty_replies = if reply.len() > 1 { 0 } else { self.empty_replies + 1 };
        if let Some(interval) = reply.first_mut() {
            *interval = poll_interval(self.empty_replies);
        }
        // It is kept, so it shall not take more than it has.
        let reply = kept_reply(&reply, &self.memory);
        self.last = Some((number, reply.clone()));
        Ok(reply)
    }

    /// Waits a little for the first bytes, and for no more than are there then.
    async fn read_into(&mut self, reply: &mut BytesMut) {
        let mut wait = self.response_delay;
        while reply.len() < PIPE_SIZE {
            reply.reserve(4 << 10);
            match timeout(wait, self.stream.read_buf(reply)).await {
                Ok(Ok(1..)) => wait = Duration::ZERO,
                Ok(Ok(0) | Err(_)) => {
                    self.has_ended = true;
                    return;
                }
                Err(_elapsed) => return,
            }
        }
    }
}

impl RequestBody {
    async fn read(body: Body, max: usize, mut charge: ConnectionCharge) -> Result<Self, BodyError> {
        let mut bytes = BytesMut::new();
        let mut frames = body.into_data_stream();
        while let Some(frame) = frames.next().await {
            let frame = frame.map_err(|_lost| BodyError::Lost)?;
            if frame.len() > max - bytes.len() {
                return Err(BodyError::TooLong);
            }
            bytes.extend_from_slice(&frame);
            charge.set(bytes.len());
        }
        Ok(Self { bytes, _charge: charge })
    }
}

/// A reply that is charged until it is neither kept nor on its way.
struct KeptReply {
    bytes: Box<[u8]>,
    _charge: ConnectionCharge,
}

fn kept_reply(bytes: &[u8], memory: &Arc<ConnectionMemory>) -> Bytes {
    let mut charge = memory.charge();
    charge.set(bytes.len());
    Bytes::from_owner(KeptReply { bytes: bytes.into(), _charge: charge })
}

impl AsRef<[u8]> for KeptReply {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn poll_interval(empty_replies: usize) -> u8 {
    let step = (empty_replies / EMPTY_REPLIES_PER_STEP).min(POLL_INTERVALS.len() - 1);
    POLL_INTERVALS.get(step).copied().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poll_interval_grows_with_empty_replies() {
        let intervals = [0, 9, 10, 19, 20, 49, 50, 1000].map(poll_interval);
        assert_eq!(intervals, [0x01, 0x01, 0x03, 0x03, 0x05, 0x11, 0x21, 0x21]);
    }
}
