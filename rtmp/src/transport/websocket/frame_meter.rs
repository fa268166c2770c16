//! Counts what a WebSocket reads below its messages.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use amf_remoting::connection::{ConnectionCharge, ConnectionMemory, ConnectionPermit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::proto::Limits;
/// Bytes that were read since the last message was handed on. They are charged to the connection.
#[derive(Debug)]
pub(super) struct FrameMeter {
    buffered: AtomicUsize,
    connection: Arc<ConnectionPermit>,
    max_before_connect: usize,
    charge: Mutex<ConnectionCharge>,
}

impl FrameMeter {
    /// Returns a meter that allows `max_before_connect` bytes of a message until the client is accepted. From then on
    /// the WebSocket's own limit on messages holds.
    pub(super) fn new(
        connection: Arc<ConnectionPermit>,
        max_before_connect: usize,
        memory: &Arc<ConnectionMemory>,
    ) -> Arc<Self> {
        let charge = Mutex::new(memory.charge());
        Arc::new(Self { buffered: AtomicUsize::new(0), connection, max_before_connect, charge })
    }

    /// Notes that a message was handed on.
    pub(super) fn reset(&self) {
        self.buffered.store(0, Ordering::Relaxed);
        self.charge(0);
    }

    /// Returns `true` if bytes of a message have come, but not all of it.
    pub(super) fn has_buffered(&self) -> bool {
        self.buffered.load(Ordering::Relaxed) > 0
    }

    fn add(&self, bytes: usize) -> io::Result<()> {
        let buffered = self.buffered.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if buffered > self.max_before_connect && !self.connection.is_accepted() {
            return Err(io::Error::other(PreConnectLimitError));
        }
        self.charge(buffered);
        Ok(())
    }

    fn charge(&self, bytes: usize) {
        self.charge.lock().unwrap_or_else(PoisonError::into_inner).set(bytes);
    }
}

/// A client sent a longer message than it may before it is accepted.
#[derive(Debug)]
pub(super) struct PreConnectLimitError;

impl fmt::Display for PreConnectLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a WebSocket message exceeds the limit `{}`", Limits::NAMES.before_connect_bytes)
    }
}

impl Error for PreConnectLimitError {}

/// A stream whose input is counted.
#[derive(Debug)]
pub(super) struct MeteredStream<S> {
    stream: S,
    meter: Arc<FrameMeter>,
}

impl<S> MeteredStream<S> {
    pub(super) fn new(stream: S, meter: Arc<FrameMeter>) -> Self {
        Self { stream, meter }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MeteredStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        Poll::Ready(self.meter.add(buffer.filled().len() - before))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MeteredStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
