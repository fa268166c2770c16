//! What bare sockets can do: the limit.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::wire;

const READ: usize = 16 << 10;

/// Every byte goes back.
pub async fn echo(mut socket: TcpStream) -> io::Result<()> {
    let mut bytes = vec![0; READ];
    loop {
        let read = socket.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        socket.write_all(&bytes[..read]).await?;
    }
}

/// Where the bytes for each socket go.
pub type Everybody = Arc<Mutex<Vec<UnboundedSender<Bytes>>>>;

/// Every byte goes to everybody: one task for each socket, as a server has, and a queue that shares the bytes.
pub async fn fan_out(socket: TcpStream, everybody: Everybody) -> io::Result<()> {
    let (sender, mut inbox) = unbounded_channel();
    everybody.lock().unwrap().push(sender);
    let (mut reader, mut writer) = socket.into_split();
    writer.write_all(wire::HERE).await?;
    let mut bytes = BytesMut::new();
    loop {
        bytes.reserve(READ);
        tokio::select! {
            read = reader.read_buf(&mut bytes) => {
                if read? == 0 {
                    return Ok(());
                }
                let shared = bytes.split().freeze();
                everybody.lock().unwrap().retain(|other| other.send(shared.clone()).is_ok());
            }
            Some(bytes) = inbox.recv() => writer.write_all(&bytes).await?,
        }
    }
}
