//! Calls start in the order in which they were sent, also where their arguments are decoded on another thread.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use amf_core::{DecodeError, Decoder, FromAmf};
use amf_remoting::{Services, remoting_service};
use amf_rtmp::{NetConnection, Server};
use tokio::sync::Notify;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(10);

/// An argument that takes long to decode if it is large.
struct Slow;

impl<'de> FromAmf<'de> for Slow {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        let text: String = decoder.read()?;
        if text.len() > 1_000 {
            sleep(Duration::from_millis(50));
        }
        Ok(Self)
    }
}

#[derive(Default)]
struct Log {
    started: Arc<Mutex<Vec<u32>>>,
    release: Notify,
}

#[remoting_service(name = "log")]
impl Log {
    fn note(&self, number: u32, _content: Slow) {
        self.started.lock().unwrap().push(number);
    }

    async fn wait(&self, _content: Slow) {
        self.release.notified().await;
    }

    fn release(&self) {
        self.release.notify_one();
    }
}

async fn connect(log: Log) -> NetConnection {
    let services = Services::new().add(log).blocking_threshold(1_000);
    let server = Server::new(services).bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtmp://{}/app", server.local_addr().unwrap());
    tokio::spawn(server.serve());
    NetConnection::builder(&url).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn calls_start_in_the_order_in_which_they_were_sent() {
    let log = Log::default();
    let started = Arc::clone(&log.started);
    let connection = connect(log).await;
    let calls = (0..8_u32).map(|number| {
        let len = if number.is_multiple_of(2) { 2_000 } else { 10 };
        connection.call::<()>("log.note", (number, "x".repeat(len)))
    });
    let replies = timeout(TIMEOUT, futures_util::future::join_all(calls)).await.unwrap();
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    assert_eq!(*started.lock().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_large_call_that_waits_holds_up_no_other() {
    let connection = connect(Log::default()).await;
    let waiting = connection.call::<()>("log.wait", ("x".repeat(2_000),));
    let released = connection.call::<()>("log.release", ());
    let (waiting, released) = timeout(TIMEOUT, async { tokio::join!(waiting, released) }).await.unwrap();
    waiting.unwrap();
    released.unwrap();
}
