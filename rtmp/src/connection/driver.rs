//! One connection at work: reads and writes the socket, keeps the time, and runs the calls.
//!
//! One task does all of it. Methods run inside this task, each as a future of its own, started in the order in
//! which their calls came; reading goes on while they wait, so a method may call its caller back and wait for
//! the answer.

use std::collections::{HashMap, VecDeque};
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

use super::handle::{Outgoing, Shared};
use super::handler::{Done, End, Role, Work};
use super::write_buffer::Pieces;
use crate::metrics::{self, Meter};
use crate::proto::message::code;
use crate::proto::{Body, CallId, CloseReason, Connection, Event, Outcome, Reply, Status, UseError};

/// What is read from a socket at one time.
const READ: usize = 16 << 10;
/// What is put together for one write, before more calls are answered or more is told.
const TOGETHER: usize = 16 << 10;
/// A peer that always has something to read must not put off what is due: after so many steps it is done.
const UNTIMED: u8 = 64;
/// What is read before others have their turn: a peer that floods shall not hold up those on the same thread.
const TURN: usize = 32 << 10;
/// How long a peer may take to notice the end, so that a reset does not cost it the last words.
const LINGER: Duration = Duration::from_secs(1);

/// A connection and its socket.
pub(crate) struct Driver<S, R: Role> {
    socket: S,
    connection: Connection,
    /// Until the connection has ended.
    role: Option<R>,
    outbox: mpsc::UnboundedReceiver<Outgoing>,
    shared: Arc<Shared>,
    meter: Meter,
    running: FuturesUnordered<R::Running>,
    /// What they came to, while what was sent before is not with the socket yet: a peer that asks for much at
    /// one time shall get it, not be taken for one that does not read.
    finished: VecDeque<Done<R>>,
    /// Calls to the peer that have no reply yet.
    asked: HashMap<CallId, oneshot::Sender<Result<Bytes, CallError>>>,
    pieces: Pieces,
    /// Whether the socket may hold back what it was given, as TLS does.
    is_flushed: bool,
    /// Whether what is told is looked at before what is read, the next time.
    is_told_first: bool,
    /// Wakes the task at the deadline, or earlier: setting it costs more than waking for nothing now and then.
    timer: Pin<Box<Sleep>>,
    /// How many there were since somebody looked at the clock.
    steps: u8,
    /// How much was read in this turn.
    turn: usize,
    /// Since when the socket has taken nothing of what waits for it.
    stuck_since: Option<Instant>,
    /// Whether this side is to go, and when its grace ends.
    is_draining: bool,
    /// When the notice ends, as long as it has not.
    noticed_by: Option<Instant>,
    drained_by: Option<Instant>,
    /// Why and when the protocol ended, while the last bytes are written.
    closed: Option<(CloseReason, Instant)>,
}

/// What happens next.
enum Step<T> {
    Read(io::Result<usize>),
    Written(io::Result<()>),
    Outgoing(Option<Outgoing>),
    Done(T),
    Time,
    Drain,
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> Driver<S, R> {
    pub(crate) fn new(
        socket: S,
        connection: Connection,
        role: R,
        outbox: mpsc::UnboundedReceiver<Outgoing>,
        shared: Arc<Shared>,
    ) -> Self {
        let first = connection.deadline().unwrap_or_else(Instant::now);
        Self {
            socket,
            connection,
            role: Some(role),
            outbox,
            shared,
            meter: Meter::new(),
            running: FuturesUnordered::new(),
            finished: VecDeque::new(),
            asked: HashMap::new(),
            pieces: Pieces::default(),
            is_flushed: true,
            is_told_first: false,
            timer: Box::pin(sleep_until(first.into())),
            steps: 0,
            turn: 0,
            stuck_since: None,
            is_draining: false,
            noticed_by: None,
            drained_by: None,
            closed: None,
        }
    }

    /// Drives the connection until it ends. When `drain` is done, the peer is told so and goes on for `notice`;
    /// calls at work may end within `grace` after that, and then the connection is closed.
    pub(crate) async fn run(
        &mut self,
        drain: impl Future<Output = ()>,
        notice: Duration,
        grace: Duration,
    ) -> End {
        let mut drain = pin!(drain);
        loop {
            if let Some(end) = self.settle() {
                self.ended(&end);
                self.linger().await;
                return end;
            }
            let step = poll_fn(|cx| self.poll_step(cx, drain.as_mut())).await;
            let is_time = matches!(step, Step::Time);
            let end = match step {
                Step::Read(Ok(0)) => Some(End::Lost(Arc::new(io::ErrorKind::UnexpectedEof.into()))),
                Step::Written(Ok(())) => {
                    self.stuck_since = None;
                    None
                }
                Step::Read(Err(error)) | Step::Written(Err(error)) => Some(End::Lost(Arc::new(error))),
                Step::Outgoing(outgoing) => {
                    self.send(outgoing.unwrap_or(Outgoing::Close));
                    self.send_more();
                    None
                }
                Step::Done(done) => {
                    self.finished.push_back(done);
                    None
                }
                Step::Read(Ok(read)) => {
                    self.turn += read;
                    if self.turn >= TURN {
                        self.turn = 0;
                        yield_now().await;
                    }
                    None
                }
                Step::Time => None,
                Step::Drain => {
                    self.is_draining = true;
                    self.noticed_by = Instant::now().checked_add(notice);
                    self.drained_by = self.noticed_by.and_then(|by| by.checked_add(grace));
                    self.announce();
                    None
                }
            };
            self.steps += 1;
            let is_time = is_time || self.steps >= UNTIMED;
            if let Some(end) = end.or_else(|| if is_time { self.keep_time() } else { None }) {
                self.connection.disconnect();
                self.settle();
                self.shared.close();
                self.ended(&end);
                return end;
            }
            if self.is_draining
                && self.noticed_by.is_none()
                && self.running.is_empty()
                && self.finished.is_empty()
            {
                self.farewell();
            }
        }
    }

    /// Whatever comes first. What has come is asked for in this order, so that replies go out before more calls
    /// are read. What is told and what is read take turns: neither can starve the other.
    fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        drain: Pin<&mut impl Future<Output = ()>>,
    ) -> Poll<Step<Done<R>>> {
        let is_open = !self.connection.is_closed();
        if is_open
            && !self.running.is_empty()
            && let Poll::Ready(Some(done)) = self.running.poll_next_unpin(cx)
        {
            return Poll::Ready(Step::Done(done));
        }
        while let Poll::Ready(Some(written)) = self.poll_write(cx) {
            if written.is_err() || !self.is_all_written() {
                return Poll::Ready(Step::Written(written));
            }
            self.stuck_since = None;
            self.shared.set_unsent(0);
        }
        if is_open {
            self.is_told_first = !self.is_told_first;
            for is_told in [self.is_told_first, !self.is_told_first] {
                let step = if is_told {
                    self.outbox.poll_recv(cx).map(Step::Outgoing)
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
        self.poll_time(cx).map(|()| Step::Time)
    }

    /// Writes what there is to be written; nothing is ready where there is nothing.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<()>>> {
        if !self.pieces.is_empty() {
            self.is_flushed = false;
            let written = self.pieces.poll_write(&mut self.socket, cx).map(Some);
            if written.is_pending() {
                self.stuck_since.get_or_insert_with(Instant::now);
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
    fn is_all_written(&self) -> bool {
        self.pieces.is_empty()
            && self.finished.is_empty()
            && self.connection.queued() == 0
            && !self.connection.is_closed()
            && !self.is_draining
    }

    /// Reads what there is, through the stack: an idle connection holds no buffer.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [const { MaybeUninit::uninit() }; READ];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        Pin::new(&mut self.socket).poll_read(cx, &mut buffer).map_ok(|()| {
            self.connection.receive(Instant::now(), buffer.filled());
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
    fn settle(&mut self) -> Option<End> {
        loop {
            self.take_events();
            if self.connection.queued() > 0 {
                self.pieces.fill(|| self.connection.output());
            }
            if self.connection.queued() > 0 || self.connection.is_closed() || self.finished.is_empty() {
                break;
            }
            while self.has_room()
                && let Some(done) = self.finished.pop_front()
            {
                self.with_role(|role, work| role.done(done, work));
            }
        }
        self.meter.read(&self.connection);
        self.shared.set_unsent(self.pieces.len() + self.connection.queued());
        match &self.closed {
            Some((reason, _)) if self.pieces.is_empty() => Some(End::Closed(reason.clone())),
            _ => None,
        }
    }

    /// Whether more goes into the next write. The replies that the peer did not take yet shall not become too many
    /// by this.
    fn has_room(&self) -> bool {
        self.connection.queued() < TOGETHER
            && self.connection.replies_owed() <= self.connection.config().limits.replies_owed / 2
    }

    fn take_events(&mut self) {
        while let Some(event) = self.connection.event() {
            match event {
                Event::Reply(reply) => self.replied(reply),
                Event::Closed(reason) => {
                    metrics::ended(&reason);
                    self.closed = Some((reason, Instant::now()));
                    // What nobody will answer any more is not waited for while the rest is written.
                    self.asked.clear();
                    self.shared.close();
                }
                event => self.with_role(|role, work| role.event(event, work)),
            }
        }
    }

    fn with_role(&mut self, act: impl FnOnce(&mut R, &mut Work<'_, R::Running>)) {
        let Some(role) = &mut self.role else { return };
        let mut work = Work {
            connection: &mut self.connection,
            shared: &self.shared,
            is_draining: self.is_draining,
            running: &mut self.running,
            finished: &mut self.finished,
        };
        act(role, &mut work);
    }

    /// Sends what else waits, as long as it fits the same write.
    fn send_more(&mut self) {
        while self.connection.queued() < TOGETHER
            && let Ok(outgoing) = self.outbox.try_recv()
        {
            self.send(outgoing);
        }
    }

    fn send(&mut self, outgoing: Outgoing) {
        self.shared.taken(&outgoing);
        match outgoing {
            Outgoing::Notify(call) => {
                if let Err(error) = self.connection.notify(0, call.method(), call.arguments()) {
                    tracing::debug!(method = call.method(), %error, "a client was not told");
                }
            }
            Outgoing::Invoke(call, answer) => {
                match self.connection.call(Instant::now(), 0, call.method(), call.arguments()) {
                    Ok(id) => drop(self.asked.insert(id, answer)),
                    // Whoever asked may have gone.
                    Err(error) => drop(answer.send(Err(not_sent(&error)))),
                }
            }
            Outgoing::Broadcast(chunked) => {
                if let Err(error) = self.connection.send_shared(&chunked) {
                    tracing::debug!(%error, "a client was not told what its group was");
                }
            }
            Outgoing::Shared(chunked) => {
                // It would never know what it missed.
                if let Err(error) = self.connection.send_shared(&chunked) {
                    tracing::debug!(%error, "a client is too slow for its shared objects");
                    self.connection.close(None);
                }
            }
            Outgoing::Close => self.connection.close(None),
        }
    }

    fn replied(&mut self, reply: Reply) {
        let Some(answer) = self.asked.remove(&reply.call) else { return };
        let outcome = match reply.outcome {
            Outcome::Result(body) => Outcome::value(&body).map_err(CallError::Decode),
            Outcome::Error(body) => Err(failed(&body)),
            Outcome::TimedOut => Err(CallError::Timeout),
        };
        // Whoever asked may have gone.
        let _ = answer.send(outcome);
    }

    fn keep_time(&mut self) -> Option<End> {
        self.steps = 0;
        let now = Instant::now();
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.connection.expire(now);
        self.noticed_by = self.noticed_by.filter(|by| now < *by);
        if self.drained_by.is_some_and(|by| by <= now) {
            self.running.clear();
            self.finished.clear();
        }
        self.stalls_at().filter(|at| *at <= now)?;
        self.connection.stalled();
        Some(End::Stalled)
    }

    fn deadline(&self) -> Option<Instant> {
        // Once closed, the end of the grace has passed or does not matter.
        let drained_by = self.drained_by.filter(|_| !self.connection.is_closed());
        let noticed_by = self.noticed_by.filter(|_| !self.connection.is_closed());
        [self.connection.deadline(), self.stalls_at(), noticed_by, drained_by].into_iter().flatten().min()
    }

    /// When a peer that takes nothing has taken nothing for too long. After the end, a little is not enough.
    fn stalls_at(&self) -> Option<Instant> {
        let since = self.closed.as_ref().map(|(_, closed)| *closed).or(self.stuck_since);
        let since = since.filter(|_| !self.pieces.is_empty())?;
        since.checked_add(self.connection.config().limits.stall_time)
    }

    fn ended(&mut self, end: &End) {
        if let Some(role) = &mut self.role {
            role.ended(end);
        }
    }

    /// All is written: says so, and lets the peer go first.
    async fn linger(&mut self) {
        self.shared.close();
        self.role = None;
        self.running.clear();
        self.outbox.close();
        while self.outbox.try_recv().is_ok() {}
        let mut is_shut = false;
        let gone = poll_fn(|cx| {
            if !is_shut {
                ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
                is_shut = true;
            }
            while ready!(self.poll_discard(cx))? > 0 {}
            Poll::Ready(io::Result::Ok(()))
        });
        // Whether the peer went or did not: this is the end.
        let _ = timeout(LINGER, gone).await;
    }

    /// Reads what nobody wants any more.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [0; 512];
        let mut buffer = ReadBuf::new(&mut bytes);
        Pin::new(&mut self.socket).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    }

    /// Tells the peer that this side is about to go.
    fn announce(&mut self) {
        self.send_waiting();
        let status = Status::error(code::CONNECT_APP_SHUTDOWN, "the server is shutting down");
        let told = status.encode(self.connection.version()).map_err(UseError::Encode);
        // A client that is not connected yet is told nothing.
        if let Err(error) = told.and_then(|status| self.connection.notify(0, "onStatus", &status)) {
            tracing::debug!(%error, "a client was not told of the shutdown");
        }
    }

    /// This side goes, after what the peer was told before.
    fn farewell(&mut self) {
        self.send_waiting();
        self.connection.close(None);
    }

    fn send_waiting(&mut self) {
        while !self.connection.is_closed()
            && let Ok(outgoing) = self.outbox.try_recv()
        {
            self.send(outgoing);
        }
    }
}

fn not_sent(error: &UseError) -> CallError {
    match error {
        UseError::QueueFull { .. } | UseError::TooManyCalls { .. } => CallError::Full,
        _ => CallError::Gone,
    }
}

/// The fault that the peer's `_error` tells of.
fn failed(body: &Body) -> CallError {
    match body.values() {
        Ok(values) => CallError::Fault(values.first().unwrap_or(&Value::Null).into()),
        Err(error) => CallError::Decode(error),
    }
}
