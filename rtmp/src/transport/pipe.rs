//! The pipe between a tunnel and what drives its connection.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use amf_remoting::connection::{ConnectionCharge, ConnectionMemory};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use super::PIPE_SIZE;

/// One end of a pipe whose buffers are charged to the connection.
#[derive(Debug)]
pub(super) struct PipeEnd {
    stream: DuplexStream,
    incoming: Arc<Buffer>,
    outgoing: Arc<Buffer>,
}

/// What is known of the buffer of one direction.
#[derive(Debug)]
struct Buffer {
    contents: Mutex<Contents>,
}

#[derive(Debug)]
struct Contents {
    bytes: usize,
    /// The most that was ever in the buffer, which keeps its room.
    peak: usize,
    charge: ConnectionCharge,
}

/// Creates a pipe and returns its ends.
pub(super) fn pipe(memory: &Arc<ConnectionMemory>) -> (PipeEnd, PipeEnd) {
    let (near, far) = duplex(PIPE_SIZE);
    let (there, back) = (Buffer::new(memory), Buffer::new(memory));
    let near = PipeEnd { stream: near, incoming: Arc::clone(&back), outgoing: Arc::clone(&there) };
    (near, PipeEnd { stream: far, incoming: there, outgoing: back })
}

impl Buffer {
    fn new(memory: &Arc<ConnectionMemory>) -> Arc<Self> {
        Arc::new(Self { contents: Mutex::new(Contents { bytes: 0, peak: 0, charge: memory.charge() }) })
    }

    fn add(&self, bytes: usize) {
        let Contents { bytes: contents, peak, charge } = &mut *self.lock();
        *contents += bytes;
        if *contents > *peak {
            *peak = *contents;
            charge.set(*peak);
        }
    }

    fn remove(&self, bytes: usize) {
        let mut contents = self.lock();
        contents.bytes = contents.bytes.saturating_sub(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for PipeEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.incoming.remove(buffer.filled().len().saturating_sub(before));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PipeEnd {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.outgoing.add(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        self.outgoing.add(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use amf_remoting::MemoryBudget;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn buffers_are_charged_as_long_as_they_keep_their_room() {
        let budget = MemoryBudget::new(1 << 20);
        let memory = ConnectionMemory::new(&budget);
        let (mut near, mut far) = pipe(&memory);
        near.write_all(&[0; 10_000]).await.unwrap();
        far.write_all(&[0; 4_096]).await.unwrap();
        assert_eq!(budget.used_bytes(), 8_192 + 4_096);
        far.read_exact(&mut [0; 10_000]).await.unwrap();
        near.write_all(&[0; 9_000]).await.unwrap();
        assert_eq!(budget.used_bytes(), 8_192 + 4_096);
        drop((near, far));
        assert_eq!(budget.used_bytes(), 0);
    }
}
