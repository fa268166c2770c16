//! Calls of a server over RTMP: a whole connection, over a pipe in memory instead of a socket.

use std::time::Duration;

use amf_remoting::{Services, remoting_service};
use amf_rtmp::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::ours_rtmp::{self, TEXT};
use crate::rows::Operation;

struct Bench;

#[remoting_service(name = "bench")]
impl Bench {
    fn echo(&self, text: String) -> String {
        text
    }
}

/// Prepares an operation of `calls` calls that arrive with one read. All replies are read before the next operation.
pub fn calls(calls: usize) -> Operation {
    let runtime = Builder::new_current_thread().enable_time().build().expect("it can start");
    let input = ours_rtmp::call().repeat(calls);
    let mut peer = runtime.block_on(connect());
    // The first replies have longer headers than the later ones.
    let mut length = 0;
    for _ in 0..2 {
        length = runtime.block_on(first(&mut peer, &input, calls));
    }
    let mut replies = vec![0; length];
    Box::new(move |count| {
        runtime.block_on(async {
            for _ in 0..count {
                peer.write_all(&input).await.expect("the server reads");
                peer.read_exact(&mut replies).await.expect("the server replies");
                assert!(replies.ends_with(TEXT.as_bytes()), "{}", replies.escape_ascii());
            }
        });
    })
}

/// Returns a client whose `connect` was accepted.
async fn connect() -> DuplexStream {
    let (mut peer, socket) = duplex(64 << 10);
    tokio::spawn(Server::new(Services::new().add(Bench)).serve_stream(socket, None));
    peer.write_all(&ours_rtmp::handshake()).await.expect("the server reads");
    peer.write_all(&ours_rtmp::connect()).await.expect("the server reads");
    read_until(&mut peer, b"NetConnection.Connect.Success", 1).await;
    peer
}

/// Sends the calls of one operation, and returns the length of their replies.
async fn first(peer: &mut DuplexStream, input: &[u8], calls: usize) -> usize {
    peer.write_all(input).await.expect("the server reads");
    read_until(peer, TEXT.as_bytes(), calls).await
}

/// Reads until `text` has arrived so many times and nothing more arrives at once. Returns the number of bytes.
async fn read_until(peer: &mut DuplexStream, text: &[u8], times: usize) -> usize {
    let mut read = Vec::new();
    while read.windows(text.len()).filter(|window| *window == text).count() < times {
        let taken = peer.read_buf(&mut read).await.expect("the server replies");
        assert!(taken > 0, "the server closed the connection");
    }
    // The end of the object follows the text in the status of `connect`.
    while let Ok(Ok(1..)) = timeout(Duration::from_millis(20), peer.read_buf(&mut read)).await {}
    read.len()
}
