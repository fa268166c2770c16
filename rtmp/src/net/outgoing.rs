//! Bytes on their way into the socket, several pieces a write.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// As many pieces as one write takes.
const SLICES: usize = 64;
/// Enough for a write; what is behind stays with the protocol, which counts it.
const ENOUGH: usize = 256 << 10;

/// Pieces that were taken from the protocol and not all written yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: VecDeque<Bytes>,
    len: usize,
}

impl Pieces {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes more from `source`, as long as it is not enough for a write.
    pub(super) fn fill(&mut self, mut source: impl FnMut() -> Option<Bytes>) {
        while self.len < ENOUGH && self.pieces.len() < SLICES {
            let Some(piece) = source() else { return };
            self.len += piece.len();
            self.pieces.push_back(piece);
        }
    }

    /// Writes some of them. It may be dropped while it waits and loses nothing.
    pub(super) async fn write_to(&mut self, socket: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let slices: Vec<_> = self.pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let written = socket.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.advance(written);
        Ok(())
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
