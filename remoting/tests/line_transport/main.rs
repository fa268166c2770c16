//! Calls over a transport of lines, which is made of `connection` alone: both ways, faults, a full queue, shutdown.

#![cfg(feature = "connection")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod transport;

use std::sync::Arc;
use std::time::Duration;

use amf_core::{FromAmf, ToAmf, Version, from_slice, to_vec};
use amf_remoting::connection::{Handle, Shutdown};
use amf_remoting::service::ClientId;
use amf_remoting::{CallError, Client, Fault, Services, remoting_service};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::timeout;

use transport::{LineConnection, LineFormat, hex, unhex};

#[derive(Default)]
struct Game {
    release: Arc<Notify>,
}

#[remoting_service(name = "game")]
impl Game {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }

    /// Calls its caller, and returns twice the answer.
    async fn double_of_client(&self, client: &Client) -> Result<f64, Fault> {
        let number: f64 = client.invoke("number", ()).await.map_err(Fault::internal)?;
        Ok(number * 2.0)
    }

    async fn wait(&self) {
        self.release.notified().await;
    }
}

/// The peer: lines in and out.
struct Peer {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    handle: Arc<Handle<LineFormat>>,
    shutdown: Shutdown,
}

impl Peer {
    fn connect(game: Game) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (handle, connection) = LineConnection::new(Services::new().add(game), theirs);
        let shutdown = Shutdown::new();
        shutdown.tasks().spawn(connection.run(shutdown.clone()));
        let (reader, writer) = tokio::io::split(ours);
        Self { lines: BufReader::new(reader).lines(), writer, handle, shutdown }
    }

    async fn send(&mut self, line: String) {
        self.writer.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> Option<String> {
        timeout(Duration::from_secs(10), self.lines.next_line()).await.unwrap().unwrap()
    }
}

fn amf0<T: ToAmf + ?Sized>(value: &T) -> String {
    hex(&to_vec(Version::Amf0, value).unwrap())
}

fn number(text: &str) -> f64 {
    fn read<T: for<'de> FromAmf<'de>>(bytes: &[u8]) -> T {
        from_slice(Version::Amf0, bytes).unwrap()
    }
    read(&unhex(text))
}

#[tokio::test]
async fn calls_are_answered_with_results_and_faults() {
    let mut peer = Peer::connect(Game::default());
    peer.send(format!("call 1 game.add {}", amf0(&[2.0, 3.0]))).await;
    let line = peer.line().await.unwrap();
    assert_eq!(line.strip_prefix("result 1 ").map(number), Some(5.0), "{line}");
    peer.send(format!("call 2 game.subtract {}", amf0(&[2.0, 3.0]))).await;
    assert_eq!(peer.line().await.unwrap(), "fault 2 Service.MethodNotFound");
}

#[tokio::test]
async fn a_method_calls_its_caller() {
    let mut peer = Peer::connect(Game::default());
    peer.send(format!("call 1 game.doubleOfClient {}", amf0::<[f64]>(&[]))).await;
    assert_eq!(peer.line().await.unwrap(), "invoke 1 number 0a00000000");
    peer.send(format!("reply 1 {}", amf0(&21.0))).await;
    let line = peer.line().await.unwrap();
    assert_eq!(line.strip_prefix("result 1 ").map(number), Some(42.0), "{line}");
}

#[tokio::test]
async fn the_program_notifies_until_the_queue_is_full() {
    let mut peer = Peer::connect(Game::default());
    let client = Client::new(ClientId::allocate(), Arc::clone(&peer.handle) as _);
    client.notify("said", ("hi",)).unwrap();
    // AMF0: a strict array of one string of two bytes
    assert_eq!(peer.line().await.unwrap(), "notify said 0a000000010200026869");
    let outcomes: Vec<_> = (0..20).map(|_| client.notify("said", ("x".repeat(200),))).collect();
    // 64 bytes for headers, 4 for the name, 5 and 3 around 200
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1_000 / 276);
    assert!(matches!(outcomes.last(), Some(Err(CallError::Full))));
}

#[tokio::test]
async fn a_shutdown_waits_for_calls_in_flight() {
    let game = Game::default();
    let release = Arc::clone(&game.release);
    let mut peer = Peer::connect(game);
    peer.send(format!("call 1 game.wait {}", amf0::<[f64]>(&[]))).await;
    peer.send(format!("call 2 game.add {}", amf0(&[1.0, 1.0]))).await;
    assert!(peer.line().await.unwrap().starts_with("result 2 "));
    let shutdown = peer.shutdown.clone();
    let finished = tokio::spawn(async move { shutdown.finish(Duration::from_secs(10)).await });
    tokio::task::yield_now().await;
    release.notify_one();
    assert!(peer.line().await.unwrap().starts_with("result 1 "));
    assert_eq!(peer.line().await, None);
    assert!(finished.await.unwrap());
}
