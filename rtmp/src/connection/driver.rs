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
use amf_remoting::connection::{
    ConnectionCharge, ConnectionMemory, DrainState, MessageClass, RunningCalls, ShutdownTimeouts,
};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep, sleep_until, timeout};

use super::handle::{Outbound, OutboundQueue};
use super::handler::{ConnectionEnd, ConnectionHandler, HandlerContext};
use super::socket_writer::SocketWriter;
use super::turns::Turns;
use super::unsent_messages::{LARGE, UnsentMessages};
use crate::metrics::{ConnectionMetrics, connection_ended};
use crate::proto::message::code;
use crate::proto::{Body, CallId, CloseReason, Connection, Event, Outcome, Reply, Status, UserError};

/// Maximum number of bytes taken by one read.
const READ_SIZE: usize = 16 << 10;
/// Bytes that are put together for one write, before more calls are answered or more messages of the program are taken.
const COALESCE_LIMIT: usize = 16 << 10;
/// Pause of a connection that has something to do while the memory budget is exceeded.
const PAUSE: Duration = Duration::from_millis(1);
/// Pauses before such a connection goes on, as the budget may be exceeded by what belongs to no connection.
const MAX_PAUSES: usize = 100;
/// Time that a peer has to notice the end, so that a reset does not cost it the last bytes.
const LINGER: Duration = Duration::from_secs(1);

/// A connection and its socket.
pub(crate) struct Driver<S, H: ConnectionHandler> {
    socket: S,
    connection: Connection,
    /// `None` once the connection has ended.
    handler: Option<H>,
    outbound: OutboundQueue,
    /// Calls of the peer. Replies of those that have completed are held here until earlier output has reached the
    /// socket: without this, a peer that pipelines many calls would be disconnected as a slow reader.
    calls: RunningCalls<H::Task>,
    /// Calls to the peer that have no reply yet.
    pending_calls: HashMap<CallId, oneshot::Sender<Result<Bytes, CallError>>>,
    writer: SocketWriter,
    unsent_messages: UnsentMessages,
    /// What the connection holds, its queue and shared messages apart.
    charge: ConnectionCharge,
    turns: Turns,
    /// Wakes the task at the deadline, or earlier: setting it costs more than waking for nothing now and then.
    timer: Pin<Box<Sleep>>,
    drain: DrainState,
    /// Set when the protocol has ended, while the last bytes are written.
    closed: Option<Closed>,
    metrics: ConnectionMetrics,
}

/// Why and when the protocol ended.
struct Closed {
    reason: CloseReason,
    at: Instant,
}

/// What happens next.
enum Step {
    Read(io::Result<usize>),
    Wrote(io::Result<()>),
    Outbound(Outbound),
    /// A call has completed or started.
    Calls,
    Timer,
    Shutdown,
    /// The memory budget disconnects the connection.
    Shed,
}

impl<S: AsyncRead + AsyncWrite + Unpin, H: ConnectionHandler> Driver<S, H> {
    pub(crate) fn new(socket: S, connection: Connection, handler: H, outbound: OutboundQueue) -> Self {
        let max_completed = connection.config().limits.unsent_reply_bytes;
        let first = connection.poll_timeout().unwrap_or_else(Instant::now);
        Self {
            charge: outbound.memory().charge(),
            socket,
            connection,
            handler: Some(handler),
            outbound,
            calls: RunningCalls::new(max_completed, H::outcome_bytes),
            pending_calls: HashMap::new(),
            writer: SocketWriter::new(),
            unsent_messages: UnsentMessages::default(),
            turns: Turns::default(),
            timer: Box::pin(sleep_until(first.into())),
            drain: DrainState::default(),
            closed: None,
            metrics: ConnectionMetrics::new(),
        }
    }

    /// Drives the connection until it ends. When `shutdown` completes, the peer is notified and may go on for the grace
    /// period; calls in flight may complete within the timeout after that, and then the connection is closed.
    pub(crate) async fn run(
        &mut self,
        shutdown: impl Future<Output = ()>,
        timeouts: ShutdownTimeouts,
    ) -> ConnectionEnd {
        let mut shutdown = pin!(shutdown);
        loop {
            let end = self.process();
            // Checked here too: a connection that always has something to do is never idle.
            if self.outbound.memory().is_shed() {
                return self.end_shed();
            }
            if let Some(end) = end {
                self.report_end(&end);
                self.linger().await;
                return end;
            }
            let step = poll_fn(|cx| self.poll_step(cx, shutdown.as_mut())).await;
            let is_clock_due = self.turns.has_stepped() || matches!(step, Step::Timer);
            let end = match step {
                Step::Read(Ok(0)) => Some(ConnectionEnd::Lost(Arc::new(io::ErrorKind::UnexpectedEof.into()))),
                Step::Read(Err(error)) | Step::Wrote(Err(error)) => {
                    Some(ConnectionEnd::Lost(Arc::new(error)))
                }
                Step::Read(Ok(read)) => {
                    if self.turns.has_read(read) {
                        yield_now().await;
                    }
                    if self.outbound.memory().is_budget_exceeded() {
                        Box::pin(wait_for_memory(self.outbound.memory())).await;
                    }
                    None
                }
                Step::Calls => {
                    if self.outbound.memory().is_budget_exceeded() {
                        Box::pin(wait_for_memory(self.outbound.memory())).await;
                    }
                    None
                }
                Step::Outbound(outbound) => {
                    self.send(outbound);
                    self.coalesce_outbound();
                    None
                }
                Step::Shutdown => {
                    self.drain.begin(timeouts, Instant::now());
                    self.announce_shutdown();
                    None
                }
                Step::Shed => return self.end_shed(),
                Step::Wrote(Ok(())) | Step::Timer => None,
            };
            if let Some(end) = end.or_else(|| if is_clock_due { self.check_deadlines() } else { None }) {
                self.connection.disconnect();
                self.process();
                self.outbound.close();
                self.report_end(&end);
                return end;
            }
            if self.drain.may_close() && self.calls.is_empty() {
                self.close_after_drain();
            }
        }
    }

    /// Polls for the next step. The order makes replies go out before more calls are read; messages of the program and
    /// of the peer take turns.
    fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Poll<Step> {
        let is_open = !self.connection.is_closed();
        if is_open && self.calls.poll(cx).is_ready() {
            return Poll::Ready(Step::Calls);
        }
        while let Poll::Ready(Some(written)) = self.writer.poll_write(&mut self.socket, cx) {
            if written.is_err() || !self.is_idle_after_write() {
                return Poll::Ready(Step::Wrote(written));
            }
            self.outbound.set_unsent(0);
            if !self.charge.is_zero() || !self.unsent_messages.is_empty() {
                self.charge_held(0);
            }
        }
        if is_open {
            let is_outbound_first = self.turns.is_outbound_first();
            for is_outbound in [is_outbound_first, !is_outbound_first] {
                let step = if is_outbound {
                    self.outbound.poll_recv(cx).map(Step::Outbound)
                } else if self.calls.is_accepting() {
                    self.poll_read(cx).map(Step::Read)
                } else {
                    Poll::Pending
                };
                if step.is_ready() {
                    return step;
                }
            }
            if !self.drain.is_shutting_down() && shutdown.poll(cx).is_ready() {
                return Poll::Ready(Step::Shutdown);
            }
        }
        if self.outbound.poll_shed(cx).is_ready() {
            return Poll::Ready(Step::Shed);
        }
        self.poll_time(cx).map(|()| Step::Timer)
    }

    /// Returns `true` if nothing is left to write, answer or close.
    fn is_idle_after_write(&self) -> bool {
        self.writer.is_empty()
            && !self.calls.has_completed()
            && self.connection.queued() == 0
            && !self.connection.is_closed()
            && !self.drain.is_shutting_down()
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

    /// Handles all events, and takes what is to be written next. Returns the end once all has been written.
    fn process(&mut self) -> Option<ConnectionEnd> {
        loop {
            self.handle_events();
            if self.connection.queued() > 0 {
                self.writer.fill(|| self.connection.poll_transmit());
            }
            if self.connection.queued() > 0 || self.connection.is_closed() || !self.calls.has_completed() {
                break;
            }
            let queued = self.connection.queued();
            while self.has_reply_room()
                && let Some(outcome) = self.calls.pop_completed()
            {
                self.with_handler(|handler, context| handler.handle_completion(outcome, context));
            }
            // Together: all but the last are no more than fits one write.
            self.record_output(queued);
        }
        self.metrics.update(&self.connection);
        self.report_unsent();
        let closed = self.closed.as_ref().filter(|_| self.writer.is_empty())?;
        Some(ConnectionEnd::Closed(closed.reason.clone()))
    }

    /// Reports what has not been written, and charges it with everything else that the connection holds.
    fn report_unsent(&mut self) {
        let unsent = self.writer.len() + self.connection.queued() + self.calls.completed_bytes();
        self.outbound.set_unsent(unsent);
        self.charge_held(unsent);
    }

    /// Charges what the connection holds. The queue charges itself.
    #[inline]
    fn charge_held(&mut self, unsent: usize) {
        let mut held = unsent + self.connection.held_input() + self.calls.in_flight_bytes();
        if !self.unsent_messages.is_empty() {
            held = self.correct_for_messages(held);
        }
        self.charge.set(held);
        self.outbound.memory().set_decoded(self.calls.decoded_bytes());
    }

    /// Returns the memory that is held by this connection alone, of which `held` counts bytes.
    #[cold]
    fn correct_for_messages(&mut self, held: usize) -> usize {
        self.unsent_messages.remove_sent(self.written());
        let shared = self.unsent_messages.shared_bytes();
        self.outbound.memory().set_unsent_shared(shared);
        // Part of the oldest shared message may have been written.
        held.saturating_sub(shared) + self.unsent_messages.written_bytes()
    }

    /// Records a large message that has been written to the output, which had `before` bytes.
    #[inline]
    fn record_output(&mut self, before: usize) {
        let len = self.connection.queued().saturating_sub(before);
        if len >= LARGE {
            self.record_large(len);
        }
    }

    #[cold]
    fn record_large(&mut self, len: usize) {
        let end = self.connection.sent() + self.connection.queued() as u64;
        self.unsent_messages.push(end, len);
    }

    /// Returns the bytes that the socket has taken so far.
    fn written(&self) -> u64 {
        self.connection.sent().saturating_sub(self.writer.len() as u64)
    }

    /// Ends the connection, because the memory is needed. The driver is dropped next, and all that waits with it.
    #[cold]
    fn end_shed(&mut self) -> ConnectionEnd {
        self.connection.disconnect();
        while let Some(event) = self.connection.poll_event() {
            if let Event::Closed(reason) = event {
                connection_ended(&reason);
            }
        }
        self.metrics.update(&self.connection);
        let end = ConnectionEnd::Shed;
        self.report_end(&end);
        end
    }

    /// Returns `true` if more replies go into the next write. Replies that the peer has not taken must not become too
    /// many by this.
    fn has_reply_room(&self) -> bool {
        self.connection.queued() < COALESCE_LIMIT
            && self.connection.unsent_replies() <= self.connection.config().limits.unsent_replies / 2
    }

    fn handle_events(&mut self) {
        while self.may_handle_events()
            && let Some(event) = self.connection.poll_event()
        {
            match event {
                Event::Reply(reply) => self.complete_call(reply),
                Event::Closed(reason) => {
                    connection_ended(&reason);
                    self.closed = Some(Closed { reason, at: Instant::now() });
                    // No reply comes any more: those who wait need not wait for the last bytes to be written.
                    self.pending_calls.clear();
                    self.outbound.close();
                }
                event => self.with_handler(|handler, context| handler.handle_event(event, context)),
            }
        }
    }

    /// Returns `false` while a large call has yet to start: calls start in the order in which they were sent. Once
    /// closed, no call matters.
    fn may_handle_events(&self) -> bool {
        self.connection.is_closed() || !self.calls.is_starting()
    }

    fn with_handler(&mut self, call: impl FnOnce(&mut H, &mut HandlerContext<'_, H>)) {
        let Some(handler) = &mut self.handler else { return };
        let mut context = HandlerContext {
            connection: &mut self.connection,
            outbound: &self.outbound,
            calls: &mut self.calls,
            is_shutting_down: self.drain.is_shutting_down(),
        };
        call(handler, &mut context);
    }

    /// Sends further messages of the program, as long as they fit the same write.
    fn coalesce_outbound(&mut self) {
        while self.connection.queued() < COALESCE_LIMIT
            && let Some(outbound) = self.outbound.try_recv()
        {
            self.send(outbound);
        }
    }

    fn send(&mut self, outbound: Outbound) {
        match outbound {
            Outbound::Notify(call) => {
                let queued = self.connection.queued();
                if let Err(error) = self.connection.notify(0, call.method(), call.arguments()) {
                    tracing::debug!(method = call.method(), %error, "a notification was not sent");
                }
                self.record_output(queued);
            }
            Outbound::Invoke(call, reply_tx) => {
                let queued = self.connection.queued();
                match self.connection.call(Instant::now(), 0, call.method(), call.arguments()) {
                    Ok(id) => drop(self.pending_calls.insert(id, reply_tx)),
                    // The caller may be gone.
                    Err(error) => drop(reply_tx.send(Err(call_error(&error)))),
                }
                self.record_output(queued);
            }
            Outbound::Message(chunked, class) => {
                if let Err(error) = self.connection.send_pre_chunked(&chunked) {
                    tracing::debug!(%error, ?class, "a message was not sent");
                    // A client that misses an update of a shared object would never know.
                    if class == MessageClass::Reply {
                        self.connection.close(None);
                    }
                } else if chunked.is_charged() {
                    let end = self.connection.sent() + self.connection.queued() as u64;
                    self.unsent_messages.push_shared(end, chunked);
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
        self.turns.clock_checked();
        let now = Instant::now();
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.connection.handle_timeout(now);
        if self.drain.handle_timeout(now) {
            self.calls.clear();
        }
        self.stall_deadline().filter(|at| *at <= now)?;
        self.connection.handle_stall();
        Some(ConnectionEnd::Stalled)
    }

    fn deadline(&self) -> Option<Instant> {
        // Once closed, the end of the drain has passed or does not matter.
        let drain = self.drain.deadline().filter(|_| !self.connection.is_closed());
        [self.connection.poll_timeout(), self.stall_deadline(), drain].into_iter().flatten().min()
    }

    /// Returns when a peer that takes nothing has taken nothing for too long. After the end, it has to take everything
    /// within this time.
    fn stall_deadline(&self) -> Option<Instant> {
        let since = self.closed.as_ref().map(|closed| closed.at).or(self.writer.stalled_since());
        let since = since.filter(|_| !self.writer.is_empty())?;
        since.checked_add(self.connection.config().limits.stall_timeout)
    }

    fn report_end(&mut self, end: &ConnectionEnd) {
        if let Some(handler) = &mut self.handler {
            handler.handle_end(end);
        }
    }

    /// All is written: says so, and lets the peer go first.
    async fn linger(&mut self) {
        self.handler = None;
        self.calls.clear();
        self.outbound.close();
        while self.outbound.try_recv().is_some() {}
        self.report_unsent();
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
            && let Some(outbound) = self.outbound.try_recv()
        {
            self.send(outbound);
        }
    }
}

/// Pauses while the memory budget is exceeded. Of many connections with calls to run, each could go beyond the budget by
/// a reply before the first that was disconnected for it has its turn.
#[cold]
async fn wait_for_memory(memory: &ConnectionMemory) {
    for _ in 0..MAX_PAUSES {
        sleep(PAUSE).await;
        if !memory.is_budget_exceeded() || memory.is_shed() {
            return;
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
