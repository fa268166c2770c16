//! The bytes of a connection, whose peer must keep a pace.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ServerLimits;
use super::pace::{Pace, PaceLimits, TooSlow};
use crate::metrics;

/// State that the owner of a connection shares with its [`PacedIo`].
#[derive(Clone, Debug, Default)]
pub(super) struct WriteState {
    is_upgraded: Arc<AtomicBool>,
}

impl WriteState {
    /// Ends the limits on writes: another protocol has its own.
    pub(super) fn set_upgraded(&self) {
        self.is_upgraded.store(true, Ordering::Relaxed);
    }
}

/// A stream whose writes fail when the peer takes too little of them.
///
/// Reads are not timed here: whether a connection that is silent is idle, or its handler polls for long, is not seen in
/// its bytes. The heads of requests have a timeout in hyper, and bodies in [`PacedBody`].
pub(super) struct PacedIo<I> {
    io: I,
    pace: Pace,
    rate: usize,
    state: WriteState,
}

impl<I> PacedIo<I> {
    pub(super) fn new(io: I, limits: &ServerLimits, state: WriteState) -> Self {
        let (stall, grace) = (limits.write_stall_timeout, limits.write_grace);
        let pace = Pace::new(PaceLimits { stall, grace, rate: limits.write_rate });
        Self { io, pace, rate: limits.write_rate, state }
    }

    /// Records what an operation of writing has moved, or waits for the peer within the limits.
    fn paced<T>(
        &mut self,
        moved: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match moved {
            Poll::Ready(Ok(moved)) => {
                self.pace.record(bytes(&moved));
                Poll::Ready(Ok(moved))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending if self.state.is_upgraded.load(Ordering::Relaxed) => Poll::Pending,
            Poll::Pending => {
                let reason = ready!(self.pace.poll_waiting(cx));
                Poll::Ready(Err(self.slow_reader(reason)))
            }
        }
    }

    #[cold]
    fn slow_reader(&self, reason: TooSlow) -> io::Error {
        let names = ServerLimits::NAMES;
        let (name, error) = match reason {
            TooSlow::Rate => {
                let rate = self.rate;
                (names.write_rate, format!("the client takes less than {rate} bytes per second"))
            }
            TooSlow::Stall | TooSlow::Deadline => {
                (names.write_stall_timeout, "the client takes nothing".to_owned())
            }
        };
        metrics::record_exceeded_limit(name);
        io::Error::new(io::ErrorKind::TimedOut, format!("{error}, the limit `{name}`"))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for PacedIo<I> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for PacedIo<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.paced(written, |len| *len, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.paced(written, |len| *len, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.paced(flushed, |()| 0, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.io).poll_shutdown(cx);
        self.paced(closed, |()| 0, cx)
    }
}

/// A request's body that fails when too little of it arrives while a handler waits for it.
pub(super) struct PacedBody<B> {
    body: B,
    pace: Pace,
    rate: usize,
}

/// Error of a request's body that arrives too slowly for the server's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowBodyError {
    /// The minimum rate, in bytes per second.
    pub rate: usize,
}

impl<B> PacedBody<B> {
    pub(super) fn new(body: B, limits: &ServerLimits) -> Self {
        let (grace, rate) = (limits.request_grace, limits.request_rate);
        let pace = Pace::new(PaceLimits { stall: grace, grace, rate }).looking_twice();
        Self { body, pace, rate }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    type Data = B::Data;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let len = |frame: &Frame<B::Data>| frame.data_ref().map_or(0, Buf::remaining);
                this.pace.record(frame.iter().flatten().map(len).sum());
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                let _: TooSlow = ready!(this.pace.poll_waiting(cx));
                metrics::record_exceeded_limit(ServerLimits::NAMES.request_rate);
                Poll::Ready(Some(Err(SlowBodyError { rate: this.rate }.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Display for SlowBodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, name) = (self.rate, ServerLimits::NAMES.request_rate);
        write!(f, "the body arrives at less than {rate} bytes per second, the limit `{name}`")
    }
}

impl Error for SlowBodyError {}
