//! One connection at work: reads and writes the socket, keeps the time, and runs the calls.
//!
//! One task does all of it. Methods run inside this task, each as a future of its own, started in the order in
//! which their calls came; reading goes on while they wait, so a method may call its caller back and wait for
//! the answer.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use amf_core::Value;
use amf_remoting::CallError;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep_until, timeout};

use super::completed::CompletedCalls;
use super::handle::{ConnectionStatus, Outbound};
use super::handler::{ConnectionEnd, ConnectionHandler, HandlerContext, TaskOutput};
use super::write_buffer::WriteBuffer;
use crate::metrics::{ConnectionMetrics, connection_ended};
use crate::proto::message::code;
use crate::proto::{Body, CallId, CloseReason, Connection, Event, Outcome, Reply, Status, UserError};

/// What is read from a socket at one time.
const READ_SIZE: usize = 16 << 10;
/// What is put together for one write, before more calls are answered or more is told.
const COALESCE_LIMIT: usize = 16 << 10;
/// A peer that always has something to read must not put off what is due: after so many steps it is done.
const STEPS_PER_CLOCK_CHECK: u8 = 64;
/// What is read before others have their turn: a peer that floods shall not hold up those on the same thread.
const READ_BUDGET: usize = 32 << 10;
/// How long a peer may take to notice the end, so that a reset does not cost it the last words.
const LINGER: Duration = Duration::from_secs(1);

/// A connection and its socket.
pub(crate) struct Driver<S, H: ConnectionHandler> {
    socket: S,
    connection: Connection,
    /// Until the connection has ended.
    handler: Option<H>,
    outbound_rx: mpsc::UnboundedReceiver<Outbound>,
    status: Arc<ConnectionStatus>,
    metrics: ConnectionMetrics,
    in_flight: FuturesUnordered<H::Task>,
    /// Completed calls whose replies are held until earlier output has reached the socket. Without this, a peer that
    /// pipelines many calls would be disconnected as a slow reader.
    completed: CompletedCalls<TaskOutput<H>>,
    /// Calls to the peer that have no reply yet.
    pending_calls: HashMap<CallId, oneshot::Sender<Result<Bytes, CallError>>>,
    write_buffer: WriteBuffer,
    /// Whether the socket may hold back what it was given, as TLS does.
    is_flushed: bool,
    /// Whether what is told is looked at before what is read, the next time.
    is_outbound_first: bool,
    /// Wakes the task at the deadline, or earlier: setting it costs more than waking for nothing now and then.
    timer: Pin<Box<Sleep>>,
    /// How many there were since somebody looked at the clock.
    steps: u8,
    /// How much was read in this turn.
    read_since_yield: usize,
    /// Since when the socket has taken nothing of what waits for it.
    write_stalled_since: Option<Instant>,
    /// Whether this side is to go, and by when.
    is_draining: bool,
    /// When the notice ends, as long as it has not.
    notice_deadline: Option<Instant>,
    drain_deadline: Option<Instant>,
    /// Why and when the protocol ended, while the last bytes are written.
    closed: Option<(CloseReason, Instant)>,
}

/// What happens next.
enum Step<T> {
    Read(io::Result<usize>),
    Wrote(io::Result<()>),
    Outbound(Option<Outbound>),
    Completed(T),
    Timer,
    Drain,
}

impl<S: AsyncRead + AsyncWrite + Unpin, H: ConnectionHandler> Driver<S, H> {
    pub(crate) fn new(
        socket: S,
        connection: Connection,
        handler: H,
        outbound_rx: mpsc::UnboundedReceiver<Outbound>,
        status: Arc<ConnectionStatus>,
    ) -> Self {
        let max_completed = connection.config().limits.unsent_reply_bytes;
        let first = connection.poll_timeout().unwrap_or_else(Instant::now);
        Self {
            socket,
            connection,
            handler: Some(handler),
            outbound_rx,
            status,
            metrics: ConnectionMetrics::new(),
            in_flight: FuturesUnordered::new(),
            completed: CompletedCalls::new(max_completed),
            pending_calls: HashMap::new(),
            write_buffer: WriteBuffer::default(),
            is_flushed: true,
            is_outbound_first: false,
            timer: Box::pin(sleep_until(first.into())),
            steps: 0,
            read_since_yield: 0,
            write_stalled_since: None,
            is_draining: false,
            notice_deadline: None,
            drain_deadline: None,
            closed: None,
        }
    }

    /// Drives the connection until it ends. When `drain` is done, the peer is told so and goes on for `shutdown_notice`;
    /// calls at work may end within `shutdown_timeout` after that, and then the connection is closed.
    pub(crate) async fn run(
        &mut self,
        drain: impl Future<Output = ()>,
        shutdown_notice: Duration,
        shutdown_timeout: Duration,
    ) -> ConnectionEnd {
        let mut drain = pin!(drain);
        loop {
            if let Some(end) = self.process() {
                self.report_end(&end);
                self.linger().await;
                return end;
            }
            let step = poll_fn(|cx| self.poll_step(cx, drain.as_mut())).await;
            let is_timer = matches!(step, Step::Timer);
            let end = match step {
                Step::Read(Ok(0)) => Some(ConnectionEnd::Lost(Arc::new(io::ErrorKind::UnexpectedEof.into()))),
                Step::Wrote(Ok(())) => {
                    self.write_stalled_since = None;
                    None
                }
                Step::Read(Err(error)) | Step::Wrote(Err(error)) => {
                    Some(ConnectionEnd::Lost(Arc::new(error)))
                }
                Step::Outbound(outbound) => {
                    self.send(outbound.unwrap_or(Outbound::Close));
                    self.coalesce_outbound();
                    None
                }
                Step::Completed(done) => {
                    let size = H::outcome_size(&done);
                    self.completed.push(done, size);
                    None
                }
                Step::Read(Ok(read)) => {
                    self.read_since_yield += read;
                    if self.read_since_yield >= READ_BUDGET {
                        self.read_since_yield = 0;
                        yield_now().await;
                    }
                    None
                }
                Step::Timer => None,
                Step::Drain => {
                    self.is_draining = true;
                    self.notice_deadline = Instant::now().checked_add(shutdown_notice);
                    self.drain_deadline =
                        self.notice_deadline.and_then(|deadline| deadline.checked_add(shutdown_timeout));
                    self.announce_shutdown();
                    None
                }
            };
            self.steps += 1;
            let is_timer = is_timer || self.steps >= STEPS_PER_CLOCK_CHECK;
            if let Some(end) = end.or_else(|| if is_timer { self.check_deadlines() } else { None }) {
                self.connection.disconnect();
                self.process();
                self.status.close();
                self.report_end(&end);
                return end;
            }
            if self.is_draining
                && self.notice_deadline.is_none()
                && self.in_flight.is_empty()
                && self.completed.is_empty()
            {
                self.close_after_drain();
            }
        }
    }

    /// Whatever comes first. What has come is asked for in this order, so that replies go out before more calls
    /// are read. What is told and what is read take turns: neither can starve the other.
    fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        drain: Pin<&mut impl Future<Output = ()>>,
    ) -> Poll<Step<TaskOutput<H>>> {
        let is_open = !self.connection.is_closed();
        if is_open
            && !self.in_flight.is_empty()
            && !self.completed.is_full()
            && let Poll::Ready(Some(done)) = self.in_flight.poll_next_unpin(cx)
        {
            return Poll::Ready(Step::Completed(done));
        }
        while let Poll::Ready(Some(written)) = self.poll_write(cx) {
            if written.is_err() || !self.is_idle_after_write() {
                return Poll::Ready(Step::Wrote(written));
            }
            self.write_stalled_since = None;
            self.status.set_unsent(0);
        }
        if is_open {
            self.is_outbound_first = !self.is_outbound_first;
            for is_outbound in [self.is_outbound_first, !self.is_outbound_first] {
                let step = if is_outbound {
                    self.outbound_rx.poll_recv(cx).map(Step::Outbound)
                } else if self.completed.is_full() {
                    // A peer that does not take its replies sends no further calls.
                    Poll::Pending
                } else {
                    self.poll_read(cx).map(Step::Read)
                };
                if step.is_ready() {
                    return step;
                }
            }
            if !self.is_draining && drain.poll(cx).is_ready() {
                return Poll::Ready(Step::Drain);
            }
        }
        self.poll_time(cx).map(|()| Step::Timer)
    }

    /// Writes what there is to be written; nothing is ready where there is nothing.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<()>>> {
        if !self.write_buffer.is_empty() {
            self.is_flushed = false;
            let written = self.write_buffer.poll_write(&mut self.socket, cx).map(Some);
            if written.is_pending() {
                self.write_stalled_since.get_or_insert_with(Instant::now);
            }
            return written;
        }
        if self.is_flushed {
            return Poll::Ready(None);
        }
        let flushed = ready!(Pin::new(&mut self.socket).poll_flush(cx));
        self.is_flushed = true;
        Poll::Ready(flushed.err().map(Err))
    }

    /// Whether there is nothing to be done about it that the socket took something.
    fn is_idle_after_write(&self) -> bool {
        self.write_buffer.is_empty()
            && self.completed.is_empty()
            && self.connection.queued() == 0
            && !self.connection.is_closed()
            && !self.is_draining
    }

    /// Reads what there is, through the stack: an idle connection holds no buffer.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [const { MaybeUninit::uninit() }; READ_SIZE];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        Pin::new(&mut self.socket).poll_read(cx, &mut buffer).map_ok(|()| {
            self.connection.handle_input(Instant::now(), buffer.filled());
            buffer.filled().len()
        })
    }

    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline() else { return Poll::Pending };
        let deadline = deadline.into();
        if self.timer.is_elapsed() || deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
        self.timer.as_mut().poll(cx)
    }

    /// Takes every event, and what is to be written next. Tells the end when all is written.
    fn process(&mut self) -> Option<ConnectionEnd> {
        loop {
            self.handle_events();
            if self.connection.queued() > 0 {
                self.write_buffer.fill(|| self.connection.poll_transmit());
            }
            if self.connection.queued() > 0 || self.connection.is_closed() || self.completed.is_empty() {
                break;
            }
            while self.has_reply_room()
                && let Some(done) = self.completed.pop()
            {
                self.with_handler(|handler, context| handler.handle_completion(done, context));
            }
        }
        self.metrics.update(&self.connection);
        self.status.set_unsent(self.write_buffer.len() + self.connection.queued() + self.completed.bytes());
        match &self.closed {
            Some((reason, _)) if self.write_buffer.is_empty() => Some(ConnectionEnd::Closed(reason.clone())),
            _ => None,
        }
    }

    /// Whether more goes into the next write. The replies that the peer did not take yet shall not become too many
    /// by this.
    fn has_reply_room(&self) -> bool {
        self.connection.queued() < COALESCE_LIMIT
            && self.connection.unsent_replies() <= self.connection.config().limits.unsent_replies / 2
    }

    fn handle_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Reply(reply) => self.complete_call(reply),
                Event::Closed(reason) => {
                    connection_ended(&reason);
                    self.closed = Some((reason, Instant::now()));
                    // What nobody will answer any more is not waited for while the rest is written.
                    self.pending_calls.clear();
                    self.status.close();
                }
                event => self.with_handler(|handler, context| handler.handle_event(event, context)),
            }
        }
    }

    fn with_handler(&mut self, call: impl FnOnce(&mut H, &mut HandlerContext<'_, H>)) {
        let Some(handler) = &mut self.handler else { return };
        let mut context = HandlerContext {
            connection: &mut self.connection,
            status: &self.status,
            is_draining: self.is_draining,
            in_flight: &mut self.in_flight,
            completed: &mut self.completed,
        };
        call(handler, &mut context);
    }

    /// Sends what else waits, as long as it fits the same write.
    fn coalesce_outbound(&mut self) {
        while self.connection.queued() < COALESCE_LIMIT
            && let Ok(outbound) = self.outbound_rx.try_recv()
        {
            self.send(outbound);
        }
    }

    fn send(&mut self, outbound: Outbound) {
        self.status.dequeued(&outbound);
        match outbound {
            Outbound::Notify(call) => {
                if let Err(error) = self.connection.notify(0, call.method(), call.arguments()) {
                    tracing::debug!(method = call.method(), %error, "a client was not told");
                }
            }
            Outbound::Invoke(call, reply_tx) => {
                match self.connection.call(Instant::now(), 0, call.method(), call.arguments()) {
                    Ok(id) => drop(self.pending_calls.insert(id, reply_tx)),
                    // Whoever asked may have gone.
                    Err(error) => drop(reply_tx.send(Err(call_error(&error)))),
                }
            }
            Outbound::Broadcast(chunked) => {
                if let Err(error) = self.connection.send_pre_chunked(&chunked) {
                    tracing::debug!(%error, "a client was not told what its group was");
                }
            }
            Outbound::SharedObject(chunked) => {
                // It would never know what it missed.
                if let Err(error) = self.connection.send_pre_chunked(&chunked) {
                    tracing::debug!(%error, "a client is too slow for its shared objects");
                    self.connection.close(None);
                }
            }
            Outbound::Close => self.connection.close(None),
        }
    }

    fn complete_call(&mut self, reply: Reply) {
        let Some(reply_tx) = self.pending_calls.remove(&reply.call) else { return };
        let outcome = match reply.outcome {
            Outcome::Result(body) => body.to_reply_value().map_err(CallError::Decode),
            Outcome::Error(body) => Err(call_error_of_reply(&body)),
            Outcome::TimedOut => Err(CallError::Timeout),
        };
        // Whoever asked may have gone.
        let _ = reply_tx.send(outcome);
    }

    fn check_deadlines(&mut self) -> Option<ConnectionEnd> {
        self.steps = 0;
        let now = Instant::now();
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.connection.handle_timeout(now);
        self.notice_deadline = self.notice_deadline.filter(|deadline| now < *deadline);
        if self.drain_deadline.is_some_and(|deadline| deadline <= now) {
            self.in_flight.clear();
            self.completed.clear();
        }
        self.stall_deadline().filter(|at| *at <= now)?;
        self.connection.handle_stall();
        Some(ConnectionEnd::Stalled)
    }

    fn deadline(&self) -> Option<Instant> {
        // Once closed, the drain deadline has passed or does not matter.
        let drain_deadline = self.drain_deadline.filter(|_| !self.connection.is_closed());
        let notice_deadline = self.notice_deadline.filter(|_| !self.connection.is_closed());
        [self.connection.poll_timeout(), self.stall_deadline(), notice_deadline, drain_deadline]
            .into_iter()
            .flatten()
            .min()
    }

    /// When a peer that takes nothing has taken nothing for too long. After the end, a little is not enough.
    fn stall_deadline(&self) -> Option<Instant> {
        let since = self.closed.as_ref().map(|(_, closed)| *closed).or(self.write_stalled_since);
        let since = since.filter(|_| !self.write_buffer.is_empty())?;
        since.checked_add(self.connection.config().limits.stall_timeout)
    }

    fn report_end(&mut self, end: &ConnectionEnd) {
        if let Some(handler) = &mut self.handler {
            handler.handle_end(end);
        }
    }

    /// All is written: says so, and lets the peer go first.
    async fn linger(&mut self) {
        self.status.close();
        self.handler = None;
        self.in_flight.clear();
        self.outbound_rx.close();
        while self.outbound_rx.try_recv().is_ok() {}
        let mut is_shut = false;
        let peer_closed = poll_fn(|cx| {
            if !is_shut {
                ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
                is_shut = true;
            }
            while ready!(self.poll_discard(cx))? > 0 {}
            Poll::Ready(io::Result::Ok(()))
        });
        // Whether the peer went or did not: this is the end.
        let _ = timeout(LINGER, peer_closed).await;
    }

    /// Reads what nobody wants any more.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [0; 512];
        let mut buffer = ReadBuf::new(&mut bytes);
        Pin::new(&mut self.socket).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    }

    /// Tells the peer that this side is about to go.
    fn announce_shutdown(&mut self) {
        self.send_all_outbound();
        let status = Status::error(code::CONNECT_APP_SHUTDOWN, "the server is shutting down");
        let encoded = status.encode(self.connection.version()).map_err(UserError::Encode);
        // A client that is not connected yet is told nothing.
        if let Err(error) = encoded.and_then(|status| self.connection.notify(0, "onStatus", &status)) {
            tracing::debug!(%error, "a client was not told of the shutdown");
        }
    }

    /// This side goes, after what the peer was told before.
    fn close_after_drain(&mut self) {
        self.send_all_outbound();
        self.connection.close(None);
    }

    fn send_all_outbound(&mut self) {
        while !self.connection.is_closed()
            && let Ok(outbound) = self.outbound_rx.try_recv()
        {
            self.send(outbound);
        }
    }
}

fn call_error(error: &UserError) -> CallError {
    match error {
        UserError::QueueFull { .. } | UserError::TooManyCalls { .. } => CallError::Full,
        _ => CallError::Gone,
    }
}

/// The fault that the peer's `_error` tells of.
fn call_error_of_reply(body: &Body) -> CallError {
    match body.to_values() {
        Ok(values) => CallError::Fault(values.first().unwrap_or(&Value::Null).into()),
        Err(error) => CallError::Decode(error),
    }
}
