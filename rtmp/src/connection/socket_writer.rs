//! Bytes on their way into the socket, several pieces a write.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// As many pieces as one write takes.
const MAX_SLICES: usize = 64;
/// Enough for a write; what is behind stays with the protocol, which counts it.
const FILL_LIMIT: usize = 256 << 10;

/// Writes what was taken from the protocol, and records since when the peer has taken nothing.
#[derive(Debug)]
pub(super) struct SocketWriter {
    pieces: VecDeque<Bytes>,
    len: usize,
    /// Whether the socket has handed on all that it was given; TLS may hold bytes back.
    is_flushed: bool,
    stalled_since: Option<Instant>,
}

impl SocketWriter {
    pub(super) fn new() -> Self {
        Self { pieces: VecDeque::new(), len: 0, is_flushed: true, stalled_since: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes more from `source`, as long as it is not enough for a write.
    pub(super) fn fill(&mut self, mut source: impl FnMut() -> Option<Bytes>) {
        while self.len < FILL_LIMIT && self.pieces.len() < MAX_SLICES {
            let Some(piece) = source() else { return };
            self.len += piece.len();
            self.pieces.push_back(piece);
        }
    }

    /// Returns since when the socket has taken nothing of the bytes that wait for it.
    pub(super) fn stalled_since(&self) -> Option<Instant> {
        self.stalled_since
    }

    /// Writes some pieces, or flushes the socket when all have been written. Ready with `None` if there is nothing to do.
    pub(super) fn poll_write(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<()>>> {
        if self.is_empty() {
            return self.poll_flush(socket, cx);
        }
        self.is_flushed = false;
        let written = self.poll_write_pieces(socket, cx);
        if written.is_pending() {
            self.stalled_since.get_or_insert_with(Instant::now);
        } else {
            self.stalled_since = None;
        }
        written.map(Some)
    }

    fn poll_flush(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<()>>> {
        if self.is_flushed {
            return Poll::Ready(None);
        }
        let flushed = ready!(Pin::new(socket).poll_flush(cx));
        self.is_flushed = true;
        Poll::Ready(flushed.err().map(Err))
    }

    fn poll_write_pieces(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let socket = Pin::new(socket);
        // The system takes one piece more cheaply.
        let written = match self.pieces.as_slices() {
            ([piece], []) => socket.poll_write(cx, piece),
            _ => self.poll_write_vectored(socket, cx),
        };
        match ready!(written)? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => {
                self.advance(written);
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_write_vectored(
        &self,
        socket: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        socket.poll_write_vectored(cx, slices.get(..self.pieces.len()).unwrap_or_default())
    }

    fn advance(&mut self, mut written: usize) {
        self.len = self.len.saturating_sub(written);
        while let Some(first) = self.pieces.front_mut() {
            if first.len() > written {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.pieces.pop_front();
        }
    }
}
