//! One connection of the loader: it knows just enough to be cheap.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wire;

const READ: usize = 16 << 10;
const SUCCESS: &[u8] = b"NetConnection.Connect.Success";

/// A socket, and what is read from it.
#[derive(Debug)]
pub struct Peer {
    socket: TcpStream,
    seen: Vec<u8>,
}

impl Peer {
    /// A bare connection.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, seen: Vec::new() })
    }

    /// A connection that has been accepted by an application.
    pub async fn connect(address: SocketAddr, hello: &[u8], connect: &[u8]) -> io::Result<Self> {
        let mut peer = Self::open(address).await?;
        peer.send(hello).await?;
        let mut answer = [0; wire::HANDSHAKE];
        peer.socket.read_exact(&mut answer).await?;
        peer.send(connect).await?;
        peer.await_texts(SUCCESS, 1).await?;
        Ok(peer)
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await
    }

    /// Reads until `text` has come so many times. What comes with the last one counts as well, the next time.
    pub async fn await_texts(&mut self, text: &[u8], count: usize) -> io::Result<()> {
        let mut missing = count;
        loop {
            let mut from = 0;
            while missing > 0
                && let Some(at) = memchr::memmem::find(&self.seen[from..], text)
            {
                from += at + text.len();
                missing -= 1;
            }
            // What may be the beginning of the text stays.
            let keep =
                if missing == 0 { from } else { from.max(self.seen.len().saturating_sub(text.len() - 1)) };
            self.seen.drain(..keep);
            if missing == 0 {
                return Ok(());
            }
            self.seen.reserve(READ);
            if self.socket.read_buf(&mut self.seen).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Calls over and over, `depth` at one time, `times` times in all.
    pub async fn call(&mut self, call: &[u8], depth: usize, times: usize) -> io::Result<()> {
        let batch = call.repeat(depth);
        for _ in 0..times.div_ceil(depth) {
            self.send(&batch).await?;
            self.await_texts(wire::TEXT.as_bytes(), depth).await?;
        }
        Ok(())
    }
}
